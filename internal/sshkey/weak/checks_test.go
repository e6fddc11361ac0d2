package weak

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// oneOfEach has a key, and a policy where it takes one, for every check.
func oneOfEach(t testing.TB) map[string]struct {
	subject subject
	policy  Policy
} {
	type of = struct {
		subject subject
		policy  Policy
	}
	p, q := prime(t, 1024), prime(t, 1024)
	sound := new(big.Int).Mul(p, q)
	rsa := func(n *big.Int, e int64) of { return of{subject: examine(rsaKey(t, n, e))} }
	dsa := examine(vector(t, "dsa1024.pub"))
	badDSA := dsa
	badDSA.dsa.y = big1
	short := examine(vector(t, "rsa1024.pub"))
	return map[string]of{
		"published":     {subject: examine(keyIn(t, "testdata/vagrant.pub"))},
		"blocklist":     {examine(vector(t, "ed25519.pub")), Policy{Blocklist: blocklist(t, vector(t, "ed25519.pub").FingerprintMD5())}},
		"dsa":           {dsa, Policy{RefuseDSA: true}},
		"dsa-numbers":   {subject: badDSA},
		"rsa-size":      {short, DefaultPolicy()},
		"rsa-exponent":  rsa(sound, 1),
		"ed25519-order": {subject: examine(edKey(t, "ssh-ed25519", smallOrder[2]))},
		"rsa-factor":    rsa(new(big.Int).Mul(sound, big.NewInt(251)), 3),
		"rsa-power":     rsa(new(big.Int).Exp(p, big.NewInt(3), nil), 3),
		"rsa-roca":      {subject: examine(keyIn(t, "testdata/roca/ssh06.pub"))},
		"rsa-shared":    {examine(rsaKey(t, sound, 3)), Policy{SharedPrimes: primeList(t, q.Text(16))}},
		"rsa-fermat":    rsa(new(big.Int).Mul(p, p), 3),
		"rsa-prime":     {subject: examine(keyIn(t, "testdata/prime.pub"))},
	}
}

func TestEachCheckIsWorded(t *testing.T) {
	samples := oneOfEach(t)
	hangul := regexp.MustCompile(`\p{Hangul}`)
	for i, c := range checks {
		if c.about.English == "" || !hangul.MatchString(c.about.Korean) {
			t.Errorf("%s: about %q", c.name, c.about)
		}
		if slices.ContainsFunc(checks[:i], func(o check) bool { return o.name == c.name }) {
			t.Errorf("%s is there twice", c.name)
		}
		sample, ok := samples[c.name]
		if !ok {
			t.Errorf("%s: there is no key for it", c.name)
			continue
		}
		e := c.find(sample.subject, sample.policy)
		if e == nil {
			t.Errorf("%s finds nothing", c.name)
			continue
		}
		english, korean := e.In(sshkey.English), e.In(sshkey.Korean)
		if !strings.HasSuffix(english, "; make a new key with 'ssh-keygen -t ed25519'") || hangul.MatchString(english) {
			t.Errorf("%s: says %q", c.name, english)
		}
		if !strings.HasSuffix(korean, "니다. 'ssh-keygen -t ed25519'로 새 키를 만드십시오") {
			t.Errorf("%s: says %q", c.name, korean)
		}
		for _, text := range []string{english, korean} {
			if strings.Contains(text, "%!") {
				t.Errorf("%s: says %q", c.name, text)
			}
		}
		if e.Error() != english || e.In("fr") != english {
			t.Errorf("%s: the error is %q", c.name, e)
		}
	}
	if len(samples) != len(checks) {
		t.Errorf("%d keys for %d checks", len(samples), len(checks))
	}
}

