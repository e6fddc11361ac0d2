package compute

import (
	"crypto/sha512"
	"crypto/subtle"
	"strconv"
	"strings"
)

// Bounds of SHA-crypt (https://www.akkadia.org/drepper/SHA-crypt.txt).
const (
	cryptRounds = 5000 // where the hash says nothing else
	leastRounds = 1000
	mostRounds  = 999_999_999
	saltLength  = 16
)

// MaxPassword is how long a guest's password may be, in bytes: hashing takes
// time that grows with its square.
const MaxPassword = 255

// cryptAlphabet are the digits of crypt(3)'s own base64.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// SHA512Crypt hashes a password as crypt(3) does with "$6$", which every
// Linux guest's login takes. salt is up to 16 of the letters ./0-9A-Za-z.
func SHA512Crypt(password, salt string) string {
	salt = salt[:min(len(salt), saltLength)]
	return "$6$" + salt + "$" + sha512crypt([]byte(password), []byte(salt), cryptRounds)
}

// PasswordFits tells whether hash, as [SHA512Crypt] made it or with a number of
// rounds of its own up to 100,000, is that of the password.
func PasswordFits(hash, password string) bool {
	rest, ok := strings.CutPrefix(hash, "$6$")
	if !ok || len(password) > MaxPassword {
		return false
	}
	rounds := cryptRounds
	if text, after, has := strings.Cut(rest, "$"); has && strings.HasPrefix(text, "rounds=") {
		n, err := strconv.Atoi(strings.TrimPrefix(text, "rounds="))
		if err != nil || n > 100_000 {
			return false
		}
		rounds, rest = max(n, leastRounds), after
	}
	salt, sum, ok := strings.Cut(rest, "$")
	if !ok || len(salt) > saltLength {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(sum), []byte(sha512crypt([]byte(password), []byte(salt), rounds))) == 1
}

// sha512crypt is the algorithm of SHA-crypt, steps 1 to 22, for SHA-512.
func sha512crypt(password, salt []byte, rounds int) string {
	rounds = min(max(rounds, leastRounds), mostRounds)

	b := sha512.New()
	b.Write(password)
	b.Write(salt)
	b.Write(password)
	alternate := b.Sum(nil)

	a := sha512.New()
	a.Write(password)
	a.Write(salt)
	a.Write(stretch(alternate, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			a.Write(alternate)
		} else {
			a.Write(password)
		}
	}
	sum := a.Sum(nil)

	p := sha512.New()
	for range password {
		p.Write(password)
	}
	ps := stretch(p.Sum(nil), len(password))

	s := sha512.New()
	for range 16 + int(sum[0]) {
		s.Write(salt)
	}
	ss := stretch(s.Sum(nil), len(salt))

	c := sha512.New()
	for k := range rounds {
		c.Reset()
		either(c.Write, k&1 != 0, ps, sum)
		if k%3 != 0 {
			c.Write(ss)
		}
		if k%7 != 0 {
			c.Write(ps)
		}
		either(c.Write, k&1 != 0, sum, ps)
		sum = c.Sum(sum[:0])
	}
	return cryptText(sum)
}

// stretch repeats b to n bytes.
func stretch(b []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(out) < n {
		out = append(out, b[:min(len(b), n-len(out))]...)
	}
	return out
}

func either(write func([]byte) (int, error), first bool, a, b []byte) {
	if !first {
		a = b
	}
	_, _ = write(a) // a hash takes everything
}

// cryptText writes the 64 bytes of a sum in the order and the digits of step 22.
func cryptText(sum []byte) string {
	out := make([]byte, 0, 86)
	put := func(v uint, digits int) {
		for range digits {
			out = append(out, cryptAlphabet[v&63])
			v >>= 6
		}
	}
	// Groups of three bytes, 21 apart; each group begins one place further on.
	for k, at := 0, [3]int{0, 21, 42}; k < 21; k++ {
		put(uint(sum[at[0]])<<16|uint(sum[at[1]])<<8|uint(sum[at[2]]), 4)
		at = [3]int{at[1] + 1, at[2] + 1, at[0] + 1}
	}
	put(uint(sum[63]), 2)
	return string(out)
}
