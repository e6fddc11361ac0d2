package sshkey

import (
	"strings"
	"testing"
)

// Certificates that ssh-keygen signs, what their lines say, and what a real
// sshd makes of them.
func TestLoginLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ca := b.write("ca", made(t, SpecEd25519).Text())
	certify := func(name string, options ...string) (keyFile string, cert PublicKey) {
		key, err := Generate(SpecECDSA256)
		if err != nil {
			t.Fatal(err)
		}
		keyFile = b.write(name, key.Text())
		public := b.write(name+".pub", key.Public(name).AuthorizedKey()+"\n")
		run(b, "", "ssh-keygen", append(append([]string{"-q", "-s", ca, "-I", name}, options...), public)...)
		return keyFile, mustParse(t, string(b.read(name+"-cert.pub")))
	}
	limited := "no-X11-forwarding,no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc"
	var lines []string
	files := map[string]string{}
	for _, c := range []struct {
		name    string
		options []string
		want    string // before the key; "-" for no line at all
	}{
		{"ordinary", nil, ""},
		{"principals", []string{"-n", "alice,bob"}, ""},
		{"clear", []string{"-O", "clear"}, limited},
		{"command", []string{"-O", `force-command=echo "forced"`}, `command="echo \"forced\""`},
		{"here", []string{"-O", "source-address=127.0.0.0/8"}, `from="127.0.0.0/8"`},
		{"elsewhere", []string{"-O", "source-address=192.0.2.1/32"}, `from="192.0.2.1/32"`},
		{"over", []string{"-V", "20200101000000Z:20210101000000Z"}, `expiry-time="20201231235959"`},
		{"lasting", []string{"-V", "20200101000000Z:29990101000000Z"}, `expiry-time="29981231235959"`},
		{"touch", []string{"-O", "no-touch-required"}, "no-touch-required"},
		{"verify", []string{"-O", "verify-required"}, "verify-required"},
		{"host", []string{"-h"}, "-"},
		{"unknown", []string{"-O", "critical:pay@example.com=1"}, "-"},
	} {
		file, cert := certify(c.name, c.options...)
		files[c.name] = file
		want := cert.Certified().AuthorizedKey()
		switch {
		case c.want == "-":
			want = ""
		case c.want != "":
			want = c.want + " " + want
		}
		if got := cert.LoginLine(); got != want {
			t.Errorf("%s: line %q, want %q", c.name, got, want)
		}
		lines = append(lines, cert.LoginLine())
	}
	word, fields := certBody(mustParse(t, made(t, SpecRSA2048).Public("").AuthorizedKey()), certV00, authorities()[0])
	if v00 := mustParse(t, lineOf(word, authorities()[0].signed(fields))); v00.LoginLine() != "" {
		t.Errorf("a v00 certificate has the line %q", v00.LoginLine())
	}

	s := startSSHD(t, lines...)
	for name, want := range map[string]string{
		"ordinary": "let in\n", "principals": "let in\n", "clear": "let in\n", "command": "forced\n", "here": "let in\n", "lasting": "let in\n",
		"elsewhere": "", "over": "", "host": "", "unknown": "",
	} {
		out, err := s.login(files[name])
		if want == "" {
			if err == nil || !strings.Contains(out, "Permission denied (publickey)") {
				t.Errorf("%s: got in: %q, %v", name, out, err)
			}
		} else if err != nil || out != want {
			t.Errorf("%s: %q, %v, want %q", name, out, err, want)
		}
	}
}
