package sim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var (
	ctx     = context.Background()
	network = netip.MustParsePrefix("127.20.0.0/16")
	// addresses are never used twice in one run of the tests.
	addresses atomic.Uint32
)

const testPort = 22022

func newDriver(t testing.TB, dir string, change ...func(*Options)) *Driver {
	t.Helper()
	o := Options{Dir: dir, Network: network, Port: testPort, DiskBytes: 4 << 20}
	for _, f := range change {
		f(&o)
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func newSpec(keys ...string) compute.Spec {
	n := addresses.Add(1)
	return compute.Spec{
		ID: fmt.Sprintf("6a0f3c2e-0000-4000-8000-%012x", n), Name: fmt.Sprintf("web %d", n), Hostname: fmt.Sprintf("web-%d", n),
		Image: compute.Image{OSType: compute.Linux, OSDistro: "debian", OSVersion: "12"},
		VCPUs: 2, RAMMiB: 2048, DiskGiB: 20,
		NICs:   []compute.NIC{{MAC: "fa:16:3e:00:00:01", Addr: netip.AddrFrom4([4]byte{127, 20, byte(n >> 8), byte(n)}), Prefix: network}},
		Access: compute.GuestAccess{User: "debian", AuthorizedKeys: keys},
	}
}

type testKey struct {
	signer ssh.Signer
	line   string
	file   string // the private key, for ssh -i
}

func newKey(t testing.TB) testKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	file := filepath.Join(t.TempDir(), "id_ed25519")
	must(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	line := publicLine(signer.PublicKey()) + " test key"
	must(t, os.WriteFile(file+".pub", []byte(line+"\n"), 0o644))
	return testKey{signer, line, file}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, d *Driver, spec compute.Spec) compute.Spec {
	t.Helper()
	must(t, d.Create(ctx, spec))
	must(t, d.Start(ctx, spec))
	return spec
}

func dial(d *Driver, spec compute.Spec, user string, auth ...ssh.AuthMethod) (*ssh.Client, error) {
	o, err := d.Get(ctx, spec.ID)
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", o.SSH.String(), &ssh.ClientConfig{
		User: user, Auth: auth, Timeout: 10 * time.Second,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			for _, line := range o.HostKeys {
				if line == publicLine(key) {
					return nil
				}
			}
			return errors.New("unknown host key " + publicLine(key))
		},
	})
}

// guestRun runs a command over SSH and returns what it prints.
func guestRun(t testing.TB, d *Driver, spec compute.Spec, k testKey, command, stdin string) string {
	t.Helper()
	c, err := dial(d, spec, spec.Access.User, ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	s, err := c.NewSession()
	must(t, err)
	s.Stdin = strings.NewReader(stdin)
	out, err := s.CombinedOutput(command)
	var exit *ssh.ExitError
	// A command that ends without reading its input gives the client io.EOF.
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, io.EOF) {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out)
}

func mayLogin(d *Driver, spec compute.Spec, user string, auth ...ssh.AuthMethod) bool {
	c, err := dial(d, spec, user, auth...)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

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

// What is in the guest's own authorized_keys counts at the next login, and so do sshd's rules for it.
func TestAuthorizedKeysIsRead(t *testing.T) {
	k, second := newKey(t), newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(k.line))
	second2 := ssh.PublicKeys(second.signer)
	edit := func(script string) { t.Helper(); guestRun(t, d, spec, k, script, second.line+"\n") }

	edit("cat >> .ssh/authorized_keys")
	if !mayLogin(d, spec, "debian", second2) {
		t.Fatal("an added key does not count")
	}
	for _, c := range []struct{ spoil, repair string }{
		{"chmod 660 .ssh/authorized_keys", "chmod 600 /home/debian/.ssh/authorized_keys"},
		{"chmod 777 .ssh", "chmod 700 /home/debian/.ssh"},
		{"chmod g+w .", "chmod 755 /home/debian"},
		{"sudo chown nobody .ssh/authorized_keys", "chown debian /home/debian/.ssh/authorized_keys"},
		{"mv .ssh/authorized_keys .ssh/k; mkdir .ssh/authorized_keys", "rmdir /home/debian/.ssh/authorized_keys; mv /home/debian/.ssh/k /home/debian/.ssh/authorized_keys"},
		{"sudo sed -i '/^debian/d' /etc/passwd", "echo debian:x:1000:1000:debian:/home/debian:/bin/bash >> /etc/passwd"},
		{"sudo sed -i 's,debian:/bin/bash,debian:/usr/sbin/nologin,' /etc/passwd", "sed -i 's,debian:/usr/sbin/nologin,debian:/bin/bash,' /etc/passwd"},
	} {
		// A session that is open already repairs what was spoiled.
		open, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
		must(t, err)
		s, err := open.NewSession()
		must(t, err)
		in, err := s.StdinPipe()
		must(t, err)
		out := make(chan []byte)
		go func() { b, _ := s.Output("sudo sh"); out <- b }()
		fmt.Fprintln(in, "echo ready > /tmp/ready")
		for i := 0; guestRun(t, d, spec, k, "cat /tmp/ready 2>&1", "") != "ready\n"; i++ {
			if i > 100 {
				t.Fatal("no shell")
			}
			time.Sleep(10 * time.Millisecond)
		}
		edit(c.spoil)
		if mayLogin(d, spec, "debian", second2) {
			t.Errorf("let in after %s", c.spoil)
		}
		fmt.Fprintln(in, c.repair+"; rm /tmp/ready; exit")
		<-out
		open.Close()
		if !mayLogin(d, spec, "debian", second2) {
			t.Fatalf("not repaired: %s", c.repair)
		}
	}
}

