package weak

import (
	"fmt"
	"math/big"
	"sync"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// findRSAExponent finds exponents with which RSA is none: 1 leaves a message
// as it is, so everybody can sign; an even one has no inverse.
func findRSAExponent(key sshkey.PublicKey, _ Policy) string {
	_, e, ok := key.RSANumbers()
	if !ok || (e.Bit(0) == 1 && e.Cmp(big.NewInt(3)) >= 0) {
		return ""
	}
	return "the exponent of this RSA key is 1 or even, so that it protects nothing; " + instead
}

// smallFactorBound is where trial division ends. The primes of a sound key
// have hundreds of digits, so a small factor means a generator that does not
// test its primes, or a modulus that was changed since. Such a number is as
// good as random, and by Mertens' third theorem all but 0.56/ln(65536), one in
// twenty, have a factor below 2^16; 2^20 would find one in a hundred more, at
// thirteen times the cost.
const smallFactorBound = 1 << 16

// smallPrimes is the product of all primes below smallFactorBound (about
// 94,000 bits), made when it is first needed.
var smallPrimes = sync.OnceValue(func() *big.Int {
	composite := make([]bool, smallFactorBound)
	product := big.NewInt(1)
	word := uint64(1) // primes are gathered in words: fewer long multiplications
	for p := 2; p < smallFactorBound; p++ {
		if composite[p] {
			continue
		}
		for q := p * p; q < smallFactorBound; q += p {
			composite[q] = true
		}
		if word > 1<<(64-16)-1 {
			product.Mul(product, new(big.Int).SetUint64(word))
			word = 1
		}
		word *= uint64(p)
	}
	return product.Mul(product, new(big.Int).SetUint64(word))
})

func findSmallFactor(key sshkey.PublicKey, _ Policy) string {
	n, _, ok := key.RSANumbers()
	if !ok {
		return ""
	}
	rest := new(big.Int).Mod(smallPrimes(), n)
	if factor := rest.GCD(nil, nil, rest, n); factor.Cmp(big.NewInt(1)) == 0 {
		return ""
	}
	return fmt.Sprintf("the modulus of this RSA key has a factor below %d, so that anybody can calculate its private half; %s", smallFactorBound, instead)
}

// fermatRounds is how many squares above the modulus are tried. A sound
// generator keeps its primes apart in their first 100 bits (FIPS 186-5
// appendix A.1.3), for which about 2^(bits/2-203) rounds are needed;
// broken ones that take two neighbouring primes (CVE-2022-26320) are found in
// the first few.
const fermatRounds = 100

// findClosePrimes is Fermat's factorisation: n = pq = a² − b² with
// a = (p+q)/2, which is just above √n when p and q are close together.
func findClosePrimes(key sshkey.PublicKey, _ Policy) string {
	n, _, ok := key.RSANumbers()
	if !ok {
		return ""
	}
	one := big.NewInt(1)
	a := new(big.Int).Sqrt(n)
	if new(big.Int).Mul(a, a).Cmp(n) != 0 {
		a.Add(a, one) // round up
	}
	square := new(big.Int).Mul(a, a)
	square.Sub(square, n) // b², if it is one
	step := new(big.Int)
	for range fermatRounds {
		if isSquare(square) {
			return "the two primes of this RSA key are so close together that anybody can calculate its private half; " + instead
		}
		step.Lsh(a, 1)
		square.Add(square, step.Add(step, one)) // (a+1)² = a² + 2a + 1
		a.Add(a, one)
	}
	return ""
}

// isSquare says whether x is a square. Only 12 of 64 remainders are those of
// squares, which spares most of the roots.
func isSquare(x *big.Int) bool {
	const squares uint64 = 1<<0 | 1<<1 | 1<<4 | 1<<9 | 1<<16 | 1<<17 | 1<<25 | 1<<33 | 1<<36 | 1<<41 | 1<<49 | 1<<57
	var low uint
	for i := range 6 {
		low |= x.Bit(i) << i
	}
	if squares>>low&1 == 0 {
		return false
	}
	root := new(big.Int).Sqrt(x)
	return root.Mul(root, root).Cmp(x) == 0
}
