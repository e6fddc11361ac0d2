package sshkey

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"math/big"
)

// format is how the keys of one type word are laid out.
type format struct {
	plain string // the type word of the plain key; differs from the type word for certificates only
	alg   Algorithm
	read  func(*wireReader) (bits int) // takes the key's fields after the type word
}

// formats has every accepted type word: RFC 4253 section 6.6, RFC 5656
// section 3.1, RFC 8709 section 4, and OpenSSH's PROTOCOL.u2f and
// PROTOCOL.certkeys.
var formats = withCertificates(map[string]format{
	"ssh-rsa":                            {alg: RSA, read: readRSA},
	"ssh-dss":                            {alg: DSA, read: readDSA},
	"ecdsa-sha2-nistp256":                {alg: ECDSA, read: readECDSA("nistp256", ecdh.P256(), 256)},
	"ecdsa-sha2-nistp384":                {alg: ECDSA, read: readECDSA("nistp384", ecdh.P384(), 384)},
	"ecdsa-sha2-nistp521":                {alg: ECDSA, read: readECDSA("nistp521", ecdh.P521(), 521)},
	"ssh-ed25519":                        {alg: Ed25519, read: readEd25519},
	"sk-ecdsa-sha2-nistp256@openssh.com": {alg: SKECDSA, read: readSK(readECDSA("nistp256", ecdh.P256(), 256))},
	"sk-ssh-ed25519@openssh.com":         {alg: SKEd25519, read: readSK(readEd25519)},
})

// certSuffix ends the type word of an OpenSSH certificate of the current version.
const certSuffix = "-cert-v01@openssh.com"

// withCertificates adds to plain formats the certificates of each.
func withCertificates(plain map[string]format) map[string]format {
	all := make(map[string]format, 2*len(plain))
	for word, f := range plain {
		f.plain = word
		all[word] = f
		all[certWord(word)] = f
	}
	return all
}

// certWord returns the type word of the certificates of a plain type:
// "sk-ssh-ed25519@openssh.com" gives "sk-ssh-ed25519-cert-v01@openssh.com".
func certWord(plain string) string {
	const vendor = "@openssh.com"
	if n := len(plain) - len(vendor); n > 0 && plain[n:] == vendor {
		plain = plain[:n]
	}
	return plain + certSuffix
}

const (
	// minRSABits is the least that any SSH software has ever generated or
	// accepted (ssh-keygen 1.x); anything shorter is a damaged blob. Which
	// sizes are strong enough is the matter of package weak.
	minRSABits = 512
	// maxRSABits is OpenSSH's own limit (OPENSSL_RSA_MAX_MODULUS_BITS, and
	// sshbuf's limit for numbers): no sshd could use a longer key, and checks
	// that calculate with it would get slow.
	maxRSABits = 16384
)

func readRSA(r *wireReader) int {
	e, n := r.mpint(), r.mpint()
	bits := n.BitLen()
	if bits < minRSABits || bits > maxRSABits {
		r.fail(flawRSABits, bits, minRSABits, maxRSABits)
	}
	if e.Cmp(n) >= 0 {
		r.fail(flawRSAExponent)
	}
	return bits
}

// readDSA takes the only size that SSH knows: FIPS 186-2 with a p of 1024 and
// a q of 160 bits.
func readDSA(r *wireReader) int {
	p, q, g, y := r.mpint(), r.mpint(), r.mpint(), r.mpint()
	one := big.NewInt(1)
	switch {
	case p.BitLen() != 1024 || q.BitLen() != 160:
		r.fail(flawDSABits, p.BitLen(), q.BitLen())
	case g.Cmp(one) <= 0 || g.Cmp(p) >= 0 || y.Cmp(one) <= 0 || y.Cmp(p) >= 0:
		r.fail(flawDSARange)
	}
	return p.BitLen()
}

func readECDSA(name string, curve ecdh.Curve, bits int) func(*wireReader) int {
	return func(r *wireReader) int {
		curveName, point := r.text(), r.text()
		if r.flaw.none() && curveName != name {
			r.fail(flawCurve, name)
		}
		// NewPublicKey takes only the uncompressed form of a point that lies on the curve.
		if _, err := curve.NewPublicKey([]byte(point)); err != nil {
			r.fail(flawPoint, name)
		}
		return bits
	}
}

func readEd25519(r *wireReader) int {
	if n := len(r.text()); n != ed25519.PublicKeySize {
		r.fail(flawEd25519Size, n, ed25519.PublicKeySize)
	}
	return 256
}

// readSK takes a key that a FIDO authenticator holds: the fields of the
// ordinary key and the application, mostly "ssh:".
func readSK(read func(*wireReader) int) func(*wireReader) int {
	return func(r *wireReader) int {
		bits := read(r)
		r.text()
		return bits
	}
}
