package keypair

import (
	"errors"
	"iter"
	"math/big"

	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

// WeakPolicy says which keys are too weak and what becomes of them. It is the
// deployment's or a dialect's own.
type WeakPolicy struct {
	Action WeakAction
	Checks weak.Policy
}

// WeakAction is what becomes of a weak key at import.
type WeakAction string

// The actions. Any other, the empty one included, refuses. RSA keys under
// [weak.LeastRSABits] are refused by every one: anybody can break them.
const (
	RefuseWeak WeakAction = "refuse"
	WarnWeak   WeakAction = "warn"  // taken; said to the caller, in the log and in the audit log
	AllowWeak  WeakAction = "allow" // taken without a word
)

// judge decides about a key: the error refuses it, the warnings are to be said.
func (p WeakPolicy) judge(key sshkey.PublicKey) (warnings []error, err error) {
	found := weaknesses(key, p.Checks)
	switch {
	case len(found) == 0:
		return nil, nil
	case key.Algorithm() == sshkey.RSA && key.Bits() < weak.LeastRSABits:
		return nil, found[0]
	}
	switch p.Action {
	case AllowWeak:
		return nil, nil
	case WarnWeak:
		for _, w := range found {
			warnings = append(warnings, w)
		}
		return warnings, nil
	default:
		return nil, found[0]
	}
}

// weaknesses are all that is weak about a key, the worst first.
func weaknesses(key sshkey.PublicKey, p weak.Policy) []*weak.Error {
	var w *weak.Error
	if errors.As(weak.Check(key, p), &w) {
		return []*weak.Error{w}
	}
	return nil
}

// sharedPrimes are the pairs of RSA keys with different moduli that have a prime in common.
func sharedPrimes(keys []sshkey.PublicKey) iter.Seq2[sshkey.PublicKey, sshkey.PublicKey] {
	return func(yield func(a, b sshkey.PublicKey) bool) {
		for i, a := range keys {
			n, _, _ := a.RSANumbers()
			for _, b := range keys[:i] {
				m, _, _ := b.RSANumbers()
				if n.Cmp(m) != 0 && new(big.Int).GCD(nil, nil, n, m).BitLen() > 1 && !yield(a, b) {
					return
				}
			}
		}
	}
}
