package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var createImageBody = only("createImage", schema.Object{Closed: true, Required: []string{"name"}, Properties: []schema.Property{
	schema.Prop("name", anyName),
	schema.Prop("metadata", metadataRule),
}})

// createImage answers with the image's id from 2.45, and before that with its
// address in the image service.
func (d *Dialect) createImage(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("createImage")
	image, err := d.opt.Compute.Snapshot(c.Context(), c.Caller, c.PathValue("id"), compute.SnapshotRequest{
		Name: nameOf(c, in.At("name")), Properties: stringMap(in.At("metadata")),
	})
	var m *compute.TooMany
	if errors.As(err, &m) {
		return &fault.Error{Kind: fault.Quota, Msg: "Image metadata limit exceeded", Err: err}
	}
	if err != nil {
		return err
	}
	if c.Version.AtLeast(openstack.V(2, 45)) {
		d.style.JSON(w, c.Request, c.Version, http.StatusAccepted, openstack.Fields{openstack.F("image_id", image.ID)})
		return nil
	}
	images := openstack.Base{Fixed: d.opt.Base.Fixed, Prefix: "/image"}
	w.Header()["Location"] = []string{images.URL(c.Request) + "/images/" + image.ID}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}
