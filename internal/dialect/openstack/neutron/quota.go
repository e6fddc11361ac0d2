package neutron

import (
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// quotaResources are the members of a quota, in Neutron's order. Of what cannot
// be made here the limit is Neutron's default.
var quotaResources = []struct {
	name  string
	fixed int // of what is not compute's
}{
	{name: compute.QuotaNetworks}, {name: compute.QuotaSubnets}, {"subnetpool", -1}, {name: compute.QuotaPorts}, {name: compute.QuotaRouters},
	{name: compute.QuotaFloatingIPs}, {"rbac_policy", 10}, {name: compute.QuotaSecurityGroups}, {name: compute.QuotaSecurityRules},
}

func (d *Dialect) showQuota(w http.ResponseWriter, c *openstack.Call) error {
	return d.writeQuota(w, c, c.PathValue("project"), func(limit, _ int) any { return limit })
}

func (d *Dialect) showDefaultQuota(w http.ResponseWriter, c *openstack.Call) error {
	return d.writeQuota(w, c, "", func(limit, _ int) any { return limit })
}

func (d *Dialect) showQuotaDetails(w http.ResponseWriter, c *openstack.Call) error {
	return d.writeQuota(w, c, c.PathValue("project"), func(limit, used int) any {
		return openstack.Fields{openstack.F("limit", limit), openstack.F("used", used), openstack.F("reserved", 0)}
	})
}

func (d *Dialect) writeQuota(w http.ResponseWriter, c *openstack.Call, project string, show func(limit, used int) any) error {
	if project != "" && project != c.Caller.ProjectID() && !c.Caller.Admin() {
		return openstack.Denied("get_quota")
	}
	out, err := d.quota(c, project, show)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("quota", out)})
	return nil
}

// quota shows what a project may have, "" for one where nothing is set.
func (d *Dialect) quota(c *openstack.Call, project string, show func(limit, used int) any) (openstack.Fields, error) {
	limits, used, err := d.compute.NetworkLimits(c.Context(), c.Caller, project)
	if err != nil {
		return nil, err
	}
	out := make(openstack.Fields, len(quotaResources))
	for k, r := range quotaResources {
		limit, ok := limits[r.name]
		if !ok {
			limit = r.fixed
		}
		out[k] = openstack.F(r.name, show(limit, used[r.name]))
	}
	return out, nil
}

// listQuotas shows the quotas of the projects for which one is set.
func (d *Dialect) listQuotas(w http.ResponseWriter, c *openstack.Call) error {
	projects, err := d.compute.QuotaProjects(c.Context(), c.Caller)
	if err != nil {
		return err
	}
	all := make([]openstack.Fields, len(projects))
	for k, project := range projects {
		limits, err := d.quota(c, project, func(limit, _ int) any { return limit })
		if err != nil {
			return err
		}
		all[k] = append(limits, openstack.F("project_id", project), openstack.F("tenant_id", project))
	}
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("quotas", all)})
	return nil
}

func (d *Dialect) updateQuota(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("quota")
	if in.Kind() != schema.Map {
		return bad("Unable to find 'quota' in request body")
	}
	limits := map[string]int{}
	var unknown []string
	for _, m := range in.Members() {
		n, ok := m.Value.Int64()
		known := false
		for _, r := range quotaResources {
			known = known || r.name == m.Name
		}
		switch _, ours := compute.NetworkQuota[m.Name]; {
		case m.Name == "tenant_id" || m.Name == "project_id" || m.Name == "force":
		case !known:
			unknown = append(unknown, m.Name)
		case !ok || n < -1 || n > 1<<31-1:
			return bad("Invalid input for %s. Reason: '%s' should be an integer from -1 to %d.", m.Name, m.Value.String(), 1<<31-1)
		case ours:
			limits[m.Name] = int(n)
		}
	}
	if unknown != nil {
		return bad("Unrecognized attribute(s) '%s'", strings.Join(unknown, ", "))
	}
	project := c.PathValue("project")
	if err := d.compute.SetNetworkLimits(c.Context(), c.Caller, project, limits); err != nil {
		return err
	}
	return d.showQuota(w, c)
}

func (d *Dialect) deleteQuota(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.compute.SetNetworkLimits(c.Context(), c.Caller, c.PathValue("project"), nil); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, http.StatusNoContent)
	return nil
}
