package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
)

func scanAssignment(s scanner) (a identity.Assignment, err error) {
	err = s.Scan(&a.UserID, &a.Scope.Kind, &a.Scope.ID, &a.Role)
	return a, err
}

// Assignments implements [identity.Tx].
func (t *Tx) Assignments(ctx context.Context, userID string) ([]identity.Assignment, error) {
	return all(ctx, t, "role assignment", scanAssignment,
		`SELECT user_id, scope_kind, scope_id, role FROM assignments WHERE user_id = $1 ORDER BY scope_kind, scope_id, role`, userID)
}

// InsertAssignment implements [identity.Tx].
func (t *Tx) InsertAssignment(ctx context.Context, a identity.Assignment) error {
	_, err := t.exec(ctx, "giving a role",
		`INSERT INTO assignments (user_id, scope_kind, scope_id, role) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id, scope_kind, scope_id, role) DO NOTHING`,
		a.UserID, int64(a.Scope.Kind), a.Scope.ID, string(a.Role))
	return err
}

// DeleteAssignment implements [identity.Tx].
func (t *Tx) DeleteAssignment(ctx context.Context, a identity.Assignment) error {
	return t.change(ctx, "role assignment", string(a.Role),
		`DELETE FROM assignments WHERE user_id = $1 AND scope_kind = $2 AND scope_id = $3 AND role = $4`,
		a.UserID, int64(a.Scope.Kind), a.Scope.ID, string(a.Role))
}
