package cinder

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// attachmentsSince is the microversion from which attachments are things of
// their own (https://docs.openstack.org/api-ref/block-storage/v3/#attachments).
var attachmentsSince = openstack.V(3, 27)

// attachmentRoutes show where volumes are. Servers attach and detach them.
func (d *Dialect) attachmentRoutes() []openstack.Route {
	const one = "/attachments/{id}"
	routes := []openstack.Route{
		reads("/attachments", "volume:get_all_attachments", d.listAttachments(attachmentSummary)),
		reads("/attachments/detail", "volume:get_all_attachments", d.listAttachments(attachmentDetail)),
		reads(one, "volume:attachment_get", d.showAttachment),
		changes(http.MethodPost, "/attachments", "volume:attachment_create", nil, refuseAttachment),
		changes(http.MethodPut, one, "volume:attachment_update", nil, refuseAttachment),
		changes(http.MethodDelete, one, "volume:attachment_delete", nil, refuseAttachment),
		changes(http.MethodPost, one+"/action", "volume:attachment_complete", nil, refuseAttachment),
	}
	for k, rt := range routes {
		routes[k].Handle = func(w http.ResponseWriter, c *openstack.Call) error {
			if !c.Version.AtLeast(attachmentsSince) {
				return &fault.Error{Kind: fault.NotFound}
			}
			return rt.Handle(w, c)
		}
	}
	return routes
}

func refuseAttachment(http.ResponseWriter, *openstack.Call) error {
	return fault.Invalidf("", "Invalid input received: %s", byServers)
}

// there are the volumes with an attachment that the caller sees.
func (d *Dialect) there(c *openstack.Call, everybody bool) ([]compute.Volume, error) {
	all, err := d.opt.Compute.Volumes(c.Context(), c.Caller, everybody)
	return slices.DeleteFunc(all, func(v compute.Volume) bool { return v.Attachment == nil }), err
}

func attachmentStatus(v compute.Volume) string {
	switch v.Status {
	case compute.VolumeAttaching, compute.VolumeDetaching:
		return string(v.Status)
	case compute.VolumeCreating:
		return "reserved"
	}
	return "attached"
}

func attachmentSummary(v compute.Volume) openstack.Fields {
	return openstack.Fields{
		openstack.F("id", v.Attachment.ID), openstack.F("status", attachmentStatus(v)),
		openstack.F("instance", v.Attachment.InstanceID), openstack.F("volume_id", v.ID),
	}
}

func attachmentDetail(v compute.Volume) openstack.Fields {
	return append(attachmentSummary(v),
		openstack.F("attached_at", stamp(v.Attachment.At)), openstack.F("detached_at", ""), openstack.F("attach_mode", "rw"),
		openstack.F("connection_info", openstack.Fields{openstack.F("device", v.Attachment.Device)}))
}

// attachmentFilters are the parameters that the lists are narrowed by.
var attachmentFilters = map[string]func(compute.Volume, string) bool{
	"volume_id":     is(volumeID),
	"instance_id":   is(func(v compute.Volume) string { return v.Attachment.InstanceID }),
	"status":        is(attachmentStatus),
	"attach_status": is(attachmentStatus),
	"project_id":    is(volumeProject),
}

func (d *Dialect) listAttachments(show func(compute.Volume) openstack.Fields) openstack.Handler {
	return listed(d, listing[compute.Volume]{
		member: "attachments", resource: "attachment", id: func(v compute.Volume) string { return v.Attachment.ID },
		filters: attachmentFilters, columns: volumeColumns, all: d.there,
	}, func(_ *openstack.Call, v compute.Volume) openstack.Fields { return show(v) })
}

func (d *Dialect) showAttachment(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.there(c, c.Caller.Admin())
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.Attachment.ID == c.PathValue("id") {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("attachment", attachmentDetail(v))})
			return nil
		}
	}
	return fault.Missing("attachment", c.PathValue("id"))
}
