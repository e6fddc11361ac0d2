package weak

import (
	"math"
	"math/big"
	"math/bits"
	"sync"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

var saidPower = sshkey.Wording{
	English: "the modulus of this RSA key is a power of one number, so that anybody can calculate its private half",
	Korean:  "이 RSA 키의 모듈러스는 어떤 수의 거듭제곱이어서 누구나 개인 키를 계산할 수 있습니다",
}

// findPower finds moduli that are an odd power of one number; squares are
// found by [findClosePrimes]. It presumes that there is no small factor, so
// that a power of 2048 bits is at most the 128th.
func findPower(s subject, _ Policy) *Error {
	highest := uint64(s.n.BitLen()) / 16 // the base is beyond smallFactorBound
	for _, t := range powerTests() {
		if t.k > highest {
			break
		}
		if t.maybe(s.n) && isPower(s.n, int(t.k)) {
			return because(saidPower)
		}
	}
	return nil
}

// powerTest rules out, with small numbers only, that a number is a k-th power.
type powerTest struct {
	k    uint64
	mods [8]uint64 // primes r ≡ 1 (mod k)
}

// maybe says whether n can be a k-th power: modulo a prime r ≡ 1 (mod k) only
// one number in k is, by Euler's criterion n^((r-1)/k) ≡ 1.
func (t powerTest) maybe(n *big.Int) bool {
	for _, r := range t.mods {
		if rest := residue(n, r); rest != 0 && powMod(rest, (r-1)/t.k, r) != 1 {
			return false
		}
	}
	return true
}

// powerTests has one for each odd prime k up to a sixteenth of the longest
// modulus that package sshkey reads, 16384 bits.
var powerTests = sync.OnceValue(func() []powerTest {
	var tests []powerTest
	for _, k := range primesBelow(16384/16 + 1)[1:] {
		t := powerTest{k: k}
		r := uint64(1)
		for i := range t.mods {
			for r += 2 * k; !new(big.Int).SetUint64(r).ProbablyPrime(0); r += 2 * k {
			}
			t.mods[i] = r
		}
		tests = append(tests, t)
	}
	return tests
})

// residue returns x mod m, for x ≥ 0 and 0 < m.
func residue(x *big.Int, m uint64) uint64 {
	words := x.Bits()
	rest := uint(0)
	for i := len(words) - 1; i >= 0; i-- {
		_, rest = bits.Div(rest, uint(words[i]), uint(m))
	}
	return uint64(rest)
}

// powMod returns x^e mod m, for x < m < 2^32.
func powMod(x, e, m uint64) uint64 {
	result := uint64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			result = result * x % m
		}
		x = x * x % m
	}
	return result
}

// isPower says whether n > 0 is the k-th power of a whole number, by Newton's
// method from a little above the root, which takes two or three rounds.
func isPower(n *big.Int, k int) bool {
	root := aboveRoot(n, k)
	exponent, step := big.NewInt(int64(k-1)), new(big.Int)
	for {
		// (root·(k-1) + n/root^(k-1)) / k
		next := new(big.Int).Exp(root, exponent, nil)
		next.Quo(n, next)
		next.Add(next, step.Mul(root, exponent))
		next.Quo(next, big.NewInt(int64(k)))
		if next.Cmp(root) >= 0 {
			break
		}
		root = next
	}
	return step.Exp(root, big.NewInt(int64(k)), nil).Cmp(n) == 0
}

// aboveRoot returns a number not below the k-th root of n and at most 1 + 2^-29
// times as large, or one more.
func aboveRoot(n *big.Int, k int) *big.Int {
	shift := max(n.BitLen()-64, 0)
	top := new(big.Int).Rsh(n, uint(shift)).Uint64()
	whole, part := math.Modf((math.Log2(float64(top)) + float64(shift)) / float64(k))
	// 53 bits of the root. The logarithm is right to 2^-37 at the worst.
	mantissa := big.NewInt(int64(math.Exp2(part+52) * (1 + 1.0/(1<<30))))
	if exponent := int(whole) - 52; exponent >= 0 {
		mantissa.Lsh(mantissa, uint(exponent))
	} else {
		mantissa.Rsh(mantissa, uint(-exponent))
	}
	return mantissa.Add(mantissa, big1)
}
