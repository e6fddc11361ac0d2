package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Holding is how many things of a kind a project still has.
type Holding struct {
	What  string // "instance", "shared key pair"
	Count int64
}

// DeleteUser removes a user with their roles, credentials and tokens. Their key
// pairs and instances stay, as in Nova: administrators can still find and
// delete them. Faults: Forbidden (not an administrator), NotFound.
func (s *Service) DeleteUser(ctx context.Context, c Caller, id string) error {
	return s.remove(ctx, c, func(tx Tx) error {
		u, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		return s.removeUser(ctx, tx, c, u)
	})
}

// DeleteProject removes a project with the roles, credentials and tokens in it.
// Faults: Forbidden (not an administrator), NotFound, Conflict (it still has
// instances or key pairs).
func (s *Service) DeleteProject(ctx context.Context, c Caller, id string) error {
	return s.remove(ctx, c, func(tx Tx) error {
		p, err := tx.Project(ctx, id)
		if err != nil {
			return err
		}
		return s.removeProject(ctx, tx, c, p)
	})
}

// DeleteAccount removes a disabled account with its users and projects. Faults:
// Forbidden (not an administrator), NotFound, Conflict (the default account; an
// enabled one; a project in it that is not empty).
func (s *Service) DeleteAccount(ctx context.Context, c Caller, id string) error {
	return s.remove(ctx, c, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		switch {
		case err != nil:
			return err
		case a.Enabled:
			return &fault.Error{Kind: fault.Conflict, Resource: "domain", Name: id,
				Msg: "Cannot delete a domain that is enabled, please disable it first."}
		}
		projects, err := tx.Projects(ctx, ProjectQuery{AccountID: id})
		if err != nil {
			return err
		}
		for _, p := range projects {
			if err := s.removeProject(ctx, tx, c, p); err != nil {
				return err
			}
		}
		users, err := tx.Users(ctx, UserQuery{AccountID: id})
		if err != nil {
			return err
		}
		for _, u := range users {
			if err := s.removeUser(ctx, tx, c, u); err != nil {
				return err
			}
		}
		if err := tx.DeleteAccount(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Delete, "domain", a.Name)
	})
}

// remove runs an administrator's removal; what was known of tokens is looked at
// again afterwards. The epoch comes first: see [Service.endTokens].
func (s *Service) remove(ctx context.Context, c Caller, fn func(Tx) error) error {
	if err := Administrator.Check(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.BumpEpoch(ctx); err != nil {
			return err
		}
		return fn(tx)
	})
}

func (s *Service) removeUser(ctx context.Context, tx Tx, c Caller, u User) error {
	if err := tx.DeleteUser(ctx, u.ID); err != nil {
		return err
	}
	return s.audit(ctx, tx, c, audit.Delete, "user", u.Name)
}

func (s *Service) removeProject(ctx context.Context, tx Tx, c Caller, p Project) error {
	holdings, err := tx.ProjectHoldings(ctx, p.ID)
	if err != nil {
		return err
	}
	if len(holdings) > 0 {
		return &fault.Error{Kind: fault.Conflict, Resource: "project", Name: p.ID, Msg: fmt.Sprintf(
			"Cannot delete project %s while it has %s.", p.Name, inWords(holdings))}
	}
	if err := tx.DeleteProject(ctx, p.ID); err != nil {
		return err
	}
	return s.audit(ctx, tx, c, audit.Delete, "project", p.Name)
}

// inWords lists holdings: "2 instances and 1 shared key pair".
func inWords(holdings []Holding) string {
	var parts []string
	for _, h := range holdings {
		text := fmt.Sprintf("%d %s", h.Count, h.What)
		if h.Count != 1 {
			text += "s"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}
