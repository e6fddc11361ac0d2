package sshkey

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The real tools read what is written here, and what they write is read here,
// in a folder of each test with files of the passphrases.

// toolPass is in ASCII: puttygen reads its file as it is, ssh-keygen and
// openssl their arguments.
const toolPass = "two words"

// bench is a folder in which the tools work.
type bench struct {
	*testing.T
	dir string
}

func newBench(t *testing.T) bench {
	b := bench{t, t.TempDir()}
	b.write("pass", toolPass+"\n")
	b.write("none", "")
	return b
}

func (b bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b bench) write(name, text string) string {
	b.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return b.path(name)
}

func (b bench) read(name string) []byte {
	b.Helper()
	text, err := os.ReadFile(b.path(name))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// passFile is the name of the file with a passphrase, for puttygen.
func (b bench) passFile(pass string) string {
	if pass == "" {
		return b.path("none")
	}
	return b.path("pass")
}

// puttygen runs it; the passphrase is that of the file it reads.
func (b bench) puttygen(pass string, args ...string) {
	b.Helper()
	// Without --reencrypt it refuses to write the format that it read.
	args = append(args, "--reencrypt", "--random-device", "/dev/urandom")
	if pass != "" {
		args = append(args, "--old-passphrase", b.passFile(pass))
	}
	run(b, "", "puttygen", args...)
}

// expect reads a file that a tool wrote, and compares it with the key.
func (b bench) expect(name, pass string, key PrivateKey) PrivateFile {
	b.Helper()
	file, err := ParsePrivateKey(b.read(name), []byte(pass))
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	sameKey(b, file.Key, key)
	if file.Encrypted != (pass != "") {
		b.Errorf("%s is encrypted: %t", name, file.Encrypted)
	}
	return file
}

// line returns type and base64 of a public key line that a tool printed.
func line(text string) string {
	return strings.Join(strings.Fields(text)[:2], " ")
}

// sshKeygenReads, opensslReads and puttygenReads say what the tools know:
// OpenSSH 9.2 and the versions after it read no Ed25519 key in PKCS#8, openssl
// nothing that is OpenSSH's, puttygen no PKCS#8.
func sshKeygenReads(f PrivateFormat, spec Spec) bool {
	return f == FormatPEM || f == FormatOpenSSH || f == FormatPKCS8 && spec != SpecEd25519
}

func opensslReads(f PrivateFormat, spec Spec) bool {
	return f == FormatPKCS8 || f == FormatPEM && spec != SpecEd25519
}

func puttygenReads(f PrivateFormat) bool { return f != FormatPKCS8 }

// eachFile runs a test for each algorithm and passphrase.
func eachFile(t *testing.T, test func(b bench, spec Spec, key PrivateKey, pass string)) {
	for _, spec := range Specs() {
		for _, pass := range []string{"", toolPass} {
			t.Run(fmt.Sprintf("%s/passphrase=%t", spec, pass != ""), func(t *testing.T) {
				t.Parallel()
				test(newBench(t), spec, made(t, spec), pass)
			})
		}
	}
}

func TestToolsReadOurs(t *testing.T) {
	t.Parallel()
	eachFile(t, func(b bench, spec Spec, key PrivateKey, pass string) {
		want := key.Public("").AuthorizedKey()
		for _, format := range PrivateFormats() {
			if format == FormatPEM && pass != "" {
				continue // the same as FormatOpenSSH
			}
			file := b.write(string(format), string(encoded(b, key, format, "the comment", pass)))
			if sshKeygenReads(format, spec) {
				if got := line(run(b, "", "ssh-keygen", "-y", "-P", pass, "-f", file)); got != want {
					b.Errorf("%s: ssh-keygen reads %s, want %s", format, got, want)
				}
			}
			if opensslReads(format, spec) {
				spki, err := x509.MarshalPKIXPublicKey(key.Signer().Public())
				if err != nil {
					b.Fatal(err)
				}
				got := run(b, "", "openssl", "pkey", "-in", file, "-passin", "pass:"+pass, "-check", "-pubout")
				if want := "Key is valid\n" + pemText("PUBLIC KEY", spki); got != want {
					b.Errorf("%s: openssl reads %s, want %s", format, got, want)
				}
			}
			if puttygenReads(format) {
				b.puttygen(pass, file, "-O", "private-openssh-new", "-o", b.path("out"), "--new-passphrase", b.passFile(""))
				comment := b.expect("out", "", key).Comment
				if want := "the comment"; comment != want && format != FormatPEM {
					b.Errorf("%s: puttygen reads the comment %q", format, comment)
				}
				if got := line(run(b, "", "ssh-keygen", "-y", "-P", "", "-f", b.path("out"))); got != want {
					b.Errorf("%s: after puttygen it is %s, want %s", format, got, want)
				}
			}
		}
	})
}

// ssh-keygen shows the comment of its own format, encrypted or not.
func TestSSHKeygenShowsOurComment(t *testing.T) {
	b := newBench(t)
	file := b.write("key", string(encoded(t, made(t, SpecEd25519), FormatOpenSSH, "me@host", toolPass)))
	if got := run(t, "", "ssh-keygen", "-y", "-P", toolPass, "-f", file); !strings.HasSuffix(got, " me@host\n") {
		t.Errorf("ssh-keygen prints %q", got)
	}
}

// The tools convert a key of ours into each of their formats, which proves the
// same as a key of their own and costs no primes.
func TestOursReadsTools(t *testing.T) {
	t.Parallel()
	eachFile(t, func(b bench, spec Spec, key PrivateKey, pass string) {
		source := b.write("source", string(encoded(b, key, FormatOpenSSH, "their comment", "")))

		for kind, format := range map[string]PrivateFormat{"RFC4716": FormatOpenSSH, "PEM": FormatPEM, "PKCS8": FormatPKCS8} {
			if spec == SpecEd25519 && kind != "RFC4716" {
				continue // always in OpenSSH's format
			}
			file := b.write("keygen-"+kind, string(b.read("source")))
			run(b, "", "ssh-keygen", "-q", "-p", "-a", "1", "-m", kind, "-P", "", "-N", pass, "-f", file)
			if got := b.expect("keygen-"+kind, pass, key); got.Format != format {
				b.Errorf("ssh-keygen -m %s is %s", kind, got.Format)
			} else if format == FormatOpenSSH && got.Comment != "their comment" {
				b.Errorf("comment %q", got.Comment)
			}
		}

		pkcs8 := b.write("source8", string(encoded(b, key, FormatPKCS8, "", "")))
		seal := []string{"-nocrypt"}
		if pass != "" {
			seal = []string{"-v2", "aes-256-cbc", "-passout", "pass:" + pass}
		}
		run(b, "", "openssl", append([]string{"pkcs8", "-topk8", "-in", pkcs8, "-out", b.path("openssl8")}, seal...)...)
		b.expect("openssl8", pass, key)
		if spec != SpecEd25519 {
			args := []string{"pkey", "-in", pkcs8, "-traditional", "-out", b.path("traditional")}
			if pass != "" {
				args = append(args, "-aes256", "-passout", "pass:"+pass)
			}
			run(b, "", "openssl", args...)
			b.expect("traditional", pass, key)
		}

		for name, args := range map[string][]string{
			"ppk3":        {"-O", "private", "--ppk-param", "version=3,passes=2"},
			"ppk2":        {"-O", "private", "--ppk-param", "version=2"},
			"openssh-old": {"-O", "private-openssh"},
			"openssh-new": {"-O", "private-openssh-new"},
		} {
			if name == "openssh-new" && pass != "" && spec != SpecEd25519 {
				continue // the cost of its 16 rounds cannot be changed
			}
			b.puttygen("", append([]string{source, "-o", b.path(name), "--new-passphrase", b.passFile(pass)}, args...)...)
			if got := b.expect(name, pass, key); name != "openssh-old" && got.Comment != "their comment" {
				b.Errorf("%s: comment %q", name, got.Comment)
			}
		}
	})
}

// Each tool's own generator.
func TestOursReadsGenerated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	read := func(name, pass, kind string, bits int) {
		t.Helper()
		file, err := ParsePrivateKey(b.read(name), []byte(pass))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if public := file.Key.Public(""); public.Type() != kind || public.Bits() != bits {
			t.Errorf("%s is read as %s", name, public)
		}
		b.write("again", string(encoded(t, file.Key, FormatOpenSSH, "", "")))
		public := run(t, "", "ssh-keygen", "-y", "-f", b.path("again"))
		if line(public) != file.Key.Public("").AuthorizedKey() {
			t.Errorf("%s: ssh-keygen reads %s after us", name, public)
		}
	}
	for i, tc := range []struct {
		kind string
		bits int
		args string
	}{
		{"ssh-rsa", 2048, "ssh-keygen -q -t rsa -b 2048 -N PASS -f FILE -a 1"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 3"},
		{"ecdsa-sha2-nistp256", 256, "ssh-keygen -q -t ecdsa -b 256 -m PEM -N PASS -f FILE"},
		{"ecdsa-sha2-nistp384", 384, "ssh-keygen -q -t ecdsa -b 384 -m PKCS8 -N PASS -f FILE"},
		{"ecdsa-sha2-nistp521", 521, "ssh-keygen -q -t ecdsa -b 521 -N PASS -f FILE -a 2"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes128-ctr"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes192-ctr"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes128-cbc"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes192-cbc"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes256-cbc"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes128-gcm@openssh.com"},
		{"ssh-ed25519", 256, "ssh-keygen -q -t ed25519 -N PASS -f FILE -a 1 -Z aes256-gcm@openssh.com"},
		{"ssh-rsa", 2048, "openssl genrsa -out FILE 2048"},
		{"ssh-rsa", 1024, "openssl genrsa -traditional -des3 -passout pass:PASS -out FILE 1024"},
		{"ssh-rsa", 1024, "openssl genrsa -traditional -aes192 -passout pass:PASS -out FILE 1024"},
		{"ssh-rsa", 1024, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_keygen_pubexp:3 -out FILE"},
		{"ssh-rsa", 1024, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -des3 -pass pass:PASS -out FILE"},
		{"ssh-ed25519", 256, "openssl genpkey -algorithm ed25519 -out FILE"},
		{"ssh-ed25519", 256, "openssl genpkey -algorithm ed25519 -aes-192-cbc -pass pass:PASS -out FILE"},
		{"ecdsa-sha2-nistp521", 521, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out FILE"},
		{"ecdsa-sha2-nistp384", 384, "openssl ecparam -genkey -name secp384r1 -out FILE"},
		{"ecdsa-sha2-nistp256", 256, "openssl ecparam -genkey -noout -name prime256v1 -out FILE"},
		{"ssh-ed25519", 256, "puttygen -t ed25519 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{"ecdsa-sha2-nistp256", 256, "puttygen -t ecdsa -b 256 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom --ppk-param version=2"},
		{"ecdsa-sha2-nistp521", 521, "puttygen -t ecdsa -b 521 -O private-openssh -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{"ssh-rsa", 1024, "puttygen -t rsa -b 1024 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom --ppk-param kdf=argon2i,passes=1,parallelism=2"},
	} {
		name := fmt.Sprint("made", i)
		args := strings.Fields(tc.args)
		for j, arg := range args {
			args[j] = strings.NewReplacer("PASSFILE", b.path("pass"), "FILE", b.path(name), "PASS", toolPass).Replace(arg)
		}
		run(t, "", args[0], args[1:]...)
		pass := ""
		if strings.Contains(tc.args, "PASS") {
			pass = toolPass
			if _, err := ParsePrivateKey(b.read(name), nil); err == nil {
				t.Errorf("%s: read without the passphrase", tc.args)
			}
		}
		read(name, pass, tc.kind, tc.bits)
	}
	// openssl's other ways to derive a key.
	source := b.write("source", string(encoded(t, made(t, SpecEd25519), FormatPKCS8, "", "")))
	for _, prf := range []string{"hmacWithSHA1", "hmacWithSHA224", "hmacWithSHA384", "hmacWithSHA512"} {
		run(t, "", "openssl", "pkcs8", "-topk8", "-in", source, "-out", b.path(prf), "-v2", "aes-128-cbc", "-v2prf", prf, "-passout", "pass:"+toolPass)
		b.expect(prf, toolPass, made(t, SpecEd25519))
	}
}

// What the tools write and this does not read is called by its name.
func TestRefusesTools(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := b.write("source", string(encoded(t, made(t, SpecECDSA256), FormatPKCS8, "", "")))
	cert := b.write("cert.cnf", "[req]\ndistinguished_name=dn\n[dn]\n")
	for i, tc := range []struct {
		want PrivateReason
		args string
	}{
		{PrivateCipher, "ssh-keygen -q -t ed25519 -N PASS -f FILE -Z chacha20-poly1305@openssh.com"},
		{PrivateCipher, "ssh-keygen -q -t ed25519 -N PASS -f FILE -Z 3des-cbc"},
		{PrivateIsDSA, "puttygen -t dsa -b 1024 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{PrivateIsDSA, "puttygen -t dsa -b 1024 -O private-openssh -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{PrivateIsDSA, "puttygen -t dsa -b 1024 -O private-openssh-new -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{PrivateType, "puttygen -t ed448 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{PrivateKDF, "puttygen -t ed25519 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom --ppk-param kdf=argon2d"},
		{PrivateTooCostly, "puttygen -t ed25519 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom --ppk-param memory=270000,passes=1"},
		{PrivateFormatOther, "puttygen -t rsa -b 1024 -O private-sshcom -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{PrivateType, "puttygen -t rsa1 -b 1024 -O private -o FILE --new-passphrase PASSFILE --random-device /dev/urandom"},
		{PrivateIsPublic, "openssl pkey -in SOURCE -pubout -out FILE"},
		{PrivateIsCert, "openssl req -new -x509 -key SOURCE -subj /CN=x -config CNF -out FILE"},
		{PrivateType, "openssl genpkey -algorithm x25519 -out FILE"},
		{PrivateType, "openssl genpkey -algorithm ed448 -out FILE"},
		{PrivateType, "openssl ecparam -genkey -noout -name secp256k1 -out FILE"},
		{PrivateType, "openssl ecparam -genkey -noout -name prime256v1 -param_enc explicit -out FILE"},
		{PrivateType, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 -out FILE"},
		{PrivateType, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out FILE"},
		{PrivateType, "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -out FILE"},
		{PrivateSize, "openssl genrsa -out FILE 512"},
		{PrivateDamaged, "openssl genrsa -primes 3 -traditional -out FILE 1024"},
		{PrivateKDF, "openssl pkcs8 -topk8 -in SOURCE -out FILE -scrypt -passout pass:PASS"},
		{PrivateCipher, "openssl pkcs8 -topk8 -in SOURCE -out FILE -v1 PBE-SHA1-3DES -passout pass:PASS"},
		{PrivateCipher, "openssl pkcs8 -topk8 -in SOURCE -out FILE -v2 camellia-128-cbc -passout pass:PASS"},
		{PrivateCipher, "openssl pkey -traditional -in SOURCE -out FILE -camellia128 -passout pass:PASS"},
	} {
		name := fmt.Sprint("made", i)
		args := strings.Fields(tc.args)
		for j, arg := range args {
			args[j] = strings.NewReplacer("SOURCE", source, "CNF", cert, "PASSFILE", b.path("pass"), "FILE", b.path(name), "PASS", toolPass).Replace(arg)
		}
		run(t, "", args[0], args[1:]...)
		_, err := ParsePrivateKey(b.read(name), []byte(toolPass))
		wantRefusal(t, tc.args, err, tc.want)
	}
}

// A certificate beside the key, as web servers have it, does not matter, nor
// does the text that openssl writes before both.
func TestKeyBesideCertificate(t *testing.T) {
	b := newBench(t)
	key := made(t, SpecRSA2048)
	source := b.write("source", key.Text())
	config := b.write("cert.cnf", "[req]\ndistinguished_name=dn\n[dn]\n")
	run(t, "", "openssl", "req", "-new", "-x509", "-key", source, "-subj", "/CN=x", "-config", config, "-out", b.path("cert"))
	run(t, "", "openssl", "pkcs12", "-export", "-in", b.path("cert"), "-inkey", source, "-out", b.path("p12"), "-passout", "pass:x")
	run(t, "", "openssl", "pkcs12", "-in", b.path("p12"), "-passin", "pass:x", "-nodes", "-out", b.path("both"))
	if text := string(b.read("both")); !strings.HasPrefix(text, "Bag Attributes") || !strings.Contains(text, "CERTIFICATE") {
		t.Fatalf("openssl wrote %.40s", text)
	}
	b.expect("both", "", key)
	b.write("crlf", strings.ReplaceAll(key.Text(), "\n", "\r\n"))
	b.expect("crlf", "", key)
	if block, _ := pem.Decode(b.read("cert")); block == nil {
		t.Fatal("no certificate")
	}
}
