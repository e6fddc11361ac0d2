package sshkey

import (
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzBlob holds the reader of blobs to this: what it accepts has one blob, in
// which every method finds its way; x/crypto, where it reads it, sees the same key.
func FuzzBlob(f *testing.F) {
	for _, vector := range plainVectors {
		key := mustParse(f, readVector(f, vector))
		f.Add([]byte(key.blob))
		fields := splitKey(key.blob)
		f.Add([]byte(fields.with(1, "\x00\x00"+fields[1].value).blob()))
		for _, a := range authorities()[:4] {
			_, body := certBody(key, certV01, a)
			f.Add([]byte(a.signed(body)))
		}
	}
	rsa := mustParse(f, readVector(f, "rsa1024.pub"))
	for _, a := range authorities() {
		_, body := certBody(rsa, certV00, a)
		f.Add([]byte(a.signed(body)))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		r := wireReader{rest: string(blob)}
		word := r.text()
		if formats[word] == nil {
			return
		}
		key, wrong := readBlob(word, string(blob))
		if !wrong.none() {
			if wrong.In(English) == "" || wrong.In(Korean) == "" {
				t.Fatal("a flaw without words")
			}
			return
		}
		again, wrong := readBlob(word, key.blob)
		if !wrong.none() || again != key {
			t.Fatalf("%x is read as %v, and that as %v", blob, key, again)
		}
		if key.cert && key.blob != string(blob) {
			t.Fatalf("the certificate %x was changed", blob)
		}
		if plain, wrong := readBlob(key.Certified().kind, key.plain); !wrong.none() || plain != key.Certified() {
			t.Fatalf("%s certifies %v, and that is read as %v", key, key.Certified(), plain)
		}
		if theirs, err := ssh.ParsePublicKey(key.Blob()); err == nil && ssh.FingerprintSHA256(theirs) != key.FingerprintSHA256() {
			t.Fatalf("x/crypto reads %s as %s", key, ssh.FingerprintSHA256(theirs))
		} else if err != nil && !key.cert && !beyondXCrypto(key) {
			t.Fatalf("x/crypto reads %s not: %v", key, err)
		}
		useEverything(t, key)
	})
}

// useEverything calls each method, none of which may fail on a key.
func useEverything(t *testing.T, key PublicKey) {
	t.Helper()
	_, pkixErr := key.PKIX()
	_, pkcs1Err := key.PKCS1()
	if (pkixErr == nil) != (key.alg != SKECDSA && key.alg != SKEd25519) || (pkcs1Err == nil) != (key.alg == RSA) {
		t.Fatalf("%s: %v, %v", key, pkixErr, pkcs1Err)
	}
	if len(key.Randomart()) != 11*20-1 || len(key.Spellings()) < 6 || key.RFC4716() == "" {
		t.Fatalf("%s has no picture or spelling", key)
	}
	c, ok := key.Certification()
	if ok != key.cert || ok && (c.SignatureAlgorithm == "" || c.Authority.blob == "") {
		t.Fatalf("%s says %+v", key, c)
	}
	checkEncodings(t, key)
	key.UsableBySSHD()
	key.RSANumbers()
	key.DSANumbers()
	key.Ed25519Point()
}
