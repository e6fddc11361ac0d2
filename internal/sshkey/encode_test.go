package sshkey

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"
)

// exported returns what ssh-keygen -e makes of a key in one of its formats,
// "" when it makes nothing.
func exported(t *testing.T, key PublicKey, format string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pub")
	if err := os.WriteFile(path, []byte(key.AuthorizedKey()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ssh-keygen", "-e", "-m", format, "-f", path).Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// withoutComment removes the Comment header, which ssh-keygen writes of its own.
func withoutComment(rfc4716 string) string {
	lines := strings.SplitAfter(rfc4716, "\n")
	if len(lines) > 1 && strings.HasPrefix(lines[1], "Comment: ") {
		lines[1] = ""
	}
	return strings.Join(lines, "")
}

func TestEncodingsAreSSHKeygens(t *testing.T) {
	files, err := filepath.Glob("testdata/keys/*.pub")
	if err != nil || len(files) < 18 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		key := mustParse(t, readVector(t, filepath.Base(file)))
		if got, want := key.RFC4716(), exported(t, key, "RFC4716"); withoutComment(got) != withoutComment(want) || want == "" {
			t.Errorf("%s is\n%s, and by ssh-keygen\n%s", file, got, want)
		}
		if !strings.HasPrefix(key.RFC4716(), "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \""+key.Comment()+"\"\nAAAA") {
			t.Errorf("%s is\n%s", file, key.RFC4716())
		}
		// For Ed25519, which ssh-keygen does not write so, the standard library speaks.
		pkix, err := key.PKIX()
		switch want := exported(t, key, "PKCS8"); {
		case key.Algorithm() == Ed25519:
			theirs, _ := ssh.ParsePublicKey(key.Certified().Blob())
			der, _ := x509.MarshalPKIXPublicKey(theirs.(ssh.CryptoPublicKey).CryptoPublicKey())
			if block, _ := pem.Decode([]byte(pkix)); err != nil || block.Type != "PUBLIC KEY" || string(block.Bytes) != string(der) {
				t.Errorf("%s is\n%s, %v", file, pkix, err)
			}
			if said := run(t, pkix, "openssl", "pkey", "-pubin", "-noout", "-text"); !strings.Contains(said, "ED25519 Public-Key") {
				t.Errorf("%s is for openssl %s", file, said)
			}
		case strings.HasPrefix(string(key.Algorithm()), "sk-"):
			checkNotWritten(t, pkix, err, "only RSA, DSA, ECDSA and Ed25519 keys", key)
		case pkix != want || want == "":
			t.Errorf("%s is\n%s, %v, and by ssh-keygen\n%s", file, pkix, err, want)
		}
		pkcs1, err := key.PKCS1()
		if key.Algorithm() != RSA {
			checkNotWritten(t, pkcs1, err, "only RSA keys", key)
		} else if want := exported(t, key, "PEM"); err != nil || pkcs1 != want || want == "" {
			t.Errorf("%s is\n%s, %v, and by ssh-keygen\n%s", file, pkcs1, err, want)
		}
	}
	for name, vector := range map[string]string{"rsa2048.spki.pem": "rsa2048.pub", "ecdsa256.spki.pem": "ecdsa256.pub", "dsa1024.spki.pem": "dsa1024.pub"} {
		if got, _ := mustParse(t, readVector(t, vector)).PKIX(); got != readVector(t, name) {
			t.Errorf("%s is\n%s", vector, got)
		}
	}
	if got, _ := mustParse(t, readVector(t, "rsa2048.pub")).PKCS1(); got != readVector(t, "rsa2048.pkcs1.pem") {
		t.Errorf("rsa2048 is\n%s", got)
	}
	for _, name := range []string{"rsa2048", "ecdsa256", "ed25519", "dsa1024"} {
		if got := mustParse(t, readVector(t, name+".pub")).RFC4716(); withoutComment(got) != withoutComment(readVector(t, name+".rfc4716")) {
			t.Errorf("%s is\n%s", name, got)
		}
	}
	if (PublicKey{}).RFC4716() != "" {
		t.Error("no key has a text")
	}
}

func checkNotWritten(t *testing.T, text string, err error, which string, key PublicKey) {
	t.Helper()
	worded, ok := err.(interface{ In(Language) string })
	if text != "" || !ok || !strings.Contains(err.Error(), which) || !strings.Contains(err.Error(), key.Type()) ||
		!strings.Contains(worded.In(Korean), key.Type()) || worded.In(Korean) == err.Error() {
		t.Errorf("%s: %q, %v", key.Type(), text, err)
	}
}

// A comment of any length and script makes headers that RFC 4716 allows and
// that read as the comment again.
func TestRFC4716Comments(t *testing.T) {
	plain := mustParse(t, ed25519Line)
	rapid.Check(t, func(t *rapid.T) {
		key := plain
		key.comment = strings.TrimSpace(rapid.StringOfN(rapid.RuneFrom([]rune(`ab"\: 한é`)), 0, 900, 1500).Draw(t, "comment"))
		lines := strings.Split(key.RFC4716(), "\n")
		comment := ""
		for i, line := range lines[1:] {
			if len(line) > rfc4716Header || !utf8.ValidString(line) {
				t.Fatalf("line %d has %d bytes: %q", i, len(line), line)
			}
			more, goesOn := strings.CutSuffix(line, `\`)
			if strings.HasPrefix(line, "AAAA") && comment == "" {
				break // no header at all
			}
			if comment += more; !goesOn {
				break
			}
		}
		if key.comment == "" {
			return
		}
		value := strings.TrimPrefix(comment, "Comment: ")
		if len(value) > rfc4716Value || value[0] != '"' || value[len(value)-1] != '"' {
			t.Fatalf("the value is %q", value)
		}
		most := 1022
		if strings.Contains(key.comment, ": ") {
			most = 61
		}
		if got := value[1 : len(value)-1]; got != key.comment && (len(key.comment) <= most || !strings.HasPrefix(key.comment, got) || len(got) < most-3) {
			t.Fatalf("%q is read as %q", key.comment, got)
		}
		reading, err := Accept{RFC4716: true}.Read(key.RFC4716())
		if err != nil || !reading.Key.Equal(key) || reading.Form != FormRFC4716 || len(key.comment) <= most && reading.Key != key {
			t.Fatalf("%q is read as %q, %v", key.comment, reading.Key.comment, err)
		}
	})
}

// ssh-keygen reads the long headers too, whatever is in them.
func TestRFC4716IsReadBySSHKeygen(t *testing.T) {
	for _, comment := range []string{"", "user@host", strings.Repeat("a long comment ", 60) + "한글", `"quoted"`, `back\slash\`,
		"a colon: " + strings.Repeat("and: another ", 60), "THE END OF ---- END SSH2 PUBLIC KEY ----", "at the END of it"} {
		key := mustParse(t, ed25519Line)
		key.comment = comment
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(key.RFC4716()), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := mustParse(t, run(t, "", "ssh-keygen", "-i", "-f", path)); !got.Equal(key) {
			t.Errorf("%.40q: ssh-keygen reads %s", comment, got)
		}
	}
}

// What is written is read as the same key, in every form and whatever the
// numbers are.
func TestEncodingsAreReadAgain(t *testing.T) {
	read := 0
	for _, s := range slices.Concat(suspects(t)) {
		if s.err == nil {
			read++
			checkEncodings(t, s.key)
		}
	}
	if read < 1000 {
		t.Errorf("only %d keys", read)
	}
}

// checkEncodings demands that each encoding is read as the key again.
func checkEncodings(t *testing.T, key PublicKey) {
	t.Helper()
	if got, err := (Accept{RFC4716: true}).Read(key.RFC4716()); err != nil || got.Key != key || got.Form != FormRFC4716 {
		t.Fatalf("%s is read as %v, %v", key.RFC4716(), got, err)
	}
	for form, encode := range map[Form]func() (string, error){FormSPKI: key.PKIX, FormPKCS1: key.PKCS1} {
		text, err := encode()
		if err != nil {
			continue
		}
		if got, err := (Accept{PEM: true}).Read(text); err != nil || !got.Key.Equal(key.Certified()) || got.Form != form {
			t.Fatalf("%s of %s is read as %v, %v", text, key, got, err)
		}
	}
}
