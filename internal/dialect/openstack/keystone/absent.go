package keystone

import "github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"

// noOptions is the rule for the options of users, projects and domains: there
// are none, so each is refused as Keystone refuses one that it does not know
// (keystone/common/resource_options). To take one and not heed it would tell
// an administrator that, say, a user's password is locked.
var noOptions = schema.Object{Closed: true}

// tagList is Keystone's rule for the tags of projects and domains
// (keystone/common/validation/parameter_types.py).
var tagList = schema.Array{Max: 80, Unique: true, Items: schema.String{Min: 1, Max: 255, Pattern: schema.NewPattern(`^[^,/]*$`)}}

// untagged refuses tags: there are none here, so that what is tagged would not
// be found again.
func untagged(v schema.Value, what string) error {
	if len(v.At("tags").Items()) > 0 {
		return invalid(what + " have no tags here; leave tags out.")
	}
	return nil
}
