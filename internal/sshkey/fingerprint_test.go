package sshkey

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseFingerprint(t *testing.T) {
	colons := func(sum []byte) string { return colonHex(sum) }
	blob := []byte("a key")
	m, s, l := md5.Sum(blob), sha1.Sum(blob), sha256.Sum256(blob)
	padded := base64.StdEncoding.EncodeToString(l[:])
	bare := strings.TrimRight(padded, "=")
	wantMD5 := Fingerprint{"md5", string(m[:])}
	wantSHA1 := Fingerprint{"sha1", string(s[:])}
	wantSHA256 := Fingerprint{"sha256", string(l[:])}
	for text, want := range map[string]Fingerprint{
		colons(m[:]):                           wantMD5,
		strings.ToUpper(colons(m[:])):          wantMD5,
		"MD5:" + colons(m[:]):                  wantMD5,
		"md5:" + strings.ToUpper(colons(m[:])): wantMD5,
		hex.EncodeToString(m[:]):               wantMD5,
		"Md5:" + hex.EncodeToString(m[:]):      wantMD5,
		" \t" + colons(m[:]) + "\r\n":          wantMD5,
		colons(s[:]):                           wantSHA1,
		strings.ToUpper(colons(s[:])):          wantSHA1,
		hex.EncodeToString(s[:]):               wantSHA1,
		"SHA1:" + colons(s[:]):                 wantSHA1,
		"sha1:" + hex.EncodeToString(s[:]):     wantSHA1,
		"SHA256:" + bare:                       wantSHA256,
		"sha256:" + bare:                       wantSHA256,
		"Sha256:" + padded:                     wantSHA256,
		bare:                                   wantSHA256,
		padded:                                 wantSHA256,
		"\n" + padded + "\n":                   wantSHA256,
		colons(l[:]):                           wantSHA256,
		"SHA256:" + hex.EncodeToString(l[:]):   wantSHA256,
	} {
		if got, err := ParseFingerprint(text); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", ":", "MD5:", "SHA256:", "SHA1:", "md5", "hello",
		colons(m[:]) + ":", ":" + colons(m[:]), colons(m[:15]), colons(m[:]) + ":00",
		colons(m[:8]) + hex.EncodeToString(m[8:]), strings.Replace(colons(m[:]), ":", "::", 1),
		strings.ReplaceAll(colons(m[:]), ":", "-"), strings.Replace(colons(m[:]), ":", " ", 1),
		"SHA1:" + colons(m[:]), "MD5:" + colons(s[:]), "MD5:" + bare, "SHA256:" + colons(m[:]), "SHA512:" + bare,
		"MD5:MD5:" + colons(m[:]), "SHA256:" + bare[:42], "SHA256:" + bare + "A", bare + "==", "SHA256: " + bare,
		bare[:42] + "B", bare[:20] + "\n" + bare[20:], strings.Repeat("A", 1<<20), strings.Repeat("00:", 1<<20),
		bare[:42] + "=", "SHA256:" + padded + "=",
	} {
		got, err := ParseFingerprint(text)
		if err == nil || got != (Fingerprint{}) {
			t.Errorf("%.60q is read as %v", text, got)
			continue
		}
		worded, ok := err.(interface{ In(Language) string })
		if !ok || worded.In(English) != err.Error() || worded.In(Korean) != badFingerprint.Korean || !strings.Contains(err.Error(), "SHA256:") {
			t.Errorf("error %q", err)
		}
	}
}

// What a fingerprint prints is read as the same one.
func TestFingerprintString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{md5.Size, sha1.Size, sha256.Size}).Draw(t, "size")
		f := Fingerprint{hashes[size].name, string(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "sum"))}
		if got, err := ParseFingerprint(f.String()); err != nil || got != f {
			t.Fatalf("%s is read as %v, %v", f, got, err)
		}
	})
	key := mustParse(t, ed25519Line)
	for _, text := range []string{key.FingerprintSHA256(), "MD5:" + key.FingerprintMD5()} {
		if f, err := ParseFingerprint(text); err != nil || f.String() != text {
			t.Errorf("%s is written as %s, %v", text, f, err)
		}
	}
	if text := FingerprintSHA1([]byte("der")); mustFingerprint(t, text).String() != text {
		t.Errorf("%s is written as %s", text, mustFingerprint(t, text))
	}
	if (Fingerprint{}).String() != "" {
		t.Error("no fingerprint has a text")
	}
}

func mustFingerprint(t *testing.T, text string) Fingerprint {
	t.Helper()
	f, err := ParseFingerprint(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// FuzzParseFingerprint holds it to this: what it reads, it writes as a text
// that it reads as the same, with whatever white space and prefix.
func FuzzParseFingerprint(f *testing.F) {
	key := mustParse(f, ed25519Line)
	for _, s := range key.Spellings() {
		f.Add(s.Text)
	}
	f.Add(" SHA1:" + strings.ToUpper(FingerprintSHA1([]byte("der"))))
	f.Fuzz(func(t *testing.T, text string) {
		print, err := ParseFingerprint(text)
		if err != nil {
			if print != (Fingerprint{}) || err.Error() != badFingerprint.English {
				t.Fatalf("%q: %v, %v", text, print, err)
			}
			return
		}
		for _, same := range []string{print.String(), " " + print.String() + "\n"} {
			if again, err := ParseFingerprint(same); err != nil || again != print {
				t.Fatalf("%q is read as %v, and %q as %v, %v", text, print, same, again, err)
			}
		}
	})
}
