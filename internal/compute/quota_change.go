package compute

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// OutOfBounds is the detail of the Invalid fault about a limit that is less
// than what its holder has, or more than what the project has for its users.
type OutOfBounds struct {
	Resource     string
	Limit, Bound int
	TooMuch      bool
}

// Error says it in Nova's words.
func (e *OutOfBounds) Error() string {
	if e.TooMuch {
		return fmt.Sprintf("Quota limit %d for %s must be less than or equal to %d.", e.Limit, e.Resource, e.Bound)
	}
	return fmt.Sprintf("Quota limit %d for %s must be greater than or equal to already used and reserved %d.", e.Limit, e.Resource, e.Bound)
}

// SetQuotas sets limits of a project, or of one user in it, by name, negative
// for none, and without a project those of all projects that have none of their
// own; other services' limits are set here too. Unless force is set, none may
// be less than what is in use, nor a project's less than what its users' limits
// come to, nor a user's more than what the other users' leave of the project's.
// Faults: Forbidden (not an administrator), Invalid with an [OutOfBounds].
func (s *Service) SetQuotas(ctx context.Context, c identity.Caller, of Holder, limits map[string]int, force bool) error {
	return s.changeQuotas(ctx, c, of, func(tx Tx) error {
		if !force {
			if err := s.checkBounds(ctx, tx, of, limits); err != nil {
				return err
			}
		}
		for name, n := range limits {
			var err error
			if of.UserID == "" {
				err = tx.SetQuota(ctx, of.ProjectID, name, n)
			} else {
				err = tx.SetUserQuota(ctx, of.ProjectID, of.UserID, name, n)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ClearQuotas takes limits of a project away by name, its users' too, or those
// of one user in it. Faults: Forbidden (not an administrator).
func (s *Service) ClearQuotas(ctx context.Context, c identity.Caller, of Holder, names []string) error {
	return s.changeQuotas(ctx, c, of, func(tx Tx) error {
		for _, name := range names {
			if err := tx.DeleteUserQuota(ctx, of.ProjectID, of.UserID, name); err != nil {
				return err
			}
			if of.UserID != "" {
				continue
			}
			if err := tx.DeleteQuota(ctx, of.ProjectID, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) changeQuotas(ctx context.Context, c identity.Caller, of Holder, change func(Tx) error) error {
	if !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: of.ProjectID, Msg: "only administrators set limits"}
	}
	return s.store.Write(ctx, func(tx Tx) error {
		// Nobody takes room meanwhile.
		if err := tx.Lock(ctx, "instances of "+of.ProjectID); err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		e := c.Audit(audit.Update, "quotas", of.ProjectID)
		e.At, e.OwnerID = s.now(), of.ProjectID
		if of.UserID != "" {
			e.Detail = "of user " + of.UserID
		}
		return tx.AppendAudit(ctx, e)
	})
}

// checkBounds holds new limits against what is in use and against each other.
// Faults: Invalid with an [OutOfBounds].
func (s *Service) checkBounds(ctx context.Context, tx Tx, of Holder, limits map[string]int) error {
	used, err := inUse(ctx, tx, of)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		project, err := s.limit(ctx, tx, Holder{ProjectID: of.ProjectID}, name)
		if err != nil {
			return err
		}
		users, err := tx.UserQuotas(ctx, of.ProjectID, name)
		if err != nil {
			return err
		}
		given := sum(users)
		shared := project >= 0 && given >= 0 // what users are given is a part of something
		n, least := limits[name], used[name]
		if of.UserID == "" && shared {
			least = max(least, given)
		}
		e := &OutOfBounds{Resource: name, Limit: n, Bound: least}
		if n < 0 || n >= least {
			most := project - given + users[of.UserID]
			if of.UserID == "" || !shared || n >= 0 && n <= most {
				continue
			}
			e.Bound, e.TooMuch = most, true
		}
		return &fault.Error{Kind: fault.Invalid, Field: name, Msg: e.Error(), Err: e}
	}
	return nil
}

// sum adds limits up; with one that is none it is none.
func sum(limits map[string]int) int {
	n := 0
	for _, one := range limits {
		if one < 0 {
			return -1
		}
		n += one
	}
	return n
}
