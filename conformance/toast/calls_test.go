package toast

import (
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

const (
	ed25519Line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1 user@host"
	ed25519MD5  = "c2:93:c9:26:a4:90:d2:85:55:ea:c6:8e:81:68:5e:8d"
	success     = `{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"SUCCESS"}}`
)

var moment = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$`)

// TestKeyPairs is the guide's chapter on key pairs.
func TestKeyPairs(t *testing.T) {
	c := newClient(t, harness.Start(t))
	if got := c.must("GET", "keypairs", ""); got.raw != strings.TrimSuffix(success, "}")+`,"keypairs":[]}` {
		t.Errorf("no key pairs: %s", got.raw)
	}
	// An upload is kept and echoed byte for byte.
	upload := fmt.Sprintf(`{"keypair": {"name": "kp1", "publicKey": %q}}`, ed25519Line+"\n")
	want := strings.TrimSuffix(success, "}") + `,"keypair":{"name":"kp1","publicKey":"` + ed25519Line + `\n","fingerprint":"` + ed25519MD5 + `"}}`
	if got := c.must("POST", "keypairs", upload); got.raw != want || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("uploaded: %s", got.raw)
	}
	c.refused("13409", "Key pair 'kp1' already exists.", "POST", "keypairs", upload)

	made := c.must("POST", "keypairs", `{"keypair": {"name": "made", "publicKey": null}}`)
	block, rest := pem.Decode([]byte(made.text("keypair", "privateKey")))
	if block == nil || block.Type != "RSA PRIVATE KEY" || len(rest) != 0 {
		t.Errorf("the private key is no PKCS#1 PEM: %s", made.raw)
	}
	if public := made.text("keypair", "publicKey"); !strings.HasPrefix(public, "ssh-rsa ") || !strings.HasSuffix(public, " Generated-by-Nova") {
		t.Errorf("the public key: %q", public)
	}
	c.must("POST", "keypairs", `{"keypair": {"name": "with space"}}`)

	// The list is sorted and knows no times; one that is asked for by name has one.
	var names []string
	for _, v := range c.must("GET", "keypairs", "").list("keypairs") {
		k := v.(object)
		names = append(names, k["name"].(string))
		if _, has := k["createdAt"]; has || k["privateKey"] != nil || len(k) != 3 {
			t.Errorf("listed: %v", k)
		}
	}
	if !slices.Equal(names, []string{"kp1", "made", "with space"}) {
		t.Errorf("listed %v", names)
	}
	one := c.must("GET", "keypairs?name=kp1", "")
	if len(one.list("keypairs")) != 1 || !moment.MatchString(one.text("keypairs", 0, "createdAt")) ||
		one.text("keypairs", 0, "publicKey") != ed25519Line+"\n" || one.text("keypairs", 0, "fingerprint") != ed25519MD5 {
		t.Errorf("one: %s", one.raw)
	}
	for _, spelled := range []string{"with+space", "with%20space"} {
		if got := c.must("GET", "keypairs?name="+spelled, ""); got.text("keypairs", 0, "name") != "with space" {
			t.Errorf("%s: %s", spelled, got.raw)
		}
	}
	if got := c.must("DELETE", "keypairs?name=kp1", ""); got.raw != success {
		t.Errorf("deleted: %s", got.raw)
	}
	gone := c.call("GET", "keypairs?name=kp1", "")
	if gone.code() != "13404" || !strings.HasPrefix(gone.message(), "Keypair kp1 not found for user ") {
		t.Errorf("gone: %s", gone.raw)
	}
	if again := c.call("DELETE", "keypairs?name=kp1", ""); again.raw != gone.raw {
		t.Errorf("deleted again: %s", again.raw)
	}

	// They are the user's: the same through OpenStack, and nobody else's.
	session := c.server.Login(c.server.Demo)
	var listed struct {
		KeyPairs []struct{ KeyPair struct{ Name string } }
	}
	session.Get(t, "/compute/v2.1/os-keypairs", &listed)
	if len(listed.KeyPairs) != 2 || listed.KeyPairs[0].KeyPair.Name != "made" {
		t.Errorf("through OpenStack: %+v", listed)
	}
	other := c.server.Login(c.server.AddUser("other", c.server.Demo.Project, "member"))
	if got := c.as(other.Token, c.AppKey, "GET", "keypairs?name=made", ""); got.code() != "13404" {
		t.Errorf("another user's: %s", got.raw)
	}
	// A reader keeps key pairs of their own.
	reader := c.server.Login(c.server.AddUser("reader", c.server.Demo.Project, "reader"))
	for _, call := range [][3]string{{"POST", "keypairs", `{"keypair": {"name": "mine"}}`}, {"DELETE", "keypairs?name=mine", ""}} {
		if got := c.as(reader.Token, c.AppKey, call[0], call[1], call[2]); got.code() != "0" {
			t.Errorf("a reader's %v: %s", call, got.raw)
		}
	}
}

// TestCatalogue is what instances are made of.
func TestCatalogue(t *testing.T) {
	c := newClient(t, harness.Start(t))
	if got := c.must("GET", "availability-zones", ""); got.raw != strings.TrimSuffix(success, "}")+`,"zones":[{"zoneName":"nova","zoneState":{"available":true}}]}` {
		t.Errorf("zones: %s", got.raw)
	}
	flavors := c.must("GET", "flavors", "")
	if want := `"flavors":[{"disabled":false,"ephemeral":0,"type":"general","volumeSize":1,"id":"1","name":"m1.tiny","isPublic":true,"ram":512,"vcpus":1},`; !strings.Contains(flavors.raw, want) {
		t.Errorf("flavors: %s", flavors.raw)
	}
	images := c.must("GET", "images", "").list("images")
	for _, v := range images {
		i := v.(object)
		properties := i["properties"].(object)
		if i["isPublic"] != true || i["status"] != "active" || i["protected"] != false || len(i) != 12 ||
			properties["os_type"] == nil || properties["login_username"] == nil || !moment.MatchString(i["createdAt"].(string)) {
			t.Errorf("image: %v", i)
		}
	}
	var paged []any
	for marker := ""; ; {
		page := c.must("GET", "images?limit=2&marker="+marker, "").list("images")
		if len(page) == 0 {
			break
		}
		if len(page) > 2 {
			t.Fatalf("a page of %d", len(page))
		}
		paged = append(paged, page...)
		marker = page[len(page)-1].(object)["id"].(string)
	}
	if len(images) < 5 || fmt.Sprint(paged) != fmt.Sprint(images) {
		t.Errorf("pages: %v, all: %v", paged, images)
	}
	first := images[0].(object)["id"].(string)
	c.refused("30403", "You are not permitted to delete this image.", "DELETE", "images?id="+first, "")
	c.refused("30404", "Failed to find image nosuch to delete", "DELETE", "images?id=nosuch", "")
	c.refused("30404", "Image nosuch could not be found.", "GET", "images?marker=nosuch", "")
	for _, limit := range []string{"0", "1001", "-1", "x", "1.5", "99999999999999999999"} {
		c.refused("-4", "Invalid parameters : limit must be between 1 and 1000", "GET", "images?limit="+limit, "")
	}

	at := c.things()
	if got := c.must("GET", "networks?id="+at.network, ""); got.text("networks", 0, "id") != at.network || got.at("networks", 0, "adminStateUp") != true || got.text("networks", 0, "status") != "ACTIVE" {
		t.Errorf("network: %s", got.raw)
	}
	c.refused("20004", "No accessible network", "GET", "networks?id=nosuch", "")
	if got := c.must("GET", "subnets", ""); got.text("subnets", 0, "id") != at.subnet || got.text("subnets", 0, "networkId") != at.network || got.text("subnets", 0, "allocationPools", 0, "start") == "" {
		t.Errorf("subnet: %s", got.raw)
	}
}

// TestLife takes instances through the guide's chapters: made, looked at,
// logged in to, stopped, started, rebooted, resized, copied, deleted.
func TestLife(t *testing.T) {
	c := newClient(t, harness.Start(t))
	at := c.things()
	key := filepath.Join(t.TempDir(), "web.pem")
	made := c.must("POST", "keypairs", `{"keypair": {"name": "web"}}`)
	if err := os.WriteFile(key, []byte(made.text("keypair", "privateKey")), 0o600); err != nil {
		t.Fatal(err)
	}
	id := c.create(at, "web.server-1", "web")

	got := c.must("GET", "instances-detail?id="+id, "")
	host := got.text("instances", 0, "addresses", 0, "ipAddress")
	if n := len(got.list("instances")); n != 1 {
		t.Fatalf("%d instances: %s", n, got.raw)
	}
	for _, f := range []struct {
		want string
		path []any
	}{
		{"4", []any{"addresses", 0, "version"}}, {"<nil>", []any{"addresses", 0, "floatingIpAddress"}},
		{at.zone, []any{"availabilityZone"}}, {"1", []any{"flavor", "id"}}, {"m1.tiny", []any{"flavor", "name"}},
		{"1", []any{"flavor", "cpu"}}, {"512", []any{"flavor", "ram"}}, {"ACTIVE", []any{"status"}}, {id, []any{"id"}},
		{"web.server-1", []any{"name"}}, {at.image, []any{"image"}}, {"web", []any{"keyName"}}, {"1", []any{"volumes", "root", "size"}},
		{"[]", []any{"volumes", "attachments"}}, {"default", []any{"securityGroups", 0, "name"}},
	} {
		if v := fmt.Sprint(got.at(append([]any{"instances", 0}, f.path...)...)); v != f.want {
			t.Errorf("%v is %q, want %q: %s", f.path, v, f.want, got.raw)
		}
	}
	for _, name := range []string{"launchedAt", "createdAt", "updatedAt"} {
		if v := got.text("instances", 0, name); !moment.MatchString(v) {
			t.Errorf("%s is %q", name, v)
		}
	}

	login := harness.SSH{User: "debian", Address: host, Key: key, KnownHosts: filepath.Join(t.TempDir(), "known"), Port: sshPort(got)}
	login.Await(t, 10*time.Second)
	if out := login.Run(t, "echo kept > kept.txt; nproc"); out.Exit != 0 || strings.TrimSpace(out.Stdout) != "1" {
		t.Fatalf("login with the returned key: %+v", out)
	}

	c.refused("10409", "Cannot 'start' instance "+id+" while it is in vm_state active", "POST", "instances/"+id+"/action", `{"action" : "start"}`)
	c.refused("10409", "Cannot 'createImage' instance "+id+" while it is in vm_state active", "POST", "instances/"+id+"/action", `{"action": "uploadImage", "parameters": {"name": "i"}}`)
	if a := c.action(id, `{"action" : "stop"}`); a.raw != success {
		t.Errorf("stop: %s", a.raw)
	}
	c.await(id, "STOP")
	c.refused("10409", "Cannot 'stop' instance "+id+" while it is in vm_state stopped", "POST", "instances/"+id+"/action", `{"action" : "stop"}`)
	c.refused("10409", "Cannot 'reboot' instance "+id+" while it is in vm_state stopped", "POST", "instances/"+id+"/action", `{"action" : "reboot", "parameters": {"type": "SOFT"}}`)
	if out := login.Run(t, "true"); out.Exit != 255 {
		t.Errorf("a stopped instance answers: %+v", out)
	}

	// An image of it carries its files.
	image := c.action(id, `{"action" : "uploadImage", "parameters" : {"name": "web image"}}`)
	if image.text("createdImage", "name") != "web image" {
		t.Errorf("uploadImage: %s", image.raw)
	}
	imageID := image.text("createdImage", "id")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		images := c.must("GET", "images", "")
		if images.text("images", 0, "id") == imageID && images.text("images", 0, "status") == "active" {
			if images.at("images", 0, "isPublic") != false {
				t.Errorf("the image is public: %s", images.raw)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the image does not become active: %s", images.raw)
		}
	}
	copied := at
	copied.image = imageID
	twin := c.create(copied, "twin", "web")
	second := login
	detail := c.must("GET", "instances-detail?id="+twin, "")
	second.Address, second.Port = detail.text("instances", 0, "addresses", 0, "ipAddress"), sshPort(detail)
	second.Await(t, 10*time.Second)
	if out := second.Run(t, "cat kept.txt"); out.Stdout != "kept\n" {
		t.Errorf("the image has not the files: %+v", out)
	}
	if a := c.must("DELETE", "images?id="+imageID, ""); a.raw != success {
		t.Errorf("image deleted: %s", a.raw)
	}

	// Another size, while it is stopped and while it runs.
	c.refused("10400", "When resizing, instances must change flavor!", "POST", "instances/"+id+"/action", `{"action": "resize", "parameters": {"flavor": "1"}}`)
	c.refused("10404", "Flavor nosuch could not be found.", "POST", "instances/"+id+"/action", `{"action": "resize", "parameters": {"flavor": "nosuch"}}`)
	c.action(id, `{"action": "resize", "parameters": {"flavor": "2"}}`)
	c.await(id, "STOP")
	c.action(id, `{"action" : "start"}`)
	c.await(id, "ACTIVE")
	c.action(id, `{"action": "resize", "parameters":{"flavor":"3"}}`)
	c.await(id, "ACTIVE")
	login.Await(t, 10*time.Second)
	if out := login.Run(t, "nproc; cat kept.txt"); out.Stdout != "2\nkept\n" {
		t.Errorf("after resize: %+v", out)
	}
	c.refused("10400", "When resizing, instances must change flavor!", "POST", "instances/"+id+"/action", `{"action": "resize", "parameters": {"flavor": "3"}}`)
	c.refused("10400", "the disk has 40 GiB and cannot shrink to the 20 of flavor m1.small", "POST", "instances/"+id+"/action", `{"action": "resize", "parameters": {"flavor": "2"}}`)

	// Both ways to reboot, in any letter case.
	launched := func() string { return c.must("GET", "instances-detail?id="+id, "").text("instances", 0, "launchedAt") }
	before := launched()
	for _, kind := range []string{"SOFT", "HARD", "soft"} {
		if a := c.action(id, fmt.Sprintf(`{"action" : "reboot", "parameters":{"type":%q}}`, kind)); a.raw != success {
			t.Errorf("reboot %s: %s", kind, a.raw)
		}
		c.await(id, "ACTIVE")
		after := launched()
		if after <= before {
			t.Errorf("reboot %s: launched at %s, before that %s", kind, after, before)
		}
		before = after
	}
	login.Await(t, 10*time.Second)

	// The key pair goes, the instance keeps its name and lets in.
	c.must("DELETE", "keypairs?name=web", "")
	if name := c.must("GET", "instances-detail?id="+id, "").text("instances", 0, "keyName"); name != "web" {
		t.Errorf("keyName is %q after the key pair went", name)
	}
	if out := login.Run(t, "true"); out.Exit != 0 {
		t.Errorf("after the key pair went: %+v", out)
	}

	for _, gone := range []string{id, twin} {
		if a := c.must("DELETE", "instances?id="+gone, ""); a.raw != success {
			t.Errorf("deleted: %s", a.raw)
		}
		c.gone(gone)
	}
	if got := c.must("GET", "instances", ""); len(got.list("instances")) != 0 {
		t.Errorf("left: %s", got.raw)
	}
}

// gone waits until an instance is no longer there.
func (c *client) gone(id string) {
	c.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		a := c.call("GET", "instances?id="+id, "")
		if a.code() == "10404" && a.message() == "Instance "+id+" could not be found." {
			return
		}
		if a.code() != "0" || a.text("instances", 0, "status") != "DELETING" || time.Now().After(end) {
			c.Fatalf("it should go: %s", a.raw)
		}
	}
}

// sshPort is the port that the instance's metadata tells of, 22 where it does not.
func sshPort(a answer) int {
	port := 22
	if v, ok := a.at("instances", 0, "metadata", "ssh_port").(string); ok {
		_, _ = fmt.Sscan(v, &port)
	}
	return port
}

// TestCount makes several instances at once, or none.
func TestCount(t *testing.T) {
	c := newClient(t, harness.Start(t, "KEYREEVE_COMPUTE_QUOTA_INSTANCES=4"))
	at := c.things()
	c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
	got := c.must("POST", "instances", at.instance("web", "k", `"count": "2", `))
	if got.text("instance", "name") != "web-1" || got.text("instance", "status") != "BUILD" {
		t.Errorf("count \"2\": %s", got.raw)
	}
	c.refused("10403", "Quota exceeded for instances: Requested 3, but already used 2 of 4 instances", "POST", "instances", at.instance("more", "k", `"count": 3, `))
	bySubnet := strings.Replace(at.instance("db", "k", ""), `{"id": "`+at.network+`"}`, `{"subnetId": "`+at.subnet+`"}`, 1)
	c.must("POST", "instances", bySubnet)
	var names []string
	for _, v := range c.must("GET", "instances", "").list("instances") {
		names = append(names, v.(object)["name"].(string))
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"db", "web-1", "web-2"}) {
		t.Errorf("there are %v", names)
	}
}
