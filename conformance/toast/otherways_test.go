package toast

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// TestOtherWays: what was made or done through OpenStack is told here too, in
// this API's words, and what it forbids is refused.
func TestOtherWays(t *testing.T) {
	s := harness.Start(t)
	c := newClient(t, s)
	at := c.things()
	session := s.Login(s.Demo)
	do := func(method, path string, body object) []byte {
		t.Helper()
		got, err := session.Do(t.Context(), method, path, body)
		if err != nil || got.Status >= 300 {
			t.Fatalf("%s %s: %v: %s", method, path, err, got.Body)
		}
		return got.Body
	}
	var made struct{ Server struct{ ID string } }
	body := do("POST", "/compute/v2.1/servers", object{"server": object{
		"name": "a name with spaces", "flavorRef": "1", "imageRef": at.image, "networks": "auto", "metadata": object{"a": "b", "c": "한글 <&>"},
	}})
	if err := json.Unmarshal(body, &made); err != nil {
		t.Fatal(err)
	}
	id := made.Server.ID
	c.await(id, "ACTIVE")
	got := c.must("GET", "instances-detail?id="+id, "")
	if got.at("instances", 0, "keyName") != nil || fmt.Sprint(got.at("instances", 0, "metadata", "c")) != "한글 <&>" || got.text("instances", 0, "metadata", "a") != "b" ||
		got.text("instances", 0, "name") != "a name with spaces" || len(got.at("instances", 0).(object)) != 14 {
		t.Errorf("made through OpenStack: %s", got.raw)
	}

	// Paused has no word here: the guest does not run.
	do("POST", "/compute/v2.1/servers/"+id+"/action", object{"pause": nil})
	c.await(id, "STOP")
	c.refused("10409", "Cannot 'start' instance "+id+" while it is in vm_state paused", "POST", "instances/"+id+"/action", `{"action": "start"}`)
	do("POST", "/compute/v2.1/servers/"+id+"/action", object{"unpause": nil})
	c.await(id, "ACTIVE")

	// A resize that was not begun here waits for its confirmation.
	do("POST", "/compute/v2.1/servers/"+id+"/action", object{"resize": object{"flavorRef": "2"}})
	c.await(id, "ACTIVE")
	c.refused("10409", "Cannot 'stop' instance "+id+" while it is in vm_state resized", "POST", "instances/"+id+"/action", `{"action": "stop"}`)
	do("POST", "/compute/v2.1/servers/"+id+"/action", object{"confirmResize": nil})

	// A lock holds here.
	do("POST", "/compute/v2.1/servers/"+id+"/action", object{"lock": nil})
	volume := c.must("POST", "volumes", volumeBody("v", at.zone, "")).text("volume", "id")
	c.volume(volume, "available")
	before := c.everything()
	for _, call := range [][3]string{
		{"POST", "/action", `{"action": "start"}`}, {"POST", "/action", `{"action": "stop"}`}, {"POST", "/action", `{"action": "reboot", "parameters": {"type": "SOFT"}}`},
		{"POST", "/action", `{"action": "reboot", "parameters": {"type": "HARD"}}`}, {"POST", "/action", `{"action": "resize", "parameters": {"flavor": "3"}}`},
		{"POST", "/action", `{"action": "uploadImage", "parameters": {"name": "i"}}`},
		{"POST", "/action", `{"action": "removeSecurityGroup", "parameters": {"name": "default"}}`},
		{"POST", "/attachments", fmt.Sprintf(`{"attachment": {"volumeId": %q}}`, volume)},
	} {
		if got := c.call(call[0], "instances/"+id+call[1], call[2]); got.code() != "10409" {
			t.Errorf("locked: %s: %s", call[2], got.raw)
		}
	}
	c.refused("10409", "Instance "+id+" is locked", "DELETE", "instances?id="+id, "")
	if after := c.everything(); after != before {
		t.Errorf("something changed:\n%s\nwas\n%s", after, before)
	}
	// Floating IPs are the network's, which knows no locks.
	pool := c.must("GET", "floating-ip-pools", "").text("pools", 0, "id")
	point := c.must("POST", "floating-ips", fmt.Sprintf(`{"pool": {"id": %q}}`, pool)).text("floatingip", "floatingIpAddress")
	c.action(id, fmt.Sprintf(`{"action": "addFloatingIp", "parameters": {"address": %q, "ipAddress": %q}}`, point, got.text("instances", 0, "addresses", 0, "ipAddress")))
	if shown := c.must("GET", "instances-detail?id="+id, "").text("instances", 0, "addresses", 0, "floatingIpAddress"); shown != point {
		t.Errorf("the floating IP of a locked instance is %s", shown)
	}
}
