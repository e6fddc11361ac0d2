package weak

import (
	"math/big"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

var (
	saidExponent = sshkey.Wording{
		English: "the exponent of this RSA key is 1 or even, so that it protects nothing",
		Korean:  "이 RSA 키는 지수가 1이거나 짝수여서 아무것도 보호하지 못합니다",
	}
	saidExponentLong = sshkey.Wording{
		English: "the exponent of this RSA key is not below its modulus, which no sound generator makes and SSH servers refuse",
		Korean:  "이 RSA 키는 지수가 모듈러스보다 작지 않습니다. 올바른 프로그램은 이런 키를 만들지 않으며 SSH 서버도 거부합니다",
	}
)

var big1 = big.NewInt(1)

// findRSAExponent finds exponents with which RSA is none: 1 leaves a message
// as it is, so everybody can sign; an even one, zero included, has no inverse.
func findRSAExponent(s subject, _ Policy) *Error {
	switch {
	case s.e.Bit(0) == 0 || s.e.Cmp(big1) == 0:
		return because(saidExponent)
	case s.e.Cmp(s.n) >= 0:
		return because(saidExponentLong)
	}
	return nil
}
