package weak

import (
	"math/big"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// The only size of DSA in SSH: RFC 4253 section 6.6 takes FIPS 186-2 with
// SHA-1, and ssh-keygen never made another.
const (
	dsaBits      = 1024
	dsaOrderBits = 160
)

var (
	saidDSA = sshkey.Wording{
		English: "DSA keys are not accepted, and current SSH servers refuse them",
		Korean:  "DSA 키는 받지 않으며 최신 SSH 서버도 거부합니다",
	}
	saidDSABits = sshkey.Wording{
		English: "the numbers p and q of this DSA key have %[1]d and %[2]d bits, SSH servers take 1024 and 160 only",
		Korean:  "이 DSA 키의 p와 q는 각각 %[1]d비트와 %[2]d비트입니다. SSH 서버는 1024비트와 160비트만 받습니다",
	}
	saidDSAPrimes = sshkey.Wording{
		English: "the numbers p and q of this DSA key are not two primes of which q divides p-1, so that it may protect nothing",
		Korean:  "이 DSA 키의 p와 q는 q가 p-1을 나누는 두 소수가 아니어서 아무것도 보호하지 못할 수 있습니다",
	}
	saidDSAGroup = sshkey.Wording{
		English: "the numbers g and y of this DSA key are not of the group that p and q define, so that it may protect nothing",
		Korean:  "이 DSA 키의 g와 y는 p와 q가 정하는 군에 속하지 않아 아무것도 보호하지 못할 수 있습니다",
	}
)

func findDSA(_ subject, policy Policy) *Error {
	if policy.RefuseDSA {
		return because(saidDSA)
	}
	return nil
}

// findDSANumbers validates the domain parameters and the public value (FIPS
// 186-4 appendix A, NIST SP 800-89 section 5.3.1). Whoever chose p and q as no
// primes, or g and y outside the subgroup of order q, may know signatures that
// need no private key. Nothing is calculated with numbers of any other size.
func findDSANumbers(s subject, _ Policy) *Error {
	p, q := s.dsa.p, s.dsa.q
	if p.BitLen() != dsaBits || q.BitLen() != dsaOrderBits {
		return because(saidDSABits, p.BitLen(), q.BitLen())
	}
	less := new(big.Int).Sub(p, big1)
	if new(big.Int).Mod(less, q).Sign() != 0 || !q.ProbablyPrime(1) || !p.ProbablyPrime(1) {
		return because(saidDSAPrimes)
	}
	for _, x := range []*big.Int{s.dsa.g, s.dsa.y} {
		if x.Cmp(big1) <= 0 || x.Cmp(less) >= 0 || new(big.Int).Exp(x, q, p).Cmp(big1) != 0 {
			return because(saidDSAGroup)
		}
	}
	return nil
}
