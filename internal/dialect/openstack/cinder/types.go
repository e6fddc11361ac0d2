package cinder

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// typeRoutes are the calls on kinds of volumes, which are the deployment's.
func (d *Dialect) typeRoutes() []openstack.Route {
	return []openstack.Route{
		reads("/types", "volume_extension:type_get_all", d.listTypes),
		reads("/types/default", "volume_extension:default_get", d.defaultType),
		reads("/types/{id}", "volume_extension:type_get", d.showType),
		reads("/types/{id}/extra_specs", "volume_extension:types_extra_specs:index", d.typeSpecs),
	}
}

func typeView(c *openstack.Call, t compute.VolumeType) openstack.Fields {
	out := openstack.Fields{
		openstack.F("id", t.ID), openstack.F("name", t.Name), openstack.F("is_public", true), openstack.F("description", t.Description),
		openstack.F("extra_specs", openstack.Fields{}), openstack.F("os-volume-type-access:is_public", true),
	}
	if c.Caller.Admin() {
		out = append(out, openstack.F("qos_specs_id", nil))
	}
	return out
}

func (d *Dialect) listTypes(w http.ResponseWriter, c *openstack.Call) error {
	var all []openstack.Fields
	for _, t := range d.opt.Compute.VolumeTypes() {
		all = append(all, typeView(c, t))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("volume_types", all)})
	return nil
}

func (d *Dialect) oneType(w http.ResponseWriter, c *openstack.Call, t compute.VolumeType) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("volume_type", typeView(c, t))})
	return nil
}

func (d *Dialect) defaultType(w http.ResponseWriter, c *openstack.Call) error {
	return d.oneType(w, c, d.opt.Compute.VolumeTypes()[0])
}

func (d *Dialect) typeAsked(c *openstack.Call) (compute.VolumeType, error) {
	for _, t := range d.opt.Compute.VolumeTypes() {
		if t.ID == c.PathValue("id") {
			return t, nil
		}
	}
	return compute.VolumeType{}, fault.Missing("volume type", c.PathValue("id"))
}

func (d *Dialect) showType(w http.ResponseWriter, c *openstack.Call) error {
	t, err := d.typeAsked(c)
	if err != nil {
		return err
	}
	return d.oneType(w, c, t)
}

func (d *Dialect) typeSpecs(w http.ResponseWriter, c *openstack.Call) error {
	if _, err := d.typeAsked(c); err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extra_specs", openstack.Fields{})})
	return nil
}
