package openstack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// lookingAround reads what a cloud offers, with the clouds.yaml that keyreeve prints.
func lookingAround(t *testing.T, cloud *cloud) {
	c := clientWith(t)
	folder := filepath.Join(c.dir, ".config", "openstack")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "clouds.yaml"), []byte(cloud.Run("", "credentials", "--format", "clouds.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(v any, args ...string) {
		t.Helper()
		c.read(v, append([]string{"--os-cloud", "keyreeve"}, args...)...)
	}

	var catalog []struct{ Name, Type string }
	read(&catalog, "catalog", "list")
	types := map[string]bool{}
	for _, s := range catalog {
		types[s.Type] = true
	}
	for _, want := range []string{"identity", "compute", "image", "network", "volumev3"} {
		if !types[want] {
			t.Errorf("the catalog lacks %s: %+v", want, catalog)
		}
	}

	var images []struct{ ID, Name, Status string }
	read(&images, "image", "list")
	if len(images) < 4 {
		t.Errorf("image list: %+v", images)
	}
	for _, i := range images {
		if i.Status != "active" {
			t.Errorf("image %s is %s", i.Name, i.Status)
		}
	}
	var image struct {
		Name       string
		Properties map[string]any
	}
	read(&image, "image", "show", "ubuntu-24.04")
	if image.Properties["os_admin_user"] != "ubuntu" || image.Properties["os_type"] != "linux" {
		t.Errorf("image show: %+v", image)
	}

	var flavors []struct {
		ID, Name string
		RAM      int
	}
	read(&flavors, "flavor", "list")
	byName := map[string]int{}
	for _, f := range flavors {
		byName[f.Name] = f.RAM
	}
	if byName["m1.tiny"] != 512 || byName["m1.small"] != 2048 {
		t.Errorf("flavor list: %+v", flavors)
	}

	var networks []struct{ ID, Name string }
	read(&networks, "network", "list")
	names := map[string]bool{}
	for _, n := range networks {
		names[n.Name] = true
	}
	if !names["private"] || !names["public"] {
		t.Errorf("network list: %+v", networks)
	}

	var limits []struct {
		Name  string
		Value int
	}
	read(&limits, "limits", "show", "--absolute")
	byName = map[string]int{}
	for _, l := range limits {
		byName[l.Name] = l.Value
	}
	if byName["max_total_keypairs"] != 100 && byName["maxTotalKeypairs"] != 100 {
		t.Errorf("limits show: %+v", limits)
	}

	var zones []map[string]string
	read(&zones, "availability", "zone", "list", "--compute")
	if len(zones) != 1 || zones[0]["Zone Name"] != "nova" || zones[0]["Zone Status"] != "available" {
		t.Errorf("availability zone list: %+v", zones)
	}

	var versions []map[string]string
	read(&versions, "versions", "show", "--service", "compute")
	newest := ""
	for _, v := range versions {
		if v["Status"] == "CURRENT" {
			newest = v["Max Microversion"]
		}
	}
	if newest != "2.93" {
		t.Errorf("versions show: %+v", versions)
	}
}

// tokens gets a token, works with nothing else, and revokes it.
func tokens(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.outsider)
	var token struct {
		ID        string
		ProjectID string `json:"project_id"`
	}
	c.read(&token, "token", "issue")
	bearer := clientWith(t,
		"OS_AUTH_TYPE=token", "OS_TOKEN="+token.ID, "OS_AUTH_URL="+cloud.AuthURL(), "OS_IDENTITY_API_VERSION=3",
		"OS_PROJECT_NAME="+cloud.outsider.Project, "OS_PROJECT_DOMAIN_NAME="+cloud.outsider.Domain,
		"OS_REGION_NAME="+cloud.outsider.Region)
	var rows []keyRow
	bearer.read(&rows, "keypair", "list")
	c.must("token", "revoke", token.ID)
	bearer.refused("HTTP 404", "keypair", "list") // Keystone's answer to a token that is none

	openrc := cloud.Run("", "credentials", "--format", "openrc")
	for _, want := range cloud.OpenStackEnv(cloud.Demo) {
		if !strings.Contains(openrc, "export "+want+"\n") {
			t.Errorf("the printed openrc lacks %q", strings.SplitN(want, "=", 2)[0])
		}
	}
}

// sdk uses openstacksdk from a script, as automation does.
func sdk(t *testing.T, cloud *cloud) {
	script, err := os.ReadFile("testdata/sdk.py")
	if err != nil {
		t.Fatal(err)
	}
	c := cloud.client(t, cloud.Demo)
	key := c.newKey("id", "-t", "ed25519")
	cmd := pythonCommand(c, c.file("sdk.py", string(script)), key+".pub")
	o := harness.Finish(t, cmd)
	if o.Exit != 0 || !strings.HasSuffix(o.Stdout, "all of it holds\n") {
		t.Errorf("exit status %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
}
