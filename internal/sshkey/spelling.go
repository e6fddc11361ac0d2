package sshkey

import (
	"crypto/md5" //nolint:gosec // the clouds' APIs show MD5 fingerprints
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Spelling is a fingerprint as ssh-keygen or a cloud shows it.
type Spelling struct {
	Shown string // by what: "SHA256", "MD5" (ssh-keygen's), "MD5 hex", or a cloud's name
	Text  string
}

// keySpellings are the spellings of SSH keys; "" is none. ssh-keygen, and
// Alibaba after it, shows the key that a certificate certifies, Nova and its
// kin the certificate. EC2 imports no certificates; of RSA it shows the MD5 of
// the SubjectPublicKeyInfo, of Ed25519 ssh-keygen's SHA-256 with its padding.
var keySpellings = []struct {
	shown string
	text  func(PublicKey) string
}{
	{"SHA256", func(k PublicKey) string { return k.Certified().FingerprintSHA256() }},
	{"MD5", func(k PublicKey) string { return prefixMD5 + k.Certified().FingerprintMD5() }},
	{"MD5 hex", bareMD5},
	{"OpenStack", PublicKey.FingerprintMD5},
	{"Huawei", PublicKey.FingerprintMD5},
	{"TOAST", PublicKey.FingerprintMD5},
	{"Alibaba", bareMD5},
	{"AWS", importedToEC2},
}

// bareMD5 is ssh-keygen's MD5 without its prefix and colons.
func bareMD5(k PublicKey) string {
	return strings.ReplaceAll(k.Certified().FingerprintMD5(), ":", "")
}

func importedToEC2(k PublicKey) string {
	switch {
	case k.cert:
	case k.alg == RSA:
		der, _ := k.subjectPublicKeyInfo()
		sum := md5.Sum(der) //nolint:gosec // a fingerprint that the API prescribes
		return colonHex(sum[:])
	case k.alg == Ed25519:
		sum := sha256.Sum256([]byte(k.blob))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return ""
}

// Spellings returns the key's fingerprints as ssh-keygen and the clouds show
// them, in a fixed order; none for the zero PublicKey. What AWS shows is that
// of an imported key.
func (k PublicKey) Spellings() (all []Spelling) {
	if k.blob == "" {
		return nil
	}
	for _, s := range keySpellings {
		if text := s.text(k); text != "" {
			all = append(all, Spelling{s.shown, text})
		}
	}
	return all
}

// Spellings returns the certificate's SHA-1 fingerprint as openssl and the
// clouds that take X.509 show it, in a fixed order; none for the zero Certificate.
func (c Certificate) Spellings() (all []Spelling) {
	if c.der == "" {
		return nil
	}
	for _, shown := range []string{"SHA1", "OpenStack", "Huawei", "TOAST"} {
		all = append(all, Spelling{shown, c.FingerprintSHA1()})
	}
	return all
}
