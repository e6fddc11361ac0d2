package harness

import (
	"bytes"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// SSH is a login with the system's own ssh.
type SSH struct {
	User, Address string
	Port          int
	// Key is the file with the private key.
	Key string
	// KnownHosts is the file where the first login writes the host key and the
	// later ones demand it.
	KnownHosts string
}

// Outcome is how a program ended.
type Outcome struct {
	Stdout, Stderr string
	Exit           int
}

// Run runs a command in the guest. Exit status 255 is ssh's own: not let in.
func (l SSH) Run(t testing.TB, command string) Outcome {
	t.Helper()
	return Finish(t, l.command(t, command))
}

// command is ssh with more before the host's name and a command after it.
func (l SSH) command(t testing.TB, command string, more ...string) *exec.Cmd {
	t.Helper()
	Need(t, "ssh", "openssh-client")
	port := l.Port
	if port == 0 {
		port = 22
	}
	args := append([]string{"-F", "none", "-i", l.Key, "-p", strconv.Itoa(port),
		"-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=" + l.KnownHosts,
		"-o", "GlobalKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10"}, more...)
	c := exec.Command("ssh", append(args, l.User+"@"+l.Address, command)...)
	c.Env = Environ(t.TempDir())
	return c
}

// Await waits until something accepts connections there, and fails the test
// when nothing does in time.
func (l SSH) Await(t testing.TB, patience time.Duration) {
	t.Helper()
	port := l.Port
	if port == 0 {
		port = 22
	}
	at := net.JoinHostPort(l.Address, strconv.Itoa(port))
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", at, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nothing accepts connections at %s after %v: %v", at, patience, err)
		}
	}
}

// Finish runs a program to its end. It fails the test only when the program
// could not be run at all.
func Finish(t testing.TB, c *exec.Cmd) Outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", c.Path, err)
	}
	return Outcome{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}
