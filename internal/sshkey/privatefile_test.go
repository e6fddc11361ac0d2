package sshkey

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// TestMain makes passphrases cheap: the race detector makes their functions
// ten times as slow. TestPassphraseCost has the real cost.
func TestMain(m *testing.M) {
	realCost = writing
	writing = cost{bcryptRounds: 1, pbkdf2Iterations: 1000}
	m.Run()
}

var realCost cost

// What is written asks for as much work as is set, and what is set is enough.
func TestPassphraseCost(t *testing.T) {
	if realCost != (cost{bcryptRounds: 24, pbkdf2Iterations: 600_000}) {
		t.Errorf("the cost is %+v", realCost)
	}
	key := made(t, SpecEd25519)
	block, _ := pem.Decode(encoded(t, key, FormatOpenSSH, "", "x"))
	r := wireReader{rest: strings.TrimPrefix(string(block.Bytes), opensshMagic)}
	name, kdf, options := r.text(), r.text(), wireReader{rest: r.text()}
	if salt, rounds := options.text(), options.uint32(); name != "aes256-ctr" || kdf != "bcrypt" || len(salt) != 16 || rounds != writing.bcryptRounds {
		t.Errorf("%s, %s, a salt of %d bytes and %d rounds", name, kdf, len(salt), rounds)
	}
	block, _ = pem.Decode(encoded(t, key, FormatPKCS8, "", "x"))
	if !bytes.Contains(block.Bytes, []byte{2, 2, 1000 >> 8, 1000 & 0xff}) {
		t.Errorf("PKCS#8 does not say 1000 iterations: %x", block.Bytes)
	}
}

// madeKeys makes one key of each spec for all tests: RSA-4096 takes seconds.
var madeKeys = func() map[Spec]func() (PrivateKey, error) {
	all := map[Spec]func() (PrivateKey, error){}
	for _, spec := range Specs() {
		all[spec] = sync.OnceValues(func() (PrivateKey, error) { return Generate(spec) })
	}
	return all
}()

