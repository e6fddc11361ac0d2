package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const userColumns = `id, account_id, name, email, description, enabled, default_project_id, password_hash, api_password_hash,
	attributes, options, created_at`

func scanUser(s scanner) (u identity.User, err error) {
	err = s.Scan(&u.ID, &u.AccountID, &u.Name, &u.Email, &u.Description, &u.Enabled,
		&u.DefaultProjectID, &u.PasswordHash, &u.APIPasswordHash,
		jsonInto{&u.Attributes}, jsonInto{&u.Options}, instant{&u.CreatedAt})
	return u, err
}

// User implements [identity.Tx].
func (t *Tx) User(ctx context.Context, id string) (identity.User, error) {
	return one(ctx, t, "user", id, scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
}

// UserByName implements [identity.Tx].
func (t *Tx) UserByName(ctx context.Context, accountID, name string) (identity.User, error) {
	return one(ctx, t, "user", name, scanUser,
		`SELECT `+userColumns+` FROM users WHERE account_id = $1 AND name = $2`, accountID, name)
}

// Users implements [identity.Tx].
func (t *Tx) Users(ctx context.Context, q identity.UserQuery) ([]identity.User, error) {
	var w where
	if q.AccountID != "" {
		w.and(`account_id = ?`, q.AccountID)
	}
	if q.Name != "" {
		w.and(`name = ?`, q.Name)
	}
	if q.Email != "" {
		w.and(`email = ? AND email <> ''`, q.Email) // as the index says
	}
	if q.Enabled != nil {
		w.and(`enabled = ?`, bit(*q.Enabled))
	}
	return all(ctx, t, "user", scanUser,
		`SELECT `+userColumns+` FROM users`+w.String()+` ORDER BY name, id`, w.args...)
}

// InsertUser implements [identity.Tx].
func (t *Tx) InsertUser(ctx context.Context, u identity.User) error {
	return t.insert(ctx, "user", u.Name,
		`INSERT INTO users (`+userColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		u.ID, u.AccountID, u.Name, u.Email, u.Description, bit(u.Enabled),
		u.DefaultProjectID, u.PasswordHash, u.APIPasswordHash,
		jsonText(u.Attributes), jsonText(u.Options), micros(u.CreatedAt))
}

// UpdateUser implements [identity.Tx]. A user stays in their account.
func (t *Tx) UpdateUser(ctx context.Context, u identity.User) error {
	return t.change(ctx, "user", u.ID,
		`UPDATE users SET name = $2, email = $3, description = $4, enabled = $5, default_project_id = $6,
		password_hash = $7, api_password_hash = $8, attributes = $9, options = $10 WHERE id = $1`,
		u.ID, u.Name, u.Email, u.Description, bit(u.Enabled), u.DefaultProjectID, u.PasswordHash, u.APIPasswordHash,
		jsonText(u.Attributes), jsonText(u.Options))
}
