package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
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

// allowance is what a project or a user in it may have and has, by the names of
// quotas.
type allowance struct{ limits, used map[string]int }

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
}{
	{name: compute.QuotaCores},
	{"fixed_ips", noNetworkLimits},
	{"floating_ips", noNetworkLimits},
	{compute.QuotaFileBytes, noFileLimits},
	{compute.QuotaFilePath, noFileLimits},
	{compute.QuotaFiles, noFileLimits},
	{name: compute.QuotaInstances},
	{name: keypair.QuotaKeyPairs},
	{name: compute.QuotaMetadata},
	{name: compute.QuotaRAM},
	{"security_group_rules", noNetworkLimits},
	{"security_groups", noNetworkLimits},
	{name: compute.QuotaGroupMembers},
	{name: compute.QuotaGroups},
}

// quotaHolder is whose quota set a request is about: the project's in the path,
// or one user's in it.
func quotaHolder(c *openstack.Call) compute.Holder {
	return compute.Holder{ProjectID: c.PathValue("project"), UserID: c.Query.First("user_id")}
}

func (d *Dialect) showQuotas(w http.ResponseWriter, c *openstack.Call) error {
	return d.limitsOf(w, c, quotaHolder(c), true)
}

func (d *Dialect) defaultQuotas(w http.ResponseWriter, c *openstack.Call) error {
	return d.limitsOf(w, c, compute.Holder{}, true)
}

func (d *Dialect) detailQuotas(w http.ResponseWriter, c *openstack.Call) error {
	a, err := d.allowanceOf(c, quotaHolder(c))
	if err != nil {
		return err
	}
	if a.used[keypair.QuotaKeyPairs], err = d.opt.KeyPairs.Count(c.Context(), c.Caller, c.Query.First("user_id")); err != nil {
		return err
	}
	return d.writeQuotas(w, c, true, func(name string) any { return quota{Limit: a.limits[name], InUse: a.used[name]} })
}

// limitsOf answers with the limits of a holder.
func (d *Dialect) limitsOf(w http.ResponseWriter, c *openstack.Call, of compute.Holder, id bool) error {
	a, err := d.allowanceOf(c, of)
	if err != nil {
		return err
	}
	return d.writeQuotas(w, c, id, func(name string) any { return a.limits[name] })
}

// writeQuotas answers with a quota set, whose id an update leaves out.
func (d *Dialect) writeQuotas(w http.ResponseWriter, c *openstack.Call, id bool, value func(name string) any) error {
	set := openstack.Fields{}
	if id {
		set = append(set, openstack.F("id", c.PathValue("project")))
	}
	for _, r := range quotaResources {
		if r.until == (openstack.Microversion{}) || !c.Version.AtLeast(r.until) {
			set = append(set, openstack.F(r.name, value(r.name)))
		}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("quota_set", set)})
	return nil
}

// allowanceOf returns a holder's limits and use; without a project what one
// has where nothing else is set. Faults: Forbidden.
func (d *Dialect) allowanceOf(c *openstack.Call, of compute.Holder) (a allowance, err error) {
	a.limits, a.used, err = d.opt.Compute.Quotas(c.Context(), c.Caller, of)
	return a, err
}