// The table in the package documentation is the list of checks.
func TestChecksAreDocumented(t *testing.T) {
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z0-9-]+) +(?:all|DSA|RSA|Ed25519) `).FindAllStringSubmatch(readFile(t, "doc.go"), -1) {
		documented = append(documented, m[1])
	}
	var names []string
	for _, c := range Checks() {
		names = append(names, c.Name)
		if c.Thorough != (c.Name == "rsa-prime") {
			t.Errorf("%s: thorough is %t", c.Name, c.Thorough)
		}
	}
	if !slices.Equal(documented, names) {
		t.Errorf("documented are %q, there are %q", documented, names)
	}
}

func names(found []*Error) []string {
	var all []string
	for _, e := range found {
		all = append(all, e.Check)
	}
	return all
}

func TestFindings(t *testing.T) {
	short := rsaKey(t, new(big.Int).Lsh(big1, 767), 2)
	certified := vector(t, "rsa2048-cert.pub")
	published := keyIn(t, "testdata/vagrant.pub")
	p := prime(t, 1024)
	square := rsaKey(t, new(big.Int).Mul(p, p), 65537)
	for what, c := range map[string]struct {
		key    sshkey.PublicKey
		policy Policy
		want   []string
	}{
		"zero key":                  {sshkey.PublicKey{}, DefaultPolicy(), nil},
		"sound":                     {vector(t, "rsa3072.pub"), DefaultPolicy(), nil},
		"several, none said twice":  {short, DefaultPolicy(), []string{"rsa-size", "rsa-exponent", "rsa-factor"}},
		"published and on a list":   {published, Policy{Blocklist: blocklist(t, published.FingerprintSHA256())}, []string{"published", "blocklist"}},
		"certificate":               {certified, Policy{MinRSABits: 4096, Blocklist: blocklist(t, certified.AuthorizedKey())}, []string{"blocklist", "rsa-size"}},
		"square of a listed prime":  {square, Policy{SharedPrimes: primeList(t, p.Text(16))}, []string{"rsa-shared", "rsa-fermat"}},
		"a prime":                   {keyIn(t, "testdata/prime.pub"), Policy{}, []string{"rsa-prime"}},
		"a prime that is too short": {keyIn(t, "testdata/prime.pub"), Policy{MinRSABits: 3072}, []string{"rsa-size", "rsa-prime"}},
	} {
		found := Findings(c.key, c.policy)
		if !slices.Equal(names(found), c.want) {
			t.Errorf("%s: found %q, want %q", what, names(found), c.want)
		}
		want := slices.DeleteFunc(slices.Clone(c.want), func(name string) bool { return name == "rsa-prime" })
		switch err := Check(c.key, c.policy); {
		case len(want) == 0 && err != nil:
			t.Errorf("%s: Check says %v", what, err)
		case len(want) > 0 && (err == nil || err.Check != want[0]):
			t.Errorf("%s: Check says %v, want %s", what, err, want[0])
		}
	}
}

// Nothing that can be read as a key brings a check to a panic, and Check says
// what Findings says first.
func FuzzCheck(f *testing.F) {
	for _, name := range []string{
		"rsa1024.pub", "rsa2048.pub", "rsa2048-cert.pub", "dsa1024.pub", "dsa1024-cert.pub", "ecdsa256.pub", "ecdsa521.pub",
		"ed25519.pub", "ed25519-cert.pub", "sk-ecdsa256.pub", "sk-ed25519.pub",
	} {
		f.Add(vector(f, name).AuthorizedKey())
	}
	f.Add(readFile(f, "testdata/roca/ssh06.pub"))
	f.Add(readFile(f, "testdata/prime.pub"))
	for _, s := range oneOfEach(f) {
		f.Add(s.subject.key.AuthorizedKey())
	}
	policy := Policy{
		MinRSABits:   2048,
		Blocklist:    blocklist(f, vector(f, "ed25519.pub").FingerprintMD5()),
		SharedPrimes: primeList(f, manyPrimes(10, 512)),
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := sshkey.ParsePublicKey(text)
		if err != nil {
			return
		}
		first := Check(key, policy)
		if key.Bits() > 4096 {
			return // the thorough checks would only slow down the search
		}
		found := slices.DeleteFunc(Findings(key, policy), func(e *Error) bool { return e.Check == "rsa-prime" })
		if (first == nil) != (len(found) == 0) || first != nil && first.Error() != found[0].Error() {
			t.Errorf("Check says %v, Findings %v", first, found)
		}
	})
}

// What an import costs.
func BenchmarkCheck(b *testing.B) {
	keys := map[string]sshkey.PublicKey{"rsa16384": rsaKey(b, soundLooking(16384), 65537)}
	for _, name := range []string{"rsa2048.pub", "rsa4096.pub", "ed25519.pub", "ecdsa256.pub", "dsa1024.pub"} {
		keys[name] = vector(b, name)
	}
	for name, key := range keys {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Check(key, DefaultPolicy()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Every check of RSA, at the usual length and at the longest.
func BenchmarkEachCheck(b *testing.B) {
	for _, bits := range []int{2048, 8192, 16384} {
		s := subject{key: rsaKey(b, soundLooking(bits), 65537), n: soundLooking(bits), e: big.NewInt(65537)}
		for _, c := range checks {
			if !slices.Equal(c.of, ofRSA) {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", c.name, bits), func(b *testing.B) {
				for b.Loop() {
					if c.find(s, DefaultPolicy()) != nil {
						b.Fatal("found")
					}
				}
			})
		}
	}
}

// soundLooking is a random number without small factors, in which no check
// finds anything.
func soundLooking(bits int) *big.Int {
	random := seeded()
	for {
		if n := randomBits(random, bits); findSmallFactor(subject{n: n}, Policy{}) == nil {
			return n
		}
	}
}
