package weak

import (
	"math/big"
	"slices"
	"sync"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// SharedFactor is a factor that the moduli of several keys have in common, with
// which anybody can calculate the private halves of all of them.
type SharedFactor struct {
	Factor *big.Int // above 1; a prime, if the moduli are products of two primes each
	Keys   []int    // which of the keys have it, ascending: of two different moduli at least
}

// Finding returns what is to be said of each of the keys.
func (SharedFactor) Finding() *Error {
	e := because(saidShared)
	e.Check = "rsa-shared"
	return e
}

// SharedPrimes finds every pair of different RSA moduli with a common factor
// among keys (certificates stand for the key in them, keys of other algorithms
// are passed over). Two keys are such a pair if and only if both are in
// one of the SharedFactors, which come in the order of their first keys. Equal
// moduli are the same key and no finding, but if a third shares a factor with
// them, all are in Keys.
//
// It is Bernstein's batch GCD with product and remainder trees, on all
// processors: for 10,000 keys of 2048 bits it takes some 14 s of processor time,
// and about three times as long for each doubling (math/big multiplies by
// Karatsuba's method). It needs some 50 times the memory of the moduli.
func SharedPrimes(keys []sshkey.PublicKey) []SharedFactor {
	var moduli []*big.Int
	var owners [][]int // of each modulus
	seen := map[string]int{}
	for i, key := range keys {
		n, _, ok := key.RSANumbers()
		if !ok || n.Cmp(big1) <= 0 {
			continue
		}
		at, known := seen[string(n.Bytes())]
		if !known {
			at = len(moduli)
			seen[string(n.Bytes())] = at
			moduli, owners = append(moduli, n), append(owners, nil)
		}
		owners[at] = append(owners[at], i)
	}
	var shared []SharedFactor
	for _, g := range groupByFactor(commonFactors(moduli)) {
		var with []int
		for _, at := range g.members {
			with = append(with, owners[at]...)
		}
		slices.Sort(with)
		shared = append(shared, SharedFactor{Factor: g.factor, Keys: with})
	}
	slices.SortStableFunc(shared, func(a, b SharedFactor) int { return slices.Compare(a.Keys, b.Keys) })
	return shared
}

// commonFactors returns for each of different moduli, all above 1, the greatest
// common divisor of it and the product of all others.
func commonFactors(moduli []*big.Int) []*big.Int {
	factors := make([]*big.Int, len(moduli))
	if len(moduli) < 2 {
		for i := range factors {
			factors[i] = big1
		}
		return factors
	}
	plant(moduli).divide(nil, factors)
	return factors
}

// tree is a product tree over some moduli n₁ … n_k with product P. The sum of
// all P/n_i is, modulo n_i, just P/n_i: the product of the others, which is what
// each modulus is compared with. Carrying this sum spares the squares of
// Bernstein's remainder tree.
type tree struct {
	product     *big.Int
	cofactors   *big.Int // Σ P/n_i
	left, right *tree    // nil for a single modulus
}

func plant(moduli []*big.Int) *tree {
	if len(moduli) == 1 {
		return &tree{product: moduli[0], cofactors: big1}
	}
	t := new(tree)
	half := len(moduli) / 2
	both(len(moduli),
		func() { t.left = plant(moduli[:half]) },
		func() { t.right = plant(moduli[half:]) })
	var other *big.Int
	both(len(moduli),
		func() { t.cofactors = new(big.Int).Mul(t.left.cofactors, t.right.product) },
		func() {
			other = new(big.Int).Mul(t.right.cofactors, t.left.product)
			t.product = new(big.Int).Mul(t.left.product, t.right.product)
		})
	t.cofactors.Add(t.cofactors, other)
	t.left.cofactors, t.right.cofactors = nil, nil // needed no more
	return t
}

// divide brings rest, the sum of cofactors of the whole tree modulo t.product,
// down to the single moduli, and stores their common factors. At the root rest
// is nil: that sum is its own.
func (t *tree) divide(rest *big.Int, factors []*big.Int) {
	if rest == nil {
		rest = t.cofactors
	}
	if t.left == nil {
		factors[0] = new(big.Int).GCD(nil, nil, rest, t.product)
		return
	}
	half := len(factors) / 2
	both(len(factors),
		func() { t.left.divide(new(big.Int).Mod(rest, t.left.product), factors[:half]) },
		func() { t.right.divide(new(big.Int).Mod(rest, t.right.product), factors[half:]) })
}

// both runs two halves of the work for some moduli, at once if they are many.
func both(moduli int, one, other func()) {
	if moduli < 128 {
		one()
		other()
		return
	}
	var wait sync.WaitGroup
	wait.Go(one)
	other()
	wait.Wait()
}

// group is a factor and those who have it.
type group struct {
	factor  *big.Int
	members []int
}

// groupByFactor sorts out who shares what with whom. common[i] is the greatest
// common divisor of a modulus and all others. Their coprime base (the numbers
// above 1 of which each two are coprime, and of which each common[i] is a
// product) has at least two members to each of its elements: a factor that
// modulus i shares with modulus j divides both common[i] and common[j].
func groupByFactor(common []*big.Int) []group {
	var base coprimeBase
	for _, c := range common {
		base.add(c)
	}
	groups := make([]group, len(base.elements))
	at := map[string]int{}
	for k, b := range base.elements {
		groups[k].factor = b
		at[string(b.Bytes())] = k
	}
	for i, c := range common {
		if c.Cmp(big1) == 0 {
			continue
		}
		if k, single := at[string(c.Bytes())]; single { // the usual case: one prime is shared
			groups[k].members = append(groups[k].members, i)
			continue
		}
		for k, b := range base.elements {
			if new(big.Int).Mod(c, b).Sign() == 0 {
				groups[k].members = append(groups[k].members, i)
			}
		}
	}
	return groups
}

// coprimeBase collects numbers split so far that each two are coprime.
type coprimeBase struct {
	elements []*big.Int
	product  *big.Int // of the elements, to see at once that a number is coprime to all
	seen     map[string]bool
}

// add splits a number, and the elements that it has a factor in common with.
func (b *coprimeBase) add(x *big.Int) {
	if b.seen == nil {
		b.product, b.seen = big.NewInt(1), map[string]bool{}
	}
	if x.Cmp(big1) == 0 || b.seen[string(x.Bytes())] {
		return
	}
	b.seen[string(x.Bytes())] = true
	pending := []*big.Int{x}
next:
	for len(pending) > 0 {
		x := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if x.Cmp(big1) == 0 {
			continue
		}
		g := new(big.Int).Mod(b.product, x)
		if g.GCD(nil, nil, g, x).Cmp(big1) == 0 {
			b.elements = append(b.elements, x)
			b.product.Mul(b.product, x)
			continue
		}
		for k, e := range b.elements {
			g := new(big.Int).GCD(nil, nil, e, x)
			if g.Cmp(big1) == 0 {
				continue
			}
			rest := new(big.Int).Quo(x, g)
			if e.Cmp(g) == 0 { // e divides x
				pending = append(pending, rest)
				continue next
			}
			// e falls apart; its parts and x begin anew.
			b.elements = slices.Delete(b.elements, k, k+1)
			b.product.Quo(b.product, e)
			pending = append(pending, g, new(big.Int).Quo(e, g), rest)
			continue next
		}
	}
}
