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

func volumeBody(name, zone, more string) string {
	return fmt.Sprintf(`{"volume": {"name": %q, "availabilityZone": %q, "size": "10"%s}}`, name, zone, more)
}

// volume waits until a volume has a status.
func (c *client) volume(id, status string) answer {
	c.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		a := c.must("GET", "volumes?id="+id, "")
		if a.text("volumes", 0, "status") == status {
			return a
		}
		if time.Now().After(end) {
			c.Fatalf("the volume is not %s: %s", status, a.raw)
		}
	}
}

// TestVolumes attaches a volume, which appears in the guest, keeps files on it,
// and takes them to another instance.
func TestVolumes(t *testing.T) {
	c := newClient(t, harness.Start(t, "KEYREEVE_COMPUTE_QUOTA_VOLUMES=3"))
	at := c.things()
	key := filepath.Join(t.TempDir(), "web.pem")
	if err := os.WriteFile(key, []byte(c.must("POST", "keypairs", `{"keypair": {"name": "web"}}`).text("keypair", "privateKey")), 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := c.create(at, "one", "web"), c.create(at, "two", "web")
	login := func(id string) harness.SSH {
		a := c.must("GET", "instances-detail?id="+id, "")
		l := harness.SSH{User: "debian", Address: a.text("instances", 0, "addresses", 0, "ipAddress"), Key: key, KnownHosts: filepath.Join(t.TempDir(), "known"), Port: sshPort(a)}
		l.Await(t, 10*time.Second)
		return l
	}

	made := c.must("POST", "volumes", volumeBody("data", at.zone, `, "description": "d", "volumeType": "General SSD", "metadata": {"a": "b"}`))
	id := made.text("volume", "id")
	if v := made.at("volume").(object); v["name"] != "data" || fmt.Sprint(v["size"]) != "10" || v["volumeType"] != "General SSD" || v["description"] != "d" ||
		len(v["attachments"].([]any)) != 0 || v["metadata"].(object)["a"] != "b" || v["availabilityZone"] != at.zone || !moment.MatchString(v["createdAt"].(string)) || len(v) != 10 {
		t.Errorf("made: %s", made.raw)
	}
	c.volume(id, "available")
	body := fmt.Sprintf(`{"attachment":{"volumeId":%q}}`, id)
	attached := c.must("POST", "instances/"+one+"/attachments", body)
	if attached.text("attachment", "device") != "/dev/vdb" || attached.text("attachment", "volumeId") != id || attached.text("attachment", "id") == "" {
		t.Errorf("attached: %s", attached.raw)
	}
	used := c.volume(id, "in-use")
	if used.text("volumes", 0, "attachments", 0, "instanceId") != one || used.text("volumes", 0, "attachments", 0, "device") != "/dev/vdb" ||
		used.text("volumes", 0, "attachments", 0, "attachmentId") != attached.text("attachment", "id") {
		t.Errorf("in use: %s", used.raw)
	}
	if got := c.must("GET", "instances-detail?id="+one, ""); fmt.Sprint(got.at("instances", 0, "volumes", "attachments", 0)) != fmt.Sprint(object{"id": id, "name": "data", "size": "10", "type": "General SSD"}) {
		t.Errorf("in detail: %s", got.raw)
	}
	if out := login(one).Run(t, "lsblk; sudo sh -c 'echo kept > /mnt/data/kept.txt'; cat /mnt/data/kept.txt"); !strings.Contains(out.Stdout, "vdb") || !strings.HasSuffix(out.Stdout, "kept\n") {
		t.Errorf("in the guest: %+v", out)
	}
	busy := "Invalid volume: volume " + id + " status must be available"
	c.refused("40400", busy, "POST", "instances/"+two+"/attachments", body)
	c.refused("40400", "Invalid volume: Volume status must be available or error or error_restoring and must not be attached", "DELETE", "volumes?id="+id, "")
	c.refused("40404", "Volume "+id+" is not attached to instance "+two+".", "DELETE", "instances/"+two+"/attachments?volumeId="+id, "")
	if got := c.must("DELETE", "instances/"+one+"/attachments?volumeId="+id, ""); got.raw != success {
		t.Errorf("detached: %s", got.raw)
	}
	c.volume(id, "available")
	c.must("POST", "instances/"+two+"/attachments", body)
	c.volume(id, "in-use")
	if out := login(two).Run(t, "cat /mnt/data/kept.txt"); out.Stdout != "kept\n" {
		t.Errorf("in the other guest: %+v", out)
	}

	// An instance that goes leaves its volumes behind.
	c.must("DELETE", "instances?id="+two, "")
	c.gone(two)
	c.volume(id, "available")
	if got := c.must("DELETE", "volumes?id="+id, ""); got.raw != success {
		t.Errorf("deleted: %s", got.raw)
	}
	for end := time.Now().Add(10 * time.Second); c.call("GET", "volumes?id="+id, "").code() != "40404"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the volume stays")
		}
	}
	for k := range 3 {
		c.must("POST", "volumes", volumeBody(fmt.Sprint("v", k), at.zone, ""))
	}
	c.refused("40403", "VolumeLimitExceeded: Maximum number of volumes allowed (3) exceeded", "POST", "volumes", volumeBody("more", at.zone, ""))
	if got := c.must("GET", "volumes", ""); len(got.list("volumes")) != 3 || got.text("volumes", 0, "volumeType") != "General HDD" || got.text("volumes", 0, "description") != "" {
		t.Errorf("listed: %s", got.raw)
	}
}

// TestRootVolume makes instances of a flavor without a disk, whose root disk is
// as large as the call says.
func TestRootVolume(t *testing.T) {
	c := newClient(t, harness.Start(t))
	at := c.things()
	c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
	body := func(volume string) string {
		return strings.Replace(at.instance("big", "k", volume), `"flavor": "1"`, `"flavor": "m2.c1m2"`, 1)
	}
	if got := c.must("GET", "flavors", ""); !strings.Contains(got.raw, `"maxVolumeSize":1000,"id":"m2.c1m2"`) {
		t.Errorf("flavors: %s", got.raw)
	}
	c.refused("-4", "Invalid parameters : instance.volume.size is required: flavor m2.c1m2 has no disk of its own", "POST", "instances", body(""))
	c.refused("-4", "Invalid parameters : instance.volume.size must be a multiple of 10", "POST", "instances", body(`"volume": {"size": 25}, `))
	windows := strings.Replace(body(`"volume": {"size": "10"}, `), at.image, at.windows, 1)
	c.refused("-4", "Invalid parameters : instance.volume.size must be between 20 and 1000 with this image", "POST", "instances", windows)

	id := c.must("POST", "instances", body(`"volume": {"size": "30", "type": "General SSD"}, `)).text("instance", "id")
	c.await(id, "ACTIVE")
	got := c.must("GET", "instances-detail?id="+id, "")
	if root := fmt.Sprint(got.at("instances", 0, "volumes", "root")); root != fmt.Sprint(object{"size": "30", "type": "General SSD"}) || fmt.Sprint(got.at("instances", 0, "volumes", "attachments")) != "[]" {
		t.Errorf("in detail: %s", got.raw)
	}
	volume := c.must("GET", "volumes", "").text("volumes", 0, "id")
	c.refused("40400", "Invalid volume: volume "+volume+" is the root volume of instance "+id, "DELETE", "instances/"+id+"/attachments?volumeId="+volume, "")
	c.must("DELETE", "instances?id="+id, "")
	c.gone(id)
	for end := time.Now().Add(10 * time.Second); len(c.must("GET", "volumes", "").list("volumes")) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the root volume stays")
		}
	}
}
