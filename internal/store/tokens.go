package store

import (
	"context"
	"fmt"
	"time"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const tokenColumns = `hash, user_id, scope_kind, scope_id, methods, audit_ids, issued_at, expires_at` //nolint:gosec // names of columns

func scanToken(s scanner) (t identity.Token, err error) {
	var hash []byte
	err = s.Scan(&hash, &t.UserID, &t.Scope.Kind, &t.Scope.ID, jsonInto{&t.Methods}, jsonInto{&t.AuditIDs},
		instant{&t.IssuedAt}, instant{&t.ExpiresAt})
	if err == nil && copy(t.Hash[:], hash) != len(t.Hash) {
		err = fmt.Errorf("a token's hash has %d bytes", len(hash))
	}
	return t, err
}

// InsertToken implements [identity.Tx].
func (t *Tx) InsertToken(ctx context.Context, k identity.Token) error {
	return t.insert(ctx, "token", "",
		`INSERT INTO tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.Hash[:], k.UserID, int64(k.Scope.Kind), k.Scope.ID, jsonText(k.Methods), jsonText(k.AuditIDs),
		micros(k.IssuedAt), micros(k.ExpiresAt))
}

// Token implements [identity.Tx].
func (t *Tx) Token(ctx context.Context, hash identity.TokenHash) (identity.Token, error) {
	return one(ctx, t, "token", "", scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE hash = $1`, hash[:])
}

// DeleteToken implements [identity.Tx].
func (t *Tx) DeleteToken(ctx context.Context, hash identity.TokenHash) error {
	return t.change(ctx, "token", "", `DELETE FROM tokens WHERE hash = $1`, hash[:])
}

// DeleteTokensOfUser implements [identity.Tx].
func (t *Tx) DeleteTokensOfUser(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, "revoking a user's tokens", `DELETE FROM tokens WHERE user_id = $1`, userID)
	return err
}

// DeleteExpiredTokens implements [identity.Tx]. It passes by what another
// transaction is clearing away.
func (t *Tx) DeleteExpiredTokens(ctx context.Context, now time.Time, limit int) error {
	hashes, err := all(ctx, t, "token", func(s scanner) (h []byte, err error) { return h, s.Scan(&h) },
		`SELECT hash FROM tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2`+t.db.engine.skipLocked,
		micros(now), limit)
	if err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := t.exec(ctx, "clearing expired tokens away", `DELETE FROM tokens WHERE hash = $1`, h); err != nil {
			return err
		}
	}
	return nil
}

// Epoch implements [identity.Tx].
func (t *Tx) Epoch(ctx context.Context) (int64, error) {
	return t.number(ctx, "epoch", `SELECT n FROM epoch WHERE id = 1`)
}

// BumpEpoch implements [identity.Tx].
func (t *Tx) BumpEpoch(ctx context.Context) error {
	return t.change(ctx, "epoch", "", `UPDATE epoch SET n = n + $1 WHERE id = 1`, int64(1))
}
