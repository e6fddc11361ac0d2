package cinder

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// limitRoutes tell what a project may have and has: one's own for everybody in
// it, any for administrators, who set it.
func (d *Dialect) limitRoutes() []openstack.Route {
	const one = "/os-quota-sets/{target}"
	update := changes(http.MethodPut, one, "volume_extension:quotas:update", schema.Any{}, d.updateQuotas)
	remove := changes(http.MethodDelete, one, "volume_extension:quotas:delete", nil, d.deleteQuotas)
	update.Access, remove.Access = identity.Administrator, identity.Administrator
	return []openstack.Route{
		reads("/limits", "limits_extension:used_limits", d.showLimits),
		reads(one, "volume_extension:quotas:show", d.showQuotas),
		reads(one+"/defaults", "volume_extension:quotas:show", d.defaultQuotas),
		update, remove,
	}
}

func (d *Dialect) showLimits(w http.ResponseWriter, c *openstack.Call) error {
	project := c.Caller.ProjectID()
	if asked := c.Query.First("project_id"); asked != "" && c.Caller.Admin() {
		project = asked
	}
	limits, used, err := d.opt.Compute.VolumeQuotas(c.Context(), c.Caller, project)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("limits", openstack.Fields{
		openstack.F("rate", []string{}),
		openstack.F("absolute", openstack.Fields{
			openstack.F("maxTotalVolumes", limits[compute.QuotaVolumes]), openstack.F("totalVolumesUsed", used[compute.QuotaVolumes]),
			openstack.F("maxTotalVolumeGigabytes", limits[compute.QuotaGigabytes]), openstack.F("totalGigabytesUsed", used[compute.QuotaGigabytes]),
			openstack.F("maxTotalSnapshots", limits[compute.QuotaSnapshots]), openstack.F("totalSnapshotsUsed", used[compute.QuotaSnapshots]),
			openstack.F("maxTotalBackups", limits["backups"]), openstack.F("totalBackupsUsed", 0),
			openstack.F("maxTotalBackupGigabytes", limits["backup_gigabytes"]), openstack.F("totalBackupGigabytesUsed", 0),
		}),
	})})
	return nil
}

// quotaResources are the members of a quota set, in their order. There are no
// backups and groups, and no project has one.
var quotaResources = []string{
	compute.QuotaVolumes, compute.QuotaSnapshots, compute.QuotaGigabytes, "backups", "backup_gigabytes", compute.QuotaPerVolume, "groups",
}

// quota is one resource's line in a quota set with usage.
type quota struct {
	Limit    int `json:"limit"`
	InUse    int `json:"in_use"`
	Reserved int `json:"reserved"` // nothing is reserved ahead of being used
}

func (d *Dialect) showQuotas(w http.ResponseWriter, c *openstack.Call) error {
	return d.quotas(w, c, c.PathValue("target"), true, schema.TextValue(c.Query.Last("usage")).Truth())
}

func (d *Dialect) defaultQuotas(w http.ResponseWriter, c *openstack.Call) error {
	return d.quotas(w, c, "", true, false)
}

// quotas shows a project's quota set, "" for that of one where nothing is set;
// answers to changes do not say whose it is.
func (d *Dialect) quotas(w http.ResponseWriter, c *openstack.Call, project string, whose, usage bool) error {
	limits, used, err := d.opt.Compute.VolumeQuotas(c.Context(), c.Caller, project)
	if err != nil {
		return err
	}
	var set openstack.Fields
	if whose {
		set = append(set, openstack.F("id", c.PathValue("target")))
	}
	for _, name := range quotaResources {
		var value any = limits[name]
		if usage {
			value = quota{Limit: limits[name], InUse: used[name]}
		}
		set = append(set, openstack.F(name, value))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("quota_set", set)})
	return nil
}

func (d *Dialect) updateQuotas(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("quota_set")
	if in.Kind() != schema.Map {
		return fault.Invalidf("quota_set", "Missing required element 'quota_set' in request body.")
	}
	limits := map[string]int{}
	var unknown []string
	for _, m := range in.Members() {
		switch n, ok := m.Value.Int64(); {
		case m.Name == "tenant_id" || m.Name == "skip_validation":
		case !slices.Contains(quotaResources, m.Name):
			unknown = append(unknown, m.Name)
		case !ok || n < -1 || n > 1<<31-1:
			return fault.Invalidf(m.Name, "Invalid input received: %s = %s: a quota is a whole number from -1, which is none, to %d.", m.Name, m.Value.String(), 1<<31-1)
		default:
			limits[m.Name] = int(n)
		}
	}
	if unknown != nil {
		return fault.Invalidf("quota_set", "Bad key(s) in quota set: %s", strings.Join(unknown, ","))
	}
	if err := d.opt.Compute.SetQuotas(c.Context(), c.Caller, compute.Holder{ProjectID: c.PathValue("target")}, limits, true); err != nil {
		return err
	}
	return d.quotas(w, c, c.PathValue("target"), false, false)
}

func (d *Dialect) deleteQuotas(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.opt.Compute.ClearQuotas(c.Context(), c.Caller, compute.Holder{ProjectID: c.PathValue("target")}, quotaResources); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusOK)
	return nil
}
