package store

import (
	"context"
	"database/sql"
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const floatingQuery = `SELECT f.id, f.project_id, f.network_id, f.addr, f.description, f.port_id, f.created_at, f.updated_at, f.revision, f.router_id, f.tags,
		n.addr, n.instance_id
	FROM floating_ips f LEFT JOIN ports n ON n.id = f.port_id`

func scanFloating(s scanner) (f compute.FloatingIP, err error) {
	var addr int64
	var fixed sql.NullInt64
	var port, instance sql.NullString
	err = s.Scan(&f.ID, &f.ProjectID, &f.NetworkID, &addr, &f.Description, &port, instant{&f.CreatedAt}, instant{&f.UpdatedAt}, &f.Revision, &f.RouterID, jsonInto{&f.Tags}, &fixed, &instance)
	f.Addr, f.PortID, f.InstanceID = numberAddr(addr), port.String, instance.String
	if fixed.Valid {
		f.Fixed = numberAddr(fixed.Int64)
	}
	if !port.Valid {
		f.RouterID = "" // the port has gone
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
		`INSERT INTO floating_ips (id, project_id, network_id, addr, port_id, description, created_at, updated_at, revision, router_id, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		f.ID, f.ProjectID, f.NetworkID, addr, textOrNull(f.PortID), f.Description, micros(f.CreatedAt), micros(f.UpdatedAt), f.Revision, f.RouterID, jsonText(f.Tags))
}

// UpdateFloatingIP implements [compute.Tx].
func (t *Tx) UpdateFloatingIP(ctx context.Context, f compute.FloatingIP) error {
	return t.change(ctx, "floating IP", f.ID,
		`UPDATE floating_ips SET port_id = $2, description = $3, updated_at = $4, revision = $5, router_id = $6, tags = $7 WHERE id = $1`,
		f.ID, textOrNull(f.PortID), f.Description, micros(f.UpdatedAt), f.Revision, f.RouterID, jsonText(f.Tags))
}

// DeleteFloatingIP implements [compute.Tx].
func (t *Tx) DeleteFloatingIP(ctx context.Context, id string) error {
	return t.change(ctx, "floating IP", id, `DELETE FROM floating_ips WHERE id = $1`, id)
}

// FloatingIPsThrough implements [compute.Tx].
func (t *Tx) FloatingIPsThrough(ctx context.Context, routerID string) ([]compute.FloatingIP, error) {
	return all(ctx, t, "floating IP", scanFloating, floatingQuery+` WHERE f.router_id = $1 AND f.port_id IS NOT NULL ORDER BY f.created_at DESC, f.id DESC`, routerID)
}

// floatingGap is addressGap where two tables share a range: the first gap after
// an address of either that is none of the other's.
const floatingGap = `SELECT g.free FROM (
	SELECT (SELECT n.addr + 1 FROM floating_ips n WHERE n.addr >= $2 AND n.addr < $3
		AND NOT EXISTS (SELECT 1 FROM floating_ips f WHERE f.addr = n.addr + 1)
		AND NOT EXISTS (SELECT 1 FROM ports p WHERE p.network_id = $1 AND p.addr = n.addr + 1) ORDER BY n.addr LIMIT 1) AS free
	UNION ALL SELECT (SELECT n.addr + 1 FROM ports n WHERE n.network_id = $1 AND n.addr >= $2 AND n.addr < $3
		AND NOT EXISTS (SELECT 1 FROM floating_ips f WHERE f.addr = n.addr + 1)
		AND NOT EXISTS (SELECT 1 FROM ports p WHERE p.network_id = $1 AND p.addr = n.addr + 1) ORDER BY n.addr LIMIT 1)) g
	WHERE g.free IS NOT NULL ORDER BY g.free LIMIT 1`

// NextFloatingIP implements [compute.Tx].
func (t *Tx) NextFloatingIP(ctx context.Context, networkID string, from, to netip.Addr) (netip.Addr, error) {
	return t.gap(ctx, from, to, `SELECT (SELECT COUNT(*) FROM ports WHERE network_id = $1 AND addr = $2) + (SELECT COUNT(*) FROM floating_ips WHERE addr = $2)`,
		floatingGap, networkID)
}
