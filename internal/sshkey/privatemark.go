package sshkey

import (
	"encoding/base64"
	"strings"
)

// privateMarks are texts that stand in private keys and nowhere else.
var privateMarks = []struct {
	mark   string
	reason Reason
}{
	{"PuTTY-User-Key-File-", IsPuTTY},
	{"Private-Lines:", IsPuTTY},
	{"b3BlbnNzaC1rZXktdjE", IsPrivateKey}, // "openssh-key-v1" in base64, without its armour
	{"AGE-SECRET-KEY-1", IsPrivateKey},
}

// privateArmour is how the first and last lines of every PEM, RFC 4716,
// OpenPGP and SSH 1 private key may look, also after a word processor or a
// URL's encoding has been at their hyphens and spaces.
var privateArmour = []string{
	"PRIVATE KEY-",
	"PRIVATE KEY --",
	"PRIVATE KEY BLOCK-",
	"PRIVATE KEY FILE FORMAT",
	"BEGIN PRIVATE KEY",
	"BEGIN RSA PRIVATE KEY",
	"BEGIN DSA PRIVATE KEY",
	"BEGIN EC PRIVATE KEY",
	"BEGIN OPENSSH PRIVATE KEY",
	"BEGIN ENCRYPTED PRIVATE KEY",
	"PRIVATE%20KEY",
	"PRIVATE+KEY-",
}

// privateKeyIn returns what kind of private key stands anywhere in the text,
// [IsPuTTY] or [IsPrivateKey], or 0. One beside a public key counts too, for
// the text is stored as it was sent.
func privateKeyIn(text string) Reason {
	const shortest = 12 // bytes, of what is looked for
	if len(text) < shortest {
		return 0
	}
	for _, m := range privateMarks {
		if strings.Contains(text, m.mark) {
			return m.reason
		}
	}
	if strings.Contains(text, "PRIVATE") {
		for _, label := range privateArmour {
			if strings.Contains(text, label) {
				return IsPrivateKey
			}
		}
	}
	for word := range strings.FieldsSeq(text) {
		word = strings.TrimLeft(word, `"'`+"`")
		if startsPrivateDER(word) || startsArmouredTwice(word) {
			return IsPrivateKey
		}
	}
	if isPrivateXML(text) || isPrivateJWK(text) {
		return IsPrivateKey
	}
	return 0
}

// startsPrivateDER says whether a word begins as the base64 of a private key
// that lost its armour: a DER sequence whose first element is the version 0 or
// 1 (PKCS#1, PKCS#8, SEC 1) or 3 (PKCS#12).
func startsPrivateDER(word string) bool {
	const enough = 12 // base64 characters: a header of up to 4 bytes, the version's 3, and no padding
	if len(word) < enough || word[0] != 'M' {
		return false
	}
	var der [9]byte
	if _, err := base64.StdEncoding.Decode(der[:], []byte(word[:enough])); err != nil || der[0] != 0x30 {
		return false
	}
	header := 2
	if der[1]&0x80 != 0 {
		header += int(der[1] &^ 0x80)
	}
	if header+3 > len(der) {
		return false
	}
	version := der[header : header+3]
	return version[0] == 2 && version[1] == 1 && (version[2] <= 1 || version[2] == 3)
}

// startsArmouredTwice says whether a word begins as the base64 of a whole PEM
// private key, armour and all, as it stands in Kubernetes secrets.
func startsArmouredTwice(word string) bool {
	const begin = "LS0tLS1CRUdJTi" // "-----BEGIN "
	const enough = 64              // base64 characters, within which the label ends
	if !strings.HasPrefix(word, begin) {
		return false
	}
	word = word[:min(len(word), enough)]
	label, _ := base64.RawStdEncoding.DecodeString(word[:len(word)&^3])
	return strings.Contains(string(label), "PRIVATE")
}

// isPrivateXML says whether the text is .NET's XML of a private RSA key.
func isPrivateXML(text string) bool {
	return strings.Contains(text, "<RSAKeyValue>") && strings.Contains(text, "<D>")
}

// isPrivateJWK says whether the text is a private JSON Web Key (RFC 7518
// section 6): "d" is the private part in every family.
func isPrivateJWK(text string) bool {
	return strings.Contains(text, `"kty"`) && strings.Contains(text, `"d"`)
}
