package cinder

import (
	"maps"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// action is one of the things that POST /volumes/{id}/action and
// POST /snapshots/{id}/action do.
type action struct {
	rule   openstack.Rule
	body   schema.Schema
	status int
	// do returns what the answer holds, nil for nothing.
	do func(d *Dialect, c *openstack.Call) (openstack.Fields, error)
}

// extendInUse is the microversion in which attached volumes could be made larger.
var extendInUse = openstack.V(3, 42)

// actions are those on volumes.
var actions = map[string]action{
	"os-extend": {"volume:extend", extendBody, http.StatusAccepted, func(d *Dialect, c *openstack.Call) (openstack.Fields, error) {
		size, ok := c.Input.At("os-extend", "new_size").Int64()
		if !ok || size > compute.MaxVolumeGiB {
			return nil, fault.Invalidf("new_size", "Invalid input received: a volume has at most %d GB.", compute.MaxVolumeGiB)
		}
		_, err := d.opt.Compute.ExtendVolume(c.Context(), c.Caller, c.PathValue("id"), int(size), c.Version.AtLeast(extendInUse))
		return nil, err
	}},
	"os-set_bootable": {"volume_extension:volume_actions:set_bootable", bootableBody, http.StatusOK, func(d *Dialect, c *openstack.Call) (openstack.Fields, error) {
		bootable := c.Input.At("os-set_bootable", "bootable").Truth()
		_, err := d.opt.Compute.EditVolume(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.VolumeLabels) error {
			l.Bootable = bootable
			return nil
		})
		return nil, err
	}},
	"os-update_readonly_flag": {"volume:update_readonly_flag", readonlyBody, http.StatusAccepted, (*Dialect).setReadonly},
	"os-reset_status":         {"volume_extension:volume_admin_actions:reset_status", resetBody, http.StatusAccepted, (*Dialect).resetVolume},
	"os-force_delete": {"volume_extension:volume_admin_actions:force_delete", schema.Any{}, http.StatusAccepted, func(d *Dialect, c *openstack.Call) (openstack.Fields, error) {
		return nil, d.opt.Compute.ForceDeleteVolume(c.Context(), c.Caller, c.PathValue("id"))
	}},
	"os-set_image_metadata":   {"volume_extension:volume_image_metadata:set", imageMetadataBody, http.StatusOK, (*Dialect).setImageMetadata},
	"os-unset_image_metadata": {"volume_extension:volume_image_metadata:remove", imageKeyBody, http.StatusOK, (*Dialect).unsetImageMetadata},
	"os-show_image_metadata":  {"volume_extension:volume_image_metadata:show", schema.Any{}, http.StatusOK, (*Dialect).showImageMetadata},
}

// snapshotActions are those on snapshots.
var snapshotActions = map[string]action{
	"os-reset_status": {"volume_extension:snapshot_admin_actions:reset_status", resetSnapshotBody, http.StatusAccepted, func(d *Dialect, c *openstack.Call) (openstack.Fields, error) {
		return nil, d.opt.Compute.ResetVolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"), compute.VolumeStatus(c.Input.At("os-reset_status", "status").Text()))
	}},
	"os-force_delete": {"volume_extension:snapshot_admin_actions:force_delete", schema.Any{}, http.StatusAccepted, func(d *Dialect, c *openstack.Call) (openstack.Fields, error) {
		return nil, d.opt.Compute.ForceDeleteVolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"))
	}},
}

// Why some actions of Cinder's are not served.
const (
	byServers   = "volumes are attached and detached by the compute service here, with POST and DELETE on a server's os-volume_attachments."
	stays       = "a volume stays on its host here."
	keepsType   = "a volume keeps its type here. Make one of the other type of it (source_volid)."
	keepsData   = "a volume keeps what it holds here. Make one of the snapshot or of the image."
	noImages    = "images are made of servers here. Boot one of the volume and make an image of it."
	unmanaged   = "the storage behind volumes is not seen from here."
	byTheDriver = "snapshots are made by the service itself here, which knows their status."
)

// refusedActions are Cinder's actions that are not served, and why.
var refusedActions = map[string]string{
	"os-attach": byServers, "os-detach": byServers, "os-reserve": byServers, "os-unreserve": byServers,
	"os-begin_detaching": byServers, "os-roll_detaching": byServers, "os-initialize_connection": byServers, "os-terminate_connection": byServers,
	"os-force_detach": byServers, "os-migrate_volume": stays, "os-migrate_volume_completion": stays, "os-retype": keepsType,
	"os-volume_upload_image": noImages, "os-reimage": keepsData, "revert": keepsData, "os-unmanage": unmanaged,
	"os-update_snapshot_status": byTheDriver,
}

