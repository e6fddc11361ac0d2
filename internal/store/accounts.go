package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const accountColumns = `id, name, description, enabled, tags, attributes, options, created_at`

func scanAccount(s scanner) (a identity.Account, err error) {
	err = s.Scan(&a.ID, &a.Name, &a.Description, &a.Enabled, jsonInto{&a.Tags}, jsonInto{&a.Attributes}, jsonInto{&a.Options}, instant{&a.CreatedAt})
	return a, err
}

// Account implements [identity.Tx].
func (t *Tx) Account(ctx context.Context, id string) (identity.Account, error) {
	return one(ctx, t, "domain", id, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE id = $1`, id)
}

// AccountByName implements [identity.Tx].
func (t *Tx) AccountByName(ctx context.Context, name string) (identity.Account, error) {
	return one(ctx, t, "domain", name, scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE name = $1`, name)
}

// Accounts implements [identity.Tx], ordered by name.
func (t *Tx) Accounts(ctx context.Context) ([]identity.Account, error) {
	return all(ctx, t, "domain", scanAccount, `SELECT `+accountColumns+` FROM accounts ORDER BY name`)
}

// InsertAccount implements [identity.Tx].
func (t *Tx) InsertAccount(ctx context.Context, a identity.Account) error {
	return t.insert(ctx, "domain", a.Name,
		`INSERT INTO accounts (`+accountColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID, a.Name, a.Description, bit(a.Enabled), jsonText(a.Tags), jsonText(a.Attributes), jsonText(a.Options), micros(a.CreatedAt))
}

// UpdateAccount implements [identity.Tx].
func (t *Tx) UpdateAccount(ctx context.Context, a identity.Account) error {
	return t.change(ctx, "domain", a.ID,
		`UPDATE accounts SET name = $2, description = $3, enabled = $4, tags = $5, attributes = $6, options = $7 WHERE id = $1`,
		a.ID, a.Name, a.Description, bit(a.Enabled), jsonText(a.Tags), jsonText(a.Attributes), jsonText(a.Options))
}
