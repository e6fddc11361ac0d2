package cinder

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// snapshotRoutes are the calls on snapshots of volumes
// (https://docs.openstack.org/api-ref/block-storage/v3/#volume-snapshots-snapshots).
func (d *Dialect) snapshotRoutes() []openstack.Route {
	const one = "/snapshots/{id}"
	return slices.Concat([]openstack.Route{
		reads("/snapshots", "volume:get_all_snapshots", listed(d, d.snapshotList(), snapshotSummary)),
		reads("/snapshots/detail", "volume:get_all_snapshots", listed(d, d.snapshotList(), snapshotDetail)),
		reads(one, "volume:get_snapshot", d.showSnapshot),
		changes(http.MethodPost, "/snapshots", "volume:create_snapshot", snapshotBody, d.createSnapshot),
		changes(http.MethodPut, one, "volume:update_snapshot", snapshotUpdateBody, d.updateSnapshot),
		changes(http.MethodDelete, one, "volume:delete_snapshot", nil, d.deleteSnapshot),
		changes(http.MethodPost, one+"/action", "volume_extension:snapshot_actions", schema.Any{}, d.acting(snapshotActions, d.seesSnapshot)),
	}, annotated{d: d, path: one, noun: "snapshot", read: d.snapshotMetadata, edit: d.editSnapshotMetadata}.routes())
}

// snapshotSummary shows a snapshot in lists without detail, and what was just
// made or changed.
func snapshotSummary(c *openstack.Call, n compute.VolumeSnapshot) openstack.Fields {
	out := openstack.Fields{
		openstack.F("id", n.ID), openstack.F("name", n.Name), openstack.F("description", orNull(n.Description)),
		openstack.F("volume_id", n.VolumeID), openstack.F("status", string(n.Status)), openstack.F("size", n.SizeGiB),
		openstack.F("created_at", stamp(n.CreatedAt)), openstack.F("updated_at", stamp(n.UpdatedAt)), openstack.F("metadata", n.Metadata),
	}
	for _, m := range []struct {
		since openstack.Microversion
		name  string
		value any
	}{
		{openstack.V(3, 14), "group_snapshot_id", nil}, {openstack.V(3, 41), "user_id", n.UserID}, {openstack.V(3, 65), "consumes_quota", true},
	} {
		if c.Version.AtLeast(m.since) {
			out = append(out, openstack.F(m.name, m.value))
		}
	}
	return out
}

// snapshotDetail adds what Cinder's extension os-extended-snapshot-attributes does.
func snapshotDetail(c *openstack.Call, n compute.VolumeSnapshot) openstack.Fields {
	progress := "0%"
	if n.Status == compute.VolumeAvailable {
		progress = "100%"
	}
	return append(snapshotSummary(c, n),
		openstack.F("os-extended-snapshot-attributes:project_id", n.ProjectID), openstack.F("os-extended-snapshot-attributes:progress", progress))
}

func (d *Dialect) showSnapshot(w http.ResponseWriter, c *openstack.Call) error {
	n, err := d.opt.Compute.VolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("snapshot", snapshotDetail(c, n))})
	return nil
}

// forceless is the microversion from which a volume may be in use without
// force, which may then no longer be refused.
var forceless = openstack.V(3, 66)

func (d *Dialect) createSnapshot(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("snapshot")
	force, said := in.At("force").Truth(), in.At("force").Exists() && !in.At("force").IsNull()
	if c.Version.AtLeast(forceless) {
		if said && !force {
			return fault.Invalidf("force", "Invalid value '%s' for force. Forced snapshots are the default from microversion 3.66; leave force out.", in.At("force").String())
		}
		force = true
	}
	if in.At("volume_id").IsNull() {
		return fault.Missing("volume", "None") // as Cinder does, though the request is at fault
	}
	n, err := d.opt.Compute.CreateVolumeSnapshot(c.Context(), c.Caller, compute.VolumeSnapshotRequest{
		VolumeID: in.At("volume_id").Text(), InUse: force, VolumeSnapshotLabels: compute.VolumeSnapshotLabels{
			Name: first(in, "name", "display_name").Text(), Description: first(in, "description", "display_description").Text(),
			Metadata: stringMap(in.At("metadata")),
		},
	})
	return d.answerSnapshot(w, c, http.StatusAccepted, n, err)
}

func (d *Dialect) answerSnapshot(w http.ResponseWriter, c *openstack.Call, status int, n compute.VolumeSnapshot, err error) error {
	if err == nil {
		d.style.JSON(w, c.Request, c.Version, status, openstack.Fields{openstack.F("snapshot", snapshotSummary(c, n))})
	}
	return err
}

func (d *Dialect) updateSnapshot(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("snapshot")
	if len(in.Members()) == 0 {
		return fault.Invalidf("snapshot", "Missing required element 'snapshot' in request body.")
	}
	n, err := d.opt.Compute.EditVolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.VolumeSnapshotLabels) error {
		rename(in, &l.Name, &l.Description)
		return nil
	})
	return d.answerSnapshot(w, c, http.StatusOK, n, err)
}

// rename takes over what a body says of a name and a description.
func rename(in schema.Value, name, description *string) {
	for _, m := range in.Members() {
		switch m.Name {
		case "name", "display_name":
			*name = m.Value.Text()
		case "description", "display_description":
			*description = m.Value.Text()
		}
	}
}

func (d *Dialect) deleteSnapshot(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.opt.Compute.DeleteVolumeSnapshot(c.Context(), c.Caller, c.PathValue("id")); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}

func (d *Dialect) snapshotMetadata(c *openstack.Call) (map[string]string, error) {
	n, err := d.opt.Compute.VolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"))
	return n.Metadata, err
}

func (d *Dialect) editSnapshotMetadata(c *openstack.Call, change func(map[string]string) error) (map[string]string, error) {
	n, err := d.opt.Compute.EditVolumeSnapshot(c.Context(), c.Caller, c.PathValue("id"),
		func(l *compute.VolumeSnapshotLabels) error { return change(l.Metadata) })
	return n.Metadata, err
}
