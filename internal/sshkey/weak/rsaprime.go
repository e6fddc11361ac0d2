package weak

import (
	"math/big"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

var saidPrime = sshkey.Wording{
	English: "the modulus of this RSA key is a prime, so that anybody can calculate its private half",
	Korean:  "이 RSA 키의 모듈러스 자체가 소수여서 누구나 개인 키를 계산할 수 있습니다",
}

// longestPrimeTest is the length in bits up to which a modulus is tested: the
// cost grows with the cube of it, and nobody needs a third of a second to learn
// that a key of their own making is none.
const longestPrimeTest = 8192

// findPrimeModulus finds moduli that are a prime, for which the private
// exponent is just the inverse of e modulo n−1. One Fermat test settles that
// of nearly every sound key.
func findPrimeModulus(s subject, _ Policy) *Error {
	if s.n.BitLen() > longestPrimeTest {
		return nil
	}
	less := new(big.Int).Sub(s.n, big1)
	if new(big.Int).Exp(big.NewInt(2), less, s.n).Cmp(big1) != 0 || !s.n.ProbablyPrime(10) {
		return nil
	}
	return because(saidPrime)
}
