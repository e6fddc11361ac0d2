package sim

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestLoginExecAndStatus(t *testing.T) {
	k, other := newKey(t), newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(k.line))
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	s, err := c.NewSession()
	must(t, err)
	var out, errOut bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = strings.NewReader("from stdin\n"), &out, &errOut
	err = s.Run("cat; echo to stderr >&2; exit 7")
	var exit *ssh.ExitError
	if !errors.As(err, &exit) || exit.ExitStatus() != 7 || out.String() != "from stdin\n" || errOut.String() != "to stderr\n" {
		t.Fatalf("%v, %q, %q", err, out.String(), errOut.String())
	}
	for _, user := range []string{"root", "nobody", "daemon", "ubuntu", "", "debian%x"} {
		if mayLogin(d, spec, user, ssh.PublicKeys(k.signer)) {
			t.Errorf("%q got in", user)
		}
	}
	if mayLogin(d, spec, "debian", ssh.PublicKeys(other.signer)) || mayLogin(d, spec, "debian", ssh.Password("")) || mayLogin(d, spec, "debian") {
		t.Error("somebody without the key got in")
	}
	// A key after five wrong ones still counts, as with ssh-agent; a seventh does not.
	wrong := func(n int) (all []ssh.Signer) {
		for range n {
			all = append(all, newKey(t).signer)
		}
		return append(all, k.signer)
	}
	if !mayLogin(d, spec, "debian", ssh.PublicKeys(wrong(5)...)) || mayLogin(d, spec, "debian", ssh.PublicKeys(wrong(7)...)) {
		t.Error("the number of tries is not limited as in sshd")
	}
}

func TestOwnHostKeysSurvive(t *testing.T) {
	dir := t.TempDir()
	k := newKey(t)
	d := newDriver(t, dir)
	a, b := create(t, d, newSpec(k.line)), create(t, d, newSpec(k.line))
	before, _ := d.Get(ctx, a.ID)
	other, _ := d.Get(ctx, b.ID)
	if len(before.HostKeys) != 2 || before.HostKeys[0] == other.HostKeys[0] {
		t.Fatalf("host keys %q and %q", before.HostKeys, other.HostKeys)
	}
	guestRun(t, d, a, k, "echo kept > file; mkdir d; chmod 700 d", "")
	must(t, d.Stop(ctx, a.ID, time.Second))
	if mayLogin(d, a, "debian", ssh.PublicKeys(k.signer)) {
		t.Fatal("a stopped instance lets in")
	}
	must(t, d.Start(ctx, a))
	if got := guestRun(t, d, a, k, "cat file", ""); got != "kept\n" {
		t.Fatalf("got %q", got)
	}
	must(t, d.Close())

	d = newDriver(t, dir)
	list, err := d.List(ctx)
	must(t, err)
	if len(list) != 2 || list[0].Power != compute.PowerStopped {
		t.Fatalf("after a restart: %+v", list)
	}
	must(t, d.Start(ctx, a))
	if got := guestRun(t, d, a, k, "cat file; stat -c %a d", ""); got != "kept\n700\n" {
		t.Fatalf("got %q", got)
	}
	after, _ := d.Get(ctx, a.ID)
	if fmt.Sprint(after.HostKeys) != fmt.Sprint(before.HostKeys) {
		t.Fatal("host keys changed")
	}
}

