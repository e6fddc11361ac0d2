package toast

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// TestGuestTells: what is asked for through the API is what a guest reports.
func TestGuestTells(t *testing.T) {
	c := newClient(t, harness.Start(t))
	at := c.things()
	key := filepath.Join(t.TempDir(), "web.pem")
	if err := os.WriteFile(key, []byte(c.must("POST", "keypairs", `{"keypair": {"name": "web"}}`).text("keypair", "privateKey")), 0o600); err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(t.TempDir(), "known")
	door := func(id string) harness.SSH {
		a := c.must("GET", "instances-detail?id="+id, "")
		return harness.SSH{User: "debian", Address: a.text("instances", 0, "addresses", 0, "ipAddress"), Key: key, KnownHosts: known, Port: sshPort(a)}
	}
	tells := func(l harness.SSH, command string, want ...string) {
		t.Helper()
		l.Await(t, 10*time.Second)
		out := l.Run(t, command)
		for _, w := range want {
			if out.Exit != 0 || !strings.Contains(strings.Join(strings.Fields(out.Stdout), " "), w) {
				t.Errorf("%s does not tell %q: %+v", command, w, out)
			}
		}
	}
	size := "nproc; free -m; df -h /; lsblk"

	// Sizes: what flavors and GET instances-detail say.
	id := c.create(at, "one", "web")
	tells(door(id), size, "1 total", "Mem: 512", "/dev/vda1 1.0G", "vda 254:0 0 1G 0 disk")
	for _, f := range []struct {
		id   string
		want []string
	}{
		{"2", []string{"1 total", "Mem: 2048", "/dev/vda1 20G", "0 20G 0 disk"}},
		{"3", []string{"2 total", "Mem: 4096", "/dev/vda1 40G", "0 40G 0 disk"}},
	} {
		c.action(id, fmt.Sprintf(`{"action": "resize", "parameters": {"flavor": %q}}`, f.id))
		c.await(id, "ACTIVE")
		tells(door(id), size, f.want...)
		if got := c.must("GET", "instances-detail?id="+id, ""); got.text("instances", 0, "flavor", "id") != f.id {
			t.Errorf("resized: %s", got.raw)
		}
	}
	sized := strings.Replace(at.instance("sized", "web", `"volume": {"size": "30"}, `), `"flavor": "1"`, `"flavor": "m2.c2m4"`, 1)
	two := c.must("POST", "instances", sized).text("instance", "id")
	c.await(two, "ACTIVE")
	tells(door(two), size, "2 total", "Mem: 4096", "/dev/vda1 30G", "0 30G 0 disk")

	// Two volumes are two disks, and each is gone once it is detached.
	volume := func(name string) string {
		v := c.must("POST", "volumes", volumeBody(name, at.zone, "")).text("volume", "id")
		c.volume(v, "available")
		return v
	}
	attach := func(id, v string) string {
		device := c.must("POST", "instances/"+id+"/attachments", fmt.Sprintf(`{"attachment":{"volumeId":%q}}`, v)).text("attachment", "device")
		c.volume(v, "in-use")
		return device
	}
	first, second := volume("first"), volume("second")
	if a, b := attach(id, first), attach(id, second); a != "/dev/vdb" || b != "/dev/vdc" {
		t.Errorf("devices %s, %s", a, b)
	}
	tells(door(id), "lsblk; mount", "vdb", "vdc", "10G 0 disk /mnt/first", "10G 0 disk /mnt/second", "/dev/vdb on /mnt/first", "/dev/vdc on /mnt/second")
	tells(door(id), "sudo sh -c 'mkdir /mnt/first/d; echo kept > /mnt/first/d/f; chmod 640 /mnt/first/d/f'; sudo ls -l /mnt/first/d", "-rw-r-----")
	c.must("DELETE", "instances/"+id+"/attachments?volumeId="+first, "")
	c.volume(first, "available")
	if out := door(id).Run(t, "lsblk; mount; ls /mnt/first/d 2>&1"); strings.Contains(out.Stdout, "vdb") || !strings.Contains(out.Stdout, "vdc") || !strings.Contains(out.Stdout, "No such file") {
		t.Errorf("after detaching the first: %+v", out)
	}
	// While a guest is stopped its volumes may come and go; it finds them when it starts.
	c.action(two, `{"action": "stop"}`)
	c.await(two, "STOP")
	if device := attach(two, first); device != "/dev/vdb" {
		t.Errorf("on the other: %s", device)
	}
	c.action(two, `{"action": "start"}`)
	c.await(two, "ACTIVE")
	tells(door(two), "lsblk; sudo cat /mnt/first/d/f; sudo ls -l /mnt/first/d", "vdb", "kept", "-rw-r-----")

	// A floating IP leads to one guest, then to another; a stopped one does not answer it.
	pool := c.must("GET", "floating-ip-pools", "").text("pools", 0, "id")
	point := c.must("POST", "floating-ips", fmt.Sprintf(`{"pool": {"id": %q}}`, pool)).text("floatingip", "floatingIpAddress")
	for _, guest := range []struct{ id, name string }{{id, "one"}, {two, "sized"}} {
		inside := door(guest.id)
		c.action(guest.id, fmt.Sprintf(`{"action": "addFloatingIp", "parameters": {"address": %q, "ipAddress": %q}}`, point, inside.Address))
		outside := inside
		outside.Address, outside.KnownHosts = point, filepath.Join(t.TempDir(), "known")
		tells(outside, "hostname", guest.name)
		c.action(guest.id, `{"action": "stop"}`)
		c.await(guest.id, "STOP")
		if answers(inside, false) || answers(outside, false) {
			t.Errorf("%s answers while it is stopped", guest.name)
		}
		c.action(guest.id, `{"action": "start"}`)
		c.await(guest.id, "ACTIVE")
		tells(outside, "hostname", guest.name)
		c.action(guest.id, fmt.Sprintf(`{"action": "removeFloatingIp", "parameters": {"address": %q}}`, point))
		if answers(outside, false) {
			t.Error("the floating IP answers and leads nowhere")
		}
		tells(inside, "hostname", guest.name)
	}
}
