package weak

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// randomBits returns an odd number of exactly so many bits.
func randomBits(random *rand.Rand, bits int) *big.Int {
	words := make([]big.Word, bits/64+1)
	for i := range words {
		words[i] = big.Word(random.Uint64())
	}
	n := new(big.Int).SetBits(words)
	n.Rsh(n, uint(n.BitLen()-bits))
	return n.SetBit(n.SetBit(n, bits-1, 1), 0, 1)
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// primorial is the product of the primes up to a bound.
func primorial(bound uint64) *big.Int {
	m := big.NewInt(1)
	for _, p := range primesBelow(bound + 1) {
		m.Mul(m, new(big.Int).SetUint64(p))
	}
	return m
}

// rocaShaped returns a number of about so many bits of the form of the flawed
// library's primes: k·M + (65537^a mod M).
func rocaShaped(random *rand.Rand, m *big.Int, bits int) *big.Int {
	a := new(big.Int).SetUint64(random.Uint64())
	x := new(big.Int).Exp(big.NewInt(rocaGenerator), a, m)
	k := randomBits(random, bits-m.BitLen())
	return x.Add(x, k.Mul(k, m))
}

func TestROCAShapedKeys(t *testing.T) {
	random := seeded()
	// The lengths of primes and the products for them, from the paper.
	for _, size := range []struct {
		bits    int
		largest uint64
	}{{256, 167}, {512, 353}, {1024, 701}, {2048, 1427}} {
		m := primorial(size.largest)
		for range 20 {
			p, q := rocaShaped(random, m, size.bits), rocaShaped(random, m, size.bits)
			n := p.Mul(p, q)
			if findROCA(subject{n: n}, Policy{}) == nil {
				t.Fatalf("%d bits: %x is not found", n.BitLen(), n)
			}
			if findROCA(subject{n: n.Add(n, big.NewInt(2))}, Policy{}) != nil {
				t.Fatalf("%d bits: the next odd number is found too", n.BitLen())
			}
		}
	}
}

// The key is from the tests of https://github.com/crocs-muni/roca.
func TestROCARealKey(t *testing.T) {
	expect(t, "ssh06.pub", keyIn(t, "testdata/roca/ssh06.pub"), DefaultPolicy(), "rsa-roca")
}

func TestROCARandomNumbers(t *testing.T) {
	random := seeded()
	for i := range 5000 {
		n := randomBits(random, []int{1024, 2048, 3072, 4096}[i%4])
		if findROCA(subject{n: n}, Policy{}) != nil {
			t.Fatalf("%x is found", n)
		}
	}
}

// To be a power of 65537 modulo each prime is not enough: it has to be the
// same power. These numbers are a random one modulo each.
func TestROCALookalikes(t *testing.T) {
	random := seeded()
	for range 100 {
		n, m := new(big.Int), big.NewInt(1)
		for _, l := range rocaLogarithms() {
			p := new(big.Int).SetUint64(l.p)
			x := new(big.Int).Exp(big.NewInt(rocaGenerator), new(big.Int).SetUint64(random.Uint64()), p)
			// n + m·(x−n)/m is x modulo p, and unchanged modulo m.
			x.Sub(x, n)
			x.Mul(x, new(big.Int).ModInverse(m, p)).Mod(x, p)
			n.Add(n, x.Mul(x, m))
			m.Mul(m, p)
		}
		n.Add(n, m.Mul(m, randomBits(random, 1024)))
		for _, l := range rocaLogarithms() {
			if l.of[residue(n, l.p)] < 0 {
				t.Fatalf("%x is no power modulo %d", n, l.p)
			}
		}
		if findROCA(subject{n: n}, Policy{}) != nil {
			t.Fatalf("%x is found", n)
		}
	}
}

// The share of numbers that look like a ROCA key is what the comment says.
func TestROCAChance(t *testing.T) {
	order, units := uint64(1), 0.0
	for _, l := range rocaLogarithms() {
		order *= l.order / gcd(order, l.order)
		units += math.Log2(float64(l.p - 1))
	}
	if len(rocaLogarithms()) != 38 || math.Abs(math.Log2(float64(order))-61.1) > 0.05 || math.Abs(units-216) > 0.05 {
		t.Errorf("%d primes; 2^%.2f of 2^%.2f", len(rocaLogarithms()), math.Log2(float64(order)), units)
	}
	m := primorial(rocaLargestPrime)
	if new(big.Int).Exp(big.NewInt(rocaGenerator), new(big.Int).SetUint64(order), m).Cmp(big1) != 0 {
		t.Errorf("%d is not the order", order)
	}
}
