package openstack

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// keyRow is a row of `openstack keypair list`.
type keyRow struct{ Name, Fingerprint, Type string }

// keyShown is what `openstack keypair show` tells.
type keyShown struct {
	Name, Fingerprint, Type string
	PrivateKey              *string `json:"private_key"`
	UserID                  string  `json:"user_id"`
}

// tour is what the README shows a new user.
func tour(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	pem := c.must("keypair", "create", "tour")
	if !strings.HasPrefix(pem, "-----BEGIN RSA PRIVATE KEY-----\n") {
		t.Fatal("standard output is not a PKCS#1 PEM")
	}
	key := c.file("tour.pem", pem)

	var made shown
	c.read(&made, "server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "tour", "tour-1", "--wait")
	if made.Status != "ACTIVE" || made.KeyName != "tour" {
		t.Fatalf("server create: %+v", made)
	}
	way := c.door("tour-1", key)
	if way.User != "debian" {
		t.Errorf("the login user of debian-13 is %q", way.User)
	}
	letsIn(t, way)
	stranger := way
	stranger.Key = c.newKey("stranger", "-t", "ed25519")
	keepsOut(t, stranger, "Permission denied")

	// What the system's own tools say of the private key is what the cloud shows.
	public := harness.Finish(t, exec.Command("ssh-keygen", "-y", "-f", key))
	fingerprint := harness.Finish(t, exec.Command("ssh-keygen", "-l", "-E", "md5", "-f", key))
	var k keyShown
	c.read(&k, "keypair", "show", "tour")
	if k.Name != "tour" || k.Type != "ssh" || !strings.Contains(fingerprint.Stdout, "MD5:"+k.Fingerprint+" ") {
		t.Errorf("keypair show: %+v; ssh-keygen says %q", k, fingerprint.Stdout)
	}
	if k.PrivateKey != nil && *k.PrivateKey != "" {
		t.Error("keypair show gives the private key again")
	}
	kept := c.must("keypair", "show", "--public-key", "tour")
	if !strings.HasPrefix(kept, strings.TrimSpace(public.Stdout)) {
		t.Errorf("the kept public key is %q, that of the private key %q", kept, public.Stdout)
	}
	var rows []keyRow
	c.read(&rows, "keypair", "list")
	if !slices.Contains(rows, keyRow{"tour", k.Fingerprint, "ssh"}) {
		t.Errorf("keypair list: %+v", rows)
	}

	c.must("keypair", "delete", "tour")
	c.refused("No Keypair found for tour", "keypair", "show", "tour")
	letsIn(t, way) // the server keeps what it was started with
	var s shown
	c.read(&s, "server", "show", "tour-1")
	if s.KeyName != "tour" {
		t.Errorf("after the key pair's deletion the server's key_name is %q", s.KeyName)
	}
	c.must("server", "delete", "--wait", "tour-1")
}

// lifeOfAServer takes a server with an imported key through all it can do.
func lifeOfAServer(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	key := c.newKey("mine", "-t", "ed25519")
	text, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	c.must("keypair", "create", "--public-key", key+".pub", "mine")
	// The client ends its output with a newline of its own.
	if kept := c.must("keypair", "show", "--public-key", "mine"); kept != string(text)+"\n" {
		t.Errorf("imported %q, kept %q", text, kept)
	}
	c.must("server", "create", "--image", "ubuntu-24.04", "--flavor", "m1.small", "--key-name", "mine", "--network", "private", "--wait", "life-1")
	var rows []struct{ Name, Status, Image, Flavor string }
	c.read(&rows, "server", "list", "--name", "life-1")
	if len(rows) != 1 || rows[0].Status != "ACTIVE" || rows[0].Image != "ubuntu-24.04" || rows[0].Flavor != "m1.small" {
		t.Errorf("server list: %+v", rows)
	}
	way := c.door("life-1", key)
	letsIn(t, way)
	if o := way.Run(t, "echo written once > kept.txt"); o.Exit != 0 {
		t.Fatalf("writing in the guest: %s", o.Stderr)
	}
	settled := func(status string) func() bool {
		return func() bool { s := cloud.servers(t)["life-1"]; return s.Status == status && s.Task == nil }
	}
	// The known hosts of the first login are demanded by every later one, so
	// each of these also says that the host key has not changed.
	stillThere := func(after string) {
		t.Helper()
		if o := way.Run(t, "cat kept.txt"); o.Stdout != "written once\n" {
			t.Errorf("after %s: exit status %d, %q, %s", after, o.Exit, o.Stdout, o.Stderr)
		}
	}
	c.must("server", "stop", "life-1")
	eventually(t, "life-1 is SHUTOFF", settled("SHUTOFF"))
	keepsOut(t, way, "Connection refused")
	c.refused("while it is in vm_state stopped", "server", "stop", "life-1")
	c.must("server", "start", "life-1")
	eventually(t, "life-1 is ACTIVE", settled("ACTIVE"))
	stillThere("stop and start")
	c.must("server", "reboot", "--wait", "life-1")
	eventually(t, "life-1 is ACTIVE", settled("ACTIVE"))
	stillThere("a soft reboot")
	c.must("server", "reboot", "--hard", "--wait", "life-1")
	eventually(t, "life-1 is ACTIVE", settled("ACTIVE"))
	stillThere("a hard reboot")
	if log := c.must("console", "log", "show", "life-1"); !strings.Contains(log, "SHA256:") {
		t.Errorf("the console log does not show host keys: %q", log)
	}
	c.must("server", "delete", "--wait", "life-1")
	c.refused("No server with a name or ID of 'life-1' exists", "server", "show", "life-1")
	eventually(t, "ssh is refused after the deletion", func() bool { return way.Run(t, "true").Exit == 255 })
	c.must("keypair", "delete", "mine")
}
