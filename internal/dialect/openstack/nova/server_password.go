package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var passwordBody = only("changePassword", schema.Object{Closed: true, Required: []string{"adminPass"}, Properties: []schema.Property{
	schema.Prop("adminPass", schema.String{}),
}})

func (d *Dialect) changePassword(w http.ResponseWriter, c *openstack.Call) error {
	err := d.opt.Compute.ChangePassword(c.Context(), c.Caller, c.PathValue("id"), c.Input.At("changePassword", "adminPass").Text())
	if errors.Is(err, compute.ErrNoPassword) {
		return &fault.Error{Kind: fault.Conflict, Msg: "Set admin password is not supported", Err: err}
	}
	return d.accepted(w, c, err)
}

// showPassword answers GET …/os-server-password: what only the private key of
// the server's key pair opens.
func (d *Dialect) showPassword(w http.ResponseWriter, c *openstack.Call) error {
	sealed, err := d.opt.Compute.SealedPassword(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("password", sealed)})
	return nil
}

func (d *Dialect) clearPassword(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.opt.Compute.ClearPassword(c.Context(), c.Caller, c.PathValue("id")); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}
