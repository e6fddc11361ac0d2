package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Assignment gives a user a role in a scope.
type Assignment struct {
	UserID string
	Scope  Scope
	Role   Role
}

// AssignmentQuery selects role assignments; empty fields select all.
type AssignmentQuery struct {
	UserID string
	Scope  Scope // [Unscoped]: in every scope
}

// Assignments lists who was given which role where, without the roles that
// those imply: one's own, or for administrators whatever q selects. Faults:
// Forbidden.
func (s *Service) Assignments(ctx context.Context, c Caller, q AssignmentQuery) ([]Assignment, error) {
	if q.UserID != c.User.ID && !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "role assignment"}
	}
	var found []Assignment
	err := s.store.Read(ctx, func(tx Tx) error {
		users := []User{{ID: q.UserID}}
		if q.UserID == "" {
			var err error
			if users, err = tx.Users(ctx, UserQuery{}); err != nil {
				return err
			}
		}
		found = nil
		for _, u := range users {
			given, err := tx.Assignments(ctx, u.ID)
			if err != nil {
				return err
			}
			for _, a := range given {
				if q.Scope.Kind == Unscoped || a.Scope == q.Scope {
					found = append(found, a)
				}
			}
		}
		return nil
	})
	return found, err
}

// AccountsOf lists the enabled accounts on which the caller has a role.
func (s *Service) AccountsOf(ctx context.Context, c Caller) ([]Account, error) {
	var found []Account
	err := s.store.Read(ctx, func(tx Tx) error {
		given, err := tx.Assignments(ctx, c.User.ID)
		if err != nil {
			return err
		}
		found = nil
		seen := map[string]bool{}
		for _, a := range given {
			if a.Scope.Kind != AccountScope || seen[a.Scope.ID] {
				continue
			}
			seen[a.Scope.ID] = true
			account, err := tx.Account(ctx, a.Scope.ID)
			if err != nil {
				return err
			}
			if account.Enabled {
				found = append(found, account)
			}
		}
		return nil
	})
	return found, err
}
