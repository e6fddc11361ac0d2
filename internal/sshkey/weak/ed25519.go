package weak

import (
	"bytes"
	"encoding/hex"
	"slices"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// smallOrder has the encodings, the sign of x left out, of the points of
// edwards25519 whose order is 1, 2, 4 or 8 (RFC 8032 section 5.1), those that
// are not reduced modulo p = 2^255 − 19 included. Everybody can sign for such a
// key, because a few small multiples of it are all that a signature is
// compared with.
var smallOrder = [][]byte{
	point("0000000000000000000000000000000000000000000000000000000000000000"), // y = 0, order 4
	point("0100000000000000000000000000000000000000000000000000000000000000"), // y = 1, order 1
	point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), // order 8
	point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), // order 8, minus the y before
	point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // y = p − 1, order 2
	point("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // y = p, which is 0
	point("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // y = p + 1, which is 1
}

func point(text string) []byte {
	p, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return p
}

var saidSmallOrder = sshkey.Wording{
	English: "this Ed25519 key is one of the few that anybody can sign for",
	Korean:  "이 Ed25519 키는 누구나 서명할 수 있는 몇 안 되는 키 가운데 하나입니다",
}

func findSmallOrder(s subject, _ Policy) *Error {
	p, ok := s.key.Ed25519Point()
	if !ok {
		return nil
	}
	p = slices.Clone(p)
	p[len(p)-1] &= 0x7f // the sign of x
	if !slices.ContainsFunc(smallOrder, func(o []byte) bool { return bytes.Equal(o, p) }) {
		return nil
	}
	return because(saidSmallOrder)
}
