package openstack

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// clientProgram is Debian's: another Python that comes first in PATH would not
// have its modules.
const clientProgram = "/usr/bin/openstack"

// client is a person with the openstack command in a folder of their own.
type client struct {
	t      *testing.T
	dir    string
	env    []string
	python *python
}

func (c *cloud) client(t *testing.T, a harness.Account) *client {
	t.Helper()
	return c.clientWith(t, c.OpenStackEnv(a)...)
}

func (c *cloud) clientWith(t *testing.T, env ...string) *client {
	t.Helper()
	dir := t.TempDir()
	return &client{t: t, dir: dir, env: harness.Environ(dir, env...), python: c.python}
}

// run runs an openstack command to its end.
func (c *client) run(args ...string) harness.Outcome {
	c.t.Helper()
	o, err := c.python.run(c.dir, c.env, args)
	if err != nil {
		c.t.Fatalf("openstack %s: %v", strings.Join(args, " "), err)
	}
	return o
}

// runProgram is run with a process of its own, as a shell would start it.
func (c *client) runProgram(args ...string) harness.Outcome {
	c.t.Helper()
	cmd := exec.Command(clientProgram, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	return harness.Finish(c.t, cmd)
}

// must runs a command that has to succeed and returns its standard output,
// which may be a private key and is never logged.
func (c *client) must(args ...string) string {
	c.t.Helper()
	o := c.run(args...)
	if o.Exit != 0 {
		c.t.Fatalf("openstack %s: exit status %d\n%s", strings.Join(args, " "), o.Exit, o.Stderr)
	}
	return o.Stdout
}

// read runs a command that has to succeed and reads its JSON.
func (c *client) read(v any, args ...string) {
	c.t.Helper()
	text := c.must(append(args, "-f", "json")...)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		c.t.Fatalf("openstack %s: %v in %q", strings.Join(args, " "), err, text)
	}
}

// refused runs a command that has to fail with exit status 1 and say so.
func (c *client) refused(want string, args ...string) {
	c.t.Helper()
	o := c.run(args...)
	if o.Exit != 1 || !strings.Contains(o.Stderr, want) {
		c.t.Errorf("openstack %s: exit status %d, said %q; want 1 and %q", strings.Join(args, " "), o.Exit, o.Stderr, want)
	}
}

// file writes a file into the person's folder and returns its path.
func (c *client) file(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// newKey makes a key with the system's ssh-keygen and returns the private key's
// path; the public one lies beside it, with .pub.
func (c *client) newKey(name string, how ...string) string {
	c.t.Helper()
	harness.Need(c.t, "ssh-keygen", "openssh-client")
	path := filepath.Join(c.dir, name)
	args := append([]string{"-q", "-N", "", "-C", "someone@somewhere", "-f", path}, how...)
	if o := harness.Finish(c.t, exec.Command("ssh-keygen", args...)); o.Exit != 0 {
		c.t.Fatalf("ssh-keygen: %s", o.Stderr)
	}
	return path
}

// shown is what `openstack server show` tells.
type shown struct {
	ID         string
	Name       string
	Status     string
	Image      string
	KeyName    string `json:"key_name"`
	Addresses  map[string][]string
	Properties map[string]string
}

// door is the way into a server, found only with what the client shows.
func (c *client) door(name, key string) harness.SSH {
	c.t.Helper()
	var s shown
	c.read(&s, "server", "show", name)
	image, _, _ := strings.Cut(s.Image, " (")
	var i struct{ Properties map[string]any }
	c.read(&i, "image", "show", image)
	user, _ := i.Properties["os_admin_user"].(string)
	way := harness.SSH{User: user, Key: key, KnownHosts: filepath.Join(c.dir, "known_hosts_"+name)}
	for _, addresses := range s.Addresses {
		way.Address = addresses[0]
	}
	if port, ok := s.Properties["ssh_port"]; ok {
		n, err := strconv.Atoi(port)
		if err != nil {
			c.t.Fatalf("ssh_port is %q", port)
		}
		way.Port = n
	}
	if way.User == "" || way.Address == "" {
		c.t.Fatalf("the client shows no way into %s: %+v", name, s)
	}
	return way
}

// letsIn logs in and expects the guest to answer as the login user.
func letsIn(t *testing.T, way harness.SSH) {
	t.Helper()
	if o := way.Run(t, "whoami"); o.Exit != 0 || strings.TrimSpace(o.Stdout) != way.User {
		t.Errorf("ssh %s@%s: exit status %d, %q, %s", way.User, way.Address, o.Exit, o.Stdout, o.Stderr)
	}
}

// keepsOut expects ssh itself to fail, for the reason given.
func keepsOut(t *testing.T, way harness.SSH, reason string) {
	t.Helper()
	if o := way.Run(t, "whoami"); o.Exit != 255 || !strings.Contains(o.Stderr, reason) {
		t.Errorf("ssh %s@%s: exit status %d, %q, %s; want 255 and %q", way.User, way.Address, o.Exit, o.Stdout, o.Stderr, reason)
	}
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
