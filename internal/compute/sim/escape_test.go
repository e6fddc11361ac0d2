package sim

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// hostSecrets are texts that only the host has. None may ever show in a guest.
func hostSecrets(t *testing.T, canary string) (texts []string) {
	t.Helper()
	texts = []string{canary}
	hostname, err := os.Hostname()
	must(t, err)
	if len(hostname) > 4 {
		texts = append(texts, hostname)
	}
	for _, file := range []string{"/etc/passwd", "/etc/shadow", "/etc/group", "/proc/version", "/proc/cmdline", "/etc/machine-id"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			// Every system has these; a guest makes up its own.
			if line = strings.TrimSpace(line); len(line) > 12 && !strings.HasPrefix(line, "root:") && !strings.HasPrefix(line, "daemon:") && !strings.HasPrefix(line, "nobody:") && !strings.HasPrefix(line, "nogroup:") {
				texts = append(texts, line)
			}
		}
	}
	if len(texts) < 10 {
		t.Fatal("this host has nothing to look for")
	}
	return texts
}

func TestEscape(t *testing.T) {
	base := t.TempDir()
	const canary = "canary-7f3a-of-the-host"
	outside := filepath.Join(base, "outside")
	must(t, os.Mkdir(outside, 0o777))
	file := filepath.Join(outside, "canary")
	must(t, os.WriteFile(file, []byte(canary+"\n"), 0o666))
	k := newKey(t)
	d := newDriver(t, filepath.Join(base, "instances"))
	spec := create(t, d, newSpec(k.line))
	neighbour := create(t, d, newSpec(newKey(t).line))
	secrets := hostSecrets(t, canary)
	clean := func(what, out string) {
		t.Helper()
		for _, s := range secrets {
			// A guest may of course repeat the path that it was given.
			if strings.Contains(out, s) {
				t.Errorf("%s shows %q of the host:\n%.500s", what, s, out)
			}
		}
	}
	rel := strings.Repeat("../", 40) + strings.TrimPrefix(file, "/")
	executable, err := os.Executable()
	must(t, err)
	// Attempts whose output must say nothing of the host.
	for _, script := range []string{
		"cat " + file, "cat " + rel, "cd /; cat ." + file, "cat < " + file, "cat /proc/self/root" + file, "cat /proc/1/root" + file,
		"cat /proc/self/cwd/" + rel, "ls -laR /; ls -la /proc/self/ /proc/1/ /proc/self/fd/ /dev/fd/", "cat /proc/self/environ /proc/self/cmdline /proc/self/maps /proc/self/mountinfo",
		"ln -s " + file + " l; cat l; cat < l; cp l c; cat c; mv l m; cat m", "ln -s / r; cat r" + file + "; ls r/" + outside, "ln -s " + rel + " u; cat u",
		"ln " + file + " h; cat h", "ln -s /proc/self/root r2; cat r2" + file, "mkdir -p ." + outside + "; ln -s " + outside + " ." + outside + "/x; cat ." + outside + "/x/canary",
		"cat /etc/passwd /etc/group /etc/hosts /etc/hostname /etc/resolv.conf; sudo cat /etc/shadow /etc/machine-id", "echo /*/* /etc/* /root/* /proc/* /home/*",
		"echo " + outside + "/*; echo " + filepath.Dir(outside) + "/*", ". " + file, "source " + rel, "sh " + file, "bash < " + file, "exec " + file, file,
		"read x < " + file + "; echo $x", "x=$(< " + file + "); echo $x", "x=$(cat " + file + "); echo $x", "while read l; do echo $l; done < " + file,
		"cat <<EOF\n$(cat " + file + ")\nEOF", "cat <<< \"$(cat " + file + ")\"", "exec 3< " + file + "; cat <&3", "cat " + file + " | tee x; cat x",
		"grep -r canary / " + outside, "find / -name 'canary*'", "find " + outside, "head " + file + "; tail " + file + "; sort " + file + "; wc " + file, "sed p " + file,
		"base64 " + file + " | base64 -d", "cut -c1- " + file, "tr a a < " + file, "xargs cat <<< " + file, "env cat " + file, "env -i /usr/bin/cat " + file,
		"sudo cat " + file, "sudo sh -c 'cat " + file + "'", "sudo -i cat " + file, "su -c 'cat " + file + "'", "sudo find / -name shadow | xargs sudo cat",
		"stat " + file, "ls -l " + file, "du -a " + outside, "readlink -f " + file, "realpath " + file, "cmp " + file + " " + file, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
		"hostname; uname -a; cat /proc/version /proc/sys/kernel/hostname /proc/cmdline", "ps aux; ip a; ip r; mount; lsblk; df; env; id; who; uptime", "getent passwd; getent group; getent hosts localhost",
		"PATH=/usr/sbin:/usr/local/go/bin:$PATH go version; gcc --version; python3 -c 'print(1)'", "/proc/self/exe; " + executable, "cat " + executable + " | head -c 100",
		"echo ~root ~nobody ~bin; cat ~root/.bashrc ~/.bash_history", "cat /dev/tcp/127.0.0.1/22; exec 3<>/dev/tcp/127.0.0.1/22; cat <&3", "cat /dev/mem /dev/sda /dev/vda /dev/kmsg",
		"cat /var/log/* /var/lib/*/* /run/* /sys/class/net/*/address", "cat $'" + file + "' \"" + file + "\"", "printf '%s' \"$(cat " + file + ")\"",
		"cd " + outside + " && cat canary; cd -P " + rel + "; pwd", "mktemp -p " + outside + "; mktemp " + outside + "/XXXXXX", "sudo chmod 777 " + file,
		"cat /proc/self/root/../../" + rel, "cat //" + file + " /./" + file, "cat '" + filepath.Join(base, "instances", spec.ID, "state.json") + "'",
		"cat " + filepath.Join(base, "instances", neighbour.ID, "state.json"), "cat ../" + neighbour.ID + "/disk ../../" + neighbour.ID + "/state.json state.json disk console.log",
	} {
		clean(script, guestRun(t, d, spec, k, script, ""))
	}
	// Questions that must be answered with no.
	for _, test := range []string{
		"[ -e " + file + " ]", "[ -r " + file + " ]", "[ -O " + file + " ]", "[[ -f " + file + " ]]", "[[ -s " + rel + " ]]", "test -d " + outside,
		"[ -r /etc/shadow ]", "[ -x /usr/bin/gcc ]", "command -v gcc", "command -v go", "type -p python3", "which perl", "[ /etc/passwd -ef " + file + " ]",
		"[ -e /usr/lib ]", "[ -e /proc/self/root ]", "[ -e /proc/self/exe ]", "[ -e /proc/1 ]", "[ -S /run/docker.sock ]", "[ -e " + executable + " ]", "cd " + outside, "[ -t 0 ]",
		"[ -e /etc/ssl ]", "[ -e /root/.bashrc ]", "[ " + file + " -nt /etc/passwd ]", "[ -N " + file + " ]", "[ -L /proc/self ]", "cat /dev/tty",
	} {
		if out := guestRun(t, d, spec, k, test+" && echo YES || echo no", ""); !strings.Contains(out, "no\n") || strings.Contains(out, "YES") {
			t.Errorf("%s: %q", test, out)
		}
	}
	// Nothing that a guest writes gets out.
	guestRun(t, d, spec, k, strings.Join([]string{
		"echo bad > " + file, "echo bad >> " + rel, "sudo sh -c 'echo bad > " + file + "'", "rm -f " + file, "sudo rm -rf " + outside, "sudo mkdir -p " + outside,
		"sudo sh -c 'echo bad > " + file + "'", "sudo touch " + outside + "/new", "sudo mv " + file + " /tmp/x", "sudo truncate -s 0 " + file, "sudo rm -rf --no-preserve-root /*",
	}, "; "), "")
	if text, err := os.ReadFile(file); err != nil || string(text) != canary+"\n" {
		t.Errorf("the host's file became %q, %v", text, err)
	}
	if list, _ := os.ReadDir(outside); len(list) != 1 {
		t.Errorf("the host's folder has %v", list)
	}
	if list, _ := os.ReadDir(filepath.Join(base, "instances")); len(list) != 2 {
		t.Errorf("the driver's folder has %v", list)
	}
}

