package openstack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cloudsFile has the client find its cloud in the clouds.yaml that keyreeve prints.
func cloudsFile(t *testing.T, cloud *cloud) {
	c := cloud.clientWith(t)
	folder := filepath.Join(c.dir, ".config", "openstack")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "clouds.yaml"), []byte(cloud.Run("", "credentials", "--format", "clouds.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	// A process of its own: a client that is already running has looked for its files.
	o := c.runProgram("--os-cloud", "keyreeve", "configuration", "show", "-f", "value", "-c", "auth.auth_url")
	if o.Exit != 0 || strings.TrimSpace(o.Stdout) != cloud.AuthURL() {
		t.Errorf("the clouds.yaml leads to %q, exit status %d\n%s", o.Stdout, o.Exit, o.Stderr)
	}
	o = c.runProgram("--os-cloud", "keyreeve", "project", "show", "-f", "value", "-c", "name", cloud.Demo.Project)
	if o.Exit != 0 || strings.TrimSpace(o.Stdout) != cloud.Demo.Project {
		t.Errorf("in the project %q, exit status %d\n%s", o.Stdout, o.Exit, o.Stderr)
	}
	// Its exit status is that of the commands that run in testdata/client.py.
	if o = c.runProgram("--os-cloud", "keyreeve", "keypair", "show", "never-made"); o.Exit != 1 || !strings.Contains(o.Stderr, "No Keypair found for never-made") {
		t.Errorf("exit status %d, said %q", o.Exit, o.Stderr)
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
	bearer := cloud.clientWith(t,
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
	c := cloud.client(t, cloud.scripter)
	key := c.newKey("id", "-t", "ed25519")
	o := c.runScript("sdk.py", key+".pub")
	if o.Exit != 0 || !strings.HasSuffix(o.Stdout, "all of it holds\n") {
		t.Errorf("exit status %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
}
