package weak

import (
	"math/big"
	"testing"
)

func TestPowers(t *testing.T) {
	random := seeded()
	for _, k := range []int{3, 5, 7, 9, 11, 15, 27, 31, 61, 97, 113} {
		for range 5 {
			base := randomBits(random, 2048/k+1)
			power := new(big.Int).Exp(base, big.NewInt(int64(k)), nil)
			if findPower(subject{n: power}, Policy{}) == nil {
				t.Errorf("%d^%d is not found", base, k)
			}
			for _, off := range []int64{-2, 2} {
				if findPower(subject{n: new(big.Int).Add(power, big.NewInt(off))}, Policy{}) != nil {
					t.Errorf("%d^%d%+d is found", base, k, off)
				}
			}
		}
	}
	p := prime(t, 683)
	cube := new(big.Int).Exp(p, big.NewInt(3), nil)
	expect(t, "cube", rsaKey(t, cube, 65537), Policy{}, "rsa-power")
	for range 300 {
		if n := randomBits(random, 2048); findPower(subject{n: n}, Policy{}) != nil {
			t.Errorf("%d is found", n)
		}
	}
}

// isPower must be right without the tests before it: for roots at the edges of
// what floating point can tell, and for the neighbours of powers.
func TestIsPower(t *testing.T) {
	random := seeded()
	for _, k := range []int{3, 5, 13, 101, 1021} {
		for _, bits := range []int{2, 16, 17, 52, 53, 54, 64, 65, 200, 1000} {
			if bits*k > 16384 {
				continue
			}
			edge := new(big.Int).Lsh(big1, uint(bits))
			for _, root := range []*big.Int{edge, new(big.Int).Sub(edge, big1), new(big.Int).Add(edge, big1), randomBits(random, bits)} {
				n := new(big.Int).Exp(root, big.NewInt(int64(k)), nil)
				if !isPower(n, k) {
					t.Errorf("%d^%d is no power", root, k)
				}
				if isPower(new(big.Int).Add(n, big1), k) || isPower(n.Sub(n, big1), k) {
					t.Errorf("next to %d^%d is a power", root, k)
				}
				if above := aboveRoot(n, k); above.Cmp(root) < 0 {
					t.Errorf("%d is not above the root %d", above, root)
				}
			}
		}
	}
}

func TestResidue(t *testing.T) {
	random := seeded()
	for range 200 {
		n, m := randomBits(random, 1+random.IntN(300)), 1+random.Uint64N(1<<32-1)
		if want := new(big.Int).Mod(n, new(big.Int).SetUint64(m)).Uint64(); residue(n, m) != want {
			t.Errorf("%d mod %d is %d, want %d", n, m, residue(n, m), want)
		}
	}
	if residue(new(big.Int), 7) != 0 {
		t.Error("zero")
	}
}
