package store

import (
	"context"
	"fmt"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

const tokenColumns = `hash, user_id, scope_kind, scope_id, methods, audit_ids, issued_at, expires_at, app_credential_id` //nolint:gosec // names of columns

func scanToken(s scanner) (t identity.Token, err error) {
	var hash []byte
	err = s.Scan(&hash, &t.UserID, &t.Scope.Kind, &t.Scope.ID, jsonInto{&t.Methods}, jsonInto{&t.AuditIDs},
		instant{&t.IssuedAt}, instant{&t.ExpiresAt}, &t.AppCredentialID)
	if err == nil && copy(t.Hash[:], hash) != len(t.Hash) {
		err = fmt.Errorf("a token's hash has %d bytes", len(hash))
	}
	return t, err
}

// InsertToken implements [identity.Tx].
func (t *Tx) InsertToken(ctx context.Context, k identity.Token) error {
	return t.insert(ctx, "token", "",
		`INSERT INTO tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.Hash[:], k.UserID, int64(k.Scope.Kind), k.Scope.ID, jsonText(k.Methods), jsonText(k.AuditIDs),
		micros(k.IssuedAt), micros(k.ExpiresAt), k.AppCredentialID)
}

// Token implements [identity.Tx].
func (t *Tx) Token(ctx context.Context, hash identity.TokenHash) (identity.Token, error) {
	return one(ctx, t, "token", "", scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE hash = $1`, hash[:])
}

// DeleteToken implements [identity.Tx].
func (t *Tx) DeleteToken(ctx context.Context, hash identity.TokenHash) error {
	return t.change(ctx, "token", "", `DELETE FROM tokens WHERE hash = $1`, hash[:])
}

// DeleteTokens implements [identity.Tx].
func (t *Tx) DeleteTokens(ctx context.Context, q identity.TokenQuery) error {
	var w where
	if q.UserID != "" {
		w.and(`user_id = ?`, q.UserID)
	}
	if q.Scope.Kind != identity.Unscoped {
		w.and(`scope_kind = ?`, int64(q.Scope.Kind))
		w.and(`scope_id = ?`, q.Scope.ID)
	}
	if q.AppCredentialID != "" {
		w.and(`app_credential_id = ? AND app_credential_id <> ''`, q.AppCredentialID)
	}
	if q.AccountID != "" {
		w.and(`(user_id IN (SELECT id FROM users WHERE account_id = ?)
			OR scope_kind = ? AND scope_id IN (SELECT id FROM projects WHERE account_id = ?)
			OR scope_kind = ? AND scope_id = ?)`,
			q.AccountID, int64(identity.ProjectScope), q.AccountID, int64(identity.AccountScope), q.AccountID)
	}
	if len(w.conds) == 0 {
		return &fault.Error{Kind: fault.Internal, Resource: "token", Msg: "which tokens to end is not said"}
	}
	_, err := t.exec(ctx, "ending tokens", `DELETE FROM tokens`+w.String(), w.args...)
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
	query := `SELECT n FROM epoch WHERE id = 1`
	if t.write {
		query += t.db.engine.shareLock
	}
	return t.number(ctx, "epoch", query)
}

// BumpEpoch implements [identity.Tx].
func (t *Tx) BumpEpoch(ctx context.Context) error {
	return t.change(ctx, "epoch", "", `UPDATE epoch SET n = n + $1 WHERE id = 1`, int64(1))
}
