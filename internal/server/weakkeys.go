package server

import (
	"cmp"
	"fmt"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

// LoadWeakPolicy makes of the settings what counts as weak, and reads the lists
// that they name. The error says which list cannot be used, and where in it.
func LoadWeakPolicy(k config.Keypair) (weak.Policy, error) {
	p := weak.Policy{MinRSABits: k.MinRSABits, RefuseDSA: k.RefuseDSA}
	var err error
	if len(k.WeakBlocklist) > 0 {
		if p.Blocklist, err = weak.LoadBlocklist(k.WeakBlocklist...); err != nil {
			return weak.Policy{}, fmt.Errorf("the blocklist of weak keys cannot be used: %w", err)
		}
	}
	if k.SharedPrimes != "" {
		if p.SharedPrimes, err = weak.LoadPrimeList(k.SharedPrimes); err != nil {
			return weak.Policy{}, fmt.Errorf("the list of shared primes cannot be used: %w", err)
		}
	}
	return p, nil
}

// weakKeys is what one dialect does with weak keys: as its own section says, or
// else as [keypair] does.
func (s *Server) weakKeys(d config.Dialect) keypair.WeakPolicy {
	return keypair.WeakPolicy{
		Action: keypair.WeakAction(cmp.Or(d.WeakKeys, s.opt.Config.Keypair.WeakKeys)),
		Checks: s.weak,
	}
}
