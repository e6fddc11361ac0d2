package sim

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// client runs the system's OpenSSH tools against one guest.
type client struct {
	t    *testing.T
	args []string // options that all of them take
	port string
	host string
	user string
}

func newClient(t *testing.T, d *Driver, spec compute.Spec, k testKey) *client {
	t.Helper()
	o, err := d.Get(ctx, spec.ID)
	must(t, err)
	// The client must see the very host keys that the driver reports.
	known := filepath.Join(t.TempDir(), "known_hosts")
	var lines []string
	for _, key := range o.HostKeys {
		lines = append(lines, "["+o.SSH.Addr().String()+"]:"+strconv.Itoa(int(o.SSH.Port()))+" "+key)
	}
	must(t, os.WriteFile(known, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return &client{t: t, host: o.SSH.Addr().String(), port: strconv.Itoa(int(o.SSH.Port())), user: spec.Access.User, args: []string{
		"-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=" + known,
		"-o", "GlobalKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10", "-i", k.file,
	}}
}

func (c *client) target() string { return c.user + "@" + c.host }

// run runs a tool; a missing one fails the test.
func (c *client) run(stdin, tool string, args ...string) (stdout, stderr string, status int) {
	c.t.Helper()
	cmd := exec.Command(tool, args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
	cmd.WaitDelay = 30 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("%s (Debian and Ubuntu have it in openssh-client): %v", tool, err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

func (c *client) ssh(stdin string, args ...string) (string, string, int) {
	c.t.Helper()
	return c.run(stdin, "ssh", append(append([]string{"-p", c.port}, c.args...), args...)...)
}

func TestOpenSSH(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(k.line))
	c := newClient(t, d, spec, k)

	out, errOut, status := c.ssh("", c.target(), "whoami; exit 5")
	if out != "debian\n" || status != 5 {
		t.Fatalf("exec: %q, %q, %d", out, errOut, status)
	}
	out, _, _ = c.ssh("piped in", c.target(), "cat > f; wc -c f; echo oops >&2")
	if out != "8 f\n" {
		t.Fatalf("stdin: %q", out)
	}
	if out, _, status = c.ssh("x=5\necho $x\nexit 9\n", c.target()); out != "5\n" || status != 9 {
		t.Fatalf("commands on stdin: %q, %d", out, status)
	}
	big := strings.Repeat("0123456789abcdef", 1<<16)
	if out, errOut, status = c.ssh(big, c.target(), "cat"); out != big || status != 0 {
		t.Fatalf("a megabyte came back as %d bytes, %q, %d", len(out), errOut, status)
	}
	if out, _, status = c.ssh("", "-tt", c.target(), "tty; stty"); !strings.Contains(out, "/dev/pts/0\r\n") || status != 127 {
		t.Fatalf("with a terminal: %q, %d", out, status)
	}
	if out, _, status = c.ssh("echo typed $((1+1))\rexit 3\r", "-tt", c.target()); status != 3 ||
		!strings.Contains(out, "simulated guest of Keyreeve") || !strings.Contains(out, "debian@"+spec.Hostname+":~$ ") || !strings.Contains(out, "typed 2\r\n") {
		t.Fatalf("interactive: %q, %d", out, status)
	}
	if out, _, _ = c.ssh("", "-o", "SendEnv=LC_KEY FOO", "-o", "SetEnv=LC_KEY=yes FOO=no", c.target(), "echo $LC_KEY-$FOO"); out != "yes-\n" {
		t.Fatalf("environment: %q", out)
	}
	if _, errOut, status = newClient(t, d, spec, newKey(t)).ssh("", c.target(), "true"); status != 255 || !strings.Contains(errOut, "Permission denied (publickey)") {
		t.Fatalf("wrong key: %q, %d", errOut, status)
	}
	if _, errOut, status = c.ssh("", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22", c.target(), "true"); status == 0 {
		t.Fatalf("remote forwarding was granted: %q", errOut)
	}
	if _, errOut, status = c.ssh("", "-W", "127.0.0.1:22", c.target()); status == 0 || !strings.Contains(errOut, "prohibited") {
		t.Fatalf("local forwarding was granted: %q", errOut)
	}
	if out, _, _ = c.ssh("", "-A", "-X", c.target(), "env"); strings.Contains(out, "AUTH_SOCK") || strings.Contains(out, "DISPLAY") {
		t.Fatalf("agent or X11 was forwarded: %q", out)
	}
}

// Every kind of key that OpenSSH makes without hardware logs in; SHA-1
// signatures do not.
func TestOpenSSHKeyTypes(t *testing.T) {
	dir := t.TempDir()
	d := newDriver(t, t.TempDir())
	var keys []testKey
	var lines []string
	for _, kind := range [][]string{{"ed25519"}, {"ecdsa", "-b", "256"}, {"ecdsa", "-b", "384"}, {"ecdsa", "-b", "521"}, {"rsa", "-b", "2048"}} {
		file := filepath.Join(dir, strings.Join(kind, ""))
		if out, err := exec.Command("ssh-keygen", append([]string{"-q", "-N", "", "-f", file, "-t"}, kind...)...).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v, %s", err, out)
		}
		text, err := os.ReadFile(file + ".pub")
		must(t, err)
		keys = append(keys, testKey{file: file})
		lines = append(lines, strings.TrimSpace(string(text)))
	}
	spec := create(t, d, newSpec(lines...))
	for i, k := range keys {
		c := newClient(t, d, spec, k)
		if out, errOut, status := c.ssh("", c.target(), "echo in"); out != "in\n" {
			t.Errorf("%s: %q, %d", lines[i][:20], errOut, status)
		}
	}
	c := newClient(t, d, spec, keys[4])
	if _, _, status := c.ssh("", "-o", "PubkeyAcceptedAlgorithms=ssh-rsa", c.target(), "true"); status != 255 {
		t.Errorf("an RSA signature with SHA-1 was taken: %d", status)
	}
}

func TestSCPAndSFTP(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir())
	spec := create(t, d, newSpec(k.line))
	c := newClient(t, d, spec, k)
	local := t.TempDir()
	text := bytes.Repeat([]byte("contents\n"), 30_000)
	must(t, os.WriteFile(filepath.Join(local, "up"), text, 0o640))

	scp := func(args ...string) (string, int) {
		_, errOut, status := c.run("", "scp", append(append([]string{"-s", "-P", c.port}, c.args...), args...)...)
		return errOut, status
	}
	if errOut, status := scp(filepath.Join(local, "up"), c.target()+":there"); status != 0 {
		t.Fatalf("scp up: %q", errOut)
	}
	if errOut, status := scp(c.target()+":there", filepath.Join(local, "down")); status != 0 {
		t.Fatalf("scp down: %q", errOut)
	}
	if got, _ := os.ReadFile(filepath.Join(local, "down")); !bytes.Equal(got, text) {
		t.Fatalf("%d bytes came back", len(got))
	}
	if out, _, _ := c.ssh("", c.target(), "stat -c '%a %s %U' there"); out != "640 270000 debian\n" {
		t.Fatalf("there: %q", out)
	}
	must(t, os.MkdirAll(filepath.Join(local, "tree/sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(local, "tree/sub/f"), []byte("f"), 0o600))
	if errOut, status := scp("-rp", filepath.Join(local, "tree"), c.target()+":"); status != 0 {
		t.Fatalf("scp -r: %q", errOut)
	}
	if out, _, _ := c.ssh("", c.target(), "cat tree/sub/f; stat -c %a tree/sub/f"); out != "f600\n" {
		t.Fatalf("tree: %q", out)
	}
	if errOut, status := scp(filepath.Join(local, "up"), c.target()+":/etc/up"); status == 0 || !strings.Contains(errOut, "ermission denied") {
		t.Fatalf("scp to /etc: %q, %d", errOut, status)
	}

	sftp := func(batch string) (string, string, int) {
		return c.run(batch, "sftp", append(append([]string{"-b", "-", "-P", c.port}, c.args...), c.target())...)
	}
	out, errOut, status := sftp("pwd\nmkdir d\ncd d\nput " + filepath.Join(local, "up") + " a\nrename a b\nchmod 600 b\nln -s b l\nln b h\nls -l\nget l " + filepath.Join(local, "l") + "\ndf -h\nrm h\n")
	if status != 0 || !strings.Contains(out, "/home/debian") || !strings.Contains(out, "debian   debian") {
		t.Fatalf("sftp: %q, %q, %d", out, errOut, status)
	}
	if out, _, _ := c.ssh("", c.target(), "cd d; readlink l; stat -c '%a %s %h' b; ls"); out != "b\n600 270000 1\nb\nl\n" {
		t.Fatalf("after sftp: %q", out)
	}
	if _, errOut, status := sftp("get /etc/shadow " + filepath.Join(local, "x")); status == 0 || !strings.Contains(errOut, "ermission denied") {
		t.Fatalf("sftp of /etc/shadow: %q, %d", errOut, status)
	}
	must(t, os.WriteFile(filepath.Join(local, "huge"), make([]byte, 5<<20), 0o600))
	if errOut, status := scp(filepath.Join(local, "huge"), c.target()+":huge"); status == 0 {
		t.Fatalf("more than the disk holds was taken: %q", errOut)
	}
	if out, _, _ := c.ssh("", c.target(), "rm huge; echo room > room; cat room"); out != "room\n" {
		t.Fatalf("after a full disk: %q", out)
	}
}

func TestSSHCopyID(t *testing.T) {
	k, second := newKey(t), newKey(t)
	d := newDriver(t, t.TempDir())
	spec := newSpec(k.line)
	spec.Access.PasswordHash, spec.Access.PasswordLogin = hashOf("Secret-1"), true
	create(t, d, spec)
	c := newClient(t, d, spec, k)
	c2 := newClient(t, d, spec, second)
	if _, _, status := c2.ssh("", c2.target(), "true"); status != 255 {
		t.Fatal("the second key is in before")
	}
	t.Setenv("HOME", t.TempDir())
	must(t, os.Mkdir(filepath.Join(os.Getenv("HOME"), ".ssh"), 0o700))
	ask := filepath.Join(t.TempDir(), "ask")
	must(t, os.WriteFile(ask, []byte("#!/bin/sh\necho Secret-1\n"), 0o700))
	t.Setenv("SSH_ASKPASS", ask)
	t.Setenv("SSH_ASKPASS_REQUIRE", "force")
	args := []string{"-i", second.file + ".pub", "-p", c.port}
	for i := 0; i+1 < len(c.args); i++ {
		if c.args[i] == "-o" && c.args[i+1] != "BatchMode=yes" {
			args = append(args, "-o", c.args[i+1])
		}
	}
	args = append(args, c.target())
	out, errOut, status := c.run("", "ssh-copy-id", args...)
	if status != 0 || !strings.Contains(out, "Number of key(s) added: 1") {
		t.Fatalf("ssh-copy-id: %q, %q, %d", out, errOut, status)
	}
	if out, _, _ := c2.ssh("", c2.target(), "tail -1 .ssh/authorized_keys; stat -c %a .ssh/authorized_keys"); out != second.line+"\n600\n" {
		t.Fatalf("got %q", out)
	}
	if out, _, _ := c2.ssh("", c2.target(), "ssh-keygen -lf .ssh/authorized_keys | wc -l"); out != "2\n" {
		t.Fatalf("got %q", out)
	}
}
