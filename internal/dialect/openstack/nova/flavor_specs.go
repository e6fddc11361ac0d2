package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func (d *Dialect) showExtraSpecs(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extra_specs", f.ExtraSpecs)})
	return nil
}

func (d *Dialect) showExtraSpec(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	key := c.PathValue("key")
	value, ok := f.ExtraSpecs[key]
	if !ok {
		return noExtraSpec(f.ID, key)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F(key, value)})
	return nil
}

func noExtraSpec(flavor, key string) error {
	return &fault.Error{Kind: fault.NotFound, Msg: "Flavor " + flavor + " has no extra specs with key " + key + "."}
}

func (d *Dialect) createExtraSpecs(w http.ResponseWriter, c *openstack.Call) error {
	return d.setExtraSpecs(w, c, c.Input.At("extra_specs"))
}

func (d *Dialect) updateExtraSpec(w http.ResponseWriter, c *openstack.Call) error {
	if !c.Input.At(c.PathValue("key")).Exists() {
		return fault.Invalidf("", "Request body and URI mismatch")
	}
	return d.setExtraSpecs(w, c, c.Input)
}

// setExtraSpecs keeps what the members of specs say and answers with the body
// as it came.
func (d *Dialect) setExtraSpecs(w http.ResponseWriter, c *openstack.Call, specs schema.Value) error {
	all := map[string]string{}
	for _, m := range specs.Members() {
		all[m.Name] = m.Value.String()
		if err := checkExtraSpec(c.Version, m.Name, all[m.Name]); err != nil {
			return err
		}
	}
	if _, err := d.opt.Compute.SetExtraSpecs(c.Context(), c.Caller, c.PathValue("id"), all); err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, c.Input)
	return nil
}

func (d *Dialect) deleteExtraSpec(w http.ResponseWriter, c *openstack.Call) error {
	id, key := c.PathValue("id"), c.PathValue("key")
	err := d.opt.Compute.DeleteExtraSpec(c.Context(), c.Caller, id, key)
	var e *fault.Error
	if errors.As(err, &e) && e.Kind == fault.NotFound && e.Resource == "extra spec" {
		return noExtraSpec(id, key)
	}
	if err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusOK)
	return nil
}
