package toast

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var volumeRoutes = []Route{
	{Method: http.MethodGet, Path: "volumes", Access: identity.ProjectReader, about: ofVolume, handle: (*Dialect).listVolumes},
	{Method: http.MethodPost, Path: "volumes", Access: identity.ProjectMember, about: ofVolume, handle: (*Dialect).createVolume},
	{Method: http.MethodDelete, Path: "volumes", Access: identity.ProjectMember, about: ofVolume, handle: (*Dialect).deleteVolume},
	{Method: http.MethodPost, Path: "instances/{id}/attachments", Access: identity.ProjectMember, about: ofVolume, handle: (*Dialect).attach},
	{Method: http.MethodDelete, Path: "instances/{id}/attachments", Access: identity.ProjectMember, about: ofVolume, handle: (*Dialect).detach},
}

// The kinds of volumes.
const (
	volumeTypeHDD = "General HDD"
	volumeTypeSSD = "General SSD"
)

// coreTypes are the domain's words for the kinds; nothing said is the first.
var coreTypes = map[string]string{"": "HDD", volumeTypeHDD: "HDD", volumeTypeSSD: "SSD"}

// volumeTypeOf is this API's word for a kind of the domain's.
func volumeTypeOf(core string) string {
	if core == coreTypes[volumeTypeSSD] {
		return volumeTypeSSD
	}
	return volumeTypeHDD
}

// volumeStatus is the word for what a volume is: this API's are Cinder's, but it
// never lets a volume grow.
func volumeStatus(v compute.Volume) string {
	switch {
	case v.Status == compute.VolumeErrorExtending:
		return string(compute.VolumeError)
	case v.Status != compute.VolumeExtending:
		return string(v.Status)
	case v.Attachment != nil:
		return string(compute.VolumeInUse)
	}
	return string(compute.VolumeAvailable)
}

func viewVolume(v compute.Volume) volume {
	out := volume{
		Attachments: []volumeAttachment{}, Zone: v.Zone, CreatedAt: stamp(v.CreatedAt), Description: v.Description,
		ID: v.ID, Metadata: v.Metadata, Name: v.Name, Size: v.SizeGiB, Status: volumeStatus(v), Type: volumeTypeOf(v.Type),
	}
	if out.Metadata == nil {
		out.Metadata = map[string]string{}
	}
	if a := v.Attachment; a != nil {
		out.Attachments = append(out.Attachments, volumeAttachment{Device: a.Device, InstanceID: a.InstanceID, ID: a.ID})
	}
	return out
}

func (d *Dialect) listVolumes(c *call) (answer, error) {
	var all []compute.Volume
	var err error
	if id := c.query.get("id"); id != "" {
		all = make([]compute.Volume, 1)
		all[0], err = d.opt.Compute.Volume(c.Context(), c.caller, id)
	} else {
		all, err = d.opt.Compute.Volumes(c.Context(), c.caller, false)
	}
	if err != nil {
		return nil, err
	}
	out := &volumesAnswer{Volumes: make([]volume, len(all))}
	for k, v := range all {
		out.Volumes[k] = viewVolume(v)
	}
	return out, nil
}

// volumeSize reads a size in GB that may be absent.
func volumeSize(in object) (int, bool) {
	size, given := in.integerIf("size", 10, maxVolume)
	if size%10 != 0 {
		in.complain("size", "must be a multiple of 10")
	}
	return size, given
}

// volumeType reads a kind of volume that may be absent.
func volumeType(in object, name string) string {
	kind, _ := in.textIf(name)
	if _, known := coreTypes[kind]; !known {
		in.complain(name, "must be "+volumeTypeHDD+" or "+volumeTypeSSD)
	}
	return kind
}

func (d *Dialect) createVolume(c *call) (answer, error) {
	in := c.body.object("volume")
	req := compute.VolumeRequest{Name: in.word("name"), Zone: in.word("availabilityZone")}
	in.short("name")
	in.need("size")
	req.SizeGiB, _ = volumeSize(in)
	req.Description, _ = in.textIf("description")
	in.short("description")
	req.Type, req.Metadata = coreTypes[volumeType(in, "volumeType")], in.texts("metadata")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	v, err := d.opt.Compute.CreateVolume(c.Context(), c.caller, req)
	if err != nil {
		return nil, aboutVolumeQuota(err)
	}
	return &volumeAnswer{Volume: viewVolume(v)}, nil
}

