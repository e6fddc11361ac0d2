package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var resizeBody = only("resize", schema.Object{Closed: true, Required: []string{"flavorRef"}, Properties: []schema.Property{
	schema.Prop("flavorRef", flavorID),
	schema.Prop("OS-DCF:diskConfig", diskConfig),
}})

func (d *Dialect) resize(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("resize")
	req := compute.ResizeRequest{FlavorID: in.At("flavorRef").String(), AutoDisk: autoDiskAsked(in)}
	if _, err := d.opt.Compute.Resize(c.Context(), c.Caller, c.PathValue("id"), req); err != nil {
		return aboutResize(err)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}

// autoDiskAsked is what a request says of OS-DCF:diskConfig, nil for nothing.
func autoDiskAsked(in schema.Value) *bool {
	if v := in.At("OS-DCF:diskConfig"); v.Exists() {
		return new(v.Text() == "AUTO")
	}
	return nil
}

func aboutResize(err error) error {
	var e *fault.Error
	switch {
	case errors.Is(err, compute.ErrSameFlavor):
		return &fault.Error{Kind: fault.Invalid, Field: "flavorRef", Msg: "When resizing, instances must change flavor!", Err: err}
	case errors.As(err, &e) && e.Kind == fault.Invalid && e.Field == "disk":
		return &fault.Error{Kind: fault.Invalid, Field: "flavorRef", Msg: "Server disk was unable to be resized because: " + e.Msg, Err: err}
	}
	return aboutCreation(err)
}

func (d *Dialect) confirmResize(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.opt.Compute.Confirm(c.Context(), c.Caller, c.PathValue("id")); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}
