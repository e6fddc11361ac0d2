package cli_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/cli"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

const passphrase = "correct horse battery staple"

// TestNoPrivateKeyIsPrinted walks every command over private keys of every
// format, sound and damaged, and over places where a private key's file is
// given by mistake. Only --out - prints one.
func TestNoPrivateKeyIsPrinted(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good, bad := write("good", []byte(passphrase+"\n")), write("bad", []byte("not "+passphrase+"\n"))
	for _, spec := range []sshkey.Spec{sshkey.SpecEd25519, sshkey.SpecECDSA256, sshkey.SpecRSA2048} {
		key, err := sshkey.Generate(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range sshkey.PrivateFormats() {
			for _, secret := range []string{"", passphrase} {
				if secret != "" && (spec != sshkey.SpecEd25519 || format == sshkey.FormatPEM || format == sshkey.FormatPPK) {
					continue // opening a file with a passphrase takes long; the commands see no difference
				}
				text := encode(t, key, format, secret)
				name := fmt.Sprintf("%s-%s-%t", spec, format, secret != "")
				tell := tells(key, string(text))
				for i, args := range walk(write(name, text), write(name+"-cut", text[:len(text)*3/4]), write(name+"-changed", changed(text)), good, bad) {
					var out bytes.Buffer
					cli.Main("test", args, []string{"HOME=" + dir}, &out, &out)
					if out.Len() == 0 && args[1] != "convert" {
						t.Errorf("%q says nothing", args)
					}
					if what, told := tell(out.String()); told {
						t.Errorf("%q prints %s", args, what)
					}
					if strings.Contains(out.String(), passphrase) {
						t.Errorf("%q prints the passphrase", args)
					}
					if secret != "" && i == 0 && !strings.Contains(out.String(), "ssh-ed25519") && format != sshkey.FormatPKCS8 {
						t.Errorf("%q does not know the key: %s", args, out.String())
					}
				}
				// The test can fail:
				var out bytes.Buffer
				cli.Main("test", []string{"key", "convert", "--in", filepath.Join(dir, name), "--passphrase-file", good, "--to", "pem", "--out", "-"}, nil, &out, &out)
				if _, told := tell(out.String()); !told {
					t.Errorf("%s: the private key is not recognised where it is asked for: %s", name, out.String())
				}
			}
		}
	}
}

// encode returns a private key file, which with a passphrase is opened as fast
// as the format allows: the race detector makes our own settings a dozen times
// slower, and the commands see no difference.
func encode(t *testing.T, key sshkey.PrivateKey, format sshkey.PrivateFormat, passphrase string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	made := file
	var quick *exec.Cmd
	if passphrase != "" {
		switch format {
		case sshkey.FormatOpenSSH:
			quick = exec.Command("ssh-keygen", "-q", "-p", "-a", "1", "-P", "", "-N", passphrase, "-f", file)
		case sshkey.FormatPKCS8:
			made += ".sealed"
			quick = exec.Command("openssl", "pkcs8", "-topk8", "-iter", "1", "-passout", "pass:"+passphrase, "-in", file, "-out", made)
		}
	}
	if quick != nil {
		passphrase = ""
	}
	text, err := key.Encode(format, "ann@laptop", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	if quick == nil {
		return text
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := quick.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", quick, err, out)
	}
	if text, err = os.ReadFile(made); err != nil {
		t.Fatal(err)
	}
	return text
}

// changed returns a text with one character in its middle another.
func changed(text []byte) []byte {
	text = bytes.Clone(text)
	text[len(text)/2] ^= 1
	return text
}

// walk are commands that meet a private key, whole, cut short and changed. The
// first one inspects it.
func walk(file, cut, changed, good, bad string) [][]string {
	all := [][]string{
		{"key", "inspect", file},
		{"key", "inspect", "--json", file},
		{"key", "fingerprint", file},
		{"key", "fingerprint", "--json", file},
		{"key", "check", file, cut, changed},
		{"key", "check", "--json", file, cut, changed},
		{"key", "inspect", "--passphrase-file", good, file},
		{"key", "inspect", "--passphrase-file", bad, file},
		{"key", "inspect", "--lang", "ko", "--passphrase-file", good, changed},
		{"key", "inspect", cut},
		// The wrong file in the wrong place.
		{"key", "inspect", "--passphrase-file", file, file},
		{"key", "check", "--blocklist", file, file},
		{"key", "check", "--shared-primes", file, file},
		{"key", "check", "--config", file, file},
		{"key", "convert", "--in", file, "--to", "rfc4716", "--comment", "x", "--out", file},
		{"key", "generate", "--passphrase-file", file, "--out", file + "-new", "--format", "ppk2", "--comment", file},
		{"key", "generate", "--out", file},
	}
	for _, to := range []string{"authorized-keys", "rfc4716", "spki", "pkcs1"} {
		all = append(all, []string{"key", "convert", "--in", file, "--to", to, "--out", "-"})
	}
	for _, to := range sshkey.PrivateFormats() {
		all = append(all, []string{"key", "convert", "--in", file, "--to", string(to), "--out", file + "." + string(to)})
	}
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return append(all, []string{"keypair", "find", string(text)}, []string{"key", "inspect", string(text)}, []string{"key", "generate", "--format=" + string(text)})
}

// tells returns a function that says whether a text tells anything of the
// private key: its numbers in hexadecimal, decimal or base64, or a line of its
// file that is not part of the public key too.
func tells(key sshkey.PrivateKey, file string) func(text string) (what string, told bool) {
	marks := map[string]string{}
	public := publicForms(key.Public(""))
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); len(line) >= 40 && !strings.Contains(public, strings.TrimRight(line, "=")) {
			marks[line] = "a line of the file"
		}
	}
	for what, number := range secrets(key) {
		marks[hex.EncodeToString(number)] = what + " in hexadecimal"
		for skip := range 3 { // base64 looks at three bytes at a time
			encoded := base64.RawStdEncoding.EncodeToString(number[skip : skip+24])
			marks[encoded] = what + " in base64"
		}
	}
	return func(text string) (string, bool) {
		plain := strings.ToLower(strings.ReplaceAll(text, ":", ""))
		joined := strings.NewReplacer("\n", "", "\r", "", `\n`, "").Replace(text)
		for mark, what := range marks {
			if strings.Contains(joined, mark) || strings.Contains(plain, mark) {
				return what, true
			}
		}
		return "", false
	}
}

// publicForms are all that may be printed of a key, without line ends.
func publicForms(k sshkey.PublicKey) string {
	text := k.AuthorizedKey() + k.RFC4716()
	for _, write := range []func() (string, error){k.PKIX, k.PKCS1} {
		if form, err := write(); err == nil {
			text += form
		}
	}
	return strings.ReplaceAll(text, "\n", "")
}

// secrets are the numbers that nobody else may know.
func secrets(key sshkey.PrivateKey) map[string][]byte {
	switch k := key.Signer().(type) {
	case ed25519.PrivateKey:
		return map[string][]byte{"the seed": k.Seed()}
	case *ecdsa.PrivateKey:
		d, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		return map[string][]byte{"d": d}
	case *rsa.PrivateKey:
		return map[string][]byte{"d": k.D.Bytes(), "p": k.Primes[0].Bytes(), "q": k.Primes[1].Bytes()}
	}
	panic("a key of another kind")
}
