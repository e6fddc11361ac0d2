package sshkey

import (
	"crypto/md5"  //nolint:gosec // the clouds' APIs show MD5 fingerprints
	"crypto/sha1" //nolint:gosec // and SHA-1 ones for X.509
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// FingerprintMD5 returns the MD5 of a wire blob in lower-case hex with colons
// (47 characters), as ssh-keygen -l -E md5 prints it after "MD5:" (RFC 4716
// section 4). For a certificate it covers the whole certificate, as Nova's does.
func FingerprintMD5(blob []byte) string {
	sum := md5.Sum(blob) //nolint:gosec // a fingerprint that the API prescribes
	return colonHex(sum[:])
}

// FingerprintSHA256 returns "SHA256:" and the SHA-256 of a wire blob in base64
// without padding (50 characters), as ssh-keygen -l prints it.
func FingerprintSHA256(blob []byte) string {
	const prefix = "SHA256:"
	sum := sha256.Sum256(blob)
	return string(base64.RawStdEncoding.AppendEncode([]byte(prefix), sum[:]))
}

// FingerprintSHA1 returns the SHA-1 of a certificate's DER in lower-case hex
// with colons (59 characters).
func FingerprintSHA1(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // a fingerprint that the API prescribes
	return colonHex(sum[:])
}

// colonHex writes bytes as lower-case hex pairs joined by colons.
func colonHex(sum []byte) string {
	text := make([]byte, 0, 3*len(sum))
	for i, b := range sum {
		if i > 0 {
			text = append(text, ':')
		}
		text = hex.AppendEncode(text, []byte{b})
	}
	return string(text)
}
