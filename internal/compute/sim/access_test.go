package sim

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

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
