package sshkey

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
)

func TestSpellings(t *testing.T) {
	of := func(spellings []Spelling) map[string]string {
		all := map[string]string{}
		for _, s := range spellings {
			if _, twice := all[s.Shown]; twice || s.Text == "" {
				t.Errorf("%v", s)
			}
			all[s.Shown] = s.Text
		}
		return all
	}
	for _, name := range []string{"rsa2048.pub", "rsa2048-cert.pub", "ed25519.pub", "dsa1024.pub", "ecdsa256.pub", "sk-ed25519.pub"} {
		key := mustParse(t, readVector(t, name))
		plain := key.Certified()
		got := of(key.Spellings())
		want := map[string]string{
			"SHA256":    plain.FingerprintSHA256(),
			"MD5":       "MD5:" + plain.FingerprintMD5(),
			"MD5 hex":   strings.ReplaceAll(plain.FingerprintMD5(), ":", ""),
			"OpenStack": key.FingerprintMD5(),
			"Huawei":    key.FingerprintMD5(),
			"TOAST":     key.FingerprintMD5(),
			"Alibaba":   strings.ReplaceAll(plain.FingerprintMD5(), ":", ""),
		}
		switch name {
		case "rsa2048.pub":
			block, _ := pem.Decode([]byte(readVector(t, "rsa2048.spki.pem")))
			sum := md5.Sum(block.Bytes)
			want["AWS"] = colonHex(sum[:])
		case "ed25519.pub":
			sum, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(key.FingerprintSHA256(), "SHA256:"))
			if err != nil {
				t.Fatal(err)
			}
			want["AWS"] = base64.StdEncoding.EncodeToString(sum)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		for shown, text := range want {
			if got[shown] != text {
				t.Errorf("%s: %s shows %q, want %q", name, shown, got[shown], text)
			}
			if _, err := ParseFingerprint(text); err != nil {
				t.Errorf("%s: %q: %v", name, text, err)
			}
		}
	}
	cert, _ := generateX509(t)
	for shown, text := range of(cert.Spellings()) {
		if text != cert.FingerprintSHA1() {
			t.Errorf("%s shows %q", shown, text)
		}
	}
	if len(cert.Spellings()) == 0 || (PublicKey{}).Spellings() != nil || (Certificate{}).Spellings() != nil {
		t.Error("a certificate has none, or nothing has some")
	}
}