func made(t testing.TB, spec Spec) PrivateKey {
	t.Helper()
	key, err := madeKeys[spec]()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encoded(t testing.TB, key PrivateKey, f PrivateFormat, comment, passphrase string) []byte {
	t.Helper()
	text, err := key.Encode(f, comment, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sameKey fails unless both halves of two keys are the same.
func sameKey(t testing.TB, got, want PrivateKey) {
	t.Helper()
	if !got.Public("").Equal(want.Public("")) {
		t.Fatalf("another key was read: %s, want %s", got.Public(""), want.Public(""))
	}
	if rsaKey, is := want.Signer().(*rsa.PrivateKey); is {
		// puttygen puts the larger prime first.
		if rsaKey.D.Cmp(got.Signer().(*rsa.PrivateKey).D) != 0 {
			t.Error("another private half was read")
		}
		return
	}
	private := want.Signer().(interface{ Equal(crypto.PrivateKey) bool })
	if !private.Equal(got.Signer()) {
		t.Error("another private half was read")
	}
}

const passphrase = "correct horse 배터리"

// What is written is read, and x/crypto reads what it knows of it.
func TestPrivateFilesReadBack(t *testing.T) {
	for _, spec := range []Spec{SpecRSA2048, SpecEd25519, SpecECDSA256, SpecECDSA384, SpecECDSA521} {
		for _, format := range PrivateFormats() {
			for _, pass := range []string{"", passphrase} {
				if format == FormatPEM && pass != "" && spec != SpecECDSA256 {
					continue // the same as FormatOpenSSH
				}
				t.Run(fmt.Sprintf("%s/%s/%t", spec, format, pass != ""), func(t *testing.T) {
					t.Parallel()
					key := made(t, spec)
					text := encoded(t, key, format, "me@host 나", pass)
					file, err := ParsePrivateKey(text, []byte(pass))
					if err != nil {
						t.Fatal(err)
					}
					sameKey(t, file.Key, key)
					want, comment := format, "me@host 나"
					switch {
					case format == FormatPEM && (pass != "" || spec == SpecEd25519):
						want = FormatOpenSSH
					case format == FormatPEM, format == FormatPKCS8:
						comment = ""
					}
					if file.Comment != comment || file.Format != want || file.Encrypted != (pass != "") {
						t.Errorf("read as %s, encrypted %t, comment %q", file.Format, file.Encrypted, file.Comment)
					}
					if pass == "" {
						again, err := ParsePrivateKey(text, []byte("needless"))
						if err != nil || again.Encrypted {
							t.Errorf("with a needless passphrase: %v", err)
						}
					}
					theirs := ssh.ParseRawPrivateKey
					if pass != "" {
						theirs = func(b []byte) (any, error) { return ssh.ParseRawPrivateKeyWithPassphrase(b, []byte(pass)) }
					}
					raw, err := theirs(text)
					if format == FormatPPK || format == FormatPPK2 || format == FormatPKCS8 && pass != "" {
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					signer, err := ssh.NewSignerFromKey(raw)
					if err != nil {
						t.Fatal(err)
					}
					signature(t, signer, key.Public(""))
				})
			}
		}
	}
}

// What x/crypto writes is read too, with its 16 rounds.
func TestPrivateFileOfXCrypto(t *testing.T) {
	key := made(t, SpecECDSA384)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key.Signer(), "c", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	file, err := ParsePrivateKey(pem.EncodeToMemory(block), []byte(passphrase))
	if err != nil || file.Comment != "c" || !file.Encrypted {
		t.Fatal(file, err)
	}
	sameKey(t, file.Key, key)
}

func TestPrivateFormats(t *testing.T) {
	for _, f := range PrivateFormats() {
		if got, err := ParsePrivateFormat(string(f)); got != f || err != nil {
			t.Errorf("ParsePrivateFormat(%s) = %s, %v", f, got, err)
		}
	}
	const want = `there is no private key format "PEM"; choose one of pem, openssh, pkcs8, ppk, ppk2`
	if _, err := ParsePrivateFormat("PEM"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	key := made(t, SpecEd25519)
	if _, err := key.Encode("PEM", "", nil); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	for _, f := range []PrivateFormat{FormatOpenSSH, FormatPPK, FormatPPK2} {
		if _, err := key.Encode(f, strings.Repeat("x", maxPrivateText), nil); err == nil {
			t.Errorf("%s has a comment that cannot be read back", f)
		}
		file, err := ParsePrivateKey(encoded(t, key, f, "a\r\nb\x00c\xff \t", ""), nil)
		if err != nil || file.Comment != "a  b c\uFFFD" {
			t.Errorf("%s: comment %q, %v", f, file.Comment, err)
		}
	}
}

// Wherever the seed of an Ed25519 key ends in zeros, PuTTY's number is shorter.
func TestPPKShortEd25519(t *testing.T) {
	for zeros := range 32 {
		seed := bytes.Repeat([]byte{7}, 32)
		copy(seed[32-zeros:], make([]byte, zeros))
		key := fromSeed(t, seed)
		file, err := ParsePrivateKey(encoded(t, key, FormatPPK, "", ""), nil)
		if err != nil {
			t.Fatalf("%d zeros: %v", zeros, err)
		}
		sameKey(t, file.Key, key)
	}
}

// wantRefusal fails unless the refusal is for the reason, in words that have
// all their parts.
func wantRefusal(t *testing.T, what string, err error, want PrivateReason) {
	t.Helper()
	refused := &PrivateError{}
	if !errors.As(err, &refused) || refused.Reason != want {
		t.Errorf("%s: error %v, want %q", what, err, privateTexts[want].English)
		return
	}
	for _, l := range []Language{English, Korean} {
		if text := refused.In(l); strings.Contains(text, "%!") || strings.Contains(text, "PLACE") {
			t.Errorf("%s: %s", what, text)
		}
	}
}

func TestPassphrases(t *testing.T) {
	for _, format := range PrivateFormats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			key := made(t, SpecEd25519)
			text := encoded(t, key, format, "me", passphrase)
			for _, given := range [][]byte{nil, {}} {
				_, err := ParsePrivateKey(text, given)
				if !errors.Is(err, ErrPassphraseMissing) || errors.Is(err, ErrPassphraseWrong) {
					t.Errorf("without one: %v", err)
				}
				wantRefusal(t, "without one", err, PassphraseMissing)
				refused := &PrivateError{}
				if clear := format != FormatPKCS8; errors.As(err, &refused) && clear != refused.Public.Equal(key.Public("")) {
					t.Errorf("the public half is %v", refused.Public)
				}
			}
			_, err := ParsePrivateKey(text, []byte(passphrase+"\n"))
			if !errors.Is(err, ErrPassphraseWrong) || errors.Is(err, ErrPassphraseMissing) {
				t.Errorf("with a wrong one: %v", err)
			}
			wantRefusal(t, "with a wrong one", err, PassphraseWrong)
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), passphrase) {
				t.Error("the passphrase is in the error")
			}
			other := encoded(t, key, format, "me", passphrase)
			if bytes.Equal(text, other) && format != FormatPPK2 {
				t.Error("twice the same salt")
			}
		})
	}
}