// acting answers POST …/{id}/action: the body's only member names the action.
// sees refuses things that the caller does not see.
func (d *Dialect) acting(table map[string]action, sees func(*openstack.Call) error) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		members := c.Input.Members()
		if len(members) != 1 {
			return fault.Invalidf("", "Malformed request body")
		}
		name := members[0].Name
		a, ok := table[name]
		if why := refusedActions[name]; !ok && why != "" {
			if err := sees(c); err != nil {
				return err
			}
			return fault.Invalidf("", "Invalid input received: %s: %s", name, why)
		}
		if !ok {
			return fault.Invalidf("", "There is no such action: %s", name)
		}
		if err := schema.Validate(a.body, c.Input); err != nil {
			return err
		}
		out, err := a.do(d, c)
		if err != nil {
			return openstack.UnderRule(inWords(err), a.rule)
		}
		if out == nil {
			d.style.Empty(w, c.Request, c.Version, a.status)
			return nil
		}
		d.style.JSON(w, c.Request, c.Version, a.status, out)
		return nil
	}
}

// seesVolume and seesSnapshot refuse what the caller does not see.
func (d *Dialect) seesVolume(c *openstack.Call) error {
	_, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	return err
}

func (d *Dialect) seesSnapshot(c *openstack.Call) error {
	_, err := d.opt.Compute.VolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"))
	return err
}

// setReadonly takes what is so anyway: guests write to every volume they have.
func (d *Dialect) setReadonly(c *openstack.Call) (openstack.Fields, error) {
	_, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	if err == nil && c.Input.At("os-update_readonly_flag", "readonly").Truth() {
		err = fault.Invalidf("readonly", "Invalid input received: readonly: guests write to every volume they have; none is read-only here.")
	}
	return nil, err
}

// resetVolume says what status a volume has. That it is attached, or not, can
// only be said of one that is, or is not; and none is migrated.
func (d *Dialect) resetVolume(c *openstack.Call) (openstack.Fields, error) {
	in := c.Input.At("os-reset_status")
	v, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !c.Caller.Admin() {
		return nil, openstack.Denied("volume_extension:volume_admin_actions:reset_status")
	}
	attached := map[bool]string{true: "attached", false: "detached"}[v.Attachment != nil]
	if said := in.At("attach_status").Text(); said != "" && said != attached {
		return nil, fault.Invalidf("attach_status", "Invalid input received: attach_status: volume %s is %s. Servers attach and detach it.", v.ID, attached)
	}
	if said := in.At("migration_status").Text(); said != "" && said != "none" {
		return nil, fault.Invalidf("migration_status", "Invalid input received: migration_status: %s", stays)
	}
	if status := in.At("status").Text(); status != "" {
		_, err = d.opt.Compute.ResetVolume(c.Context(), c.Caller, v.ID, compute.VolumeStatus(status))
	}
	return nil, err
}

// ofTheDisk are what an image says of its guests, which belongs to its disk.
var ofTheDisk = map[string]bool{"os_type": true, "os_distro": true, "os_version": true, "os_admin_user": true}

func (d *Dialect) setImageMetadata(c *openstack.Call) (openstack.Fields, error) {
	given := stringMap(c.Input.At("os-set_image_metadata", "metadata"))
	return d.editImageMetadata(c, func(properties map[string]string) error {
		for name := range given {
			if ofTheDisk[name] {
				return fault.Invalidf("metadata", "Invalid input received: %s belongs to the volume's disk and stays.", name)
			}
		}
		if maps.Copy(properties, given); len(properties) > maxMetadata {
			return fault.Invalidf("metadata", "Invalid metadata: a volume has at most %d entries of image metadata.", maxMetadata)
		}
		return nil
	})
}

// unsetImageMetadata takes away what was written on a volume or its image; what
// the volume has of the image itself stays.
func (d *Dialect) unsetImageMetadata(c *openstack.Call) (openstack.Fields, error) {
	key := c.Input.At("os-unset_image_metadata", "key").Text()
	_, err := d.editImageMetadata(c, func(properties map[string]string) error {
		if _, ok := properties[key]; !ok {
			return &fault.Error{Kind: fault.NotFound, Msg: "Metadata item was not found", Name: key}
		}
		delete(properties, key)
		return nil
	})
	return nil, err
}

func (d *Dialect) editImageMetadata(c *openstack.Call, change func(map[string]string) error) (openstack.Fields, error) {
	v, err := d.opt.Compute.EditVolume(c.Context(), c.Caller, c.PathValue("id"),
		func(l *compute.VolumeLabels) error { return change(l.ImageProperties) })
	return openstack.Fields{openstack.F("metadata", imageMetadata(v))}, err
}

func (d *Dialect) showImageMetadata(c *openstack.Call) (openstack.Fields, error) {
	v, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	return openstack.Fields{openstack.F("metadata", imageMetadata(v))}, err
}
