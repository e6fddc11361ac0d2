package sshkey

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzParsePublicKey holds the parser to this: what it accepts, it writes as a
// line that it and x/crypto read as the same key; what it refuses, it refuses
// with a ParseError that repeats nothing of the text but a key type.
func FuzzParsePublicKey(f *testing.F) {
	files, err := filepath.Glob("testdata/keys/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`command="a b" ` + ed25519Line)
	f.Add(ed25519Line + "\r\n\n" + ed25519Line)
	f.Add("MIIEpAIBAAKCAQEA")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParsePublicKey(text)
		if err != nil {
			checkRefusal(t, text, err)
			return
		}
		again, err := ParsePublicKey(key.AuthorizedKey())
		if err != nil || again != key {
			t.Fatalf("%q is read as %v, %v", key.AuthorizedKey(), again, err)
		}
		theirs, err := ssh.ParsePublicKey(key.Blob())
		if err != nil && beyondXCrypto(key) {
			return
		}
		if err != nil || theirs.Type() != key.Type() || FingerprintSHA256(key.Blob()) != ssh.FingerprintSHA256(theirs) {
			t.Fatalf("x/crypto reads %v, %v", theirs, err)
		}
		if key.IsCertificate() != strings.Contains(key.Type(), "-cert-v0") {
			t.Fatalf("%s is called a certificate: %t", key.Type(), key.IsCertificate())
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
	for _, word := range strings.Fields(text) {
		if len(word) > harmless && !looksLikeType(word) && strings.Contains(fmt.Sprint(refused.args...), word) {
			t.Fatalf("%q repeats %q", err, word)
		}
	}
}
