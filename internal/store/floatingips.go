package store

import (
	"context"
	"database/sql"
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const floatingQuery = `SELECT f.id, f.project_id, f.network_id, f.addr, f.description, f.port_id, f.created_at, f.updated_at, f.revision,
		n.addr, n.instance_id
	FROM floating_ips f LEFT JOIN ports n ON n.id = f.port_id`

func scanFloating(s scanner) (f compute.FloatingIP, err error) {
	var addr int64
	var fixed sql.NullInt64
	var port, instance sql.NullString
	err = s.Scan(&f.ID, &f.ProjectID, &f.NetworkID, &addr, &f.Description, &port, instant{&f.CreatedAt}, instant{&f.UpdatedAt}, &f.Revision, &fixed, &instance)
	f.Addr, f.PortID, f.InstanceID = numberAddr(addr), port.String, instance.String
	if fixed.Valid {
		f.Fixed = numberAddr(fixed.Int64)
	}
	return f, err
}

// FloatingIP implements [compute.Tx].
func (t *Tx) FloatingIP(ctx context.Context, id string) (compute.FloatingIP, error) {
	return one(ctx, t, "floating IP", id, scanFloating, floatingQuery+` WHERE f.id = $1`, id)
}

// FloatingIPs implements [compute.Tx].
func (t *Tx) FloatingIPs(ctx context.Context, projectID string) ([]compute.FloatingIP, error) {
	const order = ` ORDER BY f.created_at DESC, f.id DESC`
	if projectID == "" {
		return all(ctx, t, "floating IP", scanFloating, floatingQuery+order)
	}
	return all(ctx, t, "floating IP", scanFloating, floatingQuery+` WHERE f.project_id = $1`+order, projectID)
}

// InsertFloatingIP implements [compute.Tx].
func (t *Tx) InsertFloatingIP(ctx context.Context, f compute.FloatingIP) error {
	addr, err := addrNumber(f.Addr)
	if err != nil {
		return err
	}
	return t.insert(ctx, "address", f.Addr.String(),
		`INSERT INTO floating_ips (id, project_id, network_id, addr, port_id, description, created_at, updated_at, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		f.ID, f.ProjectID, f.NetworkID, addr, textOrNull(f.PortID), f.Description, micros(f.CreatedAt), micros(f.UpdatedAt), f.Revision)
}

// UpdateFloatingIP implements [compute.Tx].
func (t *Tx) UpdateFloatingIP(ctx context.Context, f compute.FloatingIP) error {
	return t.change(ctx, "floating IP", f.ID,
		`UPDATE floating_ips SET port_id = $2, description = $3, updated_at = $4, revision = $5 WHERE id = $1`,
		f.ID, textOrNull(f.PortID), f.Description, micros(f.UpdatedAt), f.Revision)
}

// DeleteFloatingIP implements [compute.Tx].
func (t *Tx) DeleteFloatingIP(ctx context.Context, id string) error {
	return t.change(ctx, "floating IP", id, `DELETE FROM floating_ips WHERE id = $1`, id)
}

const floatingGap = `SELECT n.addr + 1 FROM floating_ips n WHERE n.addr >= $1 AND n.addr < $2
	AND NOT EXISTS (SELECT 1 FROM floating_ips f WHERE f.addr = n.addr + 1) ORDER BY n.addr LIMIT 1`

// NextFloatingIP implements [compute.Tx].
func (t *Tx) NextFloatingIP(ctx context.Context, from, to netip.Addr) (netip.Addr, error) {
	return t.gap(ctx, from, to, `SELECT COUNT(*) FROM floating_ips WHERE addr = $1`, floatingGap)
}
