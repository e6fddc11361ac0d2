package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// onePolicy is the microversion from which a server group has one policy and
// rules instead of a list of policies and metadata.
var onePolicy = openstack.V(2, 64)

// groupRoutes are the calls on server groups
// (https://docs.openstack.org/api-ref/compute/#server-groups-os-server-groups).
func (d *Dialect) groupRoutes() []openstack.Route {
	const all, one, rule = "/v2.1/os-server-groups", "/v2.1/os-server-groups/{id}", "os_compute_api:os-server-groups:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: all, Access: identity.ProjectReader, Rule: rule + "index", Query: groupQuery, Handle: d.listGroups},
		{Method: http.MethodPost, Pattern: all, Access: identity.ProjectMember, Rule: rule + "create", Body: groupBody, Handle: d.createGroup},
		{Method: http.MethodGet, Pattern: one, Access: identity.ProjectReader, Rule: rule + "show", Handle: d.showGroup},
		{Method: http.MethodDelete, Pattern: one, Access: identity.ProjectMember, Rule: rule + "delete", Handle: d.deleteGroup},
	}
}

func groupQuery(v openstack.Microversion) schema.Parameters {
	return schema.Parameters{
		Known: []schema.Parameter{
			{Name: "all_projects", Schema: plainText}, {Name: "limit", Schema: pageSize}, {Name: "offset", Schema: pageSize},
		},
		Closed: v.AtLeast(closedQueries),
	}
}

// groupBody is the schema of POST /os-server-groups
// (nova/api/openstack/compute/schemas/server_groups.py).
var groupBody = atVersion(func(v openstack.Microversion) schema.Schema {
	hard := []string{string(compute.AntiAffinity), string(compute.Affinity)}
	policies := hard
	if v.AtLeast(openstack.V(2, 15)) {
		policies = []string{string(compute.AntiAffinity), string(compute.Affinity), string(compute.SoftAntiAffinity), string(compute.SoftAffinity)}
	}
	policy := schema.String{Enum: policies}
	if v.AtLeast(onePolicy) {
		return only("server_group", object(v, []string{"name", "policy"},
			ever("name", anyName),
			ever("policy", policy),
			ever("rules", schema.Object{Closed: true, Properties: []schema.Property{
				schema.Prop("max_server_per_host", schema.Digits{Min: new(int64(1)), Max: new(int64(1<<31 - 1))}),
			}}),
		))
	}
	name := anyName
	if v == (openstack.Microversion{}) {
		name = v2Name
	}
	return only("server_group", object(v, []string{"name", "policies"},
		ever("name", name),
		ever("policies", schema.Array{Items: policy, Min: 1, Max: 1}),
	))
})

func (d *Dialect) listGroups(w http.ResponseWriter, c *openstack.Call) error {
	everybody := c.Query.Has("all_projects")
	if everybody && !c.Caller.Admin() {
		return openstack.Denied("os_compute_api:os-server-groups:index:all_projects")
	}
	all, err := d.opt.Compute.ServerGroups(c.Context(), c.Caller, everybody)
	if err != nil {
		return err
	}
	bound := func(name string, otherwise int) int {
		n, ok := schema.TextValue(c.Query.Last(name)).Int64()
		if !ok {
			return otherwise
		}
		return int(min(n, int64(len(all))))
	}
	all = all[min(bound("offset", 0), len(all)):]
	all = all[:min(bound("limit", len(all)), len(all))]
	views := make([]openstack.Fields, len(all))
	for k, g := range all {
		views[k] = groupView(c, g)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("server_groups", views)})
	return nil
}

func groupView(c *openstack.Call, g compute.ServerGroup) openstack.Fields {
	out := openstack.Fields{openstack.F("id", g.ID), openstack.F("name", g.Name)}
	if c.Version.AtLeast(onePolicy) {
		rules := openstack.Fields{}
		if g.PerNode > 0 {
			rules = append(rules, openstack.F("max_server_per_host", g.PerNode))
		}
		out = append(out, openstack.F("policy", g.Policy), openstack.F("rules", rules), openstack.F("members", g.Members))
	} else {
		policies := []compute.Policy{g.Policy}
		if g.Policy == "" {
			policies = nil
		}
		out = append(out, openstack.F("policies", policies), openstack.F("members", g.Members), openstack.F("metadata", openstack.Fields{}))
	}
	if c.Version.AtLeast(openstack.V(2, 13)) {
		out = append(out, openstack.F("project_id", g.ProjectID), openstack.F("user_id", g.UserID))
	}
	return out
}

func (d *Dialect) createGroup(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("server_group")
	g := compute.ServerGroup{Name: nameOf(c, in.At("name")), Policy: compute.Policy(in.At("policy").Text())}
	if list := in.At("policies").Items(); len(list) > 0 {
		g.Policy = compute.Policy(list[0].Text())
	}
	if n, ok := in.At("rules", "max_server_per_host").Int64(); ok {
		if g.Policy != compute.AntiAffinity {
			return fault.Invalidf("rules", "Only anti-affinity policy supports rules.")
		}
		g.PerNode = int(n)
	}
	g, err := d.opt.Compute.CreateServerGroup(c.Context(), c.Caller, g)
	if err != nil {
		return aboutQuota(err)
	}
	return d.group(w, c, g)
}

func (d *Dialect) showGroup(w http.ResponseWriter, c *openstack.Call) error {
	g, err := d.opt.Compute.ServerGroup(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.group(w, c, g)
}

func (d *Dialect) group(w http.ResponseWriter, c *openstack.Call, g compute.ServerGroup) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("server_group", groupView(c, g))})
	return nil
}

func (d *Dialect) deleteGroup(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.opt.Compute.DeleteServerGroup(c.Context(), c.Caller, c.PathValue("id")); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}
