package nova

import (
	"errors"
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// flavorManageRoutes are the calls with which administrators change the sizes
// of servers (https://docs.openstack.org/api-ref/compute/#flavors,
// #flavors-access-flavors-os-flavor-access-flavors,
// #flavors-extra-specs-flavors-os-flavor-extra-specs).
func (d *Dialect) flavorManageRoutes() []openstack.Route {
	const all, one = "/v2.1/flavors", "/v2.1/flavors/{id}"
	const manage, specs = "os_compute_api:os-flavor-manage:", "os_compute_api:os-flavor-extra-specs:"
	changes := func(method, pattern string, rule openstack.Rule, body func(openstack.Microversion) schema.Schema, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: method, Pattern: pattern, Access: identity.Administrator, Rule: rule, Body: body, Handle: h}
	}
	action := changes(http.MethodPost, one+"/action", "os_compute_api:os-flavor-access", unversioned(schema.Any{}), d.actOnFlavor)
	action.Resolve = flavorAction
	return []openstack.Route{
		changes(http.MethodPost, all, manage+"create", flavorCreate, d.createFlavor),
		changes(http.MethodPut, one, manage+"update", flavorUpdate, hiddenBelow(describedFlavors.Minor, d.updateFlavor)),
		changes(http.MethodDelete, one, manage+"delete", nil, d.deleteFlavor),
		action,
		changes(http.MethodGet, one+"/os-flavor-access", "os_compute_api:os-flavor-access", nil, d.listFlavorAccess),
		changes(http.MethodPost, one+"/os-extra_specs", specs+"create", specsBody, d.createExtraSpecs),
		changes(http.MethodPut, one+"/os-extra_specs/{key}", specs+"update", specBody, d.updateExtraSpec),
		changes(http.MethodDelete, one+"/os-extra_specs/{key}", specs+"delete", nil, d.deleteExtraSpec),
	}
}

func (d *Dialect) createFlavor(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("flavor")
	f := compute.Flavor{
		Name: strings.TrimSpace(in.At("name").Text()), RXTXFactor: 1,
		VCPUs: whole(in.At("vcpus")), RAMMiB: whole(in.At("ram")), DiskGiB: whole(in.At("disk")),
		EphemeralGiB: whole(in.At("OS-FLV-EXT-DATA:ephemeral")), SwapMiB: whole(in.At("swap")),
	}
	if id := in.At("id"); id.Exists() && !id.IsNull() {
		f.ID = id.String()
	}
	if n, ok := in.At("rxtx_factor").Number(); ok {
		f.RXTXFactor = n
	}
	if v := in.At("os-flavor-access:is_public"); v.Exists() {
		f.Private = !v.Truth()
	}
	f.Description = textOrNone(in.At("description"))
	made, err := d.opt.Compute.CreateFlavor(c.Context(), c.Caller, f)
	if err != nil {
		return aboutFlavor(err)
	}
	return d.writeFlavor(w, c, made)
}

// whole reads a number that its schema took.
func whole(v schema.Value) int {
	n, _ := v.Int64()
	return int(n)
}

// textOrNone reads a text, nil for null and for what is not there.
func textOrNone(v schema.Value) *string {
	if !v.Exists() || v.IsNull() {
		return nil
	}
	return new(v.Text())
}

// aboutFlavor says in Nova's words which flavor is in the way of a new one.
func aboutFlavor(err error) error {
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Exists || e.Resource != "flavor" {
		return err
	}
	what := "name"
	if e.Field == "id" {
		what = "ID"
	}
	return &fault.Error{Kind: fault.Exists, Msg: "Flavor with " + what + " " + e.Name + " already exists.", Err: err}
}

func (d *Dialect) updateFlavor(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.DescribeFlavor(c.Context(), c.Caller, c.PathValue("id"), textOrNone(c.Input.At("flavor", "description")))
	if err != nil {
		return err
	}
	return d.writeFlavor(w, c, f)
}

func (d *Dialect) deleteFlavor(w http.ResponseWriter, c *openstack.Call) error {
	return d.accepted(w, c, d.opt.Compute.DeleteFlavor(c.Context(), c.Caller, c.PathValue("id")))
}
