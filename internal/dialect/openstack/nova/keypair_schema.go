package nova

import (
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// The schemas of os-keypairs by the microversion they begin with
// (https://docs.openstack.org/nova/latest/reference/api-microversion-history.html;
// nova/api/openstack/compute/schemas/keypairs.py). The zero version is the
// legacy API under /v2, which drops what it does not know.
var keyPairSchemas = []struct {
	since  openstack.Microversion
	create schema.Object
	list   schema.Parameters // query of GET /os-keypairs
	one    schema.Parameters // query of GET and DELETE /os-keypairs/{name}
}{
	{
		since:  openstack.Microversion{},
		create: keyPairBody(false, []string{"name"}, legacyName, keyPairKey),
	}, {
		since:  openstack.V(2, 1),
		create: keyPairBody(true, []string{"name"}, oldName, keyPairKey),
	}, {
		since:  openstack.V(2, 2),
		create: keyPairBody(true, []string{"name"}, oldName, keyPairType, keyPairKey),
	}, {
		since:  openstack.V(2, 10),
		create: keyPairBody(true, []string{"name"}, oldName, keyPairType, keyPairKey, keyPairUser),
		list:   schema.Parameters{Known: userQuery},
		one:    schema.Parameters{Known: userQuery},
	}, {
		since:  openstack.V(2, 35),
		create: keyPairBody(true, []string{"name"}, oldName, keyPairType, keyPairKey, keyPairUser),
		list:   schema.Parameters{Known: pageQuery},
		one:    schema.Parameters{Known: userQuery},
	}, {
		since:  openstack.V(2, 75),
		create: keyPairBody(true, []string{"name"}, oldName, keyPairType, keyPairKey, keyPairUser),
		list:   schema.Parameters{Known: pageQuery, Closed: true},
		one:    schema.Parameters{Known: userQuery, Closed: true},
	}, {
		since:  openstack.V(2, 92),
		create: keyPairBody(true, []string{"public_key", "name"}, newName, keyPairType, keyPairKey, keyPairUser),
		list:   schema.Parameters{Known: pageQuery, Closed: true},
		one:    schema.Parameters{Known: userQuery, Closed: true},
	},
}

var (
	legacyName  = schema.Prop("name", schema.String{Min: 1, Max: 255, Format: legacyNameFormat})
	oldName     = schema.Prop("name", schema.String{Min: 1, Max: 255, Format: nameFormat("_- ")})
	newName     = schema.Prop("name", schema.String{Min: 1, Max: 255, Format: nameFormat("@._- ")})
	keyPairType = schema.Prop("type", schema.String{Enum: []string{"ssh", "x509"}})
	keyPairKey  = schema.Prop("public_key", schema.String{})
	keyPairUser = schema.Prop("user_id", schema.String{})

	userQuery = []schema.Parameter{{Name: "user_id", Schema: schema.String{}}}
	pageQuery = []schema.Parameter{
		{Name: "user_id", Schema: schema.String{}},
		{Name: "limit", Schema: schema.Digits{Min: new(int64(0))}},
		{Name: "marker", Schema: schema.String{}},
	}
)

func keyPairBody(closed bool, required []string, properties ...schema.Property) schema.Object {
	return schema.Object{
		Properties: []schema.Property{schema.Prop("keypair", schema.Object{
			Properties: properties, Required: required, Closed: closed,
		})},
		Required: []string{"keypair"}, Closed: closed,
	}
}

// keyPairSchemasAt returns the index of the row of keyPairSchemas that holds at v.
func keyPairSchemasAt(v openstack.Microversion) int {
	row := 0
	for i := range keyPairSchemas {
		if v.AtLeast(keyPairSchemas[i].since) {
			row = i
		}
	}
	return row
}

// keyPairCreate returns the schema of the body of POST /os-keypairs.
func keyPairCreate(v openstack.Microversion) schema.Schema {
	return keyPairSchemas[keyPairSchemasAt(v)].create
}

// keyPairListQuery returns the rule for the query of GET /os-keypairs.
func keyPairListQuery(v openstack.Microversion) schema.Parameters {
	return keyPairSchemas[keyPairSchemasAt(v)].list
}

// keyPairQuery returns the rule for the query of GET and DELETE
// /os-keypairs/{name}.
func keyPairQuery(v openstack.Microversion) schema.Parameters {
	return keyPairSchemas[keyPairSchemasAt(v)].one
}
