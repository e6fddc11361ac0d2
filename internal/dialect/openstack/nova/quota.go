package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Quotas (https://docs.openstack.org/api-ref/compute/#quota-sets-os-quota-sets).
// Whose they may be is decided here and not by the route: one's own project's
// for everybody in it, any project's for administrators.
func (d *Dialect) quotaRoutes() []openstack.Route {
	const one, rule = "/v2.1/os-quota-sets/{project}", "os_compute_api:os-quota-sets:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: one, Access: identity.AnyUser, Rule: rule + "show", Query: quotaQuery, Handle: d.ofProject(d.showQuotas)},
		{Method: http.MethodGet, Pattern: one + "/detail", Access: identity.AnyUser, Rule: rule + "detail", Query: quotaQuery, Handle: d.ofProject(d.detailQuotas)},
		{Method: http.MethodPut, Pattern: one, Access: identity.Administrator, Rule: rule + "update", Query: quotaQuery, Body: quotaBody, Handle: d.ofProject(d.updateQuotas)},
		{Method: http.MethodDelete, Pattern: one, Access: identity.Administrator, Rule: rule + "delete", Query: quotaQuery, Handle: d.deleteQuotas},
		{Method: http.MethodGet, Pattern: one + "/defaults", Access: identity.AnyUser, Rule: rule + "defaults", Handle: d.ofProject(d.defaultQuotas)},
	}
}

// closedQueries is the microversion in which unknown query parameters began to be refused.
var closedQueries = openstack.V(2, 75)

func quotaQuery(v openstack.Microversion) schema.Parameters {
	return schema.Parameters{Known: userQuery, Closed: v.AtLeast(closedQueries)}
}

// allowance is what a project may have and has.
type allowance struct {
	limits, used       compute.Usage
	keyPairs, keysUsed int
	rest               map[string]int // other limits by their names
	groups             int            // server groups
}

// quota is one resource's line in a detailed quota set.
type quota struct {
	Limit    int `json:"limit"`
	InUse    int `json:"in_use"`
	Reserved int `json:"reserved"` // nothing is reserved ahead of being used
}

// The last microversions with the limits of networking, which moved to the
// network service, and of files in guests, which cannot be given any more.
var (
	noNetworkLimits = openstack.V(2, 36)
	noFileLimits    = openstack.V(2, 57)
)

// unlimited is the limit of what is not counted here.
const unlimited = -1

// quotaResources are the members of a quota set, in Nova's order.
var quotaResources = []struct {
	name  string
	until openstack.Microversion // the first version without it; zero: none
	of    func(allowance) quota
}{
	{name: compute.QuotaCores, of: func(a allowance) quota { return quota{Limit: a.limits.VCPUs, InUse: a.used.VCPUs} }},
	{"fixed_ips", noNetworkLimits, rest("fixed_ips")},
	{"floating_ips", noNetworkLimits, rest("floating_ips")},
	{"injected_file_content_bytes", noFileLimits, rest(compute.QuotaFileBytes)},
	{"injected_file_path_bytes", noFileLimits, rest(compute.QuotaFilePath)},
	{"injected_files", noFileLimits, rest(compute.QuotaFiles)},
	{name: compute.QuotaInstances, of: func(a allowance) quota { return quota{Limit: a.limits.Instances, InUse: a.used.Instances} }},
	{name: "key_pairs", of: func(a allowance) quota { return quota{Limit: a.keyPairs, InUse: a.keysUsed} }},
	{name: "metadata_items", of: rest(compute.QuotaMetadata)},
	{name: compute.QuotaRAM, of: func(a allowance) quota { return quota{Limit: a.limits.RAMMiB, InUse: a.used.RAMMiB} }},
	{"security_group_rules", noNetworkLimits, rest("security_group_rules")},
	{"security_groups", noNetworkLimits, rest("security_groups")},
	{name: "server_group_members", of: rest(compute.QuotaGroupMembers)},
	{name: "server_groups", of: func(a allowance) quota { return quota{Limit: a.rest[compute.QuotaGroups], InUse: a.groups} }},
}

// rest is a limit that nothing counts against: it bounds single requests.
func rest(name string) func(allowance) quota {
	return func(a allowance) quota { return quota{Limit: a.rest[name]} }
}

func (d *Dialect) showQuotas(w http.ResponseWriter, c *openstack.Call) error {
	a, err := d.allowanceOf(c, c.PathValue("project"))
	if err != nil {
		return err
	}
	return d.writeQuotas(w, c, true, func(q func(allowance) quota) any { return q(a).Limit })
}

func (d *Dialect) detailQuotas(w http.ResponseWriter, c *openstack.Call) error {
	a, err := d.allowanceOf(c, c.PathValue("project"))
	if err != nil {
		return err
	}
	if a.keysUsed, err = d.opt.KeyPairs.Count(c.Context(), c.Caller, c.Query.First("user_id")); err != nil {
		return err
	}
	return d.writeQuotas(w, c, true, func(q func(allowance) quota) any { return q(a) })
}

func (d *Dialect) defaultQuotas(w http.ResponseWriter, c *openstack.Call) error {
	a, err := d.allowanceOf(c, "")
	if err != nil {
		return err
	}
	return d.writeQuotas(w, c, true, func(q func(allowance) quota) any { return q(a).Limit })
}

// writeQuotas answers with a quota set, whose id an update leaves out.
func (d *Dialect) writeQuotas(w http.ResponseWriter, c *openstack.Call, id bool, value func(func(allowance) quota) any) error {
	set := openstack.Fields{}
	if id {
		set = append(set, openstack.F("id", c.PathValue("project")))
	}
	for _, r := range quotaResources {
		if r.until == (openstack.Microversion{}) || !c.Version.AtLeast(r.until) {
			set = append(set, openstack.F(r.name, value(r.of)))
		}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("quota_set", set)})
	return nil
}

// allowanceOf returns a project's limits and use; without a project what one
// has where nothing else is set. Faults: Forbidden.
func (d *Dialect) allowanceOf(c *openstack.Call, projectID string) (a allowance, err error) {
	if a.limits, a.used, err = d.opt.Compute.LimitsOf(c.Context(), c.Caller, projectID); err != nil {
		return a, err
	}
	if a.rest, err = d.opt.Compute.Quotas(c.Context(), c.Caller, projectID); err != nil {
		return a, err
	}
	if a.groups, err = d.opt.Compute.CountServerGroups(c.Context(), c.Caller, projectID); err != nil {
		return a, err
	}
	a.keyPairs, err = d.opt.KeyPairs.Limit(c.Context(), c.Caller, d.KeyPairRules(c.Version), projectID)
	return a, err
}
