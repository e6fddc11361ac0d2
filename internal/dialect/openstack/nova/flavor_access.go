package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// flavorActions are what POST /flavors/{id}/action does; its body has one of
// them as its only member.
var flavorActions = map[string]struct {
	rule openstack.Rule
	body schema.Schema
	do   func(d *Dialect, c *openstack.Call, flavor compute.Flavor, project string) error
}{
	"addTenantAccess":    {"os_compute_api:os-flavor-access:add_tenant_access", tenantBody("addTenantAccess"), (*Dialect).addTenantAccess},
	"removeTenantAccess": {"os_compute_api:os-flavor-access:remove_tenant_access", tenantBody("removeTenantAccess"), (*Dialect).removeTenantAccess},
}

// openFlavorsRefuse is the microversion from which nobody is let in to a flavor
// that is open to all.
var openFlavorsRefuse = openstack.V(2, 7)

// flavorAction is the rule of the action that the body's only member names, in
// whose body there is nothing wrong.
func flavorAction(c *openstack.Call) (openstack.Rule, error) {
	name := ""
	if members := c.Input.Members(); len(members) == 1 {
		name = members[0].Name
	}
	a, ok := flavorActions[name]
	if !ok {
		return "", fault.Invalidf("", "There is no such action: %s", name)
	}
	return a.rule, schema.Validate(a.body, c.Input)
}

// actOnFlavor answers POST /flavors/{id}/action, which [flavorAction] admits.
func (d *Dialect) actOnFlavor(w http.ResponseWriter, c *openstack.Call) error {
	name := c.Input.Members()[0].Name
	a := flavorActions[name]
	f, err := d.opt.Compute.Flavor(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.do(d, c, f, c.Input.At(name, "tenant").Text()); err != nil {
		return err
	}
	return d.writeFlavorAccess(w, c, f)
}

func (d *Dialect) addTenantAccess(c *openstack.Call, f compute.Flavor, project string) error {
	if !f.Private && c.Version.AtLeast(openFlavorsRefuse) {
		return &fault.Error{Kind: fault.Conflict, Msg: "Can not add access to a public flavor."}
	}
	err := d.opt.Compute.AdmitToFlavor(c.Context(), c.Caller, f.ID, project)
	var e *fault.Error
	switch {
	case errors.As(err, &e) && e.Kind == fault.NotFound && e.Resource == "project":
		return fault.Invalidf("tenant", "Project ID %s is not a valid project.", project)
	case fault.Is(err, fault.Exists):
		return &fault.Error{Kind: fault.Exists, Err: err,
			Msg: "Flavor access already exists for flavor " + f.ID + " and project " + project + " combination."}
	}
	return err
}

func (d *Dialect) removeTenantAccess(c *openstack.Call, f compute.Flavor, project string) error {
	err := d.opt.Compute.ExpelFromFlavor(c.Context(), c.Caller, f.ID, project)
	var e *fault.Error
	if errors.As(err, &e) && e.Kind == fault.NotFound && e.Resource == "flavor access" {
		return &fault.Error{Kind: fault.NotFound, Err: err,
			Msg: "Flavor access not found for " + f.ID + " / " + project + " combination."}
	}
	return err
}

func (d *Dialect) listFlavorAccess(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	if !f.Private {
		return &fault.Error{Kind: fault.NotFound, Msg: "Access list not available for public flavors."}
	}
	return d.writeFlavorAccess(w, c, f)
}

func (d *Dialect) writeFlavorAccess(w http.ResponseWriter, c *openstack.Call, f compute.Flavor) error {
	projects, err := d.opt.Compute.FlavorProjects(c.Context(), c.Caller, f.ID)
	if err != nil {
		return err
	}
	list := make([]openstack.Fields, len(projects))
	for k, p := range projects {
		list[k] = openstack.Fields{openstack.F("flavor_id", f.ID), openstack.F("tenant_id", p)}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("flavor_access", list)})
	return nil
}
