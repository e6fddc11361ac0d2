package sshkey

import (
	"encoding/base64"
	"strings"
)

// privateMarks are texts that stand in private keys and nowhere else: the
// armour of every PEM, RFC 4716 and OpenPGP private key, the start of the
// OpenSSH format's base64 ("openssh-key-v1"), PuTTY's files, SSH 1's.
var privateMarks = []string{
	"PRIVATE KEY-----",
	"PRIVATE KEY ----",
	"PRIVATE KEY BLOCK-----",
	"b3BlbnNzaC1rZXktdjE",
	"PuTTY-User-Key-File-",
	"Private-Lines:",
	"SSH PRIVATE KEY FILE FORMAT",
}

// holdsPrivateKey says whether any part of the text is a private key. One
// beside a public key counts too, for the text is stored as it was sent.
func holdsPrivateKey(text string) bool {
	for _, mark := range privateMarks {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return isBarePrivateKey(strings.TrimLeft(text, " \t\r\n"))
}

// isBarePrivateKey says whether the text begins with the base64 of a private
// key that lost its armour: a DER sequence whose first element is the version
// 0 or 1 (PKCS#1, PKCS#8, SEC 1) or 3 (PKCS#12).
func isBarePrivateKey(text string) bool {
	const enough = 12 // base64 characters: a header of up to 4 bytes, the version's 3, and no padding
	if len(text) < enough || text[0] != 'M' {
		return false
	}
	der, err := base64.StdEncoding.DecodeString(text[:enough])
	if err != nil || der[0] != 0x30 {
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

// armours are the beginnings of public things that are no OpenSSH line.
var armours = []struct {
	begin  string
	reason Reason
}{
	{"---- BEGIN SSH2 PUBLIC KEY ----", IsRFC4716},
	{"-----BEGIN RSA PUBLIC KEY-----", IsPKCS1},
	{"-----BEGIN PUBLIC KEY-----", IsPKIX},
	{"-----BEGIN CERTIFICATE-----", IsCertificate},
	{"-----BEGIN X509 CERTIFICATE-----", IsCertificate},
	{"-----BEGIN TRUSTED CERTIFICATE-----", IsCertificate},
}

// armourOf returns what the armour that comes first in the text stands for,
// or 0 when there is none. A certificate may have any text before it.
func armourOf(text string) Reason {
	first, reason := len(text), Reason(0)
	for _, a := range armours {
		if at := strings.Index(text, a.begin); at >= 0 && at < first {
			first, reason = at, a.reason
		}
	}
	return reason
}