func TestEscapeBySFTP(t *testing.T) {
	base := t.TempDir()
	const canary = "canary-7f3a-of-the-host"
	file := filepath.Join(base, "canary")
	must(t, os.WriteFile(file, []byte(canary), 0o666))
	k := newKey(t)
	d := newDriver(t, filepath.Join(base, "instances"))
	spec := create(t, d, newSpec(k.line))
	conn, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer conn.Close()
	c, err := sftp.NewClient(conn)
	must(t, err)
	defer c.Close()
	up := strings.Repeat("../", 40)
	must(t, c.Symlink(file, "abs"))
	must(t, c.Symlink(up+strings.TrimPrefix(file, "/"), "rel"))
	must(t, c.Symlink("/", "root"))
	for _, p := range []string{file, up + file, "abs", "rel", "root" + file, "/proc/self/root" + file, "/proc/1/root" + file, filepath.Join(base, "instances", spec.ID, "disk")} {
		if f, err := c.Open(p); err == nil {
			text, _ := io.ReadAll(f)
			t.Errorf("open %s gives %q", p, text)
		}
		if _, err := c.Stat(p); err == nil {
			t.Errorf("stat %s", p)
		}
		if f, err := c.Create(p); err == nil {
			fmt.Fprint(f, "bad")
			f.Close()
		}
		if err := c.Link(p, "hard"); err == nil {
			if f, err := c.Open("hard"); err == nil {
				text, _ := io.ReadAll(f)
				if strings.Contains(string(text), canary) {
					t.Errorf("hard link to %s", p)
				}
			}
			c.Remove("hard")
		}
		real, err := c.RealPath(p)
		if err == nil && strings.Contains(real, "..") {
			t.Errorf("real path of %s is %s", p, real)
		}
		// Whether they succeed on the guest's own disk does not matter: the host's
		// file is compared below.
		_ = c.Chmod(p, 0o777)
		_ = c.Rename(p, "/tmp/x")
		_ = c.Remove(p)
		_, _ = c.ReadDir(filepath.Dir(p))
	}
	if list, err := c.ReadDir(base); err == nil {
		t.Errorf("lists %v", list)
	}
	if text, _ := os.ReadFile(file); string(text) != canary {
		t.Errorf("the host's file became %q", text)
	}
	for _, target := range []string{"127.0.0.1:22", fmt.Sprintf("127.20.0.1:%d", testPort), "localhost:80", "[::1]:22"} {
		if ch, err := conn.Dial("tcp", target); err == nil {
			ch.Close()
			t.Errorf("forwarded to %s", target)
		}
	}
	if ch, err := conn.Dial("unix", "/run/docker.sock"); err == nil {
		ch.Close()
		t.Error("forwarded to a socket")
	}
	if ln, err := conn.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close()
		t.Error("listens for the client")
	}
}
