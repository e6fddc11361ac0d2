package nova

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// attachmentRoutes are the calls on a server's volumes
// (https://docs.openstack.org/api-ref/compute/#servers-with-volume-attachments-servers-os-volume-attachments).
func (d *Dialect) attachmentRoutes() []openstack.Route {
	const (
		all  = "/v2.1/servers/{id}/os-volume_attachments"
		one  = all + "/{volume}"
		rule = "os_compute_api:os-volumes-attachments:"
	)
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: all, Access: identity.ProjectReader, Rule: rule + "index", Query: attachmentQuery, Handle: d.listAttachments},
		{Method: http.MethodPost, Pattern: all, Access: identity.ProjectMember, Rule: rule + "create", Body: attachBody, Handle: d.attachVolume},
		{Method: http.MethodGet, Pattern: one, Access: identity.ProjectReader, Rule: rule + "show", Handle: d.showAttachment},
		{Method: http.MethodPut, Pattern: one, Access: identity.ProjectMember, Rule: rule + "update", Body: reattachBody, Handle: d.updateAttachment},
		{Method: http.MethodDelete, Pattern: one, Access: identity.ProjectMember, Rule: rule + "delete", Handle: d.detachVolume},
	}
}

// The schemas of volume attachments
// (nova/api/openstack/compute/schemas/volumes.py).
var (
	attachDevice = schema.String{Pattern: schema.NewPattern(`(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$`), Nullable: true}

	attachBody = atVersion(func(v openstack.Microversion) schema.Schema {
		return object(v, []string{"volumeAttachment"}, ever("volumeAttachment", object(v, []string{"volumeId"},
			ever("volumeId", uuidText), ever("device", attachDevice),
			since(49, "tag", tagRule), since(79, "delete_on_termination", schema.Flag{}))))
	})
	reattachBody = atVersion(func(v openstack.Microversion) schema.Schema {
		return object(v, []string{"volumeAttachment"}, ever("volumeAttachment", object(v, []string{"volumeId"},
			ever("volumeId", uuidText),
			since(85, "device", attachDevice), since(85, "tag", tagRule), since(85, "delete_on_termination", schema.Flag{}),
			since(85, "serverId", uuidText), since(85, "id", uuidText))))
	})
	pageNumber = schema.String{Pattern: schema.NewPattern("^[0-9]*$"), Max: 9}
)

func attachmentQuery(v openstack.Microversion) schema.Parameters {
	return schema.Parameters{
		Known:  []schema.Parameter{{Name: "limit", Schema: pageNumber}, {Name: "offset", Schema: pageNumber}},
		Closed: v.AtLeast(closedQueries),
	}
}

// attachment is what an answer shows of a server's volume.
func attachment(c *openstack.Call, v compute.AttachedVolume) openstack.Fields {
	var out openstack.Fields
	if !c.Version.AtLeast(openstack.V(2, 89)) {
		out = append(out, openstack.F("id", v.VolumeID))
	}
	out = append(out, openstack.F("volumeId", v.VolumeID), openstack.F("serverId", v.InstanceID), openstack.F("device", v.Device))
	if c.Version.AtLeast(openstack.V(2, 70)) {
		out = append(out, openstack.F("tag", orNull(v.Tag)))
	}
	if c.Version.AtLeast(openstack.V(2, 79)) {
		out = append(out, openstack.F("delete_on_termination", v.DeleteOnTermination))
	}
	if c.Version.AtLeast(openstack.V(2, 89)) {
		out = append(out, openstack.F("attachment_id", v.ID), openstack.F("bdm_uuid", v.ID))
	}
	return out
}

func (d *Dialect) listAttachments(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	some := i.Volumes
	if n, err := strconv.Atoi(c.Query.Last("offset")); err == nil {
		some = some[min(n, len(some)):]
	}
	if n, err := strconv.Atoi(c.Query.Last("limit")); err == nil && n > 0 {
		some = some[:min(n, len(some))]
	}
	views := make([]openstack.Fields, len(some))
	for k, v := range some {
		views[k] = attachment(c, v)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("volumeAttachments", views)})
	return nil
}

func (d *Dialect) showAttachment(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	v, err := attachedVolume(i, c.PathValue("volume"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("volumeAttachment", attachment(c, v))})
	return nil
}