func TestForcedCommandAndNoPTY(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(`restrict,command="echo only $SSH_ORIGINAL_COMMAND" `+k.line))
	if got := guestRun(t, d, spec, k, "rm -rf /", ""); got != "only rm -rf /\n" {
		t.Fatalf("got %q", got)
	}
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	s, err := c.NewSession()
	must(t, err)
	if s.RequestPty("xterm", 24, 80, nil) == nil {
		t.Error("a terminal in spite of restrict")
	}
	s, err = c.NewSession()
	must(t, err)
	out, _ := s.StdoutPipe()
	must(t, s.RequestSubsystem("sftp"))
	buf := make([]byte, 100)
	n, _ := out.Read(buf)
	if string(buf[:n]) != "only sftp\n" {
		t.Errorf("sftp in spite of a forced command: %q", buf[:n])
	}
}

func TestSetAccess(t *testing.T) {
	a, b, own := newKey(t), newKey(t), newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(a.line))
	in := func(k testKey) bool { return mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) }
	guestRun(t, d, spec, a, "{ echo '# mine'; cat; } >> .ssh/authorized_keys", own.line+"\n")

	next := compute.GuestAccess{User: "debian", AuthorizedKeys: []string{b.line}}
	applied, err := d.SetAccess(ctx, spec.ID, next, false)
	must(t, err)
	if applied || !in(a) || in(b) {
		t.Fatalf("applied %v on a running instance: %v %v", applied, in(a), in(b))
	}
	must(t, d.Reboot(ctx, spec, false))
	if in(a) || !in(b) || !in(own) {
		t.Fatalf("after the reboot: %v %v %v", in(a), in(b), in(own))
	}
	if applied, err = d.SetAccess(ctx, spec.ID, spec.Access, true); err != nil || !applied || !in(a) || in(b) || !in(own) {
		t.Fatalf("live: %v, %v: %v %v %v", applied, err, in(a), in(b), in(own))
	}
	must(t, d.Stop(ctx, spec.ID, 0))
	if applied, err = d.SetAccess(ctx, spec.ID, compute.GuestAccess{User: "debian"}, false); err != nil || !applied {
		t.Fatalf("stopped: %v, %v", applied, err)
	}
	must(t, d.Start(ctx, spec))
	if in(a) || in(b) || !in(own) {
		t.Fatalf("after detaching: %v %v %v", in(a), in(b), in(own))
	}
	if got := guestRun(t, d, spec, own, "cat .ssh/authorized_keys", ""); got != "# mine\n"+own.line+"\n" {
		t.Fatalf("the user's own lines became %q", got)
	}
	// What a new Spec says counts at the next boot.
	spec.Access = next
	must(t, d.Reboot(ctx, spec, true))
	if in(a) || !in(b) {
		t.Fatal("the Spec's access does not count")
	}
	// A line that the user took out by hand stays out until the binding changes.
	guestRun(t, d, spec, own, "sed -i 1d .ssh/authorized_keys; tail -1 .ssh/authorized_keys > k; mv k .ssh/authorized_keys; chmod 600 .ssh/authorized_keys; cat > .ssh/authorized_keys", own.line+"\n")
	must(t, d.Reboot(ctx, spec, true))
	if in(b) || !in(own) {
		t.Fatal("a hand edit was undone")
	}
	for _, bad := range []compute.GuestAccess{
		{User: "a b"}, {User: "../x"}, {User: ""}, {User: "debian", AuthorizedKeys: []string{"a\nb"}},
	} {
		if _, err := d.SetAccess(ctx, spec.ID, bad, true); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestMerge(t *testing.T) {
	for _, c := range []struct {
		text     string
		old, new []string
		want     string
	}{
		{"", nil, []string{"a"}, "a\n"},
		{"mine", nil, []string{"a"}, "mine\na\n"},
		{"mine\na\nb\n", []string{"a", "b"}, []string{"b", "c"}, "mine\nb\nc\n"},
		{"a\n# x\n\nmine\n", []string{"a"}, nil, "# x\n\nmine\n"},
		{"a\na\n", []string{"a"}, []string{"a"}, "a\n"},
		{"a \n", []string{"a"}, []string{"b"}, "a \nb\n"},
		{"a\r\n", []string{"a"}, nil, ""},
	} {
		if got := merge(c.text, c.old, c.new); got != c.want {
			t.Errorf("merge(%q, %q, %q) = %q, want %q", c.text, c.old, c.new, got, c.want)
		}
	}
}

func hashOf(password string) string {
	salt := []byte("sixteen bytes it")
	return fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt),
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32)))
}

