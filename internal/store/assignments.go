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
func (t *Tx) Assignments(ctx context.Context, q identity.AssignmentQuery) ([]identity.Assignment, error) {
	var w where
	if q.UserID != "" {
		w.and(`a.user_id = ?`, q.UserID)
	}
	if q.Scope.Kind != identity.Unscoped {
		w.and(`a.scope_kind = ?`, int64(q.Scope.Kind))
		w.and(`a.scope_id = ?`, q.Scope.ID)
	}
	if q.Role != "" {
		w.and(`a.role = ?`, string(q.Role))
	}
	return all(ctx, t, "role assignment", scanAssignment,
		`SELECT a.user_id, a.scope_kind, a.scope_id, a.role FROM assignments a JOIN users u ON u.id = a.user_id`+w.String()+
			` ORDER BY u.name, u.id, a.scope_kind, a.scope_id, a.role`, w.args...)
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
