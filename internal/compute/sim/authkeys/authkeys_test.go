package authkeys

import (
	"crypto/ed25519"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

var (
	now  = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)
	here = netip.MustParseAddr("127.0.0.1")
)

func testKey(t testing.TB, seed byte) (ssh.PublicKey, string) {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), ed25519.SeedSize)))
	key, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func TestAuthorize(t *testing.T) {
	key, line := testKey(t, 0)
	_, other := testKey(t, 1)
	for _, c := range []struct {
		name, file, refused string // refused: part of the reason; empty when let in
	}{
		{"plain", line, ""},
		{"comment and blanks", "  \t" + line + "  ann@example.org and more\r\n", ""},
		{"among others", "# hello\n\n" + other + "\n" + line + "\n", ""},
		{"tabs between", strings.ReplaceAll(line, " ", "\t \t"), ""},
		{"other key only", other, "no line"},
		{"empty", "", "no line"},
		{"commented out", "#" + line, "no line"},
		{"garbage before", "garbage " + line, `unknown option "garbage"`},
		{"wrong type", strings.Replace(line, "ssh-ed25519", "ssh-rsa", 1), "no line"},
		{"cut short", line[:len(line)-4], "no line"},
		{"flags", "no-pty,no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-user-rc " + line, ""},
		{"upper case", "NO-PTY,From=\"127.0.0.1\" " + line, ""},
		{"restrict", "restrict,pty " + line, ""},
		{"environment is ignored", `environment="A=b c",tunnel="0",permitopen="h:1" ` + line, ""},
		{"unknown flag", "no-such-thing " + line, "unknown option"},
		{"unknown value", `sha256="x" ` + line, "unknown option"},
		{"no- of what has none", "no-restrict " + line, "unknown option"},
		{"value without quotes", "command=ls " + line, "in quotes"},
		{"double comma", "pty,,no-pty " + line, "unknown option"},
		{"comma at the end", "pty, " + line, "commas"},
		{"open quote", `command="ls ` + line, "no line"},
		{"command", `command="echo \"a b\", c" ` + line, ""},
		{"two commands", `command="a",command="b" ` + line, "twice"},
		{"cert-authority", "cert-authority " + line, "certificate authority"},
		{"verify-required", "verify-required " + line, "verify-required"},
		{"expired", `expiry-time="20240506" ` + line, "expired"},
		{"expired minutes", `expiry-time="202405061159Z" ` + line, "expired"},
		{"not yet expired", `expiry-time="20240506120001" ` + line, ""},
		{"no date", `expiry-time="tomorrow" ` + line, "no date"},
		{"from address", `from="10.0.0.1,127.0.0.1" ` + line, ""},
		{"from network", `from="127.0.0.0/8" ` + line, ""},
		{"from wildcard", `from="127.*" ` + line, ""},
		{"from elsewhere", `from="10.0.0.0/8" ` + line, "from="},
		{"from negated", `from="127.0.0.0/8,!127.0.0.1" ` + line, "from="},
		{"from only negated", `from="!10.0.0.1" ` + line, "from="},
		{"bad line, then good one", "nonsense " + line + "\n" + line, ""},
		{"too long", line + "\n" + strings.Repeat("#", MaxFile), "bytes"},
	} {
		_, err := Authorize([]byte(c.file), key, here, now)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: refused: %v", c.name, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.refused)
		}
	}
}

func TestOptionsOfTheLineCount(t *testing.T) {
	key, line := testKey(t, 0)
	o, err := Authorize([]byte(`restrict,command="say \"hi\" # no",no-touch-required `+line), key, here, now)
	if err != nil || !o.Forced || o.Command != `say "hi" # no` || !o.NoPTY || !o.NoTouch {
		t.Fatalf("got %+v, %v", o, err)
	}
}

// Every kind of key that sshd knows lets its own line in, and a certificate never does.
func TestKinds(t *testing.T) {
	_, edLine := testKey(t, 0)
	for _, text := range []string{
		edLine,
		"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=",
	} {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Authorize([]byte(text), key, here, now); err != nil {
			t.Errorf("%s: %v", key.Type(), err)
		}
		cert := &ssh.Certificate{Key: key, SignatureKey: key}
		if _, err := Authorize([]byte("cert-authority "+text+"\n"+text), cert, here, now); err == nil {
			t.Errorf("%s: a certificate got in", key.Type())
		}
	}
}

func FuzzAuthorize(f *testing.F) {
	key, line := testKey(f, 0)
	f.Add(line)
	f.Add(`from="a,!b",command="\"" ` + line)
	f.Add("restrict,no-pty,expiry-time=\"20240101\" " + line + "\n# x")
	blob := strings.Fields(line)[1]
	f.Fuzz(func(t *testing.T, file string) {
		_, err := Authorize([]byte(file), key, here, now)
		if err == nil && !strings.Contains(file, blob) {
			t.Fatalf("let in by %q", file)
		}
	})
}
