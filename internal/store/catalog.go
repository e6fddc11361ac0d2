package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const imageColumns = `id, name, os_type, os_distro, os_version, admin_user, min_ram_mib, min_disk_gib,
	size_bytes, public, project_id, created_at, updated_at, properties, saving, node, instance_id,
	protected, hidden, deactivated, tags`

func scanImage(s scanner) (i compute.Image, err error) {
	err = s.Scan(&i.ID, &i.Name, &i.OSType, &i.OSDistro, &i.OSVersion, &i.AdminUser, &i.MinRAMMiB, &i.MinDiskGiB,
		&i.SizeBytes, &i.Public, &i.ProjectID, instant{&i.CreatedAt}, instant{&i.UpdatedAt}, jsonInto{&i.Properties},
		&i.Saving, &i.Node, &i.InstanceID, &i.Protected, &i.Hidden, &i.Deactivated, jsonInto{&i.Tags})
	return i, err
}

// Image implements [compute.Tx].
func (t *Tx) Image(ctx context.Context, id string) (compute.Image, error) {
	return one(ctx, t, "image", id, scanImage, `SELECT `+imageColumns+` FROM images WHERE id = $1`, id)
}

// Images implements [compute.Tx].
func (t *Tx) Images(ctx context.Context) ([]compute.Image, error) {
	return all(ctx, t, "image", scanImage, `SELECT `+imageColumns+` FROM images ORDER BY name, id`)
}

// InsertImage implements [compute.Tx].
func (t *Tx) InsertImage(ctx context.Context, i compute.Image) error {
	return t.insert(ctx, "image", i.ID,
		`INSERT INTO images (`+imageColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		i.ID, i.Name, string(i.OSType), i.OSDistro, i.OSVersion, i.AdminUser, i.MinRAMMiB, i.MinDiskGiB,
		i.SizeBytes, bit(i.Public), i.ProjectID, micros(i.CreatedAt), micros(i.UpdatedAt), jsonText(i.Properties),
		bit(i.Saving), i.Node, i.InstanceID, bit(i.Protected), bit(i.Hidden), bit(i.Deactivated), jsonText(i.Tags))
}

// UpdateImage implements [compute.Tx].
func (t *Tx) UpdateImage(ctx context.Context, i compute.Image) error {
	return t.change(ctx, "image", i.ID,
		`UPDATE images SET name = $2, os_type = $3, os_distro = $4, os_version = $5, admin_user = $6, min_ram_mib = $7, min_disk_gib = $8,
		size_bytes = $9, public = $10, project_id = $11, updated_at = $12, properties = $13, saving = $14, node = $15, instance_id = $16,
		protected = $17, hidden = $18, deactivated = $19, tags = $20
		WHERE id = $1`,
		i.ID, i.Name, string(i.OSType), i.OSDistro, i.OSVersion, i.AdminUser, i.MinRAMMiB, i.MinDiskGiB,
		i.SizeBytes, bit(i.Public), i.ProjectID, micros(i.UpdatedAt), jsonText(i.Properties), bit(i.Saving), i.Node, i.InstanceID,
		bit(i.Protected), bit(i.Hidden), bit(i.Deactivated), jsonText(i.Tags))
}

// DeleteImage implements [compute.Tx].
func (t *Tx) DeleteImage(ctx context.Context, id string) error {
	return t.change(ctx, "image", id, `DELETE FROM images WHERE id = $1`, id)
}
