package neutron

import (
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

var groupAttributes = described(
	attribute{name: "name", post: true, put: true, required: true, check: isText(255)},
	attribute{name: "stateful", post: true, put: true, check: isTruth},
)

// projects returns the projects whose security groups are wanted: for
// administrators the ones that the query names, or all.
func projects(c *openstack.Call) []string {
	if !c.Caller.Admin() {
		return nil
	}
	named := slices.Concat(c.Query.All("tenant_id"), c.Query.All("project_id"))
	if named == nil {
		return []string{""}
	}
	slices.Sort(named)
	return slices.Compact(named)
}

func (d *Dialect) groups(c *openstack.Call) ([]openstack.Fields, error) {
	all, err := d.compute.SecurityGroups(c.Context(), c.Caller, projects(c)...)
	out := make([]openstack.Fields, len(all))
	for k, g := range all {
		out[k] = groupView(g)
	}
	return out, err
}

func (d *Dialect) group(c *openstack.Call, id string) (openstack.Fields, error) {
	g, err := d.compute.SecurityGroup(c.Context(), c.Caller, id)
	return groupView(g), err
}

func groupView(g compute.SecurityGroup) openstack.Fields {
	rules := make([]openstack.Fields, len(g.Rules))
	for k, r := range g.Rules {
		rules[k] = ruleView(r)
	}
	return openstack.Fields{
		openstack.F("id", g.ID), openstack.F("name", g.Name),
		openstack.F("stateful", g.Stateful), openstack.F("tenant_id", g.ProjectID), openstack.F("description", g.Description),
		openstack.F("shared", false), openstack.F("security_group_rules", rules), openstack.F("tags", tagsOf(g.Tags)),
		openstack.F("created_at", stamp(g.CreatedAt)), openstack.F("updated_at", stamp(g.UpdatedAt)),
		openstack.F("revision_number", g.Revision), openstack.F("project_id", g.ProjectID),
	}
}

func (in input) groupLabels(l compute.GroupLabels) compute.GroupLabels {
	l.Name, l.Description = in.text("name", l.Name), in.text("description", l.Description)
	l.Stateful = in.truth("stateful", l.Stateful)
	return l
}

func (d *Dialect) createGroup(c *openstack.Call, in input) (openstack.Fields, error) {
	g, err := d.compute.CreateSecurityGroup(c.Context(), c.Caller, in.groupLabels(compute.GroupLabels{Stateful: true}))
	return groupView(g), err
}

func (d *Dialect) updateGroup(c *openstack.Call, id string, in input) (openstack.Fields, error) {
	g, err := d.compute.EditSecurityGroup(c.Context(), c.Caller, id, func(g compute.SecurityGroup, l *compute.GroupLabels) error {
		*l = in.groupLabels(*l)
		return expected(c, g.Revision)
	})
	return groupView(g), err
}

func (d *Dialect) deleteGroup(c *openstack.Call, id string) error {
	return d.compute.DeleteSecurityGroup(c.Context(), c.Caller, id)
}
