package sshkey

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/keyreeve/keyreeve/internal/sshkey/ppk"
)

// FuzzParsePrivateKey: what is read, can be written in every format, and is
// read again as the same key; what is refused, is refused with a PrivateError.
func FuzzParsePrivateKey(f *testing.F) {
	for _, spec := range []Spec{SpecEd25519, SpecECDSA256, SpecECDSA521} {
		for _, format := range PrivateFormats() {
			for _, pass := range []string{"", "x"} {
				text := encoded(f, made(f, spec), format, "me@host", pass)
				f.Add(text, []byte(pass))
				f.Add(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), []byte("y"))
			}
		}
	}
	rsaKey := rsa1024(f)
	for _, format := range PrivateFormats() {
		f.Add(encoded(f, rsaKey, format, "", ""), []byte{})
	}
	// The forms that only others write.
	dir := f.TempDir()
	for name, args := range map[string][]string{
		"pem":       {"-t", "ecdsa", "-m", "PEM", "-N", "secret"},
		"pkcs8":     {"-t", "ecdsa", "-b", "384", "-m", "PKCS8", "-N", "secret"},
		"encrypted": {"-t", "ed25519", "-N", "secret", "-a", "1", "-Z", "aes128-gcm@openssh.com"},
	} {
		file := filepath.Join(dir, name)
		run(f, "", "ssh-keygen", append(args, "-q", "-f", file)...)
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, []byte("secret"))
	}
	for _, name := range []string{"ed25519.pub", "rsa2048.rfc4716", "rsa2048.spki.pem", "ecdsa256-cert.pub"} {
		f.Add([]byte(readVector(f, name)), []byte{})
	}
	for _, mark := range foreign {
		f.Add([]byte(mark.mark), []byte{})
	}
	f.Fuzz(func(t *testing.T, text, passphrase []byte) {
		if tooSlow(text) {
			return
		}
		file, err := ParsePrivateKey(text, passphrase)
		if err != nil {
			refused := &PrivateError{}
			if !errors.As(err, &refused) || refused.Reason == 0 || refused.Reason >= lastPrivateReason || refused.In(Korean) == refused.Error() {
				t.Fatalf("error %T %v", err, err)
			}
			return
		}
		if len(file.Comment) > 1000 {
			file.Comment = "long"
		}
		for _, format := range PrivateFormats() {
			again, err := ParsePrivateKey(encoded(t, file.Key, format, file.Comment, ""), nil)
			if err != nil {
				t.Fatalf("as %s: %v", format, err)
			}
			sameKey(t, again.Key, file.Key)
			if again.Comment != file.Comment && again.Comment != "" {
				t.Fatalf("as %s the comment %q is %q", format, file.Comment, again.Comment)
			}
		}
	})
}

// tooSlow says whether a text asks for more work than a fuzzer has time for;
// TestPrivateCosts has where it is too much for everyone.
func tooSlow(text []byte) bool {
	if sealed, err := ppk.Parse(text); err == nil && sealed.Version == ppk.V3 && sealed.Encrypted() {
		return !regexp.MustCompile(`Argon2-Memory: \d{1,3}[\r\n]+Argon2-Passes: \d[\r\n]`).Match(text)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return false
	}
	var sealed sealedKey
	if exactDER(block.Bytes, &sealed) && len(sealed.Algorithm.Parameters.FullBytes) > 0 {
		var scheme pbes2Params
		var kdf pbkdf2Params
		return exactDER(sealed.Algorithm.Parameters.FullBytes, &scheme) && exactDER(scheme.KDF.Parameters.FullBytes, &kdf) && kdf.Iterations > 10_000
	}
	_, after, found := bytes.Cut(block.Bytes, []byte(opensshBcrypt))
	options := wireReader{rest: string(after)}
	inner := wireReader{rest: options.text()}
	inner.text()
	return found && inner.uint32() > 1
}

// rsa1024 returns a key that is checked fast.
func rsa1024(f *testing.F) PrivateKey {
	f.Helper()
	out, err := exec.Command("openssl", "genrsa", "1024").Output()
	if err != nil {
		f.Fatal(err)
	}
	file, err := ParsePrivateKey(out, nil)
	if err != nil || file.Key.Public("").Bits() != 1024 {
		f.Fatalf("openssl wrote %q: %v", out, err)
	}
	return file.Key
}
