package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/store/pgtest"
)

func TestMain(m *testing.M) {
	if ready := os.Getenv(mortalChild); ready != "" {
		serveUntilKilled(ready)
	}
	os.Exit(pgtest.Main(m))
}

// TestOnPostgreSQL walks the main path with the database elsewhere: an account,
// a key pair and an instance are made by newWorld.
func TestOnPostgreSQL(t *testing.T) {
	w := newWorld(t, config.Flag{Name: "test", Key: "database.url", Value: pgtest.URL(t)})
	for path, want := range map[string]string{
		"/compute/v2.1/os-keypairs":    canary,
		"/compute/v2.1/servers/detail": "ACTIVE",
	} {
		if status, body := w.send(t, http.MethodGet, path, "", "member"); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d %s", path, status, body)
		}
	}
	if _, err := os.Stat(filepath.Join(w.server.opt.Config.Data.Dir, "keyreeve.db")); err == nil {
		t.Error("there is a SQLite database too")
	}
}

// TestNothingRedirects: clients that follow a redirect lose the body or
// the signature of their request.
func TestNothingRedirects(t *testing.T) {
	w := newWorld(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{
		"/", "//", "/compute", "/compute/", "//compute//v2.1", "/compute/v2.1/os-keypairs/", "/compute/v2.1/os-keypairs/..",
		"/compute/v2.1/os-keypairs/%2e%2e", "/compute/../identity/v3", "/identity/v3/", "/image", "/network/v2.0", "/nosuch/..",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", w.tokens["member"])
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode > http.StatusMultipleChoices && resp.StatusCode < http.StatusBadRequest {
			t.Errorf("GET %s: %d to %s", path, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
}

func TestMasterKeyIsNotMadeTwice(t *testing.T) {
	dir := DataDir(t.TempDir())
	key, err := dir.masterKey()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := dir.masterKey(); err != nil || string(again) != string(key) {
		t.Errorf("read again: %v", err)
	}
	if _, err := dir.nodeID(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir.path("master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.masterKey(); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("a lost master key: %v", err)
	}
}
