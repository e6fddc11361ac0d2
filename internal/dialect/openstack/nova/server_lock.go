package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// lockBody is the schema of the action lock, which takes a reason from 2.73.
func lockBody(v openstack.Microversion) schema.Schema {
	if !v.AtLeast(openstack.V(2, 73)) {
		return nil
	}
	return only("lock", schema.Object{Closed: true, Nullable: true, Properties: []schema.Property{
		schema.Prop("locked_reason", schema.String{Min: 1, Max: 255}),
	}})
}

func (d *Dialect) lock(w http.ResponseWriter, c *openstack.Call) error {
	reason := ""
	if c.Version.AtLeast(openstack.V(2, 73)) {
		reason = c.Input.At("lock", "locked_reason").Text()
	}
	return d.accepted(w, c, d.opt.Compute.Lock(c.Context(), c.Caller, c.PathValue("id"), reason))
}

func (d *Dialect) unlock(w http.ResponseWriter, c *openstack.Call) error {
	err := d.opt.Compute.Unlock(c.Context(), c.Caller, c.PathValue("id"))
	if errors.Is(err, compute.ErrLockedByAdmin) {
		return openstack.Denied("os_compute_api:os-lock-server:unlock:unlock_override")
	}
	return d.accepted(w, c, err)
}

// accepted answers 202, or with the error.
func (d *Dialect) accepted(w http.ResponseWriter, c *openstack.Call, err error) error {
	if err == nil {
		d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	}
	return err
}

// restore is for servers that were deleted softly, which none is here.
func (d *Dialect) restore(_ http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	wrong := &compute.WrongState{Verb: "restore", ID: i.ID, Attr: "vm_state", Value: string(i.State.VM)}
	return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: i.ID, Msg: wrong.Error(), Err: wrong}
}

var resetBody = only("os-resetState", schema.Object{Closed: true, Required: []string{"state"}, Properties: []schema.Property{
	schema.Prop("state", schema.String{Enum: []string{"active", "error"}}),
}})

func (d *Dialect) resetState(w http.ResponseWriter, c *openstack.Call) error {
	to := compute.VMState(c.Input.At("os-resetState", "state").Text())
	return d.accepted(w, c, d.opt.Compute.ResetState(c.Context(), c.Caller, c.PathValue("id"), to))
}
