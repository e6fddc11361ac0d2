package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const accessKeyColumns = `id, user_id, project_id, sealed_secret, enabled, created_at`

func scanAccessKey(s scanner) (k identity.AccessKey, err error) {
	err = s.Scan(&k.ID, &k.UserID, &k.ProjectID, &k.SealedSecret, &k.Enabled, instant{&k.CreatedAt})
	return k, err
}

// InsertAccessKey implements [identity.Tx].
func (t *Tx) InsertAccessKey(ctx context.Context, k identity.AccessKey) error {
	return t.insert(ctx, "access key", k.ID,
		`INSERT INTO access_keys (`+accessKeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, k.UserID, k.ProjectID, k.SealedSecret, bit(k.Enabled), micros(k.CreatedAt))
}

// AccessKey implements [identity.Tx].
func (t *Tx) AccessKey(ctx context.Context, id string) (identity.AccessKey, error) {
	return one(ctx, t, "access key", id, scanAccessKey,
		`SELECT `+accessKeyColumns+` FROM access_keys WHERE id = $1`, id)
}

// AccessKeys implements [identity.Tx].
func (t *Tx) AccessKeys(ctx context.Context, userID string) ([]identity.AccessKey, error) {
	return all(ctx, t, "access key", scanAccessKey,
		`SELECT `+accessKeyColumns+` FROM access_keys WHERE user_id = $1 ORDER BY id`, userID)
}

// DeleteAccessKey implements [identity.Tx].
func (t *Tx) DeleteAccessKey(ctx context.Context, id string) error {
	return t.change(ctx, "access key", id, `DELETE FROM access_keys WHERE id = $1`, id)
}
