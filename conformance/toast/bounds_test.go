package toast

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// names are those of all instances, sorted.
func (c *client) names() []string {
	c.Helper()
	var all []string
	for _, v := range c.must("GET", "instances", "").list("instances") {
		all = append(all, v.(object)["name"].(string))
	}
	slices.Sort(all)
	return all
}

// TestBounds makes instances at the ends of what the guide allows, and refuses
// what is one beyond.
func TestBounds(t *testing.T) {
	s := harness.Start(t, "KEYREEVE_COMPUTE_QUOTA_INSTANCES=100", "KEYREEVE_COMPUTE_QUOTA_CORES=100", "KEYREEVE_COMPUTE_QUOTA_RAM_MIB=1000000",
		"KEYREEVE_COMPUTE_QUOTA_VOLUMES=100", "KEYREEVE_COMPUTE_QUOTA_GIGABYTES=100000")
	c := newClient(t, s)
	linux := c.things()
	windows := linux
	windows.image = linux.windows
	c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
	with := func(at things, flavor, name, more string) string {
		return strings.Replace(at.instance(name, "k", more), `"flavor": "1"`, fmt.Sprintf(`"flavor": %q`, flavor), 1)
	}
	fits := func(body, name string) string {
		t.Helper()
		got := c.must("POST", "instances", body)
		if got.text("instance", "name") != name || got.text("instance", "status") != "BUILD" || len(got.at("instance").(object)) != 3 {
			t.Errorf("%s: %s", body, got.raw)
		}
		return got.text("instance", "id")
	}

	// Names: 20 characters for Linux, 12 for Windows; the rest of "name-1" comes on top.
	for _, name := range []string{"a", "-", ".", "A-z.0-9", "12345678901234567890"} {
		fits(with(linux, "1", name, ""), name)
	}
	fits(with(windows, "2", "123456789012", ""), "123456789012")
	fits(with(linux, "1", "12345678901234567890", `"count": 2, `), "12345678901234567890-1")
	fits(with(windows, "2", "123456789012", `"count": "2", `), "123456789012-1")
	c.refused("-4", "Invalid parameters : instance.name must have at most 20 characters with this image", "POST", "instances", with(linux, "1", "123456789012345678901", ""))
	c.refused("-4", "Invalid parameters : instance.name must have at most 12 characters with this image", "POST", "instances", with(windows, "2", "1234567890123", ""))

	// Counts.
	before := c.names()
	fits(with(linux, "1", "one", `"count": 1, `), "one")
	fits(with(linux, "1", "single", `"count": "1", `), "single")
	fits(with(linux, "1", "nil", `"count": null, `), "nil")
	fits(with(linux, "1", "ten", `"count": "10", `), "ten-1")
	want := append(before, "one", "single", "nil")
	for k := range 10 {
		want = append(want, fmt.Sprint("ten-", k+1))
	}
	slices.Sort(want)
	if got := c.names(); !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	seen := map[string]string{}
	for _, v := range c.must("GET", "instances-detail", "").list("instances") {
		for _, a := range v.(object)["addresses"].([]any) {
			for _, field := range []string{"ipAddress", "macAddress"} {
				at := a.(object)[field].(string)
				if seen[at] != "" {
					t.Errorf("%s and %s have %s", seen[at], v.(object)["name"], at)
				}
				seen[at] = v.(object)["name"].(string)
			}
		}
	}

	// Disks: 10 to 1000 GB, at least what the image needs, as numbers or text.
	for size, at := range map[string]things{`10`: linux, `"1000"`: linux, `"20"`: windows, `30`: windows} {
		id := fits(with(at, "m2.c1m2", "disk", `"volume": {"size": `+size+`}, `), "disk")
		c.await(id, "ACTIVE")
		got := c.must("GET", "instances-detail?id="+id, "")
		if root := got.at("instances", 0, "volumes", "root").(object); fmt.Sprint(root["size"]) != strings.Trim(size, `"`) || root["type"] != "General HDD" ||
			got.text("instances", 0, "image") != at.image {
			t.Errorf("size %s: %s", size, got.raw)
		}
	}
	c.refused("-4", "Invalid parameters : instance.volume.size must be between 20 and 1000 with this image", "POST", "instances", with(windows, "m2.c1m2", "small", `"volume": {"size": 10}, `))

	// A flavor that is too small for the image.
	c.refused("10400", "Flavor's memory is too small for requested image.", "POST", "instances", with(windows, "1", "tiny", ""))
	if a, err := s.Login(s.Root).Do(t.Context(), "POST", "/compute/v2.1/flavors", object{"flavor": object{"id": "narrow", "name": "narrow", "vcpus": 1, "ram": 4096, "disk": 19}}); err != nil || a.Status != 200 {
		t.Fatal(err, a.Status, string(a.Body))
	}
	c.refused("10400", "Flavor's disk is too small for requested image.", "POST", "instances", with(windows, "narrow", "tiny", ""))
}

