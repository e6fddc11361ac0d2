package sshkey

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzParsePublicKey holds the parser to this, whichever forms are accepted:
// what it accepts, it writes as a line that it and x/crypto read as the same
// key, and so are all other forms of that key; what it refuses, it refuses
// with a ParseError that repeats nothing of the text but a key type; and its
// memory is in proportion to the text.
func FuzzParsePublicKey(f *testing.F) {
	for _, text := range fuzzTexts(f) {
		f.Add(text, byte(0))
		f.Add(text, byte(0x7f))
	}
	f.Fuzz(func(t *testing.T, text string, bits byte) {
		accept := acceptOf(bits)
		reading, err := accept.Read(text)
		if err != nil {
			checkRefusal(t, text, err)
			return
		}
		key := reading.Key
		again, err := ParsePublicKey(key.AuthorizedKey())
		if err != nil || again != key {
			t.Fatalf("%q is read as %v, %v", key.AuthorizedKey(), again, err)
		}
		if most, err := everyForm.Read(text); err != nil || most != reading {
			t.Fatalf("%q is read as %+v, and where more is accepted as %+v, %v", text, reading, most, err)
		}
		checkForms(t, key)
		theirs, err := ssh.ParsePublicKey(key.Blob())
		if err != nil && beyondXCrypto(key) {
			return
		}
		if err != nil || theirs.Type() != key.Type() || FingerprintSHA256(key.Blob()) != ssh.FingerprintSHA256(theirs) {
			t.Fatalf("x/crypto reads %v, %v", theirs, err)
		}
		if key.cert != strings.Contains(key.Type(), "-cert-v0") {
			t.Fatalf("%s is called a certificate: %t", key.Type(), key.cert)
		}
	})
}

// fuzzTexts returns the texts that fuzzing starts from: the vectors, what
// people paste, and one text of every form.
func fuzzTexts(f *testing.F) []string {
	f.Helper()
	files, err := filepath.Glob("testdata/keys/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	texts := []string{
		`command="a b" ` + ed25519Line, ed25519Line + "\r\n\n" + ed25519Line, "MIIEpAIBAAKCAQEA",
		ed25519Base64, "rsa " + ed25519Base64, "\ufeff\t" + ed25519Line, ed25519Line[:30] + "\n" + ed25519Line[30:],
		"ecdsa" + strings.TrimPrefix(ecdsa256Line, "ecdsa-sha2-nistp256"), certPEM, k256PEM,
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for _, table := range [][]refusal{refusals, formRefusals, certRefusals} {
		for _, r := range table {
			texts = append(texts, r.text)
		}
	}
	return texts
}

// checkForms demands that every other text of a key is read as that key.
func checkForms(t *testing.T, key PublicKey) {
	t.Helper()
	encoded := base64.StdEncoding.EncodeToString(key.Blob())
	if got, err := (Accept{Blob: true}).Read(encoded); err != nil || !got.Key.Equal(key) || got.Form != FormBlob {
		t.Fatalf("its blob is read as %v, %v", got, err)
	}
	if !strings.Contains(key.Comment(), "----") {
		text := beginRFC4716 + "\nComment: \"" + key.Comment() + "\"\n" + strings.Join(chunks(encoded, 70), "\n") + "\n" + endOf(beginRFC4716)
		if got, err := (Accept{RFC4716: true}).Read(text); err != nil || got.Key != key || got.Form != FormRFC4716 {
			t.Fatalf("%q is read as %v, %v", text, got, err)
		}
	}
	theirs, err := ssh.ParsePublicKey(key.Blob())
	if err != nil {
		return
	}
	public, ok := theirs.(ssh.CryptoPublicKey)
	if !ok || strings.HasPrefix(key.Type(), "sk-") {
		return
	}
	der, err := x509.MarshalPKIXPublicKey(public.CryptoPublicKey())
	if err != nil {
		return // DSA
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if got, err := (Accept{PEM: true}).Read(text); err != nil || !got.Key.Equal(key) || got.Form != FormSPKI {
		t.Fatalf("%q is read as %v, %v", text, got, err)
	}
	if rsaKey, ok := public.CryptoPublicKey().(*rsa.PublicKey); ok {
		text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(rsaKey)}))
		if got, err := (Accept{PEM: true}).Read(text); err != nil || !got.Key.Equal(key) || got.Form != FormPKCS1 {
			t.Fatalf("%q is read as %v, %v", text, got, err)
		}
	}
}

// FuzzParseCertificate holds it to this: what it accepts, its own PEM is read
// as too, and it is DER that x509 reads; what it refuses, it refuses with a
// ParseError.
func FuzzParseCertificate(f *testing.F) {
	for _, text := range fuzzTexts(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cert, err := ParseCertificate(text)
		if err != nil {
			var refused *ParseError
			if !errors.As(err, &refused) || refused.Reason == 0 || refused.Reason >= lastReason {
				t.Fatalf("error %T %v", err, err)
			}
			return
		}
		if again, err := ParseCertificate(cert.PEM()); err != nil || again != cert {
			t.Fatalf("its own PEM is read as %v, %v", again, err)
		}
		if _, err := x509.ParseCertificate(cert.DER()); err != nil {
			t.Fatal(err)
		}
	})
}

func checkRefusal(t *testing.T, text string, err error) {
	t.Helper()
	var refused *ParseError
	if !errors.As(err, &refused) || refused.Reason == 0 || refused.Reason >= lastReason {
		t.Fatalf("error %T %v", err, err)
	}
	const harmless = 12 // shorter words may stand in the sentence by chance
	said := fmt.Sprint(refused.args...)
	for word := range strings.FieldsSeq(text) {
		if len(word) > harmless && !looksLikeType(word) && !isPartOfType(word) && strings.Contains(said, word) {
			t.Fatalf("%q repeats %q", err, word)
		}
	}
}

// isPartOfType says whether a word stands in a known type, which a sentence
// may name whatever the text says.
func isPartOfType(word string) bool {
	for kind := range formats {
		if strings.Contains(kind, word) {
			return true
		}
	}
	return false
}
