package sshkey

import (
	"crypto/ed25519"
	"math/big"
)

// RSANumbers returns the modulus and the public exponent of an RSA key or
// certificate; ok is false for every other algorithm.
func (k PublicKey) RSANumbers() (n, e *big.Int, ok bool) {
	if k.alg != RSA {
		return nil, nil, false
	}
	r := wireReader{rest: k.plain}
	r.text()
	e, n = r.integer(), r.integer()
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
	return r.integer(), r.integer(), r.integer(), r.integer(), true
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

// curvePoint returns the encoded point of an ECDSA or sk-ecdsa key.
func (k PublicKey) curvePoint() []byte {
	r := wireReader{rest: k.plain}
	r.text() // type
	r.text() // curve
	return []byte(r.text())
}

// application returns the application of a key on a FIDO authenticator, mostly
// "ssh:", or "" for every other key.
func (k PublicKey) application() string {
	f, r := formats[k.kind], wireReader{rest: k.plain}
	r.text()
	for _, kind := range f.fields {
		if field := r.text(); kind == name {
			return field
		}
	}
	return ""
}
