package weak

import (
	"math/big"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// fermatRounds is how many squares above the modulus are tried. A sound
// generator keeps its primes apart in their first 100 bits (FIPS 186-5
// appendix A.1.3), for which about 2^(bits/2-203) rounds are needed;
// broken ones that take two neighbouring primes (CVE-2022-26320) are found in
// the first few.
const fermatRounds = 100

var saidClose = sshkey.Wording{
	English: "the two primes of this RSA key are so close together that anybody can calculate its private half",
	Korean:  "이 RSA 키는 두 소수가 너무 가까워 누구나 개인 키를 계산할 수 있습니다",
}

// findClosePrimes is Fermat's factorisation: n = pq = a² − b² with
// a = (p+q)/2, which is just above √n when p and q are close together.
func findClosePrimes(s subject, _ Policy) *Error {
	a := new(big.Int).Sqrt(s.n)
	if new(big.Int).Mul(a, a).Cmp(s.n) != 0 {
		a.Add(a, big1) // round up
	}
	square := new(big.Int).Mul(a, a)
	square.Sub(square, s.n) // b², if it is one
	step := new(big.Int)
	for range fermatRounds {
		if isSquare(square) {
			return because(saidClose)
		}
		step.Lsh(a, 1)
		square.Add(square, step.Add(step, big1)) // (a+1)² = a² + 2a + 1
		a.Add(a, big1)
	}
	return nil
}

// oddSquares are, for a few small odd numbers, the remainders of squares.
// Their product fits a word, so that one long division serves for all.
var oddSquares, oddProduct = func() (map[uint64][]bool, uint64) {
	squares, product := map[uint64][]bool{}, uint64(1)
	for _, m := range []uint64{9, 5, 7, 11, 13, 17, 19, 23} {
		of := make([]bool, m)
		for i := range m {
			of[i*i%m] = true
		}
		squares[m], product = of, product*m
	}
	return squares, product
}()

// isSquare says whether x ≥ 0 is a square. Only 12 of 64 remainders are those of
// squares, and about one in 200 numbers passes with the odd ones too, which
// spares most of the roots.
func isSquare(x *big.Int) bool {
	const squares uint64 = 1<<0 | 1<<1 | 1<<4 | 1<<9 | 1<<16 | 1<<17 | 1<<25 | 1<<33 | 1<<36 | 1<<41 | 1<<49 | 1<<57
	var low uint
	for i := range 6 {
		low |= x.Bit(i) << i
	}
	if squares>>low&1 == 0 {
		return false
	}
	rest := residue(x, oddProduct)
	for m, of := range oddSquares {
		if !of[rest%m] {
			return false
		}
	}
	root := new(big.Int).Sqrt(x)
	return root.Mul(root, root).Cmp(x) == 0
}
