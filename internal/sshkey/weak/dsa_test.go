package weak

import (
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestDSANumbers(t *testing.T) {
	sound := examine(vector(t, "dsa1024.pub")).dsa
	with := func(change func(*dsaNumbers)) dsaNumbers {
		d := sound
		change(&d)
		return d
	}
	add := func(x *big.Int, n int64) *big.Int { return new(big.Int).Add(x, big.NewInt(n)) }
	huge := new(big.Int).Lsh(big1, 16383)
	whole := big.NewInt(2) // of the order (p-1)/2 or p-1: far more than q
	for name, c := range map[string]struct {
		numbers dsaNumbers
		want    string // the beginning of the sentence
	}{
		"sound":               {sound, ""},
		"p longer":            {with(func(d *dsaNumbers) { d.p = huge }), "the numbers p and q of this DSA key have 16384 and 160 bits"},
		"q shorter":           {with(func(d *dsaNumbers) { d.q = big.NewInt(5) }), "the numbers p and q of this DSA key have 1024 and 3 bits"},
		"all zero":            {dsaNumbers{new(big.Int), new(big.Int), new(big.Int), new(big.Int)}, "the numbers p and q of this DSA key have 0 and 0 bits"},
		"p even":              {with(func(d *dsaNumbers) { d.p = add(d.p, 1) }), "the numbers p and q of this DSA key are not two primes"},
		"p composite":         {with(func(d *dsaNumbers) { d.p = new(big.Int).Add(d.p, new(big.Int).Lsh(d.q, 1)) }), "the numbers p and q of this DSA key are not two primes"},
		"q not of p":          {with(func(d *dsaNumbers) { d.q = prime(t, 160) }), "the numbers p and q of this DSA key are not two primes"},
		"g zero":              {with(func(d *dsaNumbers) { d.g = new(big.Int) }), "the numbers g and y"},
		"g one":               {with(func(d *dsaNumbers) { d.g = big1 }), "the numbers g and y"},
		"g is p-1":            {with(func(d *dsaNumbers) { d.g = add(d.p, -1) }), "the numbers g and y"},
		"g beyond p":          {with(func(d *dsaNumbers) { d.g = huge }), "the numbers g and y"},
		"g of another order":  {with(func(d *dsaNumbers) { d.g = whole }), "the numbers g and y"},
		"y zero":              {with(func(d *dsaNumbers) { d.y = new(big.Int) }), "the numbers g and y"},
		"y one":               {with(func(d *dsaNumbers) { d.y = big1 }), "the numbers g and y"},
		"y beyond p":          {with(func(d *dsaNumbers) { d.y = new(big.Int).Add(d.y, d.p) }), "the numbers g and y"},
		"y of another order":  {with(func(d *dsaNumbers) { d.y = whole }), "the numbers g and y"},
		"y is g to the power": {with(func(d *dsaNumbers) { d.y = new(big.Int).Exp(d.g, big.NewInt(77), d.p) }), ""},
	} {
		start := time.Now()
		e := findDSANumbers(subject{dsa: c.numbers}, Policy{})
		switch {
		case (e == nil) != (c.want == ""):
			t.Errorf("%s: %v", name, e)
		case e != nil && !strings.HasPrefix(e.Error(), c.want):
			t.Errorf("%s: says %q", name, e)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}
