package identity

import (
	"errors"
	"maps"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Properties are values by name, each as its JSON text: what administrators say
// of a user, a project, an account or a role beyond what the core knows.
type Properties map[string]string

// MaxProperties bounds the names and values of one thing's attributes, in bytes,
// and those of its options.
// Every request reads those of its user and its project.
const MaxProperties = 16 << 10

// null is the JSON text that takes an option away.
const null = "null"

// with returns p with the values of change in it. Neither is changed: what a
// transaction has read may be run again.
func (p Properties) with(change Properties) Properties {
	if len(change) == 0 {
		return p
	}
	merged := make(Properties, len(p)+len(change))
	maps.Copy(merged, p)
	maps.Copy(merged, change)
	return merged
}

// withoutNulls returns p without the values that are null.
func (p Properties) withoutNulls() Properties {
	kept := Properties{}
	for name, value := range p {
		if value != null {
			kept[name] = value
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// check holds for attributes, whose names and values are anybody's, and for
// options. Faults: Invalid.
func (p Properties) check() error {
	size := 0
	for name, value := range p {
		size += len(name) + len(value)
	}
	if size > MaxProperties {
		return fault.Invalidf("attributes", "attributes and options have %d bytes, %d are the most", size, MaxProperties)
	}
	return nil
}

// Options that mean something here. Their names and values are Keystone's
// (https://docs.openstack.org/keystone/latest/admin/resource-options.html).
const (
	// OptionImmutable keeps a project, an account or a role from being changed
	// or removed, but for this option itself.
	OptionImmutable = "immutable"
	// OptionLockPassword keeps a user from changing their own password.
	OptionLockPassword = "lock_password"
	// OptionIgnoreLockout keeps a user from being locked out by failed logins.
	OptionIgnoreLockout = "ignore_lockout_failure_attempts"
	// OptionFactorRules are lists of methods, all of one of which a login needs.
	OptionFactorRules = "multi_factor_auth_rules"
	// OptionFactorsEnabled makes those rules hold, which is how it is without it.
	OptionFactorsEnabled = "multi_factor_auth_enabled"
)

func (p Properties) isTrue(option string) bool { return p[option] == "true" }

// ErrImmutable is in the chain of the Conflict fault for a change or removal
// of what is immutable.
var ErrImmutable = errors.New(`it is immutable: set the option "immutable" to false first`)

// mutable refuses what is immutable. Faults: Conflict, with [ErrImmutable].
func (p Properties) mutable(resource, id string) error {
	if !p.isTrue(OptionImmutable) {
		return nil
	}
	return &fault.Error{Kind: fault.Conflict, Resource: resource, Name: id, Msg: ErrImmutable.Error(), Err: ErrImmutable}
}

// releases reports whether a change of options makes an immutable thing
// mutable again.
func (p Properties) releases() bool {
	value, ok := p[OptionImmutable]
	return ok && value != "true"
}
