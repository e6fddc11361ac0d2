package sshkey

import "math/big"

// DSANumbers returns the numbers of a DSA key or certificate (RFC 4253 section
// 6.6): the field's prime p, the subgroup's order q, its generator g, and the
// public value y. ok is false for every other algorithm.
func (k PublicKey) DSANumbers() (p, q, g, y *big.Int, ok bool) {
	if k.alg != DSA {
		return nil, nil, nil, nil, false
	}
	r := wireReader{rest: k.plain}
	r.text()
	p, q = r.mpint(), r.mpint()
	g, y = r.mpint(), r.mpint()
	return p, q, g, y, true
}
