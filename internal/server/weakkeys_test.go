package server

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/config"
)

// TestWeakKeysThroughADialect imports keys that count as weak by one setting
// each, under every action of the deployment and of the dialect.
func TestWeakKeysThroughADialect(t *testing.T) {
	keys := map[string]string{}
	for _, name := range []string{"rsa1024.pub", "dsa1024.pub", "ed25519.pub"} {
		text, err := os.ReadFile(filepath.Join("..", "sshkey", "testdata", "keys", name))
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = strings.TrimSpace(string(text))
	}
	list := filepath.Join(t.TempDir(), "blocklist")
	if err := os.WriteFile(list, []byte("# one key\n"+keys["ed25519.pub"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := func(pairs ...string) []config.Flag {
		var flags []config.Flag
		for i := 0; i < len(pairs); i += 2 {
			flags = append(flags, config.Flag{Name: "test", Key: pairs[i], Value: pairs[i+1]})
		}
		return flags
	}
	lists := []string{"keypair.weak_blocklist", list, "keypair.refuse_dsa", "true"}
	for _, tc := range []struct {
		flags   []config.Flag
		refused []string
	}{
		{set(), []string{"rsa1024.pub"}},
		{set("keypair.min_rsa_bits", "1024"), nil},
		{set(lists...), []string{"rsa1024.pub", "dsa1024.pub", "ed25519.pub"}},
		{set(append(lists, "keypair.weak_keys", "allow")...), nil},
		{set(append(lists, "openstack.weak_keys", "warn")...), nil},
		{set(append(lists, "keypair.weak_keys", "allow", "openstack.weak_keys", "refuse")...), []string{"rsa1024.pub", "dsa1024.pub", "ed25519.pub"}},
	} {
		w := newWorld(t, tc.flags...)
		var refused []string
		for i, name := range []string{"rsa1024.pub", "dsa1024.pub", "ed25519.pub"} {
			body := fmt.Sprintf(`{"keypair": {"name": "weak-%d", "public_key": %s}}`, i, strconv.Quote(keys[name]))
			switch status, answer := w.send(t, http.MethodPost, "/compute/v2.1/os-keypairs", body, "member"); status {
			case http.StatusOK, http.StatusCreated:
			case http.StatusBadRequest:
				refused = append(refused, name)
			default:
				t.Errorf("%v: %s: %d %s", tc.flags, name, status, answer)
			}
		}
		if fmt.Sprint(refused) != fmt.Sprint(tc.refused) {
			t.Errorf("%v: refused %v, want %v", tc.flags, refused, tc.refused)
		}
	}
}
