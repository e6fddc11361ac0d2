package openstack

import (
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// reboots looks from inside at what ends a server in order and what does not.
func reboots(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	key := c.newKey("end", "-t", "ed25519")
	c.must("keypair", "create", "--public-key", key+".pub", "end")
	c.must("server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "end", "--network", "private", "--wait", "end-1")
	way := c.door("end-1", key)
	console := func() string { return c.must("console", "log", "show", "end-1") }
	is := func(status string) {
		t.Helper()
		eventually(t, "end-1 is "+status, func() bool { s := cloud.servers(t)["end-1"]; return s.Status == status && s.Task == nil })
	}
	way.Ends(t, harness.Ending{
		Wall: "The system will reboot now!", Last: "Restarting system", Console: console,
		End: func() { c.must("server", "reboot", "--soft", "--wait", "end-1"); is("ACTIVE") },
	})
	way.Ends(t, harness.Ending{
		Console: console,
		End:     func() { c.must("server", "reboot", "--hard", "--wait", "end-1"); is("ACTIVE") },
	})
	way.Ends(t, harness.Ending{
		Wall: "The system will power off now!", Last: "Power down", Console: console,
		End:     func() { c.must("server", "stop", "end-1"); is("SHUTOFF") },
		Restart: func() { c.must("server", "start", "end-1"); is("ACTIVE") },
	})
	c.must("server", "delete", "--wait", "end-1")
	c.must("keypair", "delete", "end")
}
