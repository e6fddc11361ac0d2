package weak

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func blocklist(t testing.TB, text string) *Blocklist {
	t.Helper()
	b := new(Blocklist)
	if err := b.Add("list", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return b
}

// The keys are two of those that Debian's OpenSSL made. Their MD5 fingerprints
// were published with them: in the README of
// https://github.com/g0tmi1k/debian-ssh, and as the file's name in
// https://github.com/SecurityFail/kompromat.
var debianKeys = map[string]string{
	"rsa2048-26670.pub": "c67b14faaeb689e66717ee0417b0ec4e",
	"dsa1024-1390.pub":  "00005b35764e0b2401a9dcbca5b6b6b5",
}

func TestBlocklistDebianKeys(t *testing.T) {
	for name, md5 := range debianKeys {
		key := keyIn(t, filepath.Join("testdata", "blocklist", name))
		var pairs []string
		for i := 0; i < len(md5); i += 2 {
			pairs = append(pairs, md5[i:i+2])
		}
		colons := strings.Join(pairs, ":")
		for _, line := range []string{
			md5[12:], // as in openssh-blacklist
			strings.ToUpper(md5[12:]),
			"  " + md5[12:] + "\t# a comment",
			md5, colons, "MD5:" + md5, "MD5:" + colons, strings.ToUpper(colons),
			key.FingerprintSHA256(), key.FingerprintSHA256() + "=",
			key.AuthorizedKey(),
		} {
			b := blocklist(t, "# a list\r\n\r\n00005890bc78bcbee3ca\r\n"+line+"\r\nSHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")
			if !b.Has(key) {
				t.Errorf("%s is not found by %q", name, line)
			}
			if b.Len() != 3 {
				t.Errorf("%q: %d entries", line, b.Len())
			}
			if b.Has(vector(t, "rsa2048.pub")) || b.Has(vector(t, "ed25519.pub")) {
				t.Errorf("%q: another key is found", line)
			}
		}
		expect(t, name, key, Policy{Blocklist: blocklist(t, md5[12:])}, "blocklist")
		expect(t, name, key, Policy{Blocklist: new(Blocklist)}, "")
		expect(t, name, key, Policy{}, "")
	}
}

// A certificate is known by the key in it, on whichever side it is.
func TestBlocklistCertificates(t *testing.T) {
	cert := vector(t, "rsa2048-cert.pub")
	for _, listed := range []string{
		cert.AuthorizedKey(), cert.Certified().FingerprintSHA256(), cert.Certified().FingerprintMD5(),
	} {
		b := blocklist(t, listed)
		if !b.Has(cert) || !b.Has(cert.Certified()) {
			t.Errorf("%s does not name the certificate or its key", listed)
		}
	}
	if blocklist(t, cert.FingerprintSHA256()).Has(cert) {
		t.Error("the fingerprint of the whole certificate is no key's")
	}
}

func TestBlocklistErrors(t *testing.T) {
	const digits = ": 20 or 32 hexadecimal digits are wanted, or 'SHA256:' and base64"
	for text, want := range map[string]string{
		"\n# fine\nxyz":                          `list:3: "xyz" is no fingerprint` + digits,
		"00005890bc78bcbee3c":                    `list:1: "00005890bc78bcbee3c" is no fingerprint` + digits,
		"00005890bc78bcbee3ca0":                  `list:1: "00005890bc78bcbee3ca0" is no fingerprint` + digits,
		"00005890bc78bcbee3cg":                   `list:1: "00005890bc78bcbee3cg" is no fingerprint` + digits,
		"MD5:00005890bc78bcbee3ca":               `list:1: "MD5:00005890bc78bcbee3ca" is no fingerprint` + digits,
		"c6:7b:14:fa:ae:b6:89:e6:67:17:ee:04:17": `list:1: "c6:7b:14:fa:ae:b6:89:e6:67:17:ee:04:17" is no fingerprint` + digits,
		strings.Repeat("a", 64):                  `list:1: "` + strings.Repeat("a", 40) + `…" is no fingerprint` + digits,
		"SHA256:47DEQpj8HBSa":                    `list:1: "SHA256:47DEQpj8HBSa" is no SHA-256 fingerprint: 'SHA256:' and 43 characters of base64 are wanted, as ssh-keygen -l prints it`,
		"ssh-rsa AAAA":                           `list:1: "ssh-rsa AAAA" is neither a fingerprint nor a public key: the base64 part is damaged`,
		"hello world":                            `list:1: "hello world" is neither a fingerprint nor a public key: this is not an OpenSSH public key`,
		"\n" + strings.Repeat("a", 20<<10):       `list:2: the line is longer than 16384 bytes; is this a text file?`,
		"# See openssl-vulnkey(1).\n0123456789abcdef0123": `list:1: this list is of the packages openssl-blacklist or openvpn-blacklist, ` +
			`whose hashes are not those of SSH keys; take the files of openssh-blacklist`,
	} {
		err := new(Blocklist).Add("list", strings.NewReader(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", shown(text), err, want)
		}
	}
	broken := errors.New("broken")
	if err := new(Blocklist).Add("list", iotest.ErrReader(broken)); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "list:1: ") {
		t.Errorf("a broken reader: %v", err)
	}
}

func TestLoadBlocklist(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for path, text := range map[string]string{one: "717ee0417b0ec4e00001\n", two: "c67b14faaeb689e66717ee0417b0ec4e\nnonsense"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := LoadBlocklist(one); err != nil || b.Len() != 1 {
		t.Errorf("%d entries, %v", b.Len(), err)
	}
	if _, err := LoadBlocklist(one, two); err == nil || !strings.HasPrefix(err.Error(), two+":2: ") {
		t.Errorf("error %v", err)
	}
	if _, err := LoadBlocklist(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if b, err := LoadBlocklist(); err != nil || b.Len() != 0 {
		t.Errorf("no file: %d entries, %v", b.Len(), err)
	}
}

func FuzzBlocklist(f *testing.F) {
	for _, md5 := range debianKeys {
		f.Add("# list\n" + md5[12:] + "\n" + md5 + "\n")
	}
	f.Add("MD5:c6:7b:14:fa:ae:b6:89:e6:67:17:ee:04:17:b0:ec:4e\nSHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU #")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN1YdxBpNlzxDqfJyw/QKow1F+wvG9hXGoqiysfJOn5Y vagrant")
	f.Add("#openssl-vulnkey")
	key := vector(f, "ed25519.pub")
	f.Fuzz(func(t *testing.T, text string) {
		b := new(Blocklist)
		err := b.Add("list", strings.NewReader(text))
		if lines := strings.Count(text, "\n") + 1; b.Len() > lines {
			t.Errorf("%d entries of %d lines", b.Len(), lines)
		}
		if err == nil {
			again := new(Blocklist)
			if err := again.Add("list", strings.NewReader(text+"\n"+key.FingerprintMD5())); err != nil || !again.Has(key) || again.Len() < b.Len() {
				t.Errorf("with one line more: %d entries, %v", again.Len(), err)
			}
		}
	})
}

// debianSized is a list of the size of all of Debian's together.
func debianSized() string {
	var text strings.Builder
	random := rand.New(rand.NewPCG(3, 4))
	for range 500_000 {
		fmt.Fprintf(&text, "%016x%04x\n", random.Uint64(), random.Uint32()&0xffff)
	}
	return text.String()
}

func BenchmarkBlocklistLoad(b *testing.B) {
	text := debianSized()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := new(Blocklist).Add("list", strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBlocklistHas(b *testing.B) {
	list := blocklist(b, debianSized())
	for _, name := range []string{"rsa2048.pub", "ed25519.pub"} {
		key := vector(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if list.Has(key) {
					b.Fatal("found")
				}
			}
		})
	}
}
