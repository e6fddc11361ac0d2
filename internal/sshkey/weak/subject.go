package weak

import (
	"math/big"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// subject is a key under examination: the plain key, and its numbers taken out
// once for all checks. No check changes them.
type subject struct {
	key  sshkey.PublicKey
	n, e *big.Int // of an RSA key, else nil
	dsa  dsaNumbers
}

// dsaNumbers are those of [sshkey.PublicKey.DSANumbers]: nil unless the key is a
// DSA key, and anything at all if it is.
type dsaNumbers struct{ p, q, g, y *big.Int }

func examine(key sshkey.PublicKey) subject {
	s := subject{key: key.Certified()}
	s.n, s.e, _ = s.key.RSANumbers()
	s.dsa.p, s.dsa.q, s.dsa.g, s.dsa.y, _ = s.key.DSANumbers()
	return s
}
