package weak

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Bounds of a [PrimeList].
const (
	// MaxPrimes is how many primes a list takes. Checking a key against so
	// many of 1024 bits each takes some 70 ms.
	MaxPrimes = 100_000
	// minPrimeBits keeps out what is no prime of any key, and maxPrimeBits what
	// is too long to be one of two in a key of 16384 bits.
	minPrimeBits = 128
	maxPrimeBits = 8192
	// chunkBits is the size of the products that the primes are gathered in.
	// Reducing such a product costs Θ(its length · the length of the key),
	// so bigger ones would not be quicker to use, only slower to make.
	chunkBits = 1 << 17
)

// PrimeList has primes that are known to be in more than one RSA key, as they
// come out of [SharedPrimes] or of scans like Heninger and others, "Mining Your
// Ps and Qs" (2012). The zero PrimeList is empty and ready for [PrimeList.Add].
// It may be asked by many at once when no Add runs.
type PrimeList struct {
	products []*big.Int // of about chunkBits each
	count    int
}

// LoadPrimeList reads files in the format of [PrimeList.Add]. An error names the
// file, and the line if it is about one.
func LoadPrimeList(paths ...string) (*PrimeList, error) {
	l := new(PrimeList)
	if err := readFiles(paths, l.Add); err != nil {
		return nil, err
	}
	return l, nil
}

// Add reads a list; name is what errors call it. The format is text, one prime
// of 128 to 8192 bits a line in hexadecimal digits, with or without 0x before
// them. Empty lines are left out, and so is everything after a #.
//
// Whether a number is really a prime is tested by the primes up to 53 only:
// that finds most typing errors, and a factor that a key has in common with any
// listed number breaks the key, prime or not. On an error nothing of this list
// has been added.
func (l *PrimeList) Add(name string, r io.Reader) error {
	var products []*big.Int
	var chunk []*big.Int
	bits, count := 0, 0
	flush := func() {
		if len(chunk) > 0 {
			products = append(products, productOf(chunk))
		}
		chunk, bits = nil, 0
	}
	err := readLines(name, r, nil, func(text string) error {
		p, err := parsePrime(text)
		if err != nil {
			return err
		}
		if count++; l.count+count > MaxPrimes {
			return fmt.Errorf("more than %d primes", MaxPrimes)
		}
		chunk = append(chunk, p)
		if bits += p.BitLen(); bits >= chunkBits {
			flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	flush()
	l.products, l.count = append(l.products, products...), l.count+count
	return nil
}

// Len returns how many primes were read.
func (l *PrimeList) Len() int {
	if l == nil {
		return 0
	}
	return l.count
}

func parsePrime(text string) (*big.Int, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "0x"), "0X")
	if strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return nil, fmt.Errorf("%s is no hexadecimal number", shown(text))
	}
	p, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		return nil, errors.New("a hexadecimal number is wanted")
	}
	if n := p.BitLen(); n < minPrimeBits || n > maxPrimeBits {
		return nil, fmt.Errorf("a number of %d bits is no prime of an RSA key: %d to %d bits are wanted", n, minPrimeBits, maxPrimeBits)
	}
	for _, small := range []uint64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53} {
		if residue(p, small) == 0 {
			return nil, fmt.Errorf("%s is no prime: %d divides it", shown(text), small)
		}
	}
	return p, nil
}

// productOf multiplies numbers in pairs of about the same length.
func productOf(numbers []*big.Int) *big.Int {
	if len(numbers) == 1 {
		return numbers[0]
	}
	half := len(numbers) / 2
	return new(big.Int).Mul(productOf(numbers[:half]), productOf(numbers[half:]))
}

// Factor returns a factor above 1 that n > 0 has in common with the list (n
// itself, if all its primes are listed), or nil if there is none. The cost is
// that of one schoolbook division of the product of the whole list by n: about
// 0.7 µs for each prime of 1024 bits with an n of 2048.
func (l *PrimeList) Factor(n *big.Int) *big.Int {
	if l.Len() == 0 {
		return nil
	}
	rest, part := big.NewInt(1), new(big.Int)
	for _, product := range l.products {
		rest.Mul(rest, part.Mod(product, n))
		rest.Mod(rest, n)
	}
	if rest.GCD(nil, nil, rest, n).Cmp(big1) == 0 {
		return nil
	}
	return rest
}

var saidShared = sshkey.Wording{
	English: "the modulus of this RSA key has a prime in common with other keys, so that anybody can calculate its private half",
	Korean:  "이 RSA 키의 모듈러스가 다른 키와 같은 소수를 사용하므로 누구나 개인 키를 계산할 수 있습니다",
}

func findSharedPrime(s subject, policy Policy) *Error {
	if policy.SharedPrimes.Factor(s.n) == nil {
		return nil
	}
	return because(saidShared)
}
