package keypair

import (
	"context"
	"crypto/sha256"

	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

// Finding is what an audit says of a stored key pair.
type Finding struct {
	KeyPair KeyPair
	// Weaknesses are those of the key, or of the key that a certificate certifies.
	Weaknesses []*weak.Error
	// Unusable is set where an sshd with its default settings refuses the key.
	Unusable bool
	// Unreadable says why the stored key could not be looked at.
	Unreadable error
	// SharesPrime are key pairs with other RSA keys that have one prime in common
	// with this one, the first [MaxSharesPrime] of them; the weakness says so too.
	SharesPrime []KeyPair
}

// MaxSharesPrime bounds how many others a [Finding] names. Devices that are made
// with too little randomness share primes by the thousand.
const MaxSharesPrime = 10

// Audited counts what an audit looked at.
type Audited struct {
	KeyPairs int // all that are stored
	Findings int // how often report was called
}

// Audit looks at every stored key pair of every owner and region, by a policy
// of what is weak, and calls report with each that something is wrong with, by
// the order of their ids. Key pairs whose keys share a prime come after those,
// prime by prime, in findings of their own. An error of report ends it and is returned.
//
// It holds a page of key pairs in memory at a time, and all different RSA keys
// (see [weak.SharedPrimes] for what it costs to compare them). An X.509
// certificate for a key that SSH does not know is not looked into. Faults:
// Forbidden (the caller is no administrator).
func (s *Service) Audit(ctx context.Context, c identity.Caller, p weak.Policy, report func(Finding) error) (Audited, error) {
	var sum Audited
	say := func(f Finding) error {
		sum.Findings++
		return report(f)
	}
	var rsa []sshkey.PublicKey
	seen := map[sshkey.PublicKey]bool{}
	err := s.All(ctx, c, func(k KeyPair) error {
		sum.KeyPairs++
		key, err := k.Key()
		if err != nil {
			if k.Type == X509 {
				return nil
			}
			return say(Finding{KeyPair: k, Unreadable: err})
		}
		f := Finding{KeyPair: k, Weaknesses: weak.Findings(key, p), Unusable: k.Type == SSH && !key.UsableBySSHD()}
		if key = key.Certified(); key.Algorithm() == sshkey.RSA && !seen[key] {
			seen[key] = true
			rsa = append(rsa, key)
		}
		if len(f.Weaknesses) == 0 && !f.Unusable {
			return nil
		}
		return say(f)
	})
	if err != nil {
		return sum, err
	}
	return sum, s.reportSharedPrimes(ctx, c, rsa, say)
}

// reportSharedPrimes reports every key pair whose RSA key has a prime in common
// with another's. The key pairs are read again by the fingerprints of their keys.
func (s *Service) reportSharedPrimes(ctx context.Context, c identity.Caller, keys []sshkey.PublicKey, report func(Finding) error) error {
	for _, shared := range weak.SharedPrimes(keys) {
		// One more than are named: each has as many others then.
		named := shared.Keys[:min(len(shared.Keys), MaxSharesPrime+1)]
		holders := make([][]KeyPair, len(named))
		for i, n := range named {
			var err error
			holders[i], err = read(ctx, s.store, func(tx Tx) ([]KeyPair, error) {
				return tx.AllKeyPairsOf(ctx, sha256Of(keys[n]), "", MaxSharesPrime)
			})
			if err != nil {
				return err
			}
		}
		for i, n := range shared.Keys {
			var others []KeyPair
			for j, held := range holders {
				if j != i {
					others = append(others, held...)
				}
			}
			f := Finding{Weaknesses: []*weak.Error{shared.Finding()}, SharesPrime: others[:min(len(others), MaxSharesPrime)]}
			err := s.walk(ctx, c, having(sha256Of(keys[n])), func(k KeyPair) error {
				f.KeyPair = k
				return report(f)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func sha256Of(key sshkey.PublicKey) sshkey.Fingerprint {
	sum := sha256.Sum256(key.Blob())
	return sshkey.Fingerprint{Hash: "sha256", Sum: string(sum[:])}
}
