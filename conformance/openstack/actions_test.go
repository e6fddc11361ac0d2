package openstack

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// actionsOnAServer does with the client what changes a server, and looks with
// ssh whether its guest says the same.
func actionsOnAServer(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	first, second := c.newKey("act-1", "-t", "ed25519"), c.newKey("act-2", "-t", "rsa", "-b", "2048")
	c.must("keypair", "create", "--public-key", first+".pub", "act-1")
	c.must("keypair", "create", "--public-key", second+".pub", "act-2")
	c.must("server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "act-1",
		"--file", "/etc/injected="+c.file("injected", "from outside\n"), "--wait", "acts")
	way := c.door("acts", first)
	says := func(way harness.SSH, command, want string) {
		t.Helper()
		if o := way.Run(t, command); o.Stdout != want {
			t.Errorf("%s: exit status %d, %q, %s; want %q", command, o.Exit, o.Stdout, o.Stderr, want)
		}
	}
	settled := func(status string) {
		t.Helper()
		eventually(t, "acts is "+status, func() bool { s := cloud.servers(t)["acts"]; return s.Status == status && s.Task == nil })
	}
	says(way, "cat /etc/injected; nproc; echo precious > kept", "from outside\n1\n")

	c.must("server", "resize", "--flavor", "m1.medium", "--wait", "acts")
	settled("VERIFY_RESIZE")
	says(way, "nproc; cat kept", "2\nprecious\n")
	c.must("server", "resize", "revert", "acts")
	settled("ACTIVE")
	says(way, "nproc; cat kept", "1\nprecious\n")
	c.must("server", "resize", "--flavor", "m1.medium", "--wait", "acts")
	c.must("server", "resize", "confirm", "acts")
	settled("ACTIVE")
	says(way, "nproc", "2\n")
	c.refused("When resizing, instances must change flavor!", "server", "resize", "--flavor", "m1.medium", "acts")

	c.must("server", "pause", "acts")
	settled("PAUSED")
	c.must("server", "unpause", "acts")
	settled("ACTIVE")
	says(way, "cat kept", "precious\n")

	c.must("server", "lock", "acts")
	c.refused("is locked", "server", "stop", "acts")
	c.must("server", "unlock", "acts")

	c.must("server", "image", "create", "--name", "acts-image", "--wait", "acts")
	var image struct {
		Status, Visibility string
		Size               int
		Properties         map[string]any
	}
	c.read(&image, "image", "show", "acts-image")
	if image.Status != "active" || image.Visibility != "private" || image.Size == 0 || image.Properties["os_admin_user"] != "debian" {
		t.Errorf("image show: %+v", image)
	}
	c.must("image", "set", "--name", "acts-snap", "acts-image")

	// Rebuilt from the distribution's image it has lost the file, and from its own it has it again.
	rebuild := func(image string, more ...string) harness.SSH {
		t.Helper()
		c.must(append([]string{"--os-compute-api-version", "2.57", "server", "rebuild", "--image", image, "--wait"}, append(more, "acts")...)...)
		settled("ACTIVE")
		if err := os.Remove(way.KnownHosts); err != nil { // a new disk has new host keys
			t.Fatal(err)
		}
		return way
	}
	fresh := rebuild("debian-13", "--key-name", "act-2")
	fresh.Key = second
	says(fresh, "cat kept 2>/dev/null; id -un", "debian\n")
	keepsOut(t, way, "Permission denied")
	again := rebuild("acts-snap")
	again.Key = second
	says(again, "cat kept", "precious\n")
	c.must("image", "delete", "acts-snap")
	c.refused("No Image found for acts-snap", "image", "show", "acts-snap")

	c.must("server", "group", "create", "--policy", "affinity", "acts-group")
	var groups []struct {
		Name     string
		Policies []string
	}
	c.read(&groups, "--os-compute-api-version", "2.1", "server", "group", "list")
	if len(groups) == 0 || groups[len(groups)-1].Name != "acts-group" {
		t.Errorf("server group list: %+v", groups)
	}
	c.must("server", "group", "delete", "acts-group")
	if events := c.must("server", "event", "list", "acts"); !strings.Contains(events, "confirmResize") || !strings.Contains(events, "createImage") {
		t.Errorf("server event list:\n%s", events)
	}
	if usage := c.must("usage", "show"); !strings.Contains(usage, "Servers") {
		t.Errorf("usage show:\n%s", usage)
	}
	c.must("server", "delete", "--wait", "acts")
	c.must("keypair", "delete", "act-1", "act-2")
	windowsPassword(t, c)
}

// windowsPassword opens a Windows server's password with the private key.
func windowsPassword(t *testing.T, c *client) {
	t.Helper()
	harness.Need(t, "openssl", "openssl")
	key := c.file("win.pem", c.must("keypair", "create", "win"))
	var made struct {
		ID        string
		AdminPass string `json:"adminPass"`
	}
	c.read(&made, "server", "create", "--image", "windows-2025", "--flavor", "m1.medium", "--key-name", "win", "--wait", "win")
	var s struct{ Password string }
	cloudPassword(t, c, made.ID, &s)
	sealed := c.file("sealed", s.Password)
	open := exec.Command("sh", "-c", "base64 -d <"+sealed+" | openssl pkeyutl -decrypt -inkey "+key)
	if o := harness.Finish(t, open); o.Stdout == "" || o.Stdout != made.AdminPass {
		t.Errorf("the password opens to %q (%s), the server was made with %q", o.Stdout, o.Stderr, made.AdminPass)
	}
	c.must("server", "delete", "--wait", "win")
	c.must("keypair", "delete", "win")
}

// cloudPassword asks for what no command of the client does.
func cloudPassword(t *testing.T, c *client, id string, into *struct{ Password string }) {
	t.Helper()
	program := `
import json, sys, openstack
print(json.dumps(openstack.connect().compute.get("/servers/%s/os-server-password" % sys.argv[1]).json()))
`
	cmd := exec.Command("/usr/bin/python3", "-c", program, id)
	cmd.Dir, cmd.Env = c.dir, c.env
	o := harness.Finish(t, cmd)
	if o.Exit != 0 {
		t.Fatalf("asking for the password: %s", o.Stderr)
	}
	if err := json.Unmarshal([]byte(o.Stdout), into); err != nil {
		t.Fatal(err)
	}
}
