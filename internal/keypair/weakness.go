package keypair

import (
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

// judge says what is weak about a key and is to be told, nil for nothing, and
// whether the key is refused for it.
func (p WeakPolicy) judge(key sshkey.PublicKey) (weakness *weak.Error, refused bool) {
	if weakness = weak.Check(key, p.Checks); weakness == nil {
		return nil, false
	}
	hopeless := key.Algorithm() == sshkey.RSA && key.Bits() < weak.LeastRSABits
	switch {
	case p.Action == AllowWeak && !hopeless:
		return nil, false
	case p.Action == WarnWeak && !hopeless:
		return weakness, false
	}
	return weakness, true
}
