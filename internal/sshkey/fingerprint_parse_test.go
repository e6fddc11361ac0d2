package sshkey

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestParseFingerprint reads every spelling, and refuses what only looks like one.
func TestParseFingerprint(t *testing.T) {
	const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPS4lOnydjzukmW7xoiMdnJvRhS/65CflAYSai1fMTL"
	key, err := ParsePublicKey(line)
	if err != nil {
		t.Fatal(err)
	}
	md5sum := strings.ReplaceAll(key.FingerprintMD5(), ":", "")
	sha256sum := strings.TrimPrefix(key.FingerprintSHA256(), "SHA256:")
	sha1colons := FingerprintSHA1(key.Blob())
	sha1sum := strings.ReplaceAll(sha1colons, ":", "")
	raw := func(digits string) string { b, _ := hex.DecodeString(digits); return string(b) }
	of256, _ := base64.RawStdEncoding.DecodeString(sha256sum)
	of1 := base64.RawStdEncoding.EncodeToString([]byte(raw(sha1sum)))
	for want, spellings := range map[Fingerprint][]string{
		{"md5", raw(md5sum)}: {
			key.FingerprintMD5(), "MD5:" + key.FingerprintMD5(), "md5:" + md5sum, md5sum, strings.ToUpper(md5sum),
			" MD5:" + strings.ToUpper(key.FingerprintMD5()) + "\n",
		},
		{"sha256", string(of256)}: {
			"SHA256:" + sha256sum, sha256sum, sha256sum + "=", "sha256:" + sha256sum + "=",
			hex.EncodeToString(of256), "SHA256:" + strings.ToUpper(colonHex(of256)),
		},
		{"sha1", raw(sha1sum)}: {sha1colons, strings.ToUpper(sha1colons), sha1sum, "SHA1:" + sha1sum, "SHA1:" + of1, "sha1:" + of1 + "="},
	} {
		for _, s := range spellings {
			if got, err := ParseFingerprint(s); err != nil || got != want {
				t.Errorf("%q: got %+v, %v, want %+v", s, got, err, want)
			}
		}
	}
	for name, bad := range map[string]string{
		"nothing": "", "blank": " ", "prefix alone": "SHA256:", "a key": line, "a name": "web",
		"short": md5sum[1:], "long": md5sum + "0", "no hex": "g" + md5sum[1:], "another hash's length": "MD5:" + sha1sum,
		"some colons": md5sum[:2] + ":" + md5sum[2:], "colons elsewhere": key.FingerprintMD5()[1:] + ":",
		"half padding": "SHA256:" + sha256sum + "==", "cut base64": "SHA256:" + sha256sum[1:], "base64 of MD5 as SHA256": base64.RawStdEncoding.EncodeToString([]byte(raw(md5sum))),
		"a line end within": "SHA256:" + sha256sum[:20] + "\n" + sha256sum[20:], "two prefixes": "MD5:MD5:" + md5sum,
		"bits after the end": "SHA256:" + strings.Repeat("A", 42) + "B", "unknown hash": "SHA512:" + sha256sum,
	} {
		got, err := ParseFingerprint(bad)
		if err == nil {
			t.Errorf("%s: got %+v", name, got)
			continue
		}
		if len(bad) > 8 && strings.Contains(err.Error(), bad) {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
		for _, spelling := range []string{"MD5", "SHA256:", "SHA-1", "colons", "base64"} {
			if !strings.Contains(err.Error(), spelling) {
				t.Errorf("%s: the error does not speak of %s: %v", name, spelling, err)
			}
		}
	}
}

// TestParseFingerprintOfSSHKeygen reads what ssh-keygen printed of the vectors.
func TestParseFingerprintOfSSHKeygen(t *testing.T) {
	table, err := os.ReadFile("testdata/keys/fingerprints.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, word := range strings.Fields(string(table)) {
		if !strings.HasPrefix(word, "SHA256:") && !strings.HasPrefix(word, "MD5:") {
			continue
		}
		n++
		f, err := ParseFingerprint(word)
		if err != nil {
			t.Errorf("%s: %v", word, err)
			continue
		}
		again := "SHA256:" + base64.RawStdEncoding.EncodeToString([]byte(f.Sum))
		if f.Hash == "md5" {
			again = "MD5:" + colonHex([]byte(f.Sum))
		}
		if again != word {
			t.Errorf("%s came back as %s", word, again)
		}
	}
	if n < 10 {
		t.Errorf("%d fingerprints in the table", n)
	}
}
