package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
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
	Role   Role
}

// Assignments lists who was given which role where, without the roles that
// those imply: one's own, or for administrators whatever q selects. Faults:
// Forbidden.
func (s *Service) Assignments(ctx context.Context, c Caller, q AssignmentQuery) ([]Assignment, error) {
	if q.UserID != c.User.ID && !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "role assignment"}
	}
	return read(ctx, s.store, func(tx Tx) ([]Assignment, error) { return tx.Assignments(ctx, q) })
}

// AccountsOf lists the enabled accounts on which the caller has a role.
func (s *Service) AccountsOf(ctx context.Context, c Caller) ([]Account, error) {
	var found []Account
	err := s.store.Read(ctx, func(tx Tx) error {
		given, err := tx.Assignments(ctx, AssignmentQuery{UserID: c.User.ID})
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

// Grant gives a user a role. Giving it again is fine. Faults: Forbidden,
// NotFound (user, project, account), Invalid (role; one of an account on the
// system), Forbidden (one of another account).
func (s *Service) Grant(ctx context.Context, c Caller, a Assignment) error {
	return s.assign(ctx, c, a, audit.Grant)
}

// Ungrant takes a role away. The user's tokens in that scope have the roles
// that are left, and end with the last one; their application credentials
// there go with any role. As in Keystone; neither comes back with the role.
// Faults as [Service.Grant].
func (s *Service) Ungrant(ctx context.Context, c Caller, a Assignment) error {
	return s.assign(ctx, c, a, audit.Ungrant)
}

func (s *Service) assign(ctx context.Context, c Caller, a Assignment, action audit.Action) error {
	if err := Administrator.Check(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error { return s.assignIn(ctx, tx, c, a, action) })
}

// assignIn changes an assignment within a transaction.
func (s *Service) assignIn(ctx context.Context, tx Tx, c Caller, a Assignment, action audit.Action) error {
	role, err := roleRecord(ctx, tx, a.Role.ID())
	if fault.Is(err, fault.NotFound) {
		return fault.Invalidf("role", "there is no role %q; those that give rights are admin, member and reader", a.Role)
	}
	if err != nil {
		return err
	}
	u, err := tx.User(ctx, a.UserID)
	if err != nil {
		return err
	}
	switch a.Scope.Kind {
	case ProjectScope:
		_, err = tx.Project(ctx, a.Scope.ID)
	case AccountScope:
		_, err = tx.Account(ctx, a.Scope.ID)
	case SystemScope:
	default:
		err = fault.Invalidf("scope", "a role is given on a project, an account or the system")
	}
	if err != nil {
		return err
	}
	if action == audit.Ungrant {
		err = s.take(ctx, tx, c, a)
	} else if err = role.reaches(ctx, tx, a.Scope); err == nil {
		if err = tx.InsertAssignment(ctx, a); err == nil {
			err = tx.BumpEpoch(ctx)
		}
	}
	if err != nil {
		return err
	}
	e := c.Audit(action, "user", u.Name)
	e.Detail = role.Name + " on " + a.Scope.ID
	e.At = s.now()
	return tx.AppendAudit(ctx, e)
}

func (s *Service) take(ctx context.Context, tx Tx, c Caller, a Assignment) error {
	if err := tx.DeleteAssignment(ctx, a); err != nil {
		return err
	}
	left, err := tx.Assignments(ctx, AssignmentQuery{UserID: a.UserID, Scope: a.Scope})
	if err != nil {
		return err
	}
	if err := s.endTokensUnless(ctx, tx, len(left) > 0, TokenQuery{UserID: a.UserID, Scope: a.Scope}); err != nil {
		return err
	}
	if a.Scope.Kind != ProjectScope {
		return nil
	}
	return s.dropAppCredentials(ctx, tx, c, AppCredentialQuery{UserID: a.UserID, ProjectID: a.Scope.ID})
}
