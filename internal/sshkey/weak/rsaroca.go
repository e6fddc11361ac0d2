package weak

import (
	"sync"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

const (
	// rocaGenerator and rocaLargestPrime are of the flawed library of Infineon's
	// chips (Nemec and others, "The Return of Coppersmith's Attack", 2017),
	// which made primes of the form k·M + (65537^a mod M) with M the product
	// of the first primes: those up to 167 for the shortest keys, and more for
	// longer ones.
	rocaGenerator    = 65537
	rocaLargestPrime = 167
)

// logarithms are the discrete logarithms to the base rocaGenerator modulo p.
type logarithms struct {
	p, order uint64
	of       []int64 // by number; -1 for what is no power of the base
}

var rocaLogarithms = sync.OnceValue(func() []logarithms {
	primes := primesBelow(rocaLargestPrime + 1)[1:] // 2 says nothing: every modulus is odd
	all := make([]logarithms, len(primes))
	for i, p := range primes {
		l := logarithms{p: p, of: make([]int64, p)}
		for x := range l.of {
			l.of[x] = -1
		}
		for x := uint64(1); l.of[x] < 0; x = x * rocaGenerator % p {
			l.of[x] = int64(l.order)
			l.order++
		}
		all[i] = l
	}
	return all
})

var saidROCA = sshkey.Wording{
	English: "this RSA key was made by a chip whose keys can be broken (ROCA, CVE-2017-15361)",
	Korean:  "이 RSA 키는 개인 키를 알아낼 수 있는 결함(ROCA, CVE-2017-15361)이 있는 칩이 만들었습니다",
}

// findROCA is the discrete logarithm fingerprint. With both primes of the form
// above, n is a power of 65537 modulo M, and so modulo every prime in it, with
// one and the same exponent. The powers of 65537 are 2^61.1 of the 2^216.0
// numbers prime to M: a sound key looks like this once in 2^154.9.
func findROCA(s subject, _ Policy) *Error {
	all := rocaLogarithms()
	exponents := make([]int64, 0, len(all))
	for _, l := range all {
		x := l.of[residue(s.n, l.p)]
		if x < 0 {
			return nil
		}
		exponents = append(exponents, x)
	}
	// An exponent that is x modulo each order exists if and only if every two
	// of the conditions agree (Chinese remainder theorem).
	for i, l := range all {
		for j, m := range all[:i] {
			if (exponents[i]-exponents[j])%int64(gcd(l.order, m.order)) != 0 {
				return nil
			}
		}
	}
	return because(saidROCA)
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
