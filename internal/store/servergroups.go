package store

import (
	"context"
	"database/sql"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// groupColumns are those of a server group as g.
const groupColumns = `g.id, g.project_id, g.user_id, g.name, g.policy, g.per_node, g.created_at`

// groupRow is a server group with one of its members, or none.
type groupRow struct {
	group  compute.ServerGroup
	member sql.NullString
}

func scanGroup(s scanner) (r groupRow, err error) {
	g := &r.group
	err = s.Scan(&g.ID, &g.ProjectID, &g.UserID, &g.Name, &g.Policy, &g.PerNode, instant{&g.CreatedAt}, &r.member)
	return r, err
}

func (t *Tx) serverGroups(ctx context.Context, where string, args ...any) ([]compute.ServerGroup, error) {
	rows, err := all(ctx, t, "instance group", scanGroup, `SELECT `+groupColumns+`, i.id FROM server_groups g
		LEFT JOIN instances i ON i.group_id = g.id AND i.group_id <> ''`+where+`
		ORDER BY g.created_at, g.id, i.created_at, i.id`, args...)
	if err != nil {
		return nil, err
	}
	var out []compute.ServerGroup
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.group.ID {
			out = append(out, r.group)
		}
		if r.member.Valid {
			g := &out[len(out)-1]
			g.Members = append(g.Members, r.member.String)
		}
	}
	return out, nil
}

// ServerGroup implements [compute.Tx].
func (t *Tx) ServerGroup(ctx context.Context, id string) (compute.ServerGroup, error) {
	found, err := t.serverGroups(ctx, ` WHERE g.id = $1`, id)
	return single(found, err, "instance group", id)
}

// ServerGroups implements [compute.Tx].
func (t *Tx) ServerGroups(ctx context.Context, projectID string) ([]compute.ServerGroup, error) {
	if projectID == "" {
		return t.serverGroups(ctx, "")
	}
	return t.serverGroups(ctx, ` WHERE g.project_id = $1`, projectID)
}

// InsertServerGroup implements [compute.Tx].
func (t *Tx) InsertServerGroup(ctx context.Context, g compute.ServerGroup) error {
	return t.insert(ctx, "instance group", g.ID,
		`INSERT INTO server_groups (id, project_id, user_id, name, policy, per_node, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		g.ID, g.ProjectID, g.UserID, g.Name, string(g.Policy), g.PerNode, micros(g.CreatedAt))
}

// DeleteServerGroup implements [compute.Tx].
func (t *Tx) DeleteServerGroup(ctx context.Context, id string) error {
	if err := t.change(ctx, "instance group", id, `DELETE FROM server_groups WHERE id = $1`, id); err != nil {
		return err
	}
	_, err := t.exec(ctx, "emptying a server group", `UPDATE instances SET group_id = '' WHERE group_id = $1 AND group_id <> ''`, id)
	return err
}
