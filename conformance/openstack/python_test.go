package openstack

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// pythonProgram is Debian's Python, the one that has the OpenStack modules.
const pythonProgram = "/usr/bin/python3"

// python runs the OpenStack client's commands: testdata/client.py, which
// imports the client once, because that takes longer than most commands do.
type python struct {
	socket string
	ready  func() error

	mu   sync.Mutex
	args [][]string // of every command that was run
}

// typed is every command that was run until now, without `openstack`.
func (p *python) typed() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.args)
}

// startPython starts it for the time of a test.
func startPython(t *testing.T) *python {
	t.Helper()
	harness.Need(t, clientProgram, "python3-openstackclient")
	dir := t.TempDir()
	p := &python{socket: filepath.Join(dir, "socket")}
	c := exec.Command(pythonProgram, "testdata/client.py", p.socket)
	c.Env, c.Stderr = harness.Environ(dir), os.Stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // ends it
		if err := c.Wait(); err != nil {
			t.Errorf("testdata/client.py: %v", err)
		}
	})
	p.ready = sync.OnceValue(func() error {
		_, err := bufio.NewReader(stdout).ReadString('\n')
		return err
	})
	return p
}

// run runs one command in a folder and an environment.
func (p *python) run(dir string, env, args []string) (o harness.Outcome, err error) {
	if err := p.ready(); err != nil {
		return o, fmt.Errorf("testdata/client.py did not start: %w", err)
	}
	p.mu.Lock()
	p.args = append(p.args, args)
	p.mu.Unlock()
	conn, err := net.Dial("unix", p.socket)
	if err != nil {
		return o, err
	}
	defer conn.Close()
	variables := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		variables[name] = value
	}
	if err := json.NewEncoder(conn).Encode(map[string]any{"args": args, "dir": dir, "env": variables}); err != nil {
		return o, err
	}
	err = json.NewDecoder(conn).Decode(&o)
	return o, err
}

// runScript runs a script of testdata with the person's environment.
func (c *client) runScript(name string, args ...string) harness.Outcome {
	c.t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(pythonProgram, append([]string{script}, args...)...)
	cmd.Dir, cmd.Env = c.dir, c.env
	return harness.Finish(c.t, cmd)
}
