package cinder

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// limitRoutes tell what a project may have and has: one's own for everybody in
// it, any for administrators.
func (d *Dialect) limitRoutes() []openstack.Route {
	const one = "/os-quota-sets/{target}"
	return []openstack.Route{
		reads("/limits", "limits_extension:used_limits", d.showLimits),
		reads(one, "volume_extension:quotas:show", d.showQuotas),
		reads(one+"/defaults", "volume_extension:quotas:show", d.defaultQuotas),
	}
}

func (d *Dialect) showLimits(w http.ResponseWriter, c *openstack.Call) error {
	project := c.Caller.ProjectID()
	if asked := c.Query.First("project_id"); asked != "" && c.Caller.Admin() {
		project = asked
	}
	limits, used, err := d.opt.Compute.VolumeLimitsOf(c.Context(), c.Caller, project)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("limits", openstack.Fields{
		openstack.F("rate", []string{}),
		openstack.F("absolute", openstack.Fields{
			openstack.F("maxTotalVolumes", limits.Volumes), openstack.F("totalVolumesUsed", used.Volumes),
			openstack.F("maxTotalVolumeGigabytes", limits.GiB), openstack.F("totalGigabytesUsed", used.GiB),
			openstack.F("maxTotalSnapshots", 0), openstack.F("totalSnapshotsUsed", 0),
			openstack.F("maxTotalBackups", 0), openstack.F("totalBackupsUsed", 0),
			openstack.F("maxTotalBackupGigabytes", 0), openstack.F("totalBackupGigabytesUsed", 0),
		}),
	})})
	return nil
}

// quotaResources are the members of a quota set. There are no snapshots,
// backups and groups, and no project may have one.
var quotaResources = []struct {
	name  string
	limit func(limits compute.VolumeUsage) int
	used  func(used compute.VolumeUsage) int
}{
	{compute.QuotaVolumes, volumes, volumes},
	{"snapshots", zero, zero},
	{compute.QuotaGigabytes, gigabytes, gigabytes},
	{"backups", zero, zero},
	{"backup_gigabytes", zero, zero},
	{"per_volume_gigabytes", func(compute.VolumeUsage) int { return compute.MaxVolumeGiB }, zero},
	{"groups", zero, zero},
}

func volumes(u compute.VolumeUsage) int   { return u.Volumes }
func gigabytes(u compute.VolumeUsage) int { return u.GiB }
func zero(compute.VolumeUsage) int        { return 0 }

// quota is one resource's line in a quota set with usage.
type quota struct {
	Limit    int `json:"limit"`
	InUse    int `json:"in_use"`
	Reserved int `json:"reserved"` // nothing is reserved ahead of being used
}

func (d *Dialect) showQuotas(w http.ResponseWriter, c *openstack.Call) error {
	limits, used, err := d.opt.Compute.VolumeLimitsOf(c.Context(), c.Caller, c.PathValue("target"))
	if err != nil {
		return err
	}
	return d.quotas(w, c, limits, used, schema.TextValue(c.Query.Last("usage")).Truth())
}

func (d *Dialect) defaultQuotas(w http.ResponseWriter, c *openstack.Call) error {
	limits, used, err := d.opt.Compute.VolumeLimitsOf(c.Context(), c.Caller, "")
	if err != nil {
		return err
	}
	return d.quotas(w, c, limits, used, false)
}

func (d *Dialect) quotas(w http.ResponseWriter, c *openstack.Call, limits, used compute.VolumeUsage, usage bool) error {
	set := openstack.Fields{openstack.F("id", c.PathValue("target"))}
	for _, r := range quotaResources {
		var value any = r.limit(limits)
		if usage {
			value = quota{Limit: r.limit(limits), InUse: r.used(used)}
		}
		set = append(set, openstack.F(r.name, value))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("quota_set", set)})
	return nil
}
