package neutron

import (
	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// mostAtOnce bounds the things that one request makes.
const mostAtOnce = 1000

// each makes a creation of several things, all or none, out of that of one
// (https://docs.openstack.org/api-ref/network/v2/#bulk-create-networks). What
// names another project is made as that project's.
func each(create func(d *Dialect, c *openstack.Call, in input) (openstack.Fields, error)) func(*Dialect, *openstack.Call, []input) ([]openstack.Fields, error) {
	all := func(d *Dialect, c *openstack.Call, in []input) ([]openstack.Fields, error) {
		out := make([]openstack.Fields, len(in))
		for k, one := range in {
			var err error
			if out[k], err = create(d, madeFor(c, one.project()), one); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return func(d *Dialect, c *openstack.Call, in []input) (out []openstack.Fields, err error) {
		if len(in) == 1 {
			return all(d, c, in)
		}
		err = d.compute.AllOrNone(c.Context(), func(s *compute.Service) (err error) {
			inside := *d
			inside.compute = s
			out, err = all(&inside, c, in)
			return err
		})
		return out, err
	}
}

// madeFor is the call in the scope of another project, "" for its own.
func madeFor(c *openstack.Call, project string) *openstack.Call {
	if project == "" || project == c.Caller.ProjectID() {
		return c
	}
	other := *c
	other.Caller.Project.ID, other.Caller.Scope.ID = project, project
	return &other
}
