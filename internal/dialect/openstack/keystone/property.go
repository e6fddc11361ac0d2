package keystone

import (
	"errors"
	"maps"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// The options of users, and of projects, domains and roles: a closed list, so
// that one that Keystone does not know is refused as there
// (keystone/identity/backends/resource_options.py,
// keystone/common/resource_options/options/immutable.py). A null takes one away.
var (
	userOptions = schema.Object{Closed: true, Properties: []schema.Property{
		schema.Prop("ignore_change_password_upon_first_use", option),
		schema.Prop("ignore_password_expiry", option),
		schema.Prop(identity.OptionIgnoreLockout, option),
		schema.Prop(identity.OptionLockPassword, option),
		schema.Prop("ignore_user_inactivity", option),
		schema.Prop(identity.OptionFactorRules, schema.Array{Unique: true, Nullable: true,
			Items: schema.Array{Min: 1, Unique: true, Items: schema.String{}}}),
		schema.Prop(identity.OptionFactorsEnabled, option),
	}}
	immutableOption = schema.Object{Closed: true, Properties: []schema.Property{schema.Prop(identity.OptionImmutable, option)}}

	option = schema.Boolean{Nullable: true}
)

// attributes reads what a request says of a resource beyond the members that
// are known: administrators may keep there what they like.
func attributes(v schema.Value, known []schema.Property) (identity.Properties, error) {
	return properties(v, func(name string) bool {
		return name != "id" && name != "links" &&
			!slices.ContainsFunc(known, func(p schema.Property) bool { return p.Name == name })
	})
}

// optionsOf reads the options of a resource.
func optionsOf(v schema.Value) (identity.Properties, error) {
	return properties(v.At("options"), func(string) bool { return true })
}

func properties(v schema.Value, wanted func(name string) bool) (identity.Properties, error) {
	p := identity.Properties{}
	for _, m := range v.Members() {
		if !wanted(m.Name) {
			continue
		}
		text, err := openstack.Compact.Append(nil, m.Value)
		if err != nil {
			return nil, fault.Wrap(err, "writing an attribute")
		}
		// Python writes a number that is too large as Infinity, which is no JSON.
		if _, err := schema.Decode(text); err != nil {
			return nil, invalid("The value of " + m.Name + " has a number that is too large.")
		}
		p[m.Name] = string(text)
	}
	return p, nil
}

// said reads both.
func said(v schema.Value, known []schema.Property) (attrs, options identity.Properties, err error) {
	attrs, err = attributes(v, known)
	options, err2 := optionsOf(v)
	return attrs, options, errors.Join(err, err2)
}

// values are properties as they are written.
func values(p identity.Properties) map[string]schema.Value {
	written := make(map[string]schema.Value, len(p))
	for name, text := range p {
		v, err := schema.Decode([]byte(text))
		if err != nil {
			panic("keystone: kept of " + name + " what is no JSON: " + err.Error()) // properties made it
		}
		written[name] = v
	}
	return written
}

// withAttributes are the members of a resource, and then what administrators
// say of it, by name.
func withAttributes(members openstack.Fields, attrs identity.Properties) openstack.Fields {
	written := values(attrs)
	for _, name := range slices.Sorted(maps.Keys(written)) {
		members = append(members, openstack.F(name, written[name]))
	}
	return members
}
