package toast

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// TestKill ends the server in the middle of everything that can be done to an
// instance. What was acknowledged is done after the next start, once, and the
// instance can be used on.
func TestKill(t *testing.T) {
	c := newClient(t, harness.Start(t))
	at := c.things()
	c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
	steps := []struct{ before, action, after, flavor string }{
		{"ACTIVE", `{"action": "stop"}`, "STOP", "1"},
		{"STOP", `{"action": "start"}`, "ACTIVE", "1"},
		{"ACTIVE", `{"action": "reboot", "parameters": {"type": "SOFT"}}`, "ACTIVE", "1"},
		{"STOP", `{"action": "reboot", "parameters": {"type": "HARD"}}`, "ACTIVE", "1"},
		{"ACTIVE", `{"action": "resize", "parameters": {"flavor": "2"}}`, "ACTIVE", "2"},
		{"STOP", `{"action": "resize", "parameters": {"flavor": "2"}}`, "STOP", "2"},
		{"STOP", `{"action": "uploadImage", "parameters": {"name": "copy"}}`, "STOP", "1"},
	}
	var ids []string
	for k, s := range steps {
		id := c.create(at, fmt.Sprint("i", k), "k")
		if s.before == "STOP" {
			c.action(id, `{"action": "stop"}`)
			c.await(id, "STOP")
		}
		ids = append(ids, id)
	}
	doomed := c.create(at, "doomed", "k")
	for k, s := range steps {
		c.action(ids[k], s.action)
	}
	c.must("DELETE", "instances?id="+doomed, "")
	born := c.must("POST", "instances", at.instance("born", "k", "")).text("instance", "id")
	c.server.Kill()
	c.server.Launch()

	c.gone(doomed)
	c.await(born, "ACTIVE")
	for k, s := range steps {
		c.await(ids[k], s.after)
		if got := c.must("GET", "instances-detail?id="+ids[k], "").text("instances", 0, "flavor", "id"); got != s.flavor {
			t.Errorf("%s: flavor %s, want %s", s.action, got, s.flavor)
		}
		other := map[string]string{"ACTIVE": "stop", "STOP": "start"}[s.after]
		for ; ; time.Sleep(5 * time.Millisecond) { // while its image is made
			if a := c.call("POST", "instances/"+ids[k]+"/action", fmt.Sprintf(`{"action": %q}`, other)); a.code() == "0" {
				break
			} else if a.code() != "10409" {
				t.Fatalf("%s after %s: %s", other, s.action, a.raw)
			}
		}
		c.await(ids[k], map[string]string{"stop": "STOP", "start": "ACTIVE"}[other])
	}
	for _, v := range c.must("GET", "images", "").list("images") {
		if i := v.(object); i["name"] == "copy" && i["status"] != "active" {
			t.Errorf("the image is %v", i["status"])
		}
	}
}
