package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// ScopeKind is what a token or a role is good for.
type ScopeKind uint8

// The scopes.
const (
	Unscoped ScopeKind = iota
	ProjectScope
	AccountScope // Keystone's domain scope
	SystemScope
)

// Scope is one project, one account, the system, or nothing.
type Scope struct {
	Kind ScopeKind
	ID   string // of the project or account; empty otherwise
}

// FindScope turns a project or account given by name into its scope. What is
// not there is Unauthenticated, as in a login.
func (s *Service) FindScope(ctx context.Context, kind ScopeKind, name, accountID, accountName string) (Scope, error) {
	scope := Scope{Kind: kind}
	err := s.store.Read(ctx, func(tx Tx) error {
		if accountID == "" {
			a, err := tx.AccountByName(ctx, accountName)
			if err != nil {
				return err
			}
			accountID = a.ID
		}
		if kind == AccountScope {
			scope.ID = accountID
			return nil
		}
		p, err := tx.ProjectByName(ctx, accountID, name)
		scope.ID = p.ID
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return Scope{}, errUnauthenticated()
	}
	return scope, err
}
