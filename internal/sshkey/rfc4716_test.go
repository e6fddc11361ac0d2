package sshkey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Headers are read as RFC 4716 section 3.3 writes them, and more leniently.
func TestRFC4716Headers(t *testing.T) {
	for name, c := range map[string]struct{ headers, comment string }{
		"none":                   {"", ""},
		"a comment":              {"Comment: user@host\n", "user@host"},
		"in quotes":              {"Comment: \"user@host\"\n", "user@host"},
		"blanks in quotes":       {"Comment: \"  my key \"\n", "my key"},
		"one quotation mark":     {"Comment: \"my key\n", "\"my key"},
		"quotes inside":          {"Comment: \"a \"b\" c\"\n", "a \"b\" c"},
		"only a mark":            {"Comment: \"\n", "\""},
		"empty":                  {"Comment:\n", ""},
		"any case":               {"COMMENT: user@host\n", "user@host"},
		"continued":              {"Comment: \"This is my public key for use on \\\nservers which I don't like\".\n", "\"This is my public key for use on servers which I don't like\"."},
		"continued twice":        {"Comment: a\\\n b\\\nc\n", "a bc"},
		"a blank after a slash":  {"Comment: a\\ \nb\n", "ab"},
		"a colon inside":         {"Comment: a: b\n", "a: b"},
		"other headers":          {"Subject: me\nComment: mine\nx-command: /home/me/bin/lock-in-guest.sh\n", "mine"},
		"the first of two":       {"Comment: one\nComment: two\n", "one"},
		"the empty first":        {"Comment: \"\"\nComment: two\n", ""},
		"UTF-8":                  {"Comment: 내 열쇠\n", "내 열쇠"},
		"a long one":             {"Comment: " + strings.Repeat("x", 2000) + "\n", strings.Repeat("x", 2000)},
		"a long tag":             {strings.Repeat("t", 200) + ": x\nComment: y\n", "y"},
		"a comment that goes on": {"Subject: a\\\nComment: b\nComment: c\n", "c"},
	} {
		text := beginRFC4716 + "\n" + c.headers + ed25519Base64[:40] + "\n" + ed25519Base64[40:] + "\n" + endOf(beginRFC4716) + "\n"
		for _, variant := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, "\n", "\r")} {
			got := mustRead(t, Accept{RFC4716: true}, variant, FormRFC4716)
			if got.Key.FingerprintMD5() != ed25519MD5 || got.Key.Comment() != c.comment {
				t.Errorf("%s: comment %q, want %q", name, got.Key.Comment(), c.comment)
			}
			if line := got.Key.AuthorizedKey(); mustParse(t, line) != got.Key {
				t.Errorf("%s: the line %q is another key", name, line)
			}
		}
	}
}

// ssh-keygen and we read the files of both the same way.
func TestRFC4716OfKeygen(t *testing.T) {
	for _, name := range []string{"rsa1024", "rsa4096", "dsa1024", "ecdsa384", "ecdsa521", "ed25519", "sk-ed25519"} {
		want := mustParse(t, readVector(t, name+".pub"))
		file := filepath.Join(t.TempDir(), "k.pub")
		if err := os.WriteFile(file, []byte(want.AuthorizedKey()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		text := run(t, "", "ssh-keygen", "-e", "-f", file)
		got := mustRead(t, Accept{RFC4716: true}, text, FormRFC4716)
		if !got.Key.Equal(want) || !strings.Contains(got.Key.Comment(), "converted by") {
			t.Errorf("%s: %s", name, got.Key)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "sk-") {
			continue // ssh-keygen -i does not know these
		}
		if theirs := mustParse(t, run(t, "", "ssh-keygen", "-i", "-f", file)); !theirs.Equal(got.Key) {
			t.Errorf("%s: ssh-keygen reads %s", name, theirs)
		}
	}
}
