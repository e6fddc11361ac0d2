// Package weak refuses SSH public keys that are known to be breakable. Each
// check is cheap enough to run on every import, and proves the weakness: none
// refuses a sound key by chance.
package weak

import (
	"errors"
	"fmt"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// ErrWeak is in the chain of every error that [Check] returns.
var ErrWeak = errors.New("weak key")

// DefaultMinRSABits is the least RSA size that [DefaultPolicy] accepts.
const DefaultMinRSABits = 2048

// Policy is what an operator may choose. Keys that anybody can break are
// refused under every policy.
type Policy struct {
	MinRSABits int  // least RSA size; under 1024, zero included, means 1024
	RefuseDSA  bool // refuse ssh-dss, which current sshd does not accept anyway
}

// DefaultPolicy refuses RSA under 2048 bits (NIST SP 800-131A), and keeps DSA
// keys, which show as unusable ([sshkey.PublicKey.UsableBySSHD]).
func DefaultPolicy() Policy { return Policy{MinRSABits: DefaultMinRSABits} }

// Error says why a key is weak and what to do. It wraps [ErrWeak].
type Error struct {
	Check  string // the name of the check, for counting and for looking it up
	Reason string // a sentence for the person who sent the key
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Reason }

// Unwrap returns [ErrWeak].
func (e *Error) Unwrap() error { return ErrWeak }

// check is one way of being weak. find returns the sentence, or "" for a key
// that is sound in this respect.
type check struct {
	name string
	find func(sshkey.PublicKey, Policy) string
}

// checks are all of them: the cheapest first, and each may rely on those
// before it having found nothing.
var checks = []check{
	{"published", findPublished},
	{"dsa", findDSA},
	{"rsa-size", findRSASize},
	{"rsa-exponent", findRSAExponent},
	{"ed25519-order", findSmallOrder},
	{"rsa-factor", findSmallFactor},
	{"rsa-fermat", findClosePrimes},
}

// Check returns nil for a key in which no weakness is found, else an [*Error]
// for the first that is. A certificate is as weak as the key that it certifies.
func Check(key sshkey.PublicKey, policy Policy) error {
	key = key.Certified()
	for _, c := range checks {
		if reason := c.find(key, policy); reason != "" {
			return &Error{Check: c.name, Reason: reason}
		}
	}
	return nil
}

// instead is how the sentences end: what to do.
const instead = "make a new key with 'ssh-keygen -t ed25519'"

func findDSA(key sshkey.PublicKey, policy Policy) string {
	if key.Algorithm() != sshkey.DSA || !policy.RefuseDSA {
		return ""
	}
	return "DSA keys are not accepted, and current SSH servers refuse them; " + instead
}

// LeastRSABits is the size under which RSA is within reach of anybody: 512
// bits cost some dollars since 2015 ("Factoring as a Service"), and 829 bits
// were factored in 2020 (RSA-250).
const LeastRSABits = 1024

func findRSASize(key sshkey.PublicKey, policy Policy) string {
	least := max(policy.MinRSABits, LeastRSABits)
	if key.Algorithm() != sshkey.RSA || key.Bits() >= least {
		return ""
	}
	return fmt.Sprintf("an RSA key of %d bits is too short, at least %d are needed; %s", key.Bits(), least, instead)
}
