package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const flavorColumns = `id, name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib, rxtx_factor, extra_specs,
	private, description, created_at, updated_at`

func scanFlavor(s scanner) (f compute.Flavor, err error) {
	err = s.Scan(&f.ID, &f.Name, &f.VCPUs, &f.RAMMiB, &f.DiskGiB, &f.EphemeralGiB, &f.SwapMiB, &f.RXTXFactor,
		jsonInto{&f.ExtraSpecs}, &f.Private, &f.Description, instant{&f.CreatedAt}, instant{&f.UpdatedAt})
	return f, err
}

// Flavor implements [compute.FlavorTx].
func (t *Tx) Flavor(ctx context.Context, id string) (compute.Flavor, error) {
	return one(ctx, t, "flavor", id, scanFlavor, `SELECT `+flavorColumns+` FROM flavors WHERE id = $1`, id)
}

// Flavors implements [compute.FlavorTx].
func (t *Tx) Flavors(ctx context.Context) ([]compute.Flavor, error) {
	return all(ctx, t, "flavor", scanFlavor, `SELECT `+flavorColumns+` FROM flavors ORDER BY ram_mib, id`)
}

// InsertFlavor implements [compute.FlavorTx].
func (t *Tx) InsertFlavor(ctx context.Context, f compute.Flavor) error {
	return t.insert(ctx, "flavor", f.ID,
		`INSERT INTO flavors (`+flavorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		f.ID, f.Name, f.VCPUs, f.RAMMiB, f.DiskGiB, f.EphemeralGiB, f.SwapMiB, f.RXTXFactor,
		jsonText(f.ExtraSpecs), bit(f.Private), f.Description, micros(f.CreatedAt), micros(f.UpdatedAt))
}

// UpdateFlavor implements [compute.FlavorTx].
func (t *Tx) UpdateFlavor(ctx context.Context, f compute.Flavor) error {
	return t.change(ctx, "flavor", f.ID,
		`UPDATE flavors SET extra_specs = $2, description = $3, updated_at = $4 WHERE id = $1`,
		f.ID, jsonText(f.ExtraSpecs), f.Description, micros(f.UpdatedAt))
}

// DeleteFlavor implements [compute.FlavorTx].
func (t *Tx) DeleteFlavor(ctx context.Context, id string) error {
	return t.change(ctx, "flavor", id, `DELETE FROM flavors WHERE id = $1`, id)
}

func scanText(s scanner) (text string, err error) { return text, s.Scan(&text) }

// FlavorProjects implements [compute.FlavorTx].
func (t *Tx) FlavorProjects(ctx context.Context, flavorID string) ([]string, error) {
	return all(ctx, t, "flavor access", scanText,
		`SELECT project_id FROM flavor_access WHERE flavor_id = $1 ORDER BY project_id`, flavorID)
}

// ProjectFlavors implements [compute.FlavorTx].
func (t *Tx) ProjectFlavors(ctx context.Context, projectID string) ([]string, error) {
	return all(ctx, t, "flavor access", scanText,
		`SELECT flavor_id FROM flavor_access WHERE project_id = $1 ORDER BY flavor_id`, projectID)
}

// AdmitProject implements [compute.FlavorTx].
func (t *Tx) AdmitProject(ctx context.Context, flavorID, projectID string) error {
	return t.insert(ctx, "flavor access", projectID,
		`INSERT INTO flavor_access (flavor_id, project_id) VALUES ($1, $2)`, flavorID, projectID)
}

// ExpelProject implements [compute.FlavorTx].
func (t *Tx) ExpelProject(ctx context.Context, flavorID, projectID string) error {
	return t.change(ctx, "flavor access", projectID,
		`DELETE FROM flavor_access WHERE flavor_id = $1 AND project_id = $2`, flavorID, projectID)
}

// Sow implements [compute.Tx].
func (t *Tx) Sow(ctx context.Context, name string) (bool, error) {
	n, err := t.exec(ctx, "remembering what was made", `INSERT INTO sown (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`, name)
	return n == 1, err
}
