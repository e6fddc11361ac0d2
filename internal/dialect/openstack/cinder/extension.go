package cinder

import (
	"maps"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// extension is a part of the API beyond its core.
type extension struct {
	Alias       string   `json:"alias"`
	Description string   `json:"description"`
	Links       []string `json:"links"`
	Name        string   `json:"name"`
	Updated     string   `json:"updated"`
}

// extensions are the parts whose members and calls are served
// (cinder/api/contrib).
var extensions = []extension{
	{Name: "AvailabilityZones", Alias: "os-availability-zone", Description: "Describe Availability Zones.", Updated: "2013-06-27T00:00:00+00:00"},
	{Name: "ExtendedSnapshotAttributes", Alias: "os-extended-snapshot-attributes", Description: "Extended SnapshotAttributes support.", Updated: "2012-06-19T00:00:00+00:00"},
	{Name: "Quotas", Alias: "os-quota-sets", Description: "Quota management support.", Updated: "2011-08-08T00:00:00+00:00"},
	{Name: "AdminActions", Alias: "os-admin-actions", Description: "Enable admin actions.", Updated: "2012-08-25T00:00:00+00:00"},
	{Name: "SnapshotActions", Alias: "os-snapshot-actions", Description: "Enable snapshot manager actions.", Updated: "2013-07-16T00:00:00+00:00"},
	{Name: "TypesExtraSpecs", Alias: "os-types-extra-specs", Description: "Type extra specs support.", Updated: "2011-08-24T00:00:00+00:00"},
	{Name: "UsedLimits", Alias: "os-used-limits", Description: "Provide data on limited resources that are being used.", Updated: "2013-10-03T00:00:00+00:00"},
	{Name: "VolumeActions", Alias: "os-volume-actions", Description: "Enable volume actions.", Updated: "2012-05-31T00:00:00+00:00"},
	{Name: "VolumeHostAttribute", Alias: "os-vol-host-attr", Description: "Expose host as an attribute of a volume.", Updated: "2011-11-03T00:00:00+00:00"},
	{Name: "VolumeImageMetadata", Alias: "os-vol-image-meta", Description: "Show image metadata associated with the volume.", Updated: "2012-12-07T00:00:00+00:00"},
	{Name: "VolumeMigStatusAttribute", Alias: "os-vol-mig-status-attr", Description: "Expose migration_status as an attribute of a volume.", Updated: "2013-08-08T00:00:00+00:00"},
	{Name: "VolumeTenantAttribute", Alias: "os-vol-tenant-attr", Description: "Expose the internal project_id as an attribute of a volume.", Updated: "2011-11-03T00:00:00+00:00"},
}

func (d *Dialect) extensionRoutes() []openstack.Route {
	return []openstack.Route{
		reads("/extensions", "volume:extension_get_all", func(w http.ResponseWriter, c *openstack.Call) error {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extensions", extensions)})
			return nil
		}),
		reads("/extensions/{alias}", "volume:extension_get", d.showExtension),
		reads("/resource_filters", "resource_filters", d.listFilters),
	}
}

func (d *Dialect) showExtension(w http.ResponseWriter, c *openstack.Call) error {
	for _, e := range extensions {
		if e.Alias == c.PathValue("alias") {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extension", e)})
			return nil
		}
	}
	return fault.Missing("extension", c.PathValue("alias"))
}

// listFilters tells by what the lists can be narrowed, from 3.33 on.
func (d *Dialect) listFilters(w http.ResponseWriter, c *openstack.Call) error {
	if !c.Version.AtLeast(openstack.V(3, 33)) {
		return &fault.Error{Kind: fault.NotFound}
	}
	out := []openstack.Fields{}
	for _, l := range []struct {
		resource string
		filters  []string
	}{{"volume", filterNames(volumeFilters)}, {"snapshot", filterNames(snapshotFilters)}, {"attachment", filterNames(attachmentFilters)}} {
		if asked := c.Query.Last("resource"); asked == "" || asked == l.resource {
			out = append(out, openstack.Fields{openstack.F("filters", l.filters), openstack.F("resource", l.resource)})
		}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("resource_filters", out)})
	return nil
}

func filterNames[T any](filters map[string]func(T, string) bool) []string {
	return slices.Sorted(maps.Keys(filters))
}
