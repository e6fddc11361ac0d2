package cinder

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// sumVolumes answers GET /volumes/summary, from 3.12 on; with metadata from 3.36
// (https://docs.openstack.org/api-ref/block-storage/v3/#get-volumes-summary).
func (d *Dialect) sumVolumes(w http.ResponseWriter, c *openstack.Call) error {
	if !c.Version.AtLeast(openstack.V(3, 12)) {
		return fault.Missing("volume", "summary") // which would be an id
	}
	all, err := d.opt.Compute.Volumes(c.Context(), c.Caller, c.Caller.Admin() && schema.TextValue(c.Query.Last("all_tenants")).Truth())
	if err != nil {
		return err
	}
	size, said := 0, map[string][]string{}
	for _, v := range all {
		size += v.SizeGiB
		for name, value := range v.Metadata {
			if !slices.Contains(said[name], value) {
				said[name] = append(said[name], value)
			}
		}
	}
	for _, values := range said {
		slices.Sort(values)
	}
	sum := openstack.Fields{openstack.F("total_size", size), openstack.F("total_count", len(all))}
	if c.Version.AtLeast(openstack.V(3, 36)) {
		sum = append(sum, openstack.F("metadata", said))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("volume-summary", sum)})
	return nil
}
