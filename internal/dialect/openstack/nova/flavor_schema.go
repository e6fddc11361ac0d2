package nova

import (
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// The values in flavors' bodies
// (nova/api/openstack/compute/schemas/flavor_manage.py, flavors_extraspecs.py,
// flavor_access.py).
var (
	newFlavorID = schema.Number{TextFirst: true, Nullable: true, MaxText: 255,
		Pattern: schema.PatternFunc("^(?! )[a-zA-Z0-9. _-]+(?<! )$", func(s string) bool {
			return s != "" && strings.Trim(s, " ") == s && strings.IndexFunc(s, func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(". _-", r)
			}) < 0
		})}
	someOf = schema.Digits{Pattern: schema.NewPattern("^[0-9]+$"), Min: new(int64(1)), Max: new(int64(1<<31 - 1))}
	anyOf  = schema.Digits{Pattern: schema.NewPattern("^[0-9]+$"), Min: new(int64(0)), Max: new(int64(1<<31 - 1))}
	factor = schema.Number{Pattern: schema.NewPattern(`^[0-9]+(\.[0-9]+)?$`), Positive: true}
	// flavorText is the description of a flavor: that of a server, but longer.
	flavorText = schema.String{Max: 65535, Nullable: true, Format: description.Format}

	specName = schema.NewPattern("^[a-zA-Z0-9-_:. ]{1,255}$")
	specs    = schema.Object{Closed: true, Names: &schema.NameRule{Pattern: specName, Schema: schema.Number{TextFirst: true, MaxText: 255}}}
)

// describedFlavors is the microversion from which flavors have descriptions.
var describedFlavors = openstack.V(2, 55)

// flavorCreate is the schema of POST /flavors.
var flavorCreate = atVersion(func(v openstack.Microversion) schema.Schema {
	name := anyName
	if v == (openstack.Microversion{}) {
		name = v2Name
	}
	return object(v, []string{"flavor"}, ever("flavor", object(v, []string{"name", "ram", "vcpus", "disk"},
		ever("name", name),
		ever("id", newFlavorID),
		ever("ram", someOf),
		ever("vcpus", someOf),
		ever("disk", anyOf),
		ever("OS-FLV-EXT-DATA:ephemeral", anyOf),
		ever("swap", anyOf),
		ever("rxtx_factor", factor),
		ever("os-flavor-access:is_public", schema.Flag{}),
		since(describedFlavors.Minor, "description", flavorText),
	)))
})

// flavorUpdate is the schema of PUT /flavors/{id}, which is not there before 2.55.
var flavorUpdate = atVersion(func(v openstack.Microversion) schema.Schema {
	if !v.AtLeast(describedFlavors) {
		return schema.Any{}
	}
	return only("flavor", object(v, []string{"description"}, ever("description", flavorText)))
})

// The schemas that no microversion changed.
var (
	specsBody = unversioned(only("extra_specs", specs))
	specBody  = unversioned(func() schema.Object { o := specs; o.Min, o.Max = 1, 1; return o }())
)

func tenantBody(action string) schema.Schema {
	return only(action, schema.Object{Closed: true, Required: []string{"tenant"}, Properties: []schema.Property{
		schema.Prop("tenant", schema.String{Min: 1, Max: 255}),
	}})
}
