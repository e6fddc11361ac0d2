package keystone

import (
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// around tells what is above and below a project, where it is asked for. Projects
// do not nest here: above is the domain, which is in no list of projects, and
// below is nothing.
func around(c *openstack.Call, p identity.Project) (above, below openstack.Fields, err error) {
	f, err := readFilter(c.Request)
	if err != nil {
		return nil, nil, err
	}
	asked := func(what string, asIDs any) (openstack.Fields, error) {
		list, ids := isSet(f.flag(what+"_as_list")), isSet(f.flag(what+"_as_ids"))
		switch {
		case list && ids:
			return nil, invalid("Cannot use " + what + "_as_list and " + what + "_as_ids query params at the same time.")
		case list:
			return openstack.Fields{openstack.F(what, []openstack.Fields{})}, nil
		case ids:
			return openstack.Fields{openstack.F(what, asIDs)}, nil
		}
		return nil, nil
	}
	if above, err = asked("parents", openstack.Fields{openstack.F(p.AccountID, nil)}); err != nil {
		return nil, nil, err
	}
	below, err = asked("subtree", nil)
	return above, below, err
}
