// Package sshkey holds key material: it reads public keys and certificates,
// makes key pairs, and writes both in the formats that SSH tools take.
//
// It knows no owner, no cloud and no transport. What it reads is bounded by
// the caller; what it makes is handed out once and never kept.
package sshkey

import "encoding/base64"

// Algorithm is the family of a public key, as Keyreeve shows it. A certificate
// has the algorithm of the key that it certifies.
type Algorithm string

// The algorithms that [ParsePublicKey] accepts.
const (
	RSA       Algorithm = "rsa"
	DSA       Algorithm = "dsa"
	ECDSA     Algorithm = "ecdsa"
	Ed25519   Algorithm = "ed25519"
	SKECDSA   Algorithm = "sk-ecdsa"   // ECDSA on a FIDO authenticator
	SKEd25519 Algorithm = "sk-ed25519" // Ed25519 on a FIDO authenticator
)

// PublicKey is an OpenSSH public key or certificate: its wire blob and the
// comment that stood beside it. It is immutable and comparable, and is made by
// [ParsePublicKey] or [PrivateKey.Public]; the zero PublicKey is no key, and
// its texts are empty.
type PublicKey struct {
	kind    string // the type word, which is also the first field of blob
	alg     Algorithm
	bits    int
	cert    bool   // an OpenSSH certificate
	blob    string // a string, so that nobody can change it
	plain   string // blob without the certificate around it; equal to blob for a plain key
	comment string
}

// shortType returns what ssh-keygen -l calls the type, for example "RSA",
// "ED25519-SK" or "ECDSA-CERT"; "" for the zero PublicKey.
func (k PublicKey) shortType() string {
	if f := formats[k.kind]; f != nil {
		return f.short
	}
	return ""
}

// Type returns the type word, for example "ssh-ed25519" or
// "ssh-rsa-cert-v01@openssh.com".
func (k PublicKey) Type() string { return k.kind }

// Algorithm returns the family of the key.
func (k PublicKey) Algorithm() Algorithm { return k.alg }

// Bits returns the size that ssh-keygen -l prints: the length of the modulus
// (RSA, DSA) or of the curve, 256 for Ed25519.
func (k PublicKey) Bits() int { return k.bits }

// Comment returns the text after the base64 part, without the white space
// around it. It may be empty and may hold spaces and any printable UTF-8.
func (k PublicKey) Comment() string { return k.comment }

// Blob returns a copy of the wire encoding (RFC 4253 section 6.6), which is
// the identity of the key. Needless zeros in a plain key's numbers, which
// ssh-keygen drops too, are not in it; a certificate's blob is what was signed.
func (k PublicKey) Blob() []byte { return []byte(k.blob) }

// Certified returns the key that a certificate certifies, with the
// certificate's comment, and any other key unchanged. ssh-keygen -l prints the
// fingerprint of this key for a certificate.
func (k PublicKey) Certified() PublicKey {
	if !k.cert {
		return k
	}
	k.kind, k.blob, k.cert = formats[k.kind].plain, k.plain, false
	return k
}

// onStack is the length in bytes up to which blobs are worked on without
// allocating: that of RSA of 4096 bits, and of ordinary certificates.
const onStack = 768

// FingerprintMD5 returns the MD5 of the whole blob, see [FingerprintMD5].
func (k PublicKey) FingerprintMD5() string {
	var stack [onStack]byte
	return FingerprintMD5(append(stack[:0], k.blob...))
}

// FingerprintSHA256 returns the SHA-256 of the whole blob, see [FingerprintSHA256].
func (k PublicKey) FingerprintSHA256() string {
	var stack [onStack]byte
	return FingerprintSHA256(append(stack[:0], k.blob...))
}

// AuthorizedKey returns the key as one clean line of authorized_keys without
// the line's end: one space between the parts, and base64 with its padding.
// A guest must be given this and not the text that was imported: OpenSSH does
// not read base64 without padding, which [ParsePublicKey] does.
func (k PublicKey) AuthorizedKey() string {
	if k.blob == "" {
		return ""
	}
	line := make([]byte, 0, len(k.kind)+base64.StdEncoding.EncodedLen(len(k.blob))+len(k.comment)+2)
	line = append(line, k.kind...)
	line = append(line, ' ')
	line = base64.StdEncoding.AppendEncode(line, []byte(k.blob))
	if k.comment != "" {
		line = append(line, ' ')
		line = append(line, k.comment...)
	}
	return string(line)
}

// String returns [PublicKey.AuthorizedKey].
func (k PublicKey) String() string { return k.AuthorizedKey() }