func TestLifecycle(t *testing.T) {
	k := newKey(t)
	dir := t.TempDir()
	now := time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)
	var offset atomic.Int64
	d := newDriver(t, dir, func(o *Options) {
		o.Now = func() time.Time { return now.Add(time.Duration(offset.Load())) }
	})
	spec := newSpec(k.line)
	if err := d.Start(ctx, spec); !fault.Is(err, fault.NotFound) {
		t.Fatalf("start of nothing: %v", err)
	}
	if o, err := d.Get(ctx, spec.ID); err != nil || o.Power != compute.PowerAbsent {
		t.Fatalf("get of nothing: %+v, %v", o, err)
	}
	must(t, d.Delete(ctx, spec.ID))
	if !d.AddressFree(spec.NICs[0].Addr) || d.AddressFree(netip.MustParseAddr("10.0.0.1")) {
		t.Fatal("AddressFree is wrong before")
	}
	must(t, d.Create(ctx, spec))
	must(t, d.Create(ctx, spec))
	if d.AddressFree(spec.NICs[0].Addr) {
		t.Fatal("the address of an instance is free")
	}
	must(t, d.Start(ctx, spec))
	must(t, d.Start(ctx, spec))
	o, _ := d.Get(ctx, spec.ID)
	if o.Power != compute.PowerRunning || !o.BootedAt.Equal(now) || o.SSH != netip.AddrPortFrom(spec.NICs[0].Addr, uint16(testPort)) {
		t.Fatalf("running: %+v", o)
	}

	// A reboot drops sessions, sets a new boot time and keeps files.
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	s, err := c.NewSession()
	must(t, err)
	out, err := s.StdoutPipe()
	must(t, err)
	must(t, s.Start("echo x > f; echo ready; sleep 1000"))
	_, err = out.Read(make([]byte, 10))
	must(t, err)
	offset.Store(int64(time.Hour))
	spec.VCPUs, spec.Hostname = 8, "renamed"
	start := time.Now()
	must(t, d.Reboot(ctx, spec, false))
	if err := s.Wait(); err == nil || time.Since(start) > 5*time.Second {
		t.Fatalf("the session ended with %v after %v", err, time.Since(start))
	}
	o, _ = d.Get(ctx, spec.ID)
	if !o.BootedAt.Equal(now.Add(time.Hour)) {
		t.Fatalf("boot time %v", o.BootedAt)
	}
	if got := guestRun(t, d, spec, k, "cat f; nproc; hostname; cat /etc/hostname", ""); got != "x\n8\nrenamed\nrenamed\n" {
		t.Fatalf("got %q", got)
	}

	console, err := d.Console(ctx, spec.ID, 0)
	must(t, err)
	key, _, _, _, _ := ssh.ParseAuthorizedKey([]byte(o.HostKeys[0]))
	for _, want := range []string{"BEGIN SSH HOST KEY FINGERPRINTS", ssh.FingerprintSHA256(key), ssh.FingerprintSHA256(k.signer.PublicKey()), "simulated guest", "renamed login:"} {
		if !strings.Contains(console, want) {
			t.Errorf("the console log has no %q:\n%s", want, console)
		}
	}
	if last, _ := d.Console(ctx, spec.ID, 2); strings.Count(last, "\n") != 2 || !strings.HasSuffix(console, last) {
		t.Errorf("last two lines: %q", last)
	}

	must(t, d.Delete(ctx, spec.ID))
	must(t, d.Delete(ctx, spec.ID))
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Fatalf("%v is left", left)
	}
	if !d.AddressFree(spec.NICs[0].Addr) {
		t.Fatal("the address is not free again")
	}
}

func TestHalfMadeIsClearedAway(t *testing.T) {
	dir := t.TempDir()
	d := newDriver(t, dir)
	whole := newSpec()
	must(t, d.Create(ctx, whole))
	must(t, d.Close())
	half, gone := newSpec(), newSpec()
	for _, name := range []string{makingPrefix + half.ID, deletingPrefix + gone.ID} {
		must(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(dir, whole.ID))))
		os.Remove(filepath.Join(dir, name, stateFile))
	}
	d = newDriver(t, dir)
	list, err := d.List(ctx)
	must(t, err)
	if len(list) != 1 || list[0].ID != whole.ID {
		t.Fatalf("got %+v", list)
	}
	must(t, d.Create(ctx, half))
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Fatalf("%v is left", left)
	}
}

func TestBadSpecs(t *testing.T) {
	d := newDriver(t, t.TempDir())
	for name, change := range map[string]func(*compute.Spec){
		"id that is a path": func(s *compute.Spec) { s.ID = "../../etc" },
		"empty id":          func(s *compute.Spec) { s.ID = "" },
		"hostname":          func(s *compute.Spec) { s.Hostname = "a\nb" },
		"user":              func(s *compute.Spec) { s.Access.User = "a:0:0" },
		"loopback address":  func(s *compute.Spec) { s.NICs[0].Addr = netip.MustParseAddr("127.0.0.1") },
		"foreign address":   func(s *compute.Spec) { s.NICs[0].Addr = netip.MustParseAddr("0.0.0.0") },
	} {
		spec := newSpec()
		change(&spec)
		if err := d.Create(ctx, spec); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []Options{{}, {Dir: t.TempDir(), Network: netip.MustParsePrefix("10.0.0.0/8")}, {Dir: t.TempDir(), Port: -1}, {Dir: t.TempDir(), DiskBytes: 5}, {Dir: t.TempDir(), BootTime: -1}, {Dir: t.TempDir(), BootTime: 11 * time.Minute}} {
		if _, err := New(o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// The driver and all that it is made of run no program of the host.
func TestImportsNothingThatRunsPrograms(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	must(t, err)
	for pkg := range strings.FieldsSeq(string(out)) {
		switch pkg {
		case "os/exec", "plugin", "net/http", "database/sql", "mvdan.cc/sh/v3/interp":
			t.Errorf("imports %s", pkg)
		}
	}
}
