package store

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const spellColumns = `instance_id, project_id, region, name, flavor, vcpus, ram_mib, disk_gib, begin_at, end_at`

func scanSpell(s scanner) (p compute.Spell, err error) {
	err = s.Scan(&p.InstanceID, &p.ProjectID, &p.Region, &p.Name, &p.Flavor, &p.VCPUs, &p.RAMMiB, &p.DiskGiB,
		instant{&p.From}, instant{&p.Until})
	return p, err
}

// Spells implements [compute.Tx].
func (t *Tx) Spells(ctx context.Context, projectID string, from, until time.Time) ([]compute.Spell, error) {
	var w where
	w.and(`end_at > ?`, micros(from))
	w.and(`begin_at < ?`, micros(until))
	if projectID != "" {
		w.and(`project_id = ?`, projectID)
	}
	return all(ctx, t, "spell", scanSpell, `SELECT `+spellColumns+` FROM spells`+w.String()+` ORDER BY begin_at, instance_id`, w.args...)
}

// Spell implements [compute.Tx].
func (t *Tx) Spell(ctx context.Context, instanceID string) (compute.Spell, error) {
	return one(ctx, t, "instance", instanceID, scanSpell, `SELECT `+spellColumns+` FROM spells WHERE instance_id = $1`, instanceID)
}

// InsertSpell implements [compute.Tx].
func (t *Tx) InsertSpell(ctx context.Context, p compute.Spell) error {
	return t.insert(ctx, "spell", p.InstanceID,
		`INSERT INTO spells (`+spellColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.InstanceID, p.ProjectID, p.Region, p.Name, p.Flavor, p.VCPUs, p.RAMMiB, p.DiskGiB, micros(p.From), micros(p.Until))
}
