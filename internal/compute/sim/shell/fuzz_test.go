package shell

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// A script of any bytes neither panics nor shows the host nor runs for ever.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		"echo a | cat > f; cat f", "for i in {1..3}; do echo $((i*2)); done", "case $x in a*) ;; esac", "f() { f; }; f",
		"cat <<E\n$(echo x)${y:-z}\nE", "[[ -e /etc/passwd && a == [a-c] ]]", "printf '%5.2f %b' 1 '\\n'", "x=${a//b/c}; echo ${x%%*.} ${#x}",
		"ls -la / | sort -k5 -n | head -3", "sed 's/\\(a\\)/\\1&/g;d' /etc/passwd", "grep -c '[[:alpha:]]*' /etc/*", "find / -name '*.c' | xargs wc",
		"sudo sh -c 'rm -rf /*'; ls /", "set -eu; trap x 0; read a b <<< 'c d'; echo $b", "exec 3>f; echo x >&3; exec 3>&-", "tr -cd a-z </etc/passwd|cut -c1-5", "cp -r / /tmp/x",
		"ln -s . l; ls -R l/l/l", "date +%Y%s; stat -c %a%A%n /; du -sh; df -i", "while read x; do eval \"$x\"; done < /etc/profile", "((a=1?2:3,a**=2)); let b=a++; echo $[a]",
	} {
		f.Add(seed)
	}
	secret := "secret-of-the-host-" + strings.Repeat("7", 20)
	file := f.TempDir() + "/secret"
	if err := os.WriteFile(file, []byte(secret), 0o644); err != nil {
		f.Fatal(err)
	}
	f.Add("cat " + file)
	f.Fuzz(func(t *testing.T, script string) {
		l := login(t, newGuest(t))
		l.Limits.Steps, l.Limits.Output, l.Limits.Time = 20_000, 1<<20, 2*time.Second
		var out lockedBuffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.Run(context.Background(), strings.ReplaceAll(script, "sleep", "echo"), IO{In: strings.NewReader("line 1\nline 2\n"), Out: &out, Err: &out})
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("runs for ever")
		}
		if strings.Contains(out.String(), "internal error") {
			t.Fatalf("panicked: %s", out.String())
		}
		if strings.Contains(out.String(), secret) {
			t.Fatal("shows a file of the host")
		}
	})
}
