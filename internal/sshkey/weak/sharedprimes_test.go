package weak

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/keyreeve/keyreeve/internal/sshkey"
	"pgregory.net/rapid"
)

func moduliOf(keys []sshkey.PublicKey) []*big.Int {
	moduli := make([]*big.Int, len(keys))
	for i, key := range keys {
		moduli[i], _, _ = key.RSANumbers()
	}
	return moduli
}

// checkShared compares findings with the greatest common divisor of every pair.
func checkShared(t rapid.TB, keys []sshkey.PublicKey, found []SharedFactor) {
	t.Helper()
	moduli := moduliOf(keys)
	for _, f := range found {
		if f.Factor.Cmp(big1) <= 0 || !slices.IsSorted(f.Keys) || len(slices.Compact(slices.Clone(f.Keys))) != len(f.Keys) {
			t.Fatalf("factor %d of %v", f.Factor, f.Keys)
		}
		different := map[string]bool{}
		for _, i := range f.Keys {
			different[moduli[i].String()] = true
			if new(big.Int).Mod(moduli[i], f.Factor).Sign() != 0 {
				t.Fatalf("%d is no factor of key %d", f.Factor, i)
			}
		}
		if len(different) < 2 {
			t.Fatalf("factor %d is of one modulus only: %v", f.Factor, f.Keys)
		}
	}
	for i, n := range moduli {
		for j, m := range moduli[:i] {
			if n == nil || m == nil || n.Cmp(m) == 0 {
				continue
			}
			common := new(big.Int).GCD(nil, nil, n, m)
			together := slices.ContainsFunc(found, func(f SharedFactor) bool {
				return slices.Contains(f.Keys, i) && slices.Contains(f.Keys, j)
			})
			if together != (common.Cmp(big1) > 0) {
				t.Fatalf("keys %d and %d have %d in common, found together: %t", j, i, common, together)
			}
		}
	}
}

// Any mixture: two and three factors, powers, one modulus that divides another,
// the same one again, and keys of other kinds.
func TestSharedPrimesNaive(t *testing.T) {
	outer := t
	var pool []*big.Int
	for range 12 {
		pool = append(pool, prime(t, 257))
	}
	pool = append(pool, new(big.Int).Mul(pool[0], pool[1])) // a factor that is never apart elsewhere
	others := []sshkey.PublicKey{vector(t, "ed25519.pub"), vector(t, "dsa1024.pub"), {}}
	rapid.Check(t, func(t *rapid.T) {
		var keys []sshkey.PublicKey
		for range rapid.IntRange(0, 24).Draw(t, "keys") {
			picks := rapid.SliceOfN(rapid.IntRange(0, len(pool)-1), 2, 3).Draw(t, "factors")
			if other := rapid.IntRange(0, 20).Draw(t, "other"); other < len(others) {
				keys = append(keys, others[other])
				continue
			}
			n := big.NewInt(1)
			for _, k := range picks {
				n.Mul(n, pool[k])
			}
			keys = append(keys, rsaKey(outer, n, 65537))
		}
		checkShared(t, keys, SharedPrimes(keys))
	})
}

func TestSharedPrimes(t *testing.T) {
	p, q, r, s, u, v := prime(t, 512), prime(t, 512), prime(t, 512), prime(t, 512), prime(t, 512), prime(t, 512)
	key := func(a, b *big.Int) sshkey.PublicKey { return rsaKey(t, new(big.Int).Mul(a, b), 65537) }
	keys := []sshkey.PublicKey{key(p, q), key(u, v), key(r, p), vector(t, "ed25519.pub"), key(p, q), key(r, s), key(u, v)}
	found := SharedPrimes(keys)
	want := []SharedFactor{{p, []int{0, 2, 4}}, {r, []int{2, 5}}}
	if len(found) != len(want) {
		t.Fatalf("%d factors", len(found))
	}
	for i, f := range found {
		if f.Factor.Cmp(want[i].Factor) != 0 || !slices.Equal(f.Keys, want[i].Keys) {
			t.Errorf("factor %d of %v, want %d of %v", f.Factor, f.Keys, want[i].Factor, want[i].Keys)
		}
	}
	e := found[0].Finding()
	if e.Check != "rsa-shared" || e.Error() == "" || e.Error() == found[0].Finding().In(sshkey.Korean) {
		t.Errorf("finding %q %q", e.Check, e)
	}
	for _, none := range [][]sshkey.PublicKey{nil, keys[:1], {keys[0], keys[4]}, {keys[1], keys[5]}, keys[3:4]} {
		if found := SharedPrimes(none); len(found) != 0 {
			t.Errorf("%d factors among %d keys", len(found), len(none))
		}
	}
}

// Enough keys for the work to be done at once on several processors.
func TestSharedPrimesMany(t *testing.T) {
	random := seeded()
	keys := make([]sshkey.PublicKey, 700)
	for i := range keys {
		n := randomBits(random, 512)
		for findSmallFactor(subject{n: n}, Policy{}) != nil {
			n = randomBits(random, 512)
		}
		keys[i] = rsaKey(t, n, 3)
	}
	p := prime(t, 256)
	keys[0] = rsaKey(t, new(big.Int).Mul(p, prime(t, 256)), 3)
	keys[699] = rsaKey(t, new(big.Int).Mul(p, prime(t, 256)), 3)
	found := SharedPrimes(keys)
	checkShared(t, keys, found)
	if !slices.ContainsFunc(found, func(f SharedFactor) bool { return f.Factor.Cmp(p) == 0 && slices.Equal(f.Keys, []int{0, 699}) }) {
		t.Errorf("the first and the last key are not found: %v", found)
	}
}

func BenchmarkSharedPrimes(b *testing.B) {
	for _, count := range []int{100, 1000, 10_000} {
		random := seeded()
		keys := make([]sshkey.PublicKey, count)
		for i := range keys {
			keys[i] = rsaKey(b, randomBits(random, 2048), 65537)
		}
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				SharedPrimes(keys)
			}
		})
	}
}
