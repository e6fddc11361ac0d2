// Package openstack lets the clients that people use with OpenStack, unmodified
// and as published, walk Keyreeve's OpenStack surfaces: Debian's openstack
// command and openstacksdk, gophercloud, and gophercloud's own acceptance tests.
package openstack

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

func TestMain(m *testing.M) {
	// Sessions mostly wait: for their clients, and these for servers.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(harness.Main(m))
}

// cloud is one server and those who use it.
type cloud struct {
	*harness.Server
	colleague harness.Account // a second member of the demo project
	reader    harness.Account // may only look, in the demo project
	outsider  harness.Account // a member of another project
	collector harness.Account // a member whose key pairs are counted

	programmer harness.Account // a member who has programs
	walker     harness.Account // types commands, with key pairs that nobody else makes
	builder    harness.Account // the same, with servers
	scripter   harness.Account // the same, with openstacksdk
	pioneer    harness.Account // a member of a project that they have to themselves
	shaper     harness.Account // a member of a project of their own, whose every answer is measured
	// integrators are four members of projects that they have to themselves: two
	// for each of Tempest's workers.
	integrators []harness.Account
	demo        *harness.Session
	python      *python
}

// TestClients runs every client's session against one server, side by side.
// The sessions share nothing but the server: each has names of its own.
func TestClients(t *testing.T) {
	c := &cloud{Server: harness.Start(t), python: startPython(t)}
	c.AddProject("other")
	c.colleague = c.AddUser("colleague", c.Demo.Project, "member")
	c.reader = c.AddUser("reader", c.Demo.Project, "reader")
	c.outsider = c.AddUser("outsider", "other", "member")
	c.collector = c.AddUser("collector", c.Demo.Project, "member")
	c.programmer = c.AddUser("programmer", c.Demo.Project, "member")
	c.AddProject("walk")
	c.walker, c.builder, c.scripter = c.AddUser("walker", "walk", "member"), c.AddUser("builder", "walk", "member"), c.AddUser("scripter", "walk", "member")
	c.AddProject("ahead")
	c.pioneer = c.AddUser("pioneer", "ahead", "member")
	c.AddProject("shapes")
	c.shaper = c.AddUser("shaper", "shapes", "member")
	for _, name := range []string{"integrator-1", "integrator-2", "integrator-3", "integrator-4"} {
		c.AddProject(name)
		c.integrators = append(c.integrators, c.AddUser(name, name, "member"))
	}
	c.demo = c.Login(c.Demo)
	// Many sessions have their servers in the demo project at one time.
	c.client(t, c.Root).must("quota", "set", "--instances", "100", "--cores", "200", "--ram", "400000", c.Demo.Project)

	t.Run("sessions", func(t *testing.T) {
		for _, session := range []struct {
			name string
			walk func(*testing.T, *cloud)
		}{
			{"gophercloud's acceptance tests", acceptance},
			{"gophercloud's patient tests", patientAcceptance},
			{"killed in a reboot", killedInReboot},
			{"tempest", tempest},
			{"tempest's compute tests", tempestCompute},
			{"tempest's schemas", shapes},
			{"commands", commands},
			{"tour", tour},
			{"life of a server", lifeOfAServer},
			{"actions on a server", actionsOnAServer},
			{"reboots", reboots},
			{"refusals", refusals},
			{"other people", otherPeople},
			{"clouds.yaml", cloudsFile},
			{"tokens", tokens},
			{"networking", networking},
			{"openstacksdk", sdk},
			{"the client of 2026", newClient},
			{"gophercloud key pairs", gopherKeyPairs},
			{"gophercloud quota", gopherQuota},
			{"gophercloud server", gopherServer},
			{"application credentials", appCredentials},
			{"gophercloud application credential", gopherAppCredential},
			{"administration", administration},
			{"identity v2.0", identityV2},
			{"life of a volume", lifeOfAVolume},
			{"booting from volumes", bootingFromVolumes},
			{"Terraform", terraform},
			{"Ansible", ansible},
			{"Horizon", horizon},
			{"Skyline", skyline},
		} {
			t.Run(session.name, func(t *testing.T) {
				t.Parallel()
				session.walk(t, c)
			})
		}
	})

	t.Run("every command", func(t *testing.T) { everyCommand(t, c) })

	log := c.Log()
	for what, secret := range map[string]string{
		"a password":     c.Demo.Password,
		"a new password": c.colleague.Password,
		"a token":        c.demo.Token,
		"a private key":  "PRIVATE KEY",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the server's log holds %s", what)
		}
	}
	if !strings.Contains(log, "path=/identity/v3/auth/tokens") {
		t.Error("the server's log does not tell of the requests, so it proves nothing about secrets")
	}
}

// server is what tests need of Nova's view of a server.
type server struct {
	ID        string
	Name      string
	Status    string
	KeyName   string `json:"key_name"`
	Metadata  map[string]string
	Task      *string `json:"OS-EXT-STS:task_state"`
	Addresses map[string][]struct{ Addr string }
}

// servers reads the demo project's servers by plain HTTP, beside the client under test.
func (c *cloud) servers(t *testing.T) map[string]server {
	t.Helper()
	var list struct{ Servers []server }
	c.demo.Get(t, "/compute/v2.1/servers/detail", &list)
	out := map[string]server{}
	for _, s := range list.Servers {
		out[s.Name] = s
	}
	return out
}
