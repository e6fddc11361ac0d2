package store

import (
	"context"
	"database/sql"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// routerRow is a router and one of its ports, or nothing where it has none.
type routerRow struct {
	router        compute.Router
	port, network sql.NullString
	addr, gateway sql.NullInt64
}

func scanRouter(s scanner) (r routerRow, err error) {
	o := &r.router
	err = s.Scan(&o.ID, &o.ProjectID, &o.Name, &o.Description, &o.Down, jsonInto{&o.Tags}, instant{&o.CreatedAt}, instant{&o.UpdatedAt}, &o.Revision,
		&r.port, &r.network, &r.addr, &r.gateway)
	return r, err
}

// routers reads routers with their ports in one statement and folds its rows.
func (t *Tx) routers(ctx context.Context, selection string, args ...any) ([]compute.Router, error) {
	rows, err := all(ctx, t, "router", scanRouter, `SELECT r.id, r.project_id, r.name, r.description, r.down, r.tags, r.created_at, r.updated_at, r.revision,
			a.port_id, a.network_id, p.addr, a.gateway
		FROM routers r LEFT JOIN router_ports a ON a.router_id = r.id LEFT JOIN ports p ON p.id = a.port_id `+selection+
		` ORDER BY r.created_at DESC, r.id DESC, p.created_at, p.id`, args...)
	if err != nil {
		return nil, err
	}
	var out []compute.Router
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].ID != row.router.ID {
			out = append(out, row.router)
		}
		if !row.port.Valid {
			continue
		}
		p := compute.RouterPort{PortID: row.port.String, NetworkID: row.network.String, Gateway: row.gateway.Int64 != 0}
		if row.addr.Valid {
			p.Addr = numberAddr(row.addr.Int64)
		}
		r := &out[len(out)-1]
		r.Ports = append(r.Ports, p)
	}
	return out, nil
}

// Router implements [compute.Tx].
func (t *Tx) Router(ctx context.Context, id string) (compute.Router, error) {
	found, err := t.routers(ctx, `WHERE r.id = $1`, id)
	return single(found, err, "router", id)
}

// Routers implements [compute.Tx].
func (t *Tx) Routers(ctx context.Context, projectID string) ([]compute.Router, error) {
	if projectID == "" {
		return t.routers(ctx, "")
	}
	return t.routers(ctx, `WHERE r.project_id = $1`, projectID)
}

// InsertRouter implements [compute.Tx].
func (t *Tx) InsertRouter(ctx context.Context, r compute.Router) error {
	return t.insert(ctx, "router", r.ID,
		`INSERT INTO routers (id, project_id, name, description, down, tags, created_at, updated_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.ProjectID, r.Name, r.Description, bit(r.Down), jsonText(r.Tags), micros(r.CreatedAt), micros(r.UpdatedAt), r.Revision)
}

// UpdateRouter implements [compute.Tx].
func (t *Tx) UpdateRouter(ctx context.Context, r compute.Router) error {
	return t.change(ctx, "router", r.ID,
		`UPDATE routers SET name = $2, description = $3, down = $4, tags = $5, updated_at = $6, revision = $7 WHERE id = $1`,
		r.ID, r.Name, r.Description, bit(r.Down), jsonText(r.Tags), micros(r.UpdatedAt), r.Revision)
}

// DeleteRouter implements [compute.Tx].
func (t *Tx) DeleteRouter(ctx context.Context, id string) error {
	return t.change(ctx, "router", id, `DELETE FROM routers WHERE id = $1`, id)
}

// InsertRouterPort implements [compute.Tx].
func (t *Tx) InsertRouterPort(ctx context.Context, routerID string, p compute.RouterPort) error {
	return t.insert(ctx, "router's port", p.PortID,
		`INSERT INTO router_ports (port_id, router_id, network_id, gateway) VALUES ($1, $2, $3, $4)`, p.PortID, routerID, p.NetworkID, bit(p.Gateway))
}

// DeleteRouterPort implements [compute.Tx].
func (t *Tx) DeleteRouterPort(ctx context.Context, portID string) error {
	return t.change(ctx, "router's port", portID, `DELETE FROM router_ports WHERE port_id = $1`, portID)
}

// RouterBetween implements [compute.Tx].
func (t *Tx) RouterBetween(ctx context.Context, poolID, networkID, projectID string) (string, error) {
	return one(ctx, t, "router", networkID, func(s scanner) (id string, err error) { return id, s.Scan(&id) },
		`SELECT r.id FROM router_ports a JOIN router_ports b ON b.router_id = a.router_id AND b.network_id = $1 AND b.gateway = 1
			JOIN routers r ON r.id = a.router_id
		WHERE a.network_id = $2 AND a.gateway = 0 ORDER BY CASE WHEN r.project_id = $3 THEN 0 ELSE 1 END, r.id LIMIT 1`, poolID, networkID, projectID)
}