func TestPassword(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir())
	spec := newSpec(k.line)
	spec.Access.PasswordHash, spec.Access.PasswordLogin = hashOf("Secret-1"), true
	create(t, d, spec)
	in := func(user, password string) bool { return mayLogin(d, spec, user, ssh.Password(password)) }
	if !in("debian", "Secret-1") || in("debian", "secret-1") || in("debian", "") || in("root", "Secret-1") {
		t.Fatal("password login is not as it should be")
	}
	off := spec.Access
	off.PasswordLogin = false
	_, err := d.SetAccess(ctx, spec.ID, off, true)
	must(t, err)
	if in("debian", "Secret-1") || !mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Fatal("password login was not turned off")
	}
	for _, hash := range []string{"", "x", "$6$salt$hash", "$argon2id$v=19$m=999999999,t=1,p=1$c2l4dGVlbg$" + strings.Repeat("A", 43), "$argon2id$v=19$m=64,t=1,p=1$c2l4dGVlbg$"} {
		if verifyPassword(hash, "") {
			t.Errorf("%q fits the empty password", hash)
		}
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
	if o.Power != compute.PowerRunning || !o.BootedAt.Equal(now) || o.SSH != netip.AddrPortFrom(spec.NICs[0].Addr, testPort) {
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
		"foreign address":   func(s *compute.Spec) { s.NICs[0].Addr = netip.MustParseAddr("0.0.0.0") },
	} {
		spec := newSpec()
		change(&spec)
		if err := d.Create(ctx, spec); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []Options{{}, {Dir: t.TempDir(), Network: netip.MustParsePrefix("10.0.0.0/8")}, {Dir: t.TempDir(), Port: -1}, {Dir: t.TempDir(), DiskBytes: 5}} {
		if _, err := New(o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestTakenAddress(t *testing.T) {
	d := newDriver(t, t.TempDir())
	spec := newSpec()
	ln, err := net.Listen("tcp", netip.AddrPortFrom(spec.NICs[0].Addr, testPort).String())
	must(t, err)
	defer ln.Close()
	if d.AddressFree(spec.NICs[0].Addr) {
		t.Fatal("a taken address is free")
	}
	must(t, d.Create(ctx, spec))
	if err := d.Start(ctx, spec); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("got %v", err)
	}
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerStopped {
		t.Fatalf("got %+v", o)
	}
}

func TestWindowsHasNoSSH(t *testing.T) {
	d := newDriver(t, t.TempDir())
	spec := newSpec()
	spec.Image.OSType = compute.Windows
	spec.Access.User = ""
	create(t, d, spec)
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerRunning || o.SSH.IsValid() || len(o.HostKeys) != 0 {
		t.Fatalf("got %+v", o)
	}
	if _, err := d.SetAccess(ctx, spec.ID, compute.GuestAccess{User: "x"}, true); !fault.Is(err, fault.Unsupported) {
		t.Fatalf("got %v", err)
	}
	must(t, d.Stop(ctx, spec.ID, 0))
}

// As in cloud images, root has no key; whoever gives it one may use it.
func TestRootLogsInWithItsOwnKeyOnly(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(k.line))
	if _, err := dial(d, spec, "root", ssh.PublicKeys(k.signer)); err == nil {
		t.Fatal("the default user's key is root's, too")
	}
	guestRun(t, d, spec, k, "sudo sh -c 'umask 077; mkdir -p /root/.ssh && cat >> /root/.ssh/authorized_keys'", k.line+"\n")
	c, err := dial(d, spec, "root", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	s, err := c.NewSession()
	must(t, err)
	if out, err := s.Output("id -u; pwd"); string(out) != "0\n/root\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
}

// A server may have no network: it runs, its disk and keys are made, and
// nobody reaches it until it boots with an address.
func TestNoNetwork(t *testing.T) {
	k := newKey(t)
	dir := t.TempDir()
	d := newDriver(t, dir, func(o *Options) { o.Gateway = "127.20.255.2:0" })
	spec := newSpec(k.line)
	nics := spec.NICs
	spec.NICs = nil
	create(t, d, spec)
	o, err := d.Get(ctx, spec.ID)
	must(t, err)
	if o.Power != compute.PowerRunning || o.SSH.IsValid() || len(o.HostKeys) == 0 || o.BootedAt.IsZero() {
		t.Fatalf("got %+v", o)
	}
	if log, err := d.Console(ctx, spec.ID, 0); err != nil || !strings.Contains(log, "no network to listen on") || strings.Contains(log, "listening") {
		t.Errorf("console %q, %v", log, err)
	}
	if !d.AddressFree(nics[0].Addr) {
		t.Error("it has an address")
	}
	_, err = ssh.Dial("tcp", d.GatewayAddr().String(), &ssh.ClientConfig{
		User: "debian%" + spec.ID, Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err == nil {
		t.Error("the gateway leads to a server without a network")
	}
	other := newKey(t)
	if applied, err := d.SetAccess(ctx, spec.ID, compute.GuestAccess{User: "debian", AuthorizedKeys: []string{other.line}}, true); !applied || err != nil {
		t.Errorf("set access: %v, %v", applied, err)
	}
	must(t, d.Reboot(ctx, spec, true))
	must(t, d.Stop(ctx, spec.ID, 0))
	must(t, d.Close())

	d = newDriver(t, dir)
	spec.NICs = nics
	must(t, d.Start(ctx, spec))
	if got := guestRun(t, d, spec, other, "whoami", ""); got != "debian\n" {
		t.Errorf("with an address: %q", got)
	}
	spec.NICs = nil
	must(t, d.Reboot(ctx, spec, false))
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerRunning || o.SSH.IsValid() {
		t.Errorf("after it lost its address: %+v", o)
	}
	if err := bindable(netip.AddrPortFrom(nics[0].Addr, testPort)); err != nil {
		t.Error(err)
	}
}

func TestGateway(t *testing.T) {
	k := newKey(t)
	dir := t.TempDir()
	d := newDriver(t, dir, func(o *Options) { o.Gateway = "127.20.255.1:0" })
	spec, other := create(t, d, newSpec(k.line)), create(t, d, newSpec())
	stopped := newSpec(k.line)
	must(t, d.Create(ctx, stopped))
	try := func(user string) (string, error) {
		c, err := ssh.Dial("tcp", d.GatewayAddr().String(), &ssh.ClientConfig{
			User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		if err != nil {
			return "", err
		}
		defer c.Close()
		s, err := c.NewSession()
		if err != nil {
			return "", err
		}
		out, err := s.Output("hostname")
		return string(out), err
	}
	for _, user := range []string{"debian%" + spec.ID, "debian%" + spec.Name} {
		if got, err := try(user); err != nil || got != spec.Hostname+"\n" {
			t.Errorf("%s: %q, %v", user, got, err)
		}
	}
	for _, user := range []string{"debian", "debian%", "%" + spec.ID, "debian%" + other.ID, "debian%" + stopped.ID, "debian%nope", "root%" + spec.ID} {
		if got, err := try(user); err == nil {
			t.Errorf("%s got in: %q", user, got)
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

func TestPortIsChosen(t *testing.T) {
	net1 := netip.MustParsePrefix("127.21.0.0/16")
	port, err := choosePort(net1, 0)
	must(t, err)
	if port != 22 && port != highPort {
		t.Fatalf("port %d", port)
	}
	if got := lastHost(net1); got != netip.MustParseAddr("127.21.255.254") {
		t.Fatalf("last host %v", got)
	}
	// Somebody on 22 already, such as a host's own sshd.
	ln, err := net.Listen("tcp", "127.21.255.254:22")
	if err == nil {
		defer ln.Close()
	}
	if port, err := choosePort(net1, 0); err != nil || port != highPort {
		t.Fatalf("port %d, %v", port, err)
	}
	d := newDriver(t, t.TempDir(), func(o *Options) { o.Zones = []string{"a", "b"}; o.Log = slog.Default() })
	if i := d.Info(); i.Name != "sim" || i.SSHPort != testPort || i.Network != network || len(i.Zones) != 2 {
		t.Fatalf("got %+v", i)
	}
}
