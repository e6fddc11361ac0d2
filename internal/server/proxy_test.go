package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/config"
)

// TestClientsBehindAProxy lets one client of a trusted proxy guess until it is
// locked out: another one still gets in, and a proxy that is not trusted is
// itself the client, whatever it says.
func TestClientsBehindAProxy(t *testing.T) {
	for _, c := range []struct {
		trusted string
		open    bool // to the owner after the other client has guessed
	}{
		{"127.0.0.1", true},
		{"192.0.2.0/24", false},
	} {
		t.Run("trusted is "+c.trusted, func(t *testing.T) {
			w := newWorld(t,
				config.Flag{Name: "test", Key: "listen.trusted_proxies", Value: c.trusted},
				config.Flag{Name: "test", Key: "identity.lockout_attempts", Value: "2"})
			secrets, err := w.server.domain.Dir.Credentials()
			if err != nil {
				t.Fatal(err)
			}
			login := func(client, password string) int {
				body := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%q,"domain":{"id":"default"},"password":%q}}}}}`,
					secrets.Demo.Username, password)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/identity/v3/auth/tokens", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("X-Forwarded-For", client)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp.StatusCode
			}
			for range 2 {
				login("198.51.100.66", "guess")
			}
			if got := login("198.51.100.66", secrets.Demo.Password); got != http.StatusUnauthorized {
				t.Errorf("who guessed is let in: %d", got)
			}
			if got := login("198.51.100.7", secrets.Demo.Password); (got == http.StatusCreated) != c.open {
				t.Errorf("the owner's login answers %d", got)
			}
		})
	}
}
