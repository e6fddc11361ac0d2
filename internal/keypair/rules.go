package keypair

import "github.com/keyreeve/keyreeve/internal/sshkey"

// Rules are a dialect's limits as data. They hold at creation; look-up and
// deletion take every name that is stored.
type Rules struct {
	Name  NameRule
	Owner OwnerKind // who owns what is made: the dialect's native kind
	Types []Type    // what may be imported
	// Accept are the forms of SSH public keys that are taken beside one OpenSSH line.
	Accept sshkey.Accept
	// Generates are the types that the server makes itself; others must be imported.
	Generates []Type
	// Spec is what a generated SSH pair is made with.
	Spec sshkey.Spec
	// Comment is put on generated public keys.
	Comment string
	// MaxPublicKey is the longest public key text in bytes.
	MaxPublicKey int
	// Quota is the most key pairs an owner may have where nothing else is set
	// for the project; negative for no limit.
	Quota int
	// Weak says what becomes of imported keys that are known to be breakable.
	Weak WeakPolicy
}
