package sim

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/sshd"
)

func TestLoginGraceAndUnauthenticatedConnections(t *testing.T) {
	k := newKey(t)
	limits := sshd.DefaultLimits
	limits.LoginGrace, limits.Unauthenticated = 3*time.Second, 2
	d := newDriver(t, t.TempDir(), func(o *Options) { o.SSH = limits })
	spec := create(t, d, newSpec(k.line))
	o, _ := d.Get(ctx, spec.ID)
	start := time.Now()
	var silent []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", o.SSH.String())
		must(t, err)
		defer c.Close()
		if _, err := io.ReadFull(c, make([]byte, 8)); err != nil { // its version: it is being served
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	if !mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Error("silent clients keep others out")
	}
	if err := silent[0].SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, silent[0]); err != nil || time.Since(start) >= limits.LoginGrace {
		t.Errorf("the oldest silent client was not closed for the newcomer: %v", err)
	}
	for _, c := range silent {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatalf("a silent client is kept: %v", err)
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("silent clients are kept for %v", took)
	}
	if !mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Error("nobody gets in any more")
	}
}

// TestSilentConnectionsToOthers: who holds connections to some instances must
// not keep people out of another.
func TestSilentConnectionsToOthers(t *testing.T) {
	k := newKey(t)
	limits := sshd.DefaultLimits
	limits.Unauthenticated, limits.UnauthenticatedEach = 6, 3
	d := newDriver(t, t.TempDir(), func(o *Options) { o.SSH = limits })
	spec := create(t, d, newSpec(k.line))
	for range 3 {
		o, err := d.Get(ctx, create(t, d, newSpec(k.line)).ID)
		must(t, err)
		for range 5 {
			c, err := net.Dial("tcp", o.SSH.String())
			must(t, err)
			defer c.Close()
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Error("silent connections to other instances keep people out of this one")
	}
}

// TestProcessesOfAGuest: the processes of one instance are bounded over all its
// sessions, so that what they hold in memory is.
func TestProcessesOfAGuest(t *testing.T) {
	k := newKey(t)
	limits := sshd.DefaultLimits
	limits.Shell.GuestProcesses = 8
	d := newDriver(t, t.TempDir(), func(o *Options) { o.SSH = limits })
	spec, other := create(t, d, newSpec(k.line)), create(t, d, newSpec(k.line))
	run := func(spec compute.Spec, command string) (string, error) {
		c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
		must(t, err)
		defer c.Close()
		s, err := c.NewSession()
		must(t, err)
		out, err := s.CombinedOutput(command)
		return string(out), err
	}
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	var busy []*ssh.Session
	for range 2 {
		s, err := c.NewSession()
		must(t, err)
		out, err := s.StdoutPipe()
		must(t, err)
		must(t, s.Start("{ echo up; sleep 100; } | { read x; echo $x; sleep 100; }")) // three processes
		if _, err := io.ReadFull(out, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		busy = append(busy, s)
	}
	if out, err := run(spec, "echo a | cat | cat"); err == nil || !strings.Contains(out, "Resource temporarily unavailable") {
		t.Errorf("more processes than the instance may have: %q, %v", out, err)
	}
	if out, err := run(other, "echo a | cat | cat"); err != nil || out != "a\n" {
		t.Errorf("another instance: %q, %v", out, err)
	}
	for _, s := range busy {
		s.Close()
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		out, err := run(spec, "echo a | cat | cat | cat")
		if err == nil && out == "a\n" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("processes that ended are counted still: %q, %v", out, err)
		}
	}
}

func TestSessionLimits(t *testing.T) {
	k := newKey(t)
	limits := sshd.DefaultLimits
	limits.Sessions, limits.SessionTime, limits.Shell.Steps = 2, 2*time.Second, 10_000
	d := newDriver(t, t.TempDir(), func(o *Options) { o.SSH = limits })
	spec := create(t, d, newSpec(k.line))
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	var errOut bytes.Buffer
	busy, err := c.NewSession()
	must(t, err)
	busy.Stderr = &errOut
	if err := busy.Run("while :; do :; done"); err == nil || !strings.Contains(errOut.String(), "more than 10000 steps") {
		t.Errorf("an endless loop ended with %v, %q", err, errOut.String())
	}
	for range 2 {
		s, err := c.NewSession()
		must(t, err)
		start := time.Now()
		must(t, s.Start("sleep 100"))
		defer func() {
			if err := s.Wait(); err == nil || time.Since(start) > 10*time.Second {
				t.Errorf("a session that is too long ended with %v", err)
			}
		}()
	}
	if _, err := c.NewSession(); err == nil {
		t.Error("three sessions on one connection")
	}
}

// A client that has seen a session end may open the next one at once.
func TestEndedSessionsMakeRoom(t *testing.T) {
	k := newKey(t)
	limits := sshd.DefaultLimits
	limits.Sessions = 1
	d := newDriver(t, t.TempDir(), func(o *Options) { o.SSH = limits })
	spec := create(t, d, newSpec(k.line))
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	for range 100 {
		s, err := c.NewSession()
		must(t, err)
		must(t, s.Run("true"))
	}
}
