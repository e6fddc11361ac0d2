package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const volumeColumns = `id, region, project_id, user_id, name, description, size_gib, status, type, zone, node,
	bootable, image, source_id, metadata, fault, created_at, updated_at, snapshot_id`

// volumeQuery reads volumes with their attachments.
const volumeQuery = `SELECT v.id, v.region, v.project_id, v.user_id, v.name, v.description, v.size_gib, v.status, v.type, v.zone, v.node,
		v.bootable, v.image, v.source_id, v.metadata, v.fault, v.created_at, v.updated_at, v.snapshot_id,
		a.id, a.instance_id, a.device, a.delete_on_termination, a.tag, a.at
	FROM volumes v LEFT JOIN attachments a ON a.volume_id = v.id`

// attachmentRow is a volume's attachment, or nothing where it has none.
type attachmentRow struct {
	id, instanceID, device, tag sql.NullString
	deletes, at                 sql.NullInt64
}

func (r attachmentRow) attachment() compute.Attachment {
	a := compute.Attachment{
		ID: r.id.String, InstanceID: r.instanceID.String, Device: r.device.String,
		DeleteOnTermination: r.deletes.Int64 != 0, Tag: r.tag.String,
	}
	if r.at.Int64 != 0 {
		a.At = time.UnixMicro(r.at.Int64).UTC()
	}
	return a
}

func scanVolume(s scanner) (v compute.Volume, err error) {
	var image imageSnapshot
	var a attachmentRow
	err = s.Scan(&v.ID, &v.Region, &v.ProjectID, &v.UserID, &v.Name, &v.Description, &v.SizeGiB, &v.Status, &v.Type, &v.Zone, &v.Node,
		&v.Bootable, jsonInto{&image}, &v.SourceID, jsonInto{&v.Metadata}, &v.Fault, instant{&v.CreatedAt}, instant{&v.UpdatedAt}, &v.SnapshotID,
		&a.id, &a.instanceID, &a.device, &a.deletes, &a.tag, &a.at)
	v.Image = compute.Image(image)
	if a.id.Valid {
		at := a.attachment()
		v.Attachment = &at
	}
	return v, err
}

// volumeImage is the image of a volume or a snapshot as it is stored; a blank
// one has none, unless somebody wrote on it.
func volumeImage(i compute.Image) string {
	if i.ID == "" && len(i.Properties) == 0 {
		return ""
	}
	return jsonText(imageSnapshot(i))
}

// Volume implements [compute.VolumeTx].
func (t *Tx) Volume(ctx context.Context, id string) (compute.Volume, error) {
	return one(ctx, t, "volume", id, scanVolume, volumeQuery+` WHERE v.id = $1`, id)
}

// Volumes implements [compute.VolumeTx].
func (t *Tx) Volumes(ctx context.Context, q compute.VolumeQuery) ([]compute.Volume, error) {
	var w where
	if q.ProjectID != "" {
		w.and(`v.project_id = ?`, q.ProjectID)
	}
	if q.Region != "" {
		w.and(`v.region = ?`, q.Region)
	}
	if q.InstanceID != "" {
		w.and(`a.instance_id = ?`, q.InstanceID)
	}
	if q.SnapshotID != "" {
		w.and(`v.snapshot_id = ?`, q.SnapshotID)
	}
	return all(ctx, t, "volume", scanVolume, volumeQuery+w.String()+` ORDER BY v.created_at DESC, v.id DESC`, w.args...)
}

// InsertVolume implements [compute.VolumeTx].
func (t *Tx) InsertVolume(ctx context.Context, v compute.Volume) error {
	err := t.insert(ctx, "volume", v.ID,
		`INSERT INTO volumes (`+volumeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		v.ID, v.Region, v.ProjectID, v.UserID, v.Name, v.Description, v.SizeGiB, string(v.Status), v.Type, v.Zone, v.Node,
		bit(v.Bootable), volumeImage(v.Image), v.SourceID, jsonText(v.Metadata), v.Fault, micros(v.CreatedAt), micros(v.UpdatedAt), v.SnapshotID)
	if err != nil {
		return err
	}
	return t.putAttachment(ctx, v)
}

// UpdateVolume implements [compute.VolumeTx]. When, by whom and from what it
// was made stays; what is written on the image that it has is its own.
func (t *Tx) UpdateVolume(ctx context.Context, v compute.Volume) error {
	err := t.change(ctx, "volume", v.ID,
		`UPDATE volumes SET name = $2, description = $3, size_gib = $4, status = $5, type = $6, zone = $7, node = $8,
		bootable = $9, metadata = $10, fault = $11, updated_at = $12, image = $13 WHERE id = $1`,
		v.ID, v.Name, v.Description, v.SizeGiB, string(v.Status), v.Type, v.Zone, v.Node,
		bit(v.Bootable), jsonText(v.Metadata), v.Fault, micros(v.UpdatedAt), volumeImage(v.Image))
	if err != nil {
		return err
	}
	return t.putAttachment(ctx, v)
}

// putAttachment makes the volume's place that of v.
func (t *Tx) putAttachment(ctx context.Context, v compute.Volume) error {
	a := v.Attachment
	if a == nil {
		_, err := t.exec(ctx, "detaching a volume", `DELETE FROM attachments WHERE volume_id = $1`, v.ID)
		return err
	}
	return t.insert(ctx, "device", a.Device,
		`INSERT INTO attachments (volume_id, id, instance_id, device, delete_on_termination, tag, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (volume_id) DO UPDATE SET id = excluded.id, instance_id = excluded.instance_id, device = excluded.device,
		delete_on_termination = excluded.delete_on_termination, tag = excluded.tag, at = excluded.at`,
		v.ID, a.ID, a.InstanceID, a.Device, bit(a.DeleteOnTermination), a.Tag, micros(a.At))
}

// DeleteVolume implements [compute.VolumeTx]. Its attachment goes with it.
func (t *Tx) DeleteVolume(ctx context.Context, id string) error {
	return t.change(ctx, "volume", id, `DELETE FROM volumes WHERE id = $1`, id)
}

// VolumeUsage implements [compute.VolumeTx].
func (t *Tx) VolumeUsage(ctx context.Context, projectID string) (compute.VolumeUsage, error) {
	return one(ctx, t, "usage", projectID, func(s scanner) (u compute.VolumeUsage, err error) {
		var snapshots int
		err = s.Scan(&u.Volumes, &u.Snapshots, &u.GiB, &snapshots)
		u.GiB += snapshots
		return u, err
	}, `SELECT (SELECT COUNT(*) FROM volumes WHERE project_id = $1), (SELECT COUNT(*) FROM volume_snapshots WHERE project_id = $1),
		(SELECT CAST(COALESCE(SUM(size_gib), 0) AS BIGINT) FROM volumes WHERE project_id = $1),
		(SELECT CAST(COALESCE(SUM(size_gib), 0) AS BIGINT) FROM volume_snapshots WHERE project_id = $1)`, projectID)
}

// attachedRow is a volume of an instance, or nothing where it has none.
type attachedRow struct {
	attachmentRow
	volumeID, name, kind, status sql.NullString
	size                         sql.NullInt64
}

func (r attachedRow) attached() compute.AttachedVolume {
	return compute.AttachedVolume{
		VolumeID: r.volumeID.String, Name: r.name.String, SizeGiB: int(r.size.Int64), Type: r.kind.String,
		Status: compute.VolumeStatus(r.status.String), Attachment: r.attachment(),
	}
}
