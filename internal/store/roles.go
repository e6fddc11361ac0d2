package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const roleColumns = `id, account_id, name, description, attributes, options, created_at`

func scanRole(s scanner) (r identity.RoleRecord, err error) {
	err = s.Scan(&r.Role, &r.AccountID, &r.Name, &r.Description, jsonInto{&r.Attributes}, jsonInto{&r.Options}, instant{&r.CreatedAt})
	return r, err
}

// Role implements [identity.Tx].
func (t *Tx) Role(ctx context.Context, id string) (identity.RoleRecord, error) {
	return one(ctx, t, "role", id, scanRole, `SELECT `+roleColumns+` FROM roles WHERE id = $1`, id)
}

// Roles implements [identity.Tx].
func (t *Tx) Roles(ctx context.Context) ([]identity.RoleRecord, error) {
	return all(ctx, t, "role", scanRole, `SELECT `+roleColumns+` FROM roles ORDER BY name, id`)
}

// InsertRole implements [identity.Tx].
func (t *Tx) InsertRole(ctx context.Context, r identity.RoleRecord) error {
	return t.insert(ctx, "role", r.Name,
		`INSERT INTO roles (`+roleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.Role.ID(), r.AccountID, r.Name, r.Description, jsonText(r.Attributes), jsonText(r.Options), micros(r.CreatedAt))
}

// UpdateRole implements [identity.Tx]. A role stays in its account.
func (t *Tx) UpdateRole(ctx context.Context, r identity.RoleRecord) error {
	return t.change(ctx, "role", r.Role.ID(),
		`UPDATE roles SET name = $2, description = $3, attributes = $4, options = $5 WHERE id = $1`,
		r.Role.ID(), r.Name, r.Description, jsonText(r.Attributes), jsonText(r.Options))
}

// DeleteRole implements [identity.Tx].
func (t *Tx) DeleteRole(ctx context.Context, id string) error {
	return t.change(ctx, "role", id, `DELETE FROM roles WHERE id = $1`, id)
}
