package sshkey

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // certificates that DSA authorities signed
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha1" //nolint:gosec // what "ssh-rsa" and "ssh-dss" signatures are of
	"crypto/sha256"
	_ "crypto/sha512" // hashes of rsa-sha2-512 and of ECDSA
	"math/big"
	"strings"
)

// signatures are the algorithms of signatures by their names: RFC 4253 section
// 6.6, RFC 8332, RFC 5656, RFC 8709 and OpenSSH's PROTOCOL.u2f.
var signatures = map[string]struct {
	of   string // the type word of the keys that make them
	hash crypto.Hash
}{
	"ssh-rsa":                            {of: "ssh-rsa", hash: crypto.SHA1},
	"rsa-sha2-256":                       {of: "ssh-rsa", hash: crypto.SHA256},
	"rsa-sha2-512":                       {of: "ssh-rsa", hash: crypto.SHA512},
	"ssh-dss":                            {of: "ssh-dss", hash: crypto.SHA1},
	"ecdsa-sha2-nistp256":                {of: "ecdsa-sha2-nistp256", hash: crypto.SHA256},
	"ecdsa-sha2-nistp384":                {of: "ecdsa-sha2-nistp384", hash: crypto.SHA384},
	"ecdsa-sha2-nistp521":                {of: "ecdsa-sha2-nistp521", hash: crypto.SHA512},
	"ssh-ed25519":                        {of: "ssh-ed25519"},
	"sk-ecdsa-sha2-nistp256@openssh.com": {of: "sk-ecdsa-sha2-nistp256@openssh.com", hash: crypto.SHA256},
	"sk-ssh-ed25519@openssh.com":         {of: "sk-ssh-ed25519@openssh.com"},
}

// signatureName returns the name of the algorithm of a signature.
func signatureName(signature string) string {
	r := wireReader{rest: signature}
	return r.name()
}

// verify says whether the key, a plain one, signed the message. It judges as
// OpenSSH does, which takes RSA exponents and DSA sizes that package
// golang.org/x/crypto/ssh does not. The work is bounded by the bounds of the
// numbers, see [maxVerifyExponentBits] and [maxVerifyDSABits].
func (k PublicKey) verify(message, signature string) bool {
	r := wireReader{rest: signature}
	algorithm, known := signatures[r.name()]
	if !known || algorithm.of != k.kind {
		return false
	}
	proof := r.text()
	signed := []byte(message)
	if k.alg == SKECDSA || k.alg == SKEd25519 {
		signed = authenticatorMessage(k.application(), r.take(5), message)
	}
	r.end()
	if !r.flaw.none() {
		return false
	}
	digest := signed
	if algorithm.hash != 0 {
		h := algorithm.hash.New()
		h.Write(signed)
		digest = h.Sum(nil)
	}
	switch k.alg {
	case RSA:
		return k.verifyRSA(algorithm.hash, digest, proof)
	case DSA:
		return k.verifyDSA(digest, proof)
	case ECDSA, SKECDSA:
		return k.verifyECDSA(digest, proof)
	}
	point, _ := k.Ed25519Point()
	return len(proof) == ed25519.SignatureSize && ed25519.Verify(point, signed, []byte(proof))
}

// authenticatorMessage is what a FIDO authenticator signs for a message: the
// hash of the application, its flags and counter (5 bytes), and the hash of
// the message (OpenSSH PROTOCOL.u2f).
func authenticatorMessage(application, flagsAndCounter, message string) []byte {
	app, hash := sha256.Sum256([]byte(application)), sha256.Sum256([]byte(message))
	return append(append(app[:], flagsAndCounter...), hash[:]...)
}

// digestInfos are what stands before the digest in an RSA signature (RFC 8017
// section 9.2, note 1).
var digestInfos = map[crypto.Hash]string{
	crypto.SHA1:   "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

const (
	// maxVerifyExponentBits is the longest exponent of a modulus above
	// largeModulusBits with which OpenSSL, hence OpenSSH, calculates
	// (OPENSSL_RSA_MAX_PUBEXP_BITS, OPENSSL_RSA_SMALL_MODULUS_BITS).
	maxVerifyExponentBits = 64
	largeModulusBits      = 3072
)

// canVerifyRSA says whether OpenSSL calculates with a public key at all.
func canVerifyRSA(n, e *big.Int) bool {
	return n.Bit(0) == 1 && e.Cmp(n) < 0 && (n.BitLen() <= largeModulusBits || e.BitLen() <= maxVerifyExponentBits)
}

// verifyRSA checks a PKCS #1 v1.5 signature (RFC 8017 section 8.2.2), which
// may lack the zeros in front of it. It is not crypto/rsa's, which refuses
// large exponents.
func (k PublicKey) verifyRSA(hash crypto.Hash, digest []byte, proof string) bool {
	n, e, _ := k.RSANumbers()
	size := (k.bits + 7) / 8
	s := new(big.Int).SetBytes([]byte(proof))
	if len(proof) > size || s.Cmp(n) >= 0 || !canVerifyRSA(n, e) {
		return false
	}
	tail := "\x00" + digestInfos[hash] + string(digest)
	want := "\x00\x01" + strings.Repeat("\xff", size-2-len(tail)) + tail
	return string(s.Exp(s, e, n).FillBytes(make([]byte, size))) == want
}

// maxVerifyDSABits is the longest prime with which OpenSSL checks a DSA
// signature (OPENSSL_DSA_MAX_MODULUS_BITS).
const maxVerifyDSABits = 10000

// verifyDSA checks two numbers of 20 bytes each (RFC 4253 section 6.6). The
// size of q is one of FIPS 186's.
func (k PublicKey) verifyDSA(digest []byte, proof string) bool {
	if len(proof) != 2*sha1.Size || k.bits > maxVerifyDSABits {
		return false
	}
	var key dsa.PublicKey
	key.P, key.Q, key.G, key.Y, _ = k.DSANumbers()
	if q := key.Q.BitLen(); q != 160 && q != 224 && q != 256 {
		return false
	}
	r := new(big.Int).SetBytes([]byte(proof[:sha1.Size]))
	s := new(big.Int).SetBytes([]byte(proof[sha1.Size:]))
	return dsa.Verify(&key, digest, r, s)
}

// verifyECDSA checks two numbers (RFC 5656 section 3.1.2).
func (k PublicKey) verifyECDSA(digest []byte, proof string) bool {
	numbers := wireReader{rest: proof}
	r, s := numbers.integer(), numbers.integer()
	if numbers.end(); !numbers.flaw.none() {
		return false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(formats[k.kind].curve.elliptic, k.curvePoint())
	return err == nil && ecdsa.Verify(key, digest, r, s)
}