// TestAllOrNone: where one of several has no room, none is made.
func TestAllOrNone(t *testing.T) {
	t.Run("addresses", func(t *testing.T) {
		s := harness.Start(t, "KEYREEVE_COMPUTE_QUOTA_INSTANCES=100", "KEYREEVE_COMPUTE_QUOTA_CORES=100")
		c := newClient(t, s)
		at := c.things()
		at.network, _ = c.network(s.Login(s.Demo), "narrow", "10.9.7.0/28") // 16 addresses: its own two and the gateway's are not given out
		c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
		c.must("POST", "instances", at.instance("ten", "k", `"count": 10, `))
		before := c.everything()
		c.refused("20001", "No available IP", "POST", "instances", at.instance("more", "k", `"count": 5, `))
		if after := c.everything(); len(c.names()) != 10 || settled(after) != settled(before) {
			t.Errorf("something was made:\n%s", after)
		}
		c.must("POST", "instances", at.instance("last", "k", `"count": 3, `))
		c.refused("20001", "No available IP", "POST", "instances", at.instance("more", "k", ""))
	})
	t.Run("volumes", func(t *testing.T) {
		c := newClient(t, harness.Start(t, "KEYREEVE_COMPUTE_QUOTA_VOLUMES=2", "KEYREEVE_COMPUTE_QUOTA_GIGABYTES=100"))
		at := c.things()
		c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
		body := func(count, size int) string {
			more := fmt.Sprintf(`"count": %d, "volume": {"size": %d}, `, count, size)
			return strings.Replace(at.instance("v", "k", more), `"flavor": "1"`, `"flavor": "m2.c1m2"`, 1)
		}
		c.refused("40403", "VolumeLimitExceeded: Maximum number of volumes allowed (2) exceeded", "POST", "instances", body(3, 10))
		c.refused("40403", "VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed gigabytes quota. Requested 60G, quota is 100G and 60G has been consumed.", "POST", "instances", body(2, 60))
		if got := c.must("GET", "volumes", ""); len(c.names()) != 0 || len(got.list("volumes")) != 0 {
			t.Errorf("something was made: %v, %s", c.names(), got.raw)
		}
	})
	t.Run("floating IPs", func(t *testing.T) {
		c := newClient(t, harness.Start(t))
		pool := fmt.Sprintf(`{"pool": {"id": %q}}`, c.must("GET", "floating-ip-pools", "").text("pools", 0, "id"))
		for range 50 {
			c.must("POST", "floating-ips", pool)
		}
		c.refused("22403", "Quota exceeded for floatingip: Requested 1, but already used 50 of 50 floatingip", "POST", "floating-ips", pool)
	})
}

var status = regexp.MustCompile(`"status":"[A-Z]+"|"launchedAt":[^,]*|"updatedAt":"[^"]*"`)

// settled leaves out what goes on changing by itself while instances are built.
func settled(everything string) string { return status.ReplaceAllString(everything, "") }
