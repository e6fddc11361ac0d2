// Package sshkey holds key material: it reads public keys and certificates,
// makes key pairs, and writes both in the formats that SSH tools take.
//
// It knows no owner, no cloud and no transport. What it reads is bounded by
// the caller; what it makes is handed out once and never kept.
package sshkey

import (
	"crypto/ed25519"
	"encoding/base64"
	"math/big"
)

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
	cert    bool
	blob    string // a string, so that nobody can change it
	plain   string // blob without the certificate around it; equal to blob for a plain key
	comment string
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
// the identity of the key.
func (k PublicKey) Blob() []byte { return []byte(k.blob) }

// IsCertificate says whether this is an OpenSSH certificate.
func (k PublicKey) IsCertificate() bool { return k.cert }

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

// FingerprintMD5 returns the MD5 of the whole blob, see [FingerprintMD5].
func (k PublicKey) FingerprintMD5() string { return FingerprintMD5([]byte(k.blob)) }

// FingerprintSHA256 returns the SHA-256 of the whole blob, see [FingerprintSHA256].
func (k PublicKey) FingerprintSHA256() string { return FingerprintSHA256([]byte(k.blob)) }

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

// minSSHDRSABits is the default of sshd's RequiredRSASize (sshd_config(5), OpenSSH 9.1).
const minSSHDRSABits = 1024

// UsableBySSHD says whether an sshd with its default settings accepts the key.
// It refuses DSA (off since OpenSSH 7.0, gone since 10.0) and RSA under 1024 bits.
func (k PublicKey) UsableBySSHD() bool {
	switch k.alg {
	case "", DSA:
		return false
	case RSA:
		return k.bits >= minSSHDRSABits
	}
	return true
}

// Equal says whether both are the same key. Comments do not count; a
// certificate and the key that it certifies are two different keys.
func (k PublicKey) Equal(other PublicKey) bool { return k.blob == other.blob }

// RSANumbers returns the modulus and the public exponent of an RSA key or
// certificate; ok is false for every other algorithm.
func (k PublicKey) RSANumbers() (n, e *big.Int, ok bool) {
	if k.alg != RSA {
		return nil, nil, false
	}
	r := wireReader{rest: k.plain}
	r.text()
	e, n = r.mpint(), r.mpint()
	return n, e, true
}

// DSANumbers returns the primes p and q, the generator g and the public number
// y of a DSA key or certificate; ok is false for every other algorithm.
func (k PublicKey) DSANumbers() (p, q, g, y *big.Int, ok bool) {
	if k.alg != DSA {
		return nil, nil, nil, nil, false
	}
	r := wireReader{rest: k.plain}
	r.text()
	return r.mpint(), r.mpint(), r.mpint(), r.mpint(), true
}

// Ed25519Point returns the encoded curve point of an Ed25519 or sk-ed25519 key
// or certificate; ok is false for every other algorithm.
func (k PublicKey) Ed25519Point() (point ed25519.PublicKey, ok bool) {
	if k.alg != Ed25519 && k.alg != SKEd25519 {
		return nil, false
	}
	r := wireReader{rest: k.plain}
	r.text()
	return ed25519.PublicKey(r.text()), true
}
