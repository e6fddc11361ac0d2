package sshkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"math/big"
)

// errAlgorithm is what writers get for a key that this package neither makes
// nor reads.
var errAlgorithm = errors.New("sshkey: only RSA, ECDSA and Ed25519 have private key files")

const (
	// minPrivateRSABits is the least with which crypto/rsa signs, and sshd
	// accepts (RequiredRSASize in sshd_config(5)).
	minPrivateRSABits = 1024
	// maxPrivateRSABits is OpenSSH's own limit, see maxNumberBits. To check such a
	// key takes half a second.
	maxPrivateRSABits = maxNumberBits
)

// rsaNumbers is an RSA key as SSH's formats have it (RFC 8017 section 3.2).
type rsaNumbers struct {
	n, e, d, p, q *big.Int
	qInv          *big.Int // the inverse of q modulo p
}

// key returns the key, checked.
func (k rsaNumbers) key() (*rsa.PrivateKey, error) {
	bits := k.n.BitLen()
	if bits < minPrivateRSABits || bits > maxPrivateRSABits {
		return nil, refusePrivate(PrivateSize, bits, minPrivateRSABits, maxPrivateRSABits)
	}
	// Before anything is calculated with them: the work grows with their size.
	for _, number := range []*big.Int{k.d, k.p, k.q, k.qInv} {
		if number.Sign() <= 0 || number.Cmp(k.n) >= 0 {
			return nil, refusePrivate(PrivateNumbers)
		}
	}
	// An exponent of more bits is for crypto/rsa too large, and for OpenSSL
	// with such a modulus.
	const maxExponentBits = 31
	if k.e.Sign() <= 0 || k.e.BitLen() > maxExponentBits {
		return nil, refusePrivate(PrivateNumbers)
	}
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: k.n, E: int(k.e.Int64())},
		D:         k.d,
		Primes:    []*big.Int{k.p, k.q},
	}
	key.Precompute()
	if key.Validate() != nil || key.Precomputed.Qinv.Cmp(k.qInv) != 0 {
		return nil, refusePrivate(PrivateNumbers)
	}
	return key, nil
}

// ecdsaSigner returns the key of a secret number, whose public half must be
// the point, in the uncompressed form, unless that is empty.
func ecdsaSigner(curve elliptic.Curve, d *big.Int, point string) (crypto.Signer, error) {
	size := (curve.Params().N.BitLen() + 7) / 8
	if d.Sign() < 0 || d.BitLen() > 8*size {
		return nil, refusePrivate(PrivateNumbers)
	}
	key, err := ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, refusePrivate(PrivateNumbers)
	}
	if own, err := key.PublicKey.Bytes(); err != nil || point != "" && point != string(own) {
		return nil, refusePrivate(PrivateMismatch)
	}
	return key, nil
}

// scalar returns the secret number of an ECDSA key.
func scalar(key *ecdsa.PrivateKey) (*big.Int, error) {
	raw, err := key.Bytes()
	return new(big.Int).SetBytes(raw), err
}

// ed25519Signer returns the key of a seed (RFC 8032 section 5.1.5), whose
// public half must be the point.
func ed25519Signer(seed, point []byte) (crypto.Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, refusePrivate(PrivateNumbers)
	}
	key := ed25519.NewKeyFromSeed(seed)
	if subtle.ConstantTimeCompare(key[ed25519.SeedSize:], point) != 1 {
		return nil, refusePrivate(PrivateMismatch)
	}
	return key, nil
}

// publicHalf returns the public key that stands in the clear in a private key
// file which says what type it is.
func publicHalf(word, blob, comment string) (PublicKey, error) {
	r := wireReader{rest: blob}
	if inner := r.text(); inner != word {
		return PublicKey{}, refusePrivate(PrivateMismatch)
	}
	public, wrong := readBlob(word, blob)
	if !wrong.none() {
		return PublicKey{}, refusePrivate(PrivateDamaged, wrong)
	}
	public.comment = cleanComment(comment)
	return public, nil
}
