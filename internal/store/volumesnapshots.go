package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const volumeSnapshotColumns = `id, region, project_id, user_id, volume_id, name, description, size_gib, type, zone, node,
	bootable, image, status, metadata, fault, created_at, updated_at`

func scanVolumeSnapshot(s scanner) (n compute.VolumeSnapshot, err error) {
	var image imageSnapshot
	err = s.Scan(&n.ID, &n.Region, &n.ProjectID, &n.UserID, &n.VolumeID, &n.Name, &n.Description, &n.SizeGiB, &n.Type, &n.Zone, &n.Node,
		&n.Bootable, jsonInto{&image}, &n.Status, jsonInto{&n.Metadata}, &n.Fault, instant{&n.CreatedAt}, instant{&n.UpdatedAt})
	n.Image = compute.Image(image)
	return n, err
}

// VolumeSnapshot implements [compute.VolumeTx].
func (t *Tx) VolumeSnapshot(ctx context.Context, id string) (compute.VolumeSnapshot, error) {
	return one(ctx, t, "snapshot", id, scanVolumeSnapshot, `SELECT `+volumeSnapshotColumns+` FROM volume_snapshots WHERE id = $1`, id)
}

// VolumeSnapshots implements [compute.VolumeTx].
func (t *Tx) VolumeSnapshots(ctx context.Context, q compute.VolumeSnapshotQuery) ([]compute.VolumeSnapshot, error) {
	var w where
	if q.ProjectID != "" {
		w.and(`project_id = ?`, q.ProjectID)
	}
	if q.Region != "" {
		w.and(`region = ?`, q.Region)
	}
	if q.VolumeID != "" {
		w.and(`volume_id = ?`, q.VolumeID)
	}
	return all(ctx, t, "snapshot", scanVolumeSnapshot,
		`SELECT `+volumeSnapshotColumns+` FROM volume_snapshots`+w.String()+` ORDER BY created_at DESC, id DESC`, w.args...)
}

// InsertVolumeSnapshot implements [compute.VolumeTx].
func (t *Tx) InsertVolumeSnapshot(ctx context.Context, n compute.VolumeSnapshot) error {
	return t.insert(ctx, "snapshot", n.ID,
		`INSERT INTO volume_snapshots (`+volumeSnapshotColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		n.ID, n.Region, n.ProjectID, n.UserID, n.VolumeID, n.Name, n.Description, n.SizeGiB, n.Type, n.Zone, n.Node,
		bit(n.Bootable), volumeImage(n.Image), string(n.Status), jsonText(n.Metadata), n.Fault, micros(n.CreatedAt), micros(n.UpdatedAt))
}

// UpdateVolumeSnapshot implements [compute.VolumeTx].
func (t *Tx) UpdateVolumeSnapshot(ctx context.Context, n compute.VolumeSnapshot) error {
	return t.change(ctx, "snapshot", n.ID,
		`UPDATE volume_snapshots SET name = $2, description = $3, status = $4, metadata = $5, fault = $6, updated_at = $7 WHERE id = $1`,
		n.ID, n.Name, n.Description, string(n.Status), jsonText(n.Metadata), n.Fault, micros(n.UpdatedAt))
}

// DeleteVolumeSnapshot implements [compute.VolumeTx].
func (t *Tx) DeleteVolumeSnapshot(ctx context.Context, id string) error {
	return t.change(ctx, "snapshot", id, `DELETE FROM volume_snapshots WHERE id = $1`, id)
}
