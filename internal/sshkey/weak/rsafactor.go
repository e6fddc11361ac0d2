package weak

import (
	"math/big"
	"sync"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

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
	product := big.NewInt(1)
	word := uint64(1) // primes are gathered in words: fewer long multiplications
	for _, p := range primesBelow(smallFactorBound) {
		if word > 1<<(64-16)-1 {
			product.Mul(product, new(big.Int).SetUint64(word))
			word = 1
		}
		word *= p
	}
	return product.Mul(product, new(big.Int).SetUint64(word))
})

// primesBelow is the sieve of Eratosthenes.
func primesBelow(bound uint64) []uint64 {
	var primes []uint64
	composite := make([]bool, bound)
	for p := uint64(2); p < bound; p++ {
		if composite[p] {
			continue
		}
		primes = append(primes, p)
		for q := p * p; q < bound; q += p {
			composite[q] = true
		}
	}
	return primes
}

var saidFactor = sshkey.Wording{
	English: "the modulus of this RSA key has a factor below %d, so that anybody can calculate its private half",
	Korean:  "이 RSA 키의 모듈러스에 %d보다 작은 인수가 있어 누구나 개인 키를 계산할 수 있습니다",
}

func findSmallFactor(s subject, _ Policy) *Error {
	if s.n.Sign() > 0 { // everything is a factor of zero
		rest := new(big.Int).Mod(smallPrimes(), s.n)
		if rest.GCD(nil, nil, rest, s.n).Cmp(big1) == 0 {
			return nil
		}
	}
	return because(saidFactor, smallFactorBound)
}