func TestPrivateRefusals(t *testing.T) {
	ed, rsa2048 := made(t, SpecEd25519), made(t, SpecRSA2048)
	pkcs1 := rsa2048.Text()
	cut := func(text string, n int) string { return text[:len(text)-n] }
	for what, tc := range map[string]struct {
		text string
		want PrivateReason
	}{
		"nothing":             {"", NotPrivateKey},
		"words":               {"~/.ssh/id_ed25519", NotPrivateKey},
		"a file name":         {"id_rsa", NotPrivateKey},
		"too long":            {pkcs1 + strings.Repeat("\n", maxPrivateText), PrivateTooLong},
		"public line":         {ed.Public("x").AuthorizedKey(), PrivateIsPublic},
		"public line, sk":     {readVector(t, "sk-ed25519.pub"), PrivateIsPublic},
		"certificate":         {readVector(t, "ed25519-cert.pub"), PrivateIsCert},
		"RFC 4716":            {readVector(t, "rsa2048.rfc4716"), PrivateIsPublic},
		"PKCS#1 public":       {readVector(t, "rsa2048.pkcs1.pem"), PrivateIsPublic},
		"SPKI":                {readVector(t, "rsa2048.spki.pem"), PrivateIsPublic},
		"X.509":               {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", PrivateIsCert},
		"two keys":            {pkcs1 + ed.Text(), PrivateSeveral},
		"PEM cut":             {cut(pkcs1, 10), PrivateDamaged},
		"PEM without an end":  {pkcs1[:200], PrivateDamaged},
		"unknown PEM":         {"-----BEGIN SM2 PRIVATE KEY-----\nAAAA\n-----END SM2 PRIVATE KEY-----\n", PrivateDamaged},
		"OpenPGP":             {"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n", PrivateFormatOther},
		"ssh.com":             {"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n", PrivateFormatOther},
		"SSH 1":               {"SSH PRIVATE KEY FILE FORMAT 1.1\n\x00", PrivateType},
		"PPK 1":               {"PuTTY-User-Key-File-1: ssh-rsa\n", PrivateFormatOther},
		"PPK 4":               {"PuTTY-User-Key-File-4: ssh-rsa\n", PrivateFormatOther},
		"PPK cut":             {cut(string(encoded(t, ed, FormatPPK, "", "")), 90), PrivateLine},
		"PPK changed":         {strings.Replace(string(encoded(t, ed, FormatPPK, "tom", "")), "tom", "tim", 1), PrivateMAC},
		"PPK of DSA":          {ppkOf("ssh-dss"), PrivateIsDSA},
		"PPK of Ed448":        {ppkOf("ssh-ed448"), PrivateType},
		"PPK of a cert":       {ppkOf("ssh-rsa-cert-v01@openssh.com"), PrivateType},
		"PPK of a secret":     {ppkOf("A PLACE for secrets"), PrivateDamaged},
		"DSA PEM":             {"-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n", PrivateIsDSA},
		"PKCS#1 is not DER":   {pemText(pemPKCS1, []byte("x")), PrivateDamaged},
		"SEC 1 is not DER":    {pemText(pemSEC1, []byte("x")), PrivateDamaged},
		"PKCS#8 is not DER":   {pemText(pemPKCS8, []byte("x")), PrivateDamaged},
		"sealed is not DER":   {pemText(pemEncrypted, []byte("x")), PrivateDamaged},
		"OpenSSH is not one":  {pemText(pemOpenSSH, []byte("x")), PrivateDamaged},
		"encrypted, no DEK":   {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", PrivateDamaged},
		"encrypted, odd DEK":  {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: RC2-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", PrivateCipher},
		"encrypted, short IV": {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", PrivateDamaged},
	} {
		_, err := ParsePrivateKey([]byte(tc.text), []byte("x"))
		wantRefusal(t, what, err, tc.want)
	}
	for _, sk := range []string{"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ssh-ed25519@openssh.com"} {
		_, err := ParsePrivateKey([]byte(opensshOf(sk)), nil)
		wantRefusal(t, sk, err, PrivateOnHardware)
		_, err = ParsePrivateKey([]byte(ppkOf(sk)), nil)
		wantRefusal(t, sk, err, PrivateOnHardware)
	}
	_, err := ParsePrivateKey([]byte(opensshOf("ssh-dss")), nil)
	wantRefusal(t, "OpenSSH file of DSA", err, PrivateIsDSA)
	_, err = ParsePrivateKey([]byte(opensshOf("ssh-xmss@openssh.com")), nil)
	wantRefusal(t, "OpenSSH file of XMSS", err, PrivateType)
}

// ppkOf returns a PPK file of a type, in which nothing else is right.
func ppkOf(word string) string {
	return "PuTTY-User-Key-File-3: " + word + "\nEncryption: none\nComment: \nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n"
}

// opensshOf returns an OpenSSH file of a type, in which nothing else is right.
func opensshOf(word string) string {
	return pemText(pemOpenSSH, []byte(opensshMagic+wireText("none")+wireText("none")+wireText("")+"\x00\x00\x00\x01"+wireText(wireText(word))+wireText("")))
}

// A single bit that differs in an unencrypted file is seen, or stands where
// it does not count.
func TestOpenSSHFlippedBits(t *testing.T) {
	for _, spec := range []Spec{SpecEd25519, SpecECDSA256, SpecRSA2048} {
		key := made(t, spec)
		block, _ := pem.Decode(encoded(t, key, FormatOpenSSH, "c", ""))
		free := bytes.LastIndex(block.Bytes, []byte(wireText("c"))) // the comment may be anything
		for at := range block.Bytes {
			if spec == SpecRSA2048 && at%17 != 0 {
				continue // each takes milliseconds
			}
			changed := slices.Clone(block.Bytes)
			changed[at] ^= 1
			file, err := ParsePrivateKey([]byte(pemText(pemOpenSSH, changed)), nil)
			if err == nil && (at != free+4 || file.Comment != "b") {
				t.Errorf("%s: byte %d of %d does not matter", spec, at, len(changed))
			}
		}
	}
}

// Two halves that are not each other's are refused in every format that has both.
func TestPrivateMismatch(t *testing.T) {
	ours, others := fromSeed(t, bytes.Repeat([]byte{1}, 32)), fromSeed(t, bytes.Repeat([]byte{2}, 32))
	own, other := ours.Public("").Blob()[19:], others.Public("").Blob()[19:]
	block, _ := pem.Decode(encoded(t, ours, FormatOpenSSH, "", ""))
	for what, changed := range map[string][]byte{
		"outside": bytes.Replace(block.Bytes, own, other, 1),
		"all":     bytes.ReplaceAll(block.Bytes, own, other),
	} {
		_, err := ParsePrivateKey([]byte(pemText(pemOpenSSH, changed)), nil)
		wantRefusal(t, what, err, PrivateMismatch)
	}
	// RFC 5958 with the public half of another key.
	seed := bytes.Repeat([]byte{1}, 32)
	v2 := func(point []byte) string {
		return pemText(pemPKCS8, slices.Concat([]byte{0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20}, seed, []byte{0x81, 0x21, 0}, point))
	}
	if _, err := ParsePrivateKey([]byte(v2(own)), nil); err != nil {
		t.Errorf("RFC 5958: %v", err)
	}
	_, err := ParsePrivateKey([]byte(v2(other)), nil)
	wantRefusal(t, "RFC 5958", err, PrivateMismatch)

	key := made(t, SpecECDSA256)
	block, _ = pem.Decode([]byte(key.Text()))
	block.Bytes[len(block.Bytes)-1] ^= 1
	_, err = ParsePrivateKey(pem.EncodeToMemory(block), nil)
	wantRefusal(t, "SEC 1", err, PrivateMismatch)

	// PKCS#1 whose last number, the coefficient, is another.
	block, _ = pem.Decode([]byte(made(t, SpecRSA2048).Text()))
	block.Bytes[len(block.Bytes)-1] ^= 1
	_, err = ParsePrivateKey(pem.EncodeToMemory(block), nil)
	wantRefusal(t, "PKCS#1", err, PrivateNumbers)
}

// Both languages of every text have the same places for what goes in.
func TestPrivateWording(t *testing.T) {
	for r := NotPrivateKey; r < lastPrivateReason; r++ {
		w := privateTexts[r]
		if w.English == "" || w.Korean == "" || strings.Count(w.English, "%") != strings.Count(w.Korean, "%") {
			t.Errorf("reason %d: %q and %q", r, w.English, w.Korean)
		}
	}
	if got := (&PrivateError{}).Error(); got != unknownReason.English {
		t.Errorf("the zero error says %q", got)
	}
	if got := ErrPassphraseMissing.In(Korean); got != "개인 키가 암호로 보호되어 있습니다. 암호를 입력하십시오" {
		t.Errorf("Korean %q", got)
	}
}

// What is read hides itself like what is made.
func TestPrivateFileIsNeverPrinted(t *testing.T) {
	key := made(t, SpecEd25519)
	file, err := ParsePrivateKey(encoded(t, key, FormatOpenSSH, "c", ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.StdEncoding.EncodeToString(key.Signer().(interface{ Seed() []byte }).Seed())[:20]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		printed := fmt.Sprintf(verb, file)
		if !strings.Contains(printed, redacted) || strings.Contains(printed, secret) {
			t.Errorf("%s prints %s", verb, printed)
		}
		for _, s := range secretForms(t, key) {
			if strings.Contains(printed, s) {
				t.Errorf("%s prints the key", verb)
			}
		}
	}
}

// fromSeed returns the Ed25519 key of a seed.
func fromSeed(t *testing.T, seed []byte) PrivateKey {
	t.Helper()
	key, err := newPrivateKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return key
}
