package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// Limits (https://docs.openstack.org/api-ref/compute/#limits-limits). The rule
// is the one for another project's; everybody may ask for their own.
func (d *Dialect) limitRoutes() []openstack.Route {
	return []openstack.Route{{
		Method: http.MethodGet, Pattern: "/v2.1/limits", Access: identity.AnyUser,
		Rule: "os_compute_api:limits:other_project", Query: limitsQuery, Handle: d.showLimits,
	}}
}

func limitsQuery(v openstack.Microversion) schema.Parameters {
	return schema.Parameters{
		Known:  []schema.Parameter{{Name: "tenant_id", Schema: schema.String{}}},
		Closed: v.AtLeast(closedQueries),
	}
}

// absoluteLimits are the members of the answer, in Nova's order.
var absoluteLimits = []struct {
	name  string
	until openstack.Microversion // the first version without it; zero: none
	of    func(allowance) int
}{
	{name: "maxTotalInstances", of: most(compute.QuotaInstances)},
	{name: "maxTotalCores", of: most(compute.QuotaCores)},
	{name: "maxTotalRAMSize", of: most(compute.QuotaRAM)},
	{name: "maxServerMeta", of: most(compute.QuotaMetadata)},
	{"maxImageMeta", openstack.V(2, 39), most(compute.QuotaMetadata)},
	{"maxPersonality", noFileLimits, most(compute.QuotaFiles)},
	{"maxPersonalitySize", noFileLimits, most(compute.QuotaFileBytes)},
	{name: "maxTotalKeypairs", of: most(keypair.QuotaKeyPairs)},
	{name: "maxServerGroups", of: most(compute.QuotaGroups)},
	{name: "maxServerGroupMembers", of: most(compute.QuotaGroupMembers)},
	{"maxTotalFloatingIps", noNetworkLimits, always(unlimited)},
	{"maxSecurityGroups", noNetworkLimits, always(unlimited)},
	{"maxSecurityGroupRules", noNetworkLimits, always(unlimited)},
	{name: "totalRAMUsed", of: inUse(compute.QuotaRAM)},
	{name: "totalCoresUsed", of: inUse(compute.QuotaCores)},
	{name: "totalInstancesUsed", of: inUse(compute.QuotaInstances)},
	{"totalFloatingIpsUsed", noNetworkLimits, always(0)},
	{"totalSecurityGroupsUsed", noNetworkLimits, always(0)},
	{name: "totalServerGroupsUsed", of: inUse(compute.QuotaGroups)},
}

func most(name string) func(allowance) int { return func(a allowance) int { return a.limits[name] } }

func inUse(name string) func(allowance) int { return func(a allowance) int { return a.used[name] } }

func always(n int) func(allowance) int { return func(allowance) int { return n } }

func (d *Dialect) showLimits(w http.ResponseWriter, c *openstack.Call) error {
	project := c.Query.First("tenant_id")
	if project == "" {
		project = c.Caller.ProjectID()
	}
	a, err := d.allowanceOf(c, compute.Holder{ProjectID: project})
	if err != nil {
		return err
	}
	absolute := make(openstack.Fields, 0, len(absoluteLimits))
	for _, l := range absoluteLimits {
		if l.until == (openstack.Microversion{}) || !c.Version.AtLeast(l.until) {
			absolute = append(absolute, openstack.F(l.name, l.of(a)))
		}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("limits", openstack.Fields{
		// Nova's rate limits are gone since 2015; the member stayed.
		openstack.F("rate", []struct{}{}), openstack.F("absolute", absolute),
	})})
	return nil
}
