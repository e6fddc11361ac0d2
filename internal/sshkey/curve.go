package sshkey

import (
	"crypto"
	"crypto/ecdh"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
)

// curve is a NIST curve as SSH uses it (RFC 5656 section 10.1).
type curve struct {
	name     string // in blobs
	bits     int    // of the field, and of the order of the group
	points   ecdh.Curve
	elliptic elliptic.Curve
	hash     crypto.Hash // of signatures (RFC 5656 section 6.2.1)
	oid      asn1.ObjectIdentifier
	limit    string // one less than the order, in as many bytes as a coordinate
}

var (
	nistp256 = newCurve("nistp256", ecdh.P256(), elliptic.P256(), crypto.SHA256, 1, 2, 840, 10045, 3, 1, 7)
	nistp384 = newCurve("nistp384", ecdh.P384(), elliptic.P384(), crypto.SHA384, 1, 3, 132, 0, 34)
	nistp521 = newCurve("nistp521", ecdh.P521(), elliptic.P521(), crypto.SHA512, 1, 3, 132, 0, 35)
	// curves are all of them.
	curves = []*curve{nistp256, nistp384, nistp521}
)

func newCurve(name string, points ecdh.Curve, group elliptic.Curve, hash crypto.Hash, oid ...int) *curve {
	p := group.Params()
	limit := new(big.Int).Sub(p.N, big.NewInt(1)).FillBytes(make([]byte, (p.BitSize+7)/8))
	return &curve{name, p.BitSize, points, group, hash, oid, string(limit)}
}

// curveOf returns the curve of a key that was made or read here.
func curveOf(group elliptic.Curve) *curve {
	return curves[slices.IndexFunc(curves, func(c *curve) bool { return c.elliptic == group })]
}

// holds says whether a point is one that OpenSSH takes for a public key: in
// the uncompressed form, on the curve, and with neither coordinate very small
// or above the order of the group, which a point made by chance never has.
func (c *curve) holds(point string) bool {
	if _, err := c.points.NewPublicKey([]byte(point)); err != nil {
		return false
	}
	x, y := point[1:1+len(c.limit)], point[1+len(c.limit):]
	return c.takes(x) && c.takes(y)
}

func (c *curve) takes(coordinate string) bool {
	return bitLen(withoutZeros(coordinate)) > c.bits/2 && coordinate < c.limit
}
