package nova

import (
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// maxPublicKey is the longest public key text, in bytes. Nova's column holds
// 65535 and a longer one is an internal error there.
const maxPublicKey = 16 << 10

// ruleTable has the rules of key pairs by the microversion they begin with,
// the earliest first.
type ruleTable []struct {
	since openstack.Microversion
	rules keypair.Rules
}

func newRules(opt Options) ruleTable {
	both := []keypair.Type{keypair.SSH, keypair.X509}
	rules := keypair.Rules{
		Name:  keypair.NameRule{Min: 1, Max: 255, Chars: "_- " + lettersAndDigits},
		Owner: keypair.User,
		Types: both, Generates: both,
		Spec: sshkey.SpecRSA2048, Comment: "Generated-by-Nova",
		MaxPublicKey: maxPublicKey, Quota: opt.KeyPairQuota, Weak: opt.WeakKeys,
	}
	before, latest := rules, rules
	before.Name = keypair.NameRule{Min: 1, Max: 255, Trim: true}
	before.Types, before.Generates = []keypair.Type{keypair.SSH}, []keypair.Type{keypair.SSH}
	latest.Name.Chars = "@._- " + lettersAndDigits
	latest.Name.Refused = []string{".", ".."}
	latest.Generates = nil
	return ruleTable{
		{openstack.Microversion{}, before},
		{openstack.V(2, 1), rules},
		{openstack.V(2, 92), latest},
	}
}

// KeyPairRules returns the rules that hold for key pairs at a microversion;
// the zero one is the legacy API under /v2.
func (d *Dialect) KeyPairRules(v openstack.Microversion) keypair.Rules {
	held := d.rules[0].rules
	for _, row := range d.rules {
		if v.AtLeast(row.since) {
			held = row.rules
		}
	}
	return held
}
