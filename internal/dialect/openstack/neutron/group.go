package neutron

import (
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// projects returns the projects whose security groups are wanted: the caller's,
// and for administrators the ones that the query names.
func projects(c *openstack.Call) []string {
	if c.Caller.Admin() {
		named := slices.Concat(c.Query.All("tenant_id"), c.Query.All("project_id"))
		if named != nil {
			slices.Sort(named)
			return slices.Compact(named)
		}
	}
	return []string{c.Caller.ProjectID()}
}

// since is when a project and what every project has was made, where that is
// known.
func since(c *openstack.Call, projectID string) time.Time {
	if projectID == c.Caller.ProjectID() {
		return c.Caller.Project.CreatedAt
	}
	return time.Time{}
}

func (d *Dialect) groups(c *openstack.Call, _ string) ([]openstack.Fields, error) {
	var out []openstack.Fields
	for _, p := range projects(c) {
		made := stamp(since(c, p))
		out = append(out, openstack.Fields{
			openstack.F("id", openstack.DefaultGroupID(p)), openstack.F("name", openstack.DefaultGroup),
			openstack.F("stateful", true), openstack.F("tenant_id", p), openstack.F("description", "Default security group"),
			openstack.F("shared", false), openstack.F("security_group_rules", rulesOf(c, p)), openstack.F("tags", []string{}),
			openstack.F("created_at", made), openstack.F("updated_at", made),
			openstack.F("revision_number", 1), openstack.F("project_id", p),
		})
	}
	return out, nil
}

func (d *Dialect) groupRules(c *openstack.Call, _ string) ([]openstack.Fields, error) {
	var out []openstack.Fields
	for _, p := range projects(c) {
		out = append(out, rulesOf(c, p)...)
	}
	return out, nil
}

func rulesOf(c *openstack.Call, projectID string) []openstack.Fields {
	made := stamp(since(c, projectID))
	var out []openstack.Fields
	for _, r := range openstack.DefaultGroupRules(projectID) {
		out = append(out, openstack.Fields{
			openstack.F("id", r.ID), openstack.F("tenant_id", projectID),
			openstack.F("security_group_id", openstack.DefaultGroupID(projectID)),
			openstack.F("ethertype", r.EtherType), openstack.F("direction", r.Direction), openstack.F("protocol", nil),
			openstack.F("port_range_min", nil), openstack.F("port_range_max", nil), openstack.F("remote_ip_prefix", nil),
			openstack.F("remote_address_group_id", nil), openstack.F("normalized_cidr", nil), openstack.F("remote_group_id", nil),
			openstack.F("standard_attr_id", openstack.AttributeID(r.ID)), openstack.F("description", nil),
			openstack.F("tags", []string{}), openstack.F("created_at", made), openstack.F("updated_at", made),
			openstack.F("revision_number", 0), openstack.F("project_id", projectID),
		})
	}
	return out
}
