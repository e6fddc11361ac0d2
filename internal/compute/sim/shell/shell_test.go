package shell

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

var boot = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newGuest makes a small guest whose clock runs from a fixed time.
func newGuest(t testing.TB) *guest.Guest {
	t.Helper()
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	start := time.Now()
	now := func() time.Time { return boot.Add(time.Since(start)) }
	d, err := disk.Open(dir, "disk", disk.Limits{Bytes: 4 << 20, Files: 2000, Open: 64}, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	g := &guest.Guest{
		Facts: guest.Facts{
			ID: "6a0f3c2e-0000-4000-8000-000000000001", Name: "web-1", Hostname: "web-1", Distro: "debian", Version: "12",
			User: "debian", VCPUs: 2, RAMMiB: 2048, DiskGiB: 20, BootedAt: boot.Add(-time.Hour),
			NICs: []compute.NIC{{MAC: "fa:16:3e:00:00:01", Addr: netip.MustParseAddr("127.20.0.9"), Prefix: netip.MustParsePrefix("127.20.0.0/16")}},
		},
		Disk: d, Now: now,
	}
	if err := g.Install([]byte("#cloud-config\n")); err != nil {
		t.Fatal(err)
	}
	g.Mount(Programs())
	return g
}

func login(t testing.TB, g *guest.Guest) Login {
	t.Helper()
	a, ok := g.Account("debian")
	if !ok {
		t.Fatal("no account debian")
	}
	return Login{Guest: g, Account: a, Limits: DefaultLimits, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
}

func run(l Login, script, stdin string) (out, errOut string, status int) {
	var o, e lockedBuffer
	status = l.Run(context.Background(), script, IO{In: strings.NewReader(stdin), Out: &o, Err: &e})
	return o.String(), e.String(), status
}

// What a real bash on a real Debian answers to the same scripts.
func TestScripts(t *testing.T) {
	g := newGuest(t)
	for _, c := range []struct {
		script, want string
		status       int
	}{
		{`echo hello   world`, "hello world\n", 0},
		{`echo "a  b" 'c  $HOME' \$x`, "a  b c  $HOME $x\n", 0},
		{`echo $HOME ~ ~root`, "/home/debian /home/debian /root\n", 0},
		{`pwd; cd /etc; pwd; cd -; cd ..; pwd`, "/home/debian\n/etc\n/home/debian\n/home\n", 0},
		{`whoami; id -u; id -un; hostname; nproc`, "debian\n1000\ndebian\nweb-1\n2\n", 0},
		{`id`, "uid=1000(debian) gid=1000(debian) groups=1000(debian),4(adm),27(sudo)\n", 0},
		{`sudo id -u; sudo whoami`, "0\nroot\n", 0},
		{`a=1; b="$a 2"; echo $b "$b" ${#b}`, "1 2 1 2 3\n", 0},
		{`echo ${x:-def} ${x:=set} $x ${x:+alt} ${y:+alt}`, "def set set alt\n", 0},
		{`f=a/b/c.tar.gz; echo ${f##*/} ${f%/*} ${f%.*} ${f%%.*} ${f#*/} ${f/b/X} ${f//[ab]/_}`, "c.tar.gz a/b a/b/c.tar a/b/c b/c.tar.gz a/X/c.tar.gz _/_/c.t_r.gz\n", 0},
		{`s=hello; echo ${s:1:3} ${s: -2} ${s^^} ${s^}`, "ell lo HELLO Hello\n", 0},
		{`echo $((1+2*3)) $((7/2)) $((7%3)) $((2**10)) $((1<4&&0)) $((x=5,x+1)) $((0x10)) $((-9223372036854775808/-1))`, "7 3 1 1024 0 6 16 -9223372036854775808\n", 0},
		{`for i in 1 2 3; do echo -n "$i "; done; echo`, "1 2 3 \n", 0},
		{`for i in {1..3} {a,b}x; do printf '%s,' $i; done`, "1,2,3,ax,bx,", 0},
		{`i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done`, "1\n3\n", 0},
		{`for ((i=0;i<3;i++)); do echo $i; done`, "0\n1\n2\n", 0},
		{`until true; do echo no; done; echo $?`, "0\n", 0},
		{`case foo.txt in *.sh) echo sh;; *.txt|*.md) echo text;; *) echo other;; esac`, "text\n", 0},
		{`if false; then echo a; elif true; then echo b; else echo c; fi`, "b\n", 0},
		{`f() { local x=in; echo "$1 $# $x"; return 3; }; x=out; f a b; echo $? $x`, "a 2 in\n3 out\n", 0},
		{`echo a b c | wc -w`, "3\n", 0},
		{`printf 'b\na\nb\n' | sort | uniq -c | sort -rn | head -1`, "      2 b\n", 0},
		{`printf '%s-%d-%x-%05.1f\n' a 10 255 3.14159 b 2`, "a-10-ff-003.1\nb-2-0-000.0\n", 0},
		{`echo 'a:b:c' | cut -d: -f1,3; echo abc | tr a-c A-C; echo aab | tr -d a`, "a:c\nABC\nb\n", 0},
		{`printf 'one\ntwo\nthree\n' | grep -n 't'; printf 'x1\ny2\n' | grep -c '[0-9]'; echo ab | grep -o b`, "2:two\n3:three\n2\nb\n", 0},
		{`echo 'hello world' | sed 's/o/0/g; s/\(h\)\(e\)/\2\1/'`, "eh\x6cl0 w0rld\n", 0},
		{`printf '1\n2\n3\n' | sed -n '2,3p'; printf 'a\nb\n' | sed '/a/d'`, "2\n3\nb\n", 0},
		{`echo "$(echo nested "$(echo deep)")"`, "nested deep\n", 0},
		{"echo `echo back`", "back\n", 0},
		{"cat <<EOF\nhome $HOME \"q\" \\$x\nEOF", "home /home/debian \"q\" $x\n", 0},
		{"cat <<'EOF'\n$HOME `x`\nEOF", "$HOME `x`\n", 0},
		{"cat <<-EOF\n\t\tindented\n\tEOF", "indented\n", 0},
		{`cat <<< "here $((1+1))"`, "here 2\n", 0},
		{`echo a > f; echo b >> f; cat f; cat < f | tail -1; rm f; ls f 2>&1`, "a\nb\nb\nls: cannot access 'f': No such file or directory\n", 2},
		{`(cd /; echo in); pwd`, "in\n/home/debian\n", 0},
		{`x=1; (x=2); { x=3; }; echo $x | cat; x=9 sh -c 'echo $x'; echo $x`, "3\n9\n3\n", 0},
		{`true && echo y || echo n; false && echo y || echo n; ! true; echo $?`, "y\nn\n1\n", 0},
		{`set -e; false; echo never`, "", 1},
		{`set -e; false || true; if false; then :; fi; echo here`, "here\n", 0},
		{`set -u; echo $nope`, "", 1},
		{`set -- a "b c"; echo $# "$1" "$2"; for x in "$@"; do echo "<$x>"; done; shift; echo $*`, "2 a b c\n<a>\n<b c>\nb c\n", 0},
		{`IFS=:; set -- $PATH; echo $#`, "3\n", 0},
		{`x='a  b'; for w in $x; do echo "<$w>"; done; for w in "$x"; do echo "<$w>"; done`, "<a>\n<b>\n<a  b>\n", 0},
		{`mkdir d; cd d; touch a.txt b.txt c.md; echo *.txt; echo *.none; echo "*.txt" [ab].*; cd ..; rm -rf d; ls`, "a.txt b.txt\n*.none\n*.txt a.txt b.txt\n", 0},
		{`exit 42`, "", 42},
		{`sh -c 'exit 7'; echo $?; bash -c 'echo $0 $1' n a`, "7\nn a\n", 0},
		{`exec sh -c 'echo replaced'; echo never`, "replaced\n", 0},
		{`[ -f /etc/passwd ] && [ -d /etc -a ! -e /nope ] && [ "a" = a ] && [ 3 -gt 2 ] && echo ok`, "ok\n", 0},
		{`[[ abc == a* && ! abc == b* && abc =~ ^a.c$ && -z "" ]] && echo ok`, "ok\n", 0},
		{`[ = ] && [ ! ] && [ "" ]; echo $?`, "1\n", 0},
		{`echo one two | while read a b; do echo "$b $a"; done`, "two one\n", 0},
		{`printf 'a b\\\nc\n' | { read -r x; echo "$x"; }`, "a b\\\n", 0},
		{`echo -e 'a\tb\x41\0101'; echo -n x; printf %b 'y\n'`, "a\tbAA\nxy\n", 0},
		{`echo $'a\nb'`, "a\nb\n", 0},
		{`umask 077; mkdir p; touch q; stat -c '%a %U' p q; rm -r p q`, "700 debian\n600 debian\n", 0},
		{`touch m; chmod 640 m; chmod u+x,g-r,o=r m; stat -c %a m; ls -l m | cut -c1-10; rm m`, "704\n-rwx---r--\n", 0},
		{`echo x > l1; ln -s l1 l2; ln l1 l3; readlink l2; cat l2; stat -c %h l1; rm l1 l2 l3`, "l1\nx\n2\n", 0},
		{`mkdir -p a/b/c; echo 1 > a/b/f; cp -r a z; cat z/b/f; mv z y; find y | sort; rm -rf a y`, "1\ny\ny/b\ny/b/c\ny/b/f\n", 0},
		{`mkdir -p g/no g/z e; echo hit | tee g/no/f > g/z/f; chmod 000 g/no; grep -r hit g; echo $?; chmod 700 g/no; echo hit | grep -r hit e; echo $?; rm -r g e`, "g/z/f:hit\n2\n1\n", 0},
		{`mkdir t; sudo touch t/a; touch t/b; chmod -R 750 t 2>&1; echo $?; stat -c %a t/b; rm -rf t`, "chmod: changing permissions of 't/a': Operation not permitted\n1\n750\n", 0},
		{`sudo cp /etc/hostname o; cp -p o c; stat -c %U o c; rm -f o c`, "root\ndebian\n", 0},
		{`which ls; command -v cd; type cd; command -v nope`, "/usr/bin/ls\ncd\ncd is a shell builtin\n", 1},
		{`env -i FOO=bar env; FOO=x printenv FOO`, "FOO=bar\nx\n", 0},
		{`seq 3 | xargs echo n; seq 2 2 6 | tac; echo abc | rev; basename /a/b.c .c; dirname /a/b`, "n 1 2 3\n6\n4\n2\ncba\nb\n/a\n", 0},
		{`echo hi | base64; echo aGkK | base64 -d; echo -n abc | sha256sum | cut -c1-8`, "aGkK\nhi\nba7816bf\n", 0},
		{`printf '#!/bin/sh\necho script $1\n' > s; ./s; chmod +x s; ./s arg; rm s`, "script arg\n", 0},
		{`eval 'echo a; echo b'; . /etc/profile; echo $?`, "a\nb\n0\n", 0},
		{`getent passwd debian; getent passwd nobody-here; echo $?`, "debian:x:1000:1000:debian:/home/debian:/bin/bash\n2\n", 0},
		{`uname; uname -r; cat /proc/sys/kernel/ostype; head -1 /etc/os-release`, "Linux\n0-keyreeve-sim\nLinux\nPRETTY_NAME=\"Debian GNU/Linux 12 (simulated by Keyreeve)\"\n", 0},
		{`ip -br a | tail -1; df -h / | tail -1 | cut -c1-9; free -m | head -2 | tail -1 | cut -c1-20`, "eth0             UP             127.20.0.9/16\n/dev/vda1\nMem:            2048\n", 0},
		{`date -u +%F; uptime -p; cat /proc/uptime | cut -d. -f1`, "2024-05-06\nup 1:00\n3600\n", 0},
		{`x=$(cat /etc/hostname); [ "$x" = "$(hostname)" ] && echo same`, "same\n", 0},
		{`readonly r=1; r=2; echo $r`, "1\n", 0},
		{`readonly r=1; sh -c 'echo "[$r]"'; export r; sh -c 'r=2; echo $r'; f() { local l=1; readonly l; }; f; l=2; echo $l`, "[]\n2\n2\n", 0},
		{`f() { f2; }; f2() { echo deep; }; f; unset -f f; f 2>/dev/null; echo $?`, "deep\n127\n", 0},
		{`tee t1 < /etc/hostname; cmp t1 /etc/hostname && echo same; rm t1`, "web-1\nsame\n", 0},
		{`echo a >&2; echo b 2>&1 1>/dev/null; echo c >/dev/stderr`, "", 0},
		{`{ echo 1; echo 2 >&2; } 2>&1 | sort`, "1\n2\n", 0},
		{`exec 3>log; echo x >&3; exec 3>&-; cat log; rm log`, "x\n", 0},
		{`test 1 -eq x; echo $?; [ 1; echo $?`, "2\n2\n", 0},
		{`nope; echo $?; /bin/nope; echo $?; /etc; echo $?; cat /etc/shadow; echo $?`, "127\n127\n126\n1\n", 0},
		{`yes | head -3`, "y\ny\ny\n", 0},
		{`for i in 1 2; do for j in 1 2; do [ $j = 2 ] && continue 2; echo $i$j; done; done`, "11\n21\n", 0},
		{`sudo cat /etc/shadow | cut -d: -f1; sudo -u debian whoami; sudo sh -c 'echo r > /root/f; cat /root/f'`, "root\ndebian\nr\n", 0},
		{`sudo touch /etc/x && ls -l /etc/x | cut -d' ' -f3; touch /etc/y`, "root\n", 1},
	} {
		out, errOut, status := run(login(t, g), c.script, "")
		if out != c.want || status != c.status {
			t.Errorf("%s\n got %q, status %d, stderr %q\nwant %q, status %d", c.script, out, status, errOut, c.want, c.status)
		}
	}
}

func TestErrorsAreToldOnStderr(t *testing.T) {
	g := newGuest(t)
	for script, want := range map[string]string{
		"foo":                   "bash: foo: command not found\n",
		"echo x > /etc/x":       "bash: /etc/x: Permission denied\n",
		"cat nope":              "cat: nope: No such file or directory\n",
		"echo $((1/0))":         "bash: division by 0\n",
		"if":                    "bash: 1:1: `if` must be followed by a statement list\n",
		"sleep 1 &":             "bash: background jobs are not supported in this simulated guest\n",
		"a=(1 2)":               "bash: arrays are not supported in the simulated guest's shell\n",
		"cat <(echo)":           "bash: this expansion is not supported in the simulated guest's shell\n",
		"ls --nope":             "ls: unrecognized option '--nope'\n",
		"chmod 000 .; ls; cd .": "ls: cannot access '.': Permission denied\ncd: .: Permission denied\n",
	} {
		_, got, status := run(login(t, g), script, "")
		if got != want || status == 0 {
			t.Errorf("%s: got %q, status %d; want %q", script, got, status, want)
		}
		must(t, g.Root().Chmod("/home/debian", 0o755))
	}
}

// The very script that ssh-copy-id sends.
func TestCopyIDScript(t *testing.T) {
	g := newGuest(t)
	script := `exec sh -c 'cd; umask 077; mkdir -p ".ssh" && { [ -z ` + "`tail -1c .ssh/authorized_keys 2>/dev/null`" + ` ] || echo >> ".ssh/authorized_keys" || exit 1; } && cat >> ".ssh/authorized_keys" || exit 1; if type restorecon >/dev/null 2>&1; then restorecon -F ".ssh" ".ssh/authorized_keys"; fi'`
	for i, want := range []string{"key one\n", "key one\nkey two\n"} {
		_, errOut, status := run(login(t, g), script, []string{"key one\n", "key two\n"}[i])
		text, err := g.Root().ReadFile("/home/debian/.ssh/authorized_keys", 1000)
		if status != 0 || err != nil || string(text) != want {
			t.Fatalf("status %d, %v, %q: %q", status, err, errOut, text)
		}
	}
	must(t, g.Root().WriteFile("/home/debian/.ssh/authorized_keys", []byte("no newline"), 0o600))
	run(login(t, g), script, "key\n")
	if text, _ := g.Root().ReadFile("/home/debian/.ssh/authorized_keys", 1000); string(text) != "no newline\nkey\n" {
		t.Fatalf("got %q", text)
	}
}

// What would run or grow for ever ends by a limit, and soon.
func TestLimitsEndScripts(t *testing.T) {
	g := newGuest(t)
	must(t, g.Root().WriteFile("/home/debian/again", []byte("#!/bin/sh\n./again\n"), 0o755))
	l := login(t, g)
	l.Limits.Steps = 200_000
	l.Limits.Output = 4 << 20
	for _, script := range []string{
		`while true; do :; done`,
		`while :; do :; done | cat`,
		`cat | while :; do :; done`,
		`yes > /dev/null`,
		`yes | cat | cat >/dev/null`,
		`f() { f; }; f`,
		`f() { f | f; }; f`,
		`f() { (f); (f); }; f`,
		`x=a; while :; do x=$x$x; done`,
		`x=a; for i in {1..40}; do x="$x$x"; done`,
		`for i in {1..16000}{1..16000}; do :; done`,
		`x=$(yes)`,
		`eval "$(printf 'eval %.0s' $(seq 3000))"; x='eval "$x"'; eval "$x"`,
		`cd; ./again`,
		`cat > s <<'E'
. ./s
E
. ./s`,
		`yes | sort`,
		`yes | tail -1`,
		`seq 100000000000`,
		`i=0; while :; do i=$((i+1)); eval "v$i=$(printf %5000s x)"; done`,
		`x=$(printf '%4000s' a); x=$x$x$x$x$x$x$x$x; while :; do echo "${x%*a*b*c*}"; done`,
		`a='*a*a*a*a*a*a*a*a*b'; x=$(printf '%4096s' | tr ' ' a); while :; do [[ $x == $a ]]; done`,
		`yes a | tr -d '\n' | cut -c1`,
		`while echo x; do :; done`,
		`env sh -c 'while :; do :; done'`,
		`sudo sh -c 'while :; do :; done'`,
		`until false; do sudo true; done`,
		`printf '%s' "$(printf '%100000000s' x)" && false`,
		`exec 3>f; while :; do exec 4>f; done`,
	} {
		start := time.Now()
		r, w := io.Pipe() // stdin that never ends
		var out, errOut lockedBuffer
		status := l.Run(context.Background(), script, IO{In: &hangUpReader{r}, Out: &out, Err: &errOut})
		w.Close()
		if status == 0 {
			t.Errorf("%s: ended well", script)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: took %v", script, took)
		}
		if strings.Contains(errOut.String(), "internal error") {
			t.Errorf("%s: %s", script, errOut.String())
		}
	}
	if _, _, files, _ := g.Disk.Usage(); files > 200 {
		t.Errorf("%d files are left", files)
	}
}

type hangUpReader struct{ *io.PipeReader }

func (r *hangUpReader) CloseRead() { _ = r.PipeReader.Close() }

// lockedBuffer is written by the stages of a pipeline at the same time.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() < 1<<20 {
		l.b.Write(p)
	}
	return len(p), nil
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestFullDisk(t *testing.T) {
	g := newGuest(t)
	_, errOut, status := run(login(t, g), `yes > big`, "")
	if status != 1 || !strings.Contains(errOut, "No space left on device") {
		t.Fatalf("status %d, %q", status, errOut)
	}
	out, _, status := run(login(t, g), `rm big; echo again > f; cat f; i=0; while touch f$i; do i=$((i+1)); done 2>&1`, "")
	if status != 0 || !strings.Contains(out, "again\n") || !strings.Contains(out, "No space left on device") {
		t.Fatalf("status %d, %q", status, out)
	}
}

func TestTimeAndCancel(t *testing.T) {
	g := newGuest(t)
	l := login(t, g)
	l.Limits.Time = 100 * time.Millisecond
	_, errOut, status := run(l, "sleep 100", "")
	if status != 137 || !strings.Contains(errOut, "too long") {
		t.Fatalf("status %d, %q", status, errOut)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	r, w := io.Pipe()
	defer w.Close()
	start := time.Now()
	if status := login(t, g).Run(ctx, "cat | cat | sleep 50", IO{In: &hangUpReader{r}, Out: io.Discard, Err: io.Discard}); status == 0 || time.Since(start) > 5*time.Second {
		t.Fatalf("status %d after %v", status, time.Since(start))
	}
}

// Commands that come in on standard input without a terminal, as in `ssh host < script`.
func TestCommandsFromStdin(t *testing.T) {
	var out lockedBuffer
	l := login(t, newGuest(t))
	status := l.Interactive(context.Background(), IO{
		In:  strings.NewReader("x=1\nif true\nthen\n  echo yes $x\nfi\ncat\ndata for cat\n"),
		Out: &out, Err: &out,
	})
	if out.String() != "yes 1\ndata for cat\n" || status != 0 {
		t.Fatalf("status %d, %q", status, out.String())
	}
	out.b.Reset()
	status = l.Interactive(context.Background(), IO{In: strings.NewReader("echo a\nexit 3\necho b\n"), Out: &out, Err: &out})
	if out.String() != "a\n" || status != 3 {
		t.Fatalf("status %d, %q", status, out.String())
	}
}