func attachedVolume(i compute.Instance, volumeID string) (compute.AttachedVolume, error) {
	for _, v := range i.Volumes {
		if v.VolumeID == volumeID {
			return v, nil
		}
	}
	return compute.AttachedVolume{}, notAttached(i.ID, volumeID)
}

func notAttached(instanceID, volumeID string) error {
	return &fault.Error{Kind: fault.NotFound, Msg: fmt.Sprintf("Instance %s is not attached to volume %s", instanceID, volumeID)}
}

func (d *Dialect) attachVolume(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("volumeAttachment")
	v, err := d.opt.Compute.AttachVolume(c.Context(), c.Caller, c.PathValue("id"), compute.AttachRequest{
		VolumeID: in.At("volumeId").Text(), Device: in.At("device").Text(), Tag: in.At("tag").Text(),
		DeleteOnTermination: in.At("delete_on_termination").Truth(),
	})
	var wrong *compute.WrongVolumeStatus
	switch {
	case errors.As(err, &wrong):
		return fault.Invalidf("volumeId", "Invalid input received: Invalid volume: Volume %s status must be available or downloading to reserve, but the current status is %s.", wrong.ID, wrong.Status)
	case fault.Is(err, fault.Invalid):
		return fault.Invalidf("volumeId", "Invalid volume: %s", messageOf(err))
	case err != nil:
		return aboutDevice(err)
	}
	a := *v.Attachment
	out := openstack.Fields{openstack.F("id", v.ID), openstack.F("serverId", a.InstanceID), openstack.F("volumeId", v.ID), openstack.F("device", a.Device)}
	if c.Version.AtLeast(openstack.V(2, 70)) {
		out = append(out, openstack.F("tag", orNull(a.Tag)))
	}
	if c.Version.AtLeast(openstack.V(2, 79)) {
		out = append(out, openstack.F("delete_on_termination", a.DeleteOnTermination))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("volumeAttachment", out)})
	return nil
}

func messageOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Msg
	}
	return err.Error()
}

func (d *Dialect) detachVolume(w http.ResponseWriter, c *openstack.Call) error {
	id, volume := c.PathValue("id"), c.PathValue("volume")
	_, err := d.opt.Compute.DetachVolume(c.Context(), c.Caller, id, volume)
	var wrong *compute.WrongVolumeStatus
	switch {
	case errors.Is(err, compute.ErrRootVolume):
		return fault.Invalidf("volume", "Cannot detach a root device volume")
	case errors.As(err, &wrong):
		return fault.Invalidf("volume", "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.")
	case err != nil:
		return aboutAttachment(err, id, volume)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}

func aboutAttachment(err error, id, volume string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.NotFound && f.Resource == "attachment" {
		return notAttached(id, volume)
	}
	return err
}

// updateAttachment answers PUT: from 2.85 it decides whether the volume goes
// with the server. What it was for before, putting one volume in the place of
// another while a guest writes to it, is for administrators, and no driver here
// can do it.
func (d *Dialect) updateAttachment(w http.ResponseWriter, c *openstack.Call) error {
	id, volume, in := c.PathValue("id"), c.PathValue("volume"), c.Input.At("volumeAttachment")
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, id)
	if err != nil {
		return err
	}
	swap := !c.Version.AtLeast(openstack.V(2, 85)) || in.At("volumeId").Text() != volume
	if swap && !c.Caller.Admin() {
		return openstack.Denied("os_compute_api:os-volumes-attachments:swap")
	}
	v, err := attachedVolume(i, volume)
	if err != nil {
		return err
	}
	if swap {
		return fault.Invalidf("volumeId", "Volumes cannot be swapped here.")
	}
	for _, m := range []struct{ name, is string }{{"id", v.VolumeID}, {"serverId", id}, {"device", v.Device}, {"tag", v.Tag}} {
		if asked := in.At(m.name); asked.Exists() && !asked.IsNull() && asked.Text() != m.is {
			return fault.Invalidf(m.name, "The %s cannot be changed.", m.name)
		}
	}
	if asked := in.At("delete_on_termination"); asked.Exists() {
		if _, err := d.opt.Compute.KeepVolume(c.Context(), c.Caller, id, volume, !asked.Truth()); err != nil {
			return aboutAttachment(err, id, volume)
		}
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}