func (d *Dialect) deleteVolume(c *call) (answer, error) {
	id, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	_, err = d.opt.Compute.DeleteVolume(c.Context(), c.caller, id)
	if fault.Is(err, fault.Conflict) {
		return nil, &failure{code: ofVolume.code(http.StatusBadRequest),
			detail: "Invalid volume: Volume status must be available or error or error_restoring and must not be attached"}
	}
	return done(err)
}

func (d *Dialect) attach(c *call) (answer, error) {
	id := c.body.object("attachment").word("volumeId")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	v, err := d.opt.Compute.AttachVolume(c.Context(), c.caller, c.PathValue("id"), compute.AttachRequest{VolumeID: id})
	if err != nil {
		return nil, aboutAttachment(err, c.PathValue("id"), id)
	}
	return &attachmentAnswer{Attachment: attachment{Device: v.Attachment.Device, ID: v.Attachment.ID, VolumeID: v.ID}}, nil
}

func (d *Dialect) detach(c *call) (answer, error) {
	id, err := c.query.required("volumeId")
	if err != nil {
		return nil, err
	}
	_, err = d.opt.Compute.DetachVolume(c.Context(), c.caller, c.PathValue("id"), id)
	return done(aboutAttachment(err, c.PathValue("id"), id))
}

// aboutAttachment says in the words of the block storage service why a volume
// cannot be attached or detached.
func aboutAttachment(err error, instanceID, volumeID string) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	var wrong *compute.WrongVolumeStatus
	bad := func(text string) error {
		return &failure{code: ofVolume.code(http.StatusBadRequest), detail: text}
	}
	switch {
	case e.Kind == fault.NotFound && e.Resource == "attachment":
		return &failure{code: ofVolume.code(http.StatusNotFound), detail: fmt.Sprintf("Volume %s is not attached to instance %s.", volumeID, instanceID)}
	case errors.As(err, &wrong) && wrong.Verb == "attach":
		return bad(fmt.Sprintf("Invalid volume: volume %s status must be available", volumeID))
	case errors.As(err, &wrong):
		return bad(fmt.Sprintf("Invalid volume: volume %s status must be in-use, but it is %s", volumeID, wrong.Status))
	case errors.Is(err, compute.ErrRootVolume):
		return bad("Invalid volume: volume " + volumeID + " is the root volume of instance " + instanceID)
	case e.Resource == "device":
		return bad(said(e, "there is no device left"))
	}
	return err
}

// aboutVolumeQuota says in Cinder's words that there is no room for a volume.
func aboutVolumeQuota(err error) error {
	var full *compute.QuotaExceeded
	if !fault.Is(err, fault.Quota) || !errors.As(err, &full) {
		return err
	}
	code := ofVolume.code(http.StatusForbidden)
	switch full.Resource {
	case compute.QuotaVolumes:
		return &failure{code: code, detail: fmt.Sprintf("VolumeLimitExceeded: Maximum number of volumes allowed (%d) exceeded", full.Limit)}
	case compute.QuotaGigabytes:
		return &failure{code: code, detail: fmt.Sprintf("VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed gigabytes quota. Requested %dG, quota is %dG and %dG has been consumed.",
			full.Requested, full.Limit, full.Used)}
	}
	return err
}

// viewVolumes are an instance's disks: the one that it boots from, be it a
// volume, and the volumes that were attached.
func viewVolumes(i compute.Instance) detailVolumes {
	out := detailVolumes{Root: rootVolume{Size: i.RootGiB(), Type: volumeTypeHDD}, Attachments: []attachedVolume{}}
	for _, v := range i.Volumes {
		if v.Boots() {
			out.Root.Type = volumeTypeOf(v.Type)
			continue
		}
		out.Attachments = append(out.Attachments, attachedVolume{ID: v.VolumeID, Name: v.Name, Size: v.SizeGiB, Type: volumeTypeOf(v.Type)})
	}
	return out
}

// rootDisk is the volume that an instance of a flavor without a disk boots
// from; it goes with the instance.
func (r creation) rootDisk() compute.Disk {
	return compute.Disk{ImageID: r.image, SizeGiB: r.volumeSize, Type: coreTypes[r.volumeType], Boot: true, DeleteOnTermination: true}
}

// onVolume unwraps what is wrong with the disk that an instance was to boot from.
func onVolume(err error) error {
	var bad *compute.BadDisk
	var e *fault.Error
	if errors.As(err, &bad) && errors.As(bad.Err, &e) && !strings.HasPrefix(e.Field, "disk") {
		return bad.Err
	}
	return err
}
