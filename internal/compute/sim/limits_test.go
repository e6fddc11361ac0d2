package sim

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute/sim/sshd"
)

func TestLoginGraceAndUnauthenticatedConnections(t *testing.T) {
	k := newKey(t)
	limits := sshd.DefaultLimits
	limits.LoginGrace, limits.Unauthenticated = 500*time.Millisecond, 2
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
	if mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Error("more clients may be about to log in than the limit says")
	}
	for _, c := range silent {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatalf("a silent client is kept: %v", err)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("silent clients are kept for %v", took)
	}
	if !mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Error("nobody gets in any more")
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
