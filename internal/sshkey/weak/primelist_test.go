package weak

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func primeList(t testing.TB, text string) *PrimeList {
	t.Helper()
	l := new(PrimeList)
	if err := l.Add("list", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return l
}

// manyPrimes writes so many numbers without small factors, which do for primes.
func manyPrimes(count, bits int) string {
	var text strings.Builder
	random := seeded()
	for count > 0 {
		p := randomBits(random, bits)
		if _, err := parsePrime(p.Text(16)); err == nil {
			fmt.Fprintln(&text, p.Text(16))
			count--
		}
	}
	return text.String()
}

func TestPrimeList(t *testing.T) {
	p, q, r := prime(t, 1024), prime(t, 1024), prime(t, 512)
	n := new(big.Int).Mul(p, q)
	others := manyPrimes(300, 1024) // several products
	for what, c := range map[string]struct {
		list string
		want *big.Int
	}{
		"none":                                 {"", nil},
		"only others":                          {others, nil},
		"p":                                    {p.Text(16), p},
		"p as last":                            {others + p.Text(16), p},
		"q as first":                           {"0x" + strings.ToUpper(q.Text(16)) + " # of a router\n" + others, q},
		"both far apart":                       {p.Text(16) + "\n" + others + q.Text(16), n},
		"both, and twice":                      {p.Text(16) + "\n" + q.Text(16) + "\n" + p.Text(16), n},
		"a shorter prime":                      {r.Text(16), nil},
		"the modulus, if it is listed instead": {n.Text(16), n},
	} {
		l := primeList(t, c.list)
		got := l.Factor(n)
		if (got == nil) != (c.want == nil) || got != nil && got.Cmp(c.want) != 0 {
			t.Errorf("%s: factor %v, want %v", what, got, c.want)
		}
		want := ""
		if c.want != nil {
			want = "rsa-shared"
		}
		expect(t, what, rsaKey(t, n, 65537), Policy{SharedPrimes: l}, want)
		if lines := len(strings.Fields(strings.ReplaceAll(c.list, " # of a router", ""))); l.Len() != lines {
			t.Errorf("%s: %d primes, want %d", what, l.Len(), lines)
		}
	}
	if (*PrimeList)(nil).Factor(n) != nil || (*PrimeList)(nil).Len() != 0 {
		t.Error("no list has something")
	}
}

func TestPrimeListErrors(t *testing.T) {
	good := prime(t, 256).Text(16)
	for text, want := range map[string]string{
		good + "\nhello":                      `list:2: "hello" is no hexadecimal number`,
		good + "\n0x":                         `list:2: a hexadecimal number is wanted`,
		"-" + good:                            `list:1: "-` + good[:39] + `…" is no hexadecimal number`,
		"ff":                                  `list:1: a number of 8 bits is no prime of an RSA key: 128 to 8192 bits are wanted`,
		"0":                                   `list:1: a number of 0 bits is no prime`,
		"8" + strings.Repeat("0", 2047) + "1": `list:1: a number of 8196 bits is no prime`,
		"# even\n\n" + strings.Repeat("f", 63) + "e": `list:3: "` + strings.Repeat("f", 40) + `…" is no prime: 2 divides it`,
		strings.Repeat("1", 64):                      `list:1: "` + strings.Repeat("1", 40) + `…" is no prime: 17 divides it`,
		strings.Repeat("1", 20<<10):                  `list:1: the line is longer`,
	} {
		l := new(PrimeList)
		err := l.Add("list", strings.NewReader(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", shown(text), err, want)
		}
		if l.Len() != 0 {
			t.Errorf("%s: %d primes in spite of the error", shown(text), l.Len())
		}
	}
	full := &PrimeList{count: MaxPrimes}
	if err := full.Add("list", strings.NewReader(good)); err == nil || err.Error() != "list:1: more than 100000 primes" {
		t.Errorf("error %v", err)
	}
}

func TestLoadPrimeList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "primes")
	if err := os.WriteFile(path, []byte(manyPrimes(2, 512)), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := LoadPrimeList(path, path); err != nil || l.Len() != 4 {
		t.Errorf("%d primes, %v", l.Len(), err)
	}
	if _, err := LoadPrimeList(path, path+"none"); err == nil {
		t.Error("a missing file is no error")
	}
}

func FuzzPrimeList(f *testing.F) {
	f.Add("# list\n0x" + strings.Repeat("f", 62) + "61\n")
	f.Add(strings.Repeat("f", 33) + "1\r\n")
	f.Add("0")
	f.Fuzz(func(t *testing.T, text string) {
		l := new(PrimeList)
		if err := l.Add("list", strings.NewReader(text)); err != nil {
			return
		}
		first := ""
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if first = strings.TrimSpace(line); first != "" {
				break
			}
		}
		if (first == "") != (l.Len() == 0) {
			t.Fatalf("%d primes", l.Len())
		}
		if first == "" {
			return
		}
		p, err := parsePrime(first)
		if err != nil {
			t.Fatal(err)
		}
		if g := l.Factor(new(big.Int).Mul(p, big.NewInt(1<<40))); g == nil || new(big.Int).Mod(g, p).Sign() != 0 {
			t.Errorf("%v is not found: %v", p, g)
		}
	})
}

// The cost grows with the product of both lengths and of the count.
func BenchmarkPrimeList(b *testing.B) {
	for _, count := range []int{1000, 10_000} {
		text := manyPrimes(count, 1024)
		b.Run(fmt.Sprintf("load/%d", count), func(b *testing.B) {
			for b.Loop() {
				primeList(b, text)
			}
		})
		l := primeList(b, text)
		n := randomBits(seeded(), 2048)
		b.Run(fmt.Sprintf("factor/%d", count), func(b *testing.B) {
			for b.Loop() {
				l.Factor(n)
			}
		})
	}
}
