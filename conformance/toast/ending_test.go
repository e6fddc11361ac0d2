package toast

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// TestReboots looks from inside at what ends an instance in order and what does not.
func TestReboots(t *testing.T) {
	s := harness.Start(t)
	c := newClient(t, s)
	key := filepath.Join(t.TempDir(), "end.pem")
	if err := os.WriteFile(key, []byte(c.must("POST", "keypairs", `{"keypair": {"name": "end"}}`).text("keypair", "privateKey")), 0o600); err != nil {
		t.Fatal(err)
	}
	id := c.create(c.things(), "end", "end")
	a := c.must("GET", "instances-detail?id="+id, "")
	way := harness.SSH{User: "debian", Address: a.text("instances", 0, "addresses", 0, "ipAddress"), Key: key,
		KnownHosts: filepath.Join(t.TempDir(), "known"), Port: sshPort(a)}
	// This API has no call for the console log.
	nova := s.Login(s.Demo)
	console := func() string {
		got, err := nova.Do(t.Context(), http.MethodPost, "/compute/v2.1/servers/"+id+"/action", map[string]any{"os-getConsoleOutput": map[string]any{}})
		var log struct{ Output string }
		if err == nil {
			err = json.Unmarshal(got.Body, &log)
		}
		if err != nil || got.Status != http.StatusOK {
			t.Fatalf("console log: %v, %d", err, got.Status)
		}
		return log.Output
	}
	act := func(body, status string) func() {
		return func() { c.action(id, body); c.await(id, status) }
	}
	for _, e := range []harness.Ending{
		{Wall: "The system will reboot now!", Last: "Restarting system", End: act(`{"action": "reboot", "parameters": {"type": "SOFT"}}`, "ACTIVE")},
		{End: act(`{"action": "reboot", "parameters": {"type": "HARD"}}`, "ACTIVE")},
		{Wall: "The system will power off now!", Last: "Power down", End: act(`{"action": "stop"}`, "STOP"), Restart: act(`{"action": "start"}`, "ACTIVE")},
	} {
		e.Console = console
		way.Ends(t, e)
	}
}
