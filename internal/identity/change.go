package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// UserChange is what to change of a user; nil leaves as it is.
type UserChange struct {
	Name             *string
	Email            *string
	Description      *string
	DefaultProjectID *string
	Password         *string // empty: can no longer log in by password
	APIPassword      *string // TOAST's; empty: none
	Enabled          *bool
}

// UpdateUser changes a user. A new password or API password, and disabling the user, end all
// their tokens for good; disabling also removes their application credentials
// and access rules, as Keystone does. Faults: Forbidden (not an administrator), NotFound,
// Invalid (name, password), Exists (name, email).
func (s *Service) UpdateUser(ctx context.Context, c Caller, id string, ch UserChange) (User, error) {
	if err := Administrator.Check(c); err != nil {
		return User{}, err
	}
	if ch.Name != nil {
		if err := checkName("name", *ch.Name, 255); err != nil {
			return User{}, err
		}
	}
	hash, err := s.hashIf(ctx, ch.Password)
	if err != nil {
		return User{}, err
	}
	apiHash, err := s.hashIf(ctx, ch.APIPassword)
	if err != nil {
		return User{}, err
	}
	var u User
	err = s.store.Write(ctx, func(tx Tx) error {
		var err error
		if u, err = tx.User(ctx, id); err != nil {
			return err
		}
		set(&u.Name, ch.Name)
		set(&u.Email, ch.Email)
		set(&u.Description, ch.Description)
		set(&u.DefaultProjectID, ch.DefaultProjectID)
		set(&u.Enabled, ch.Enabled)
		if ch.Password != nil {
			u.PasswordHash = hash
		}
		if ch.APIPassword != nil {
			u.APIPasswordHash = apiHash
		}
		if err := tx.UpdateUser(ctx, u); err != nil {
			return renamed(err, "user", u.Name)
		}
		if err := s.endTokensUnless(ctx, tx, u.Enabled && ch.Password == nil && ch.APIPassword == nil, TokenQuery{UserID: id}); err != nil {
			return err
		}
		if !u.Enabled {
			if err := s.dropAppCredentials(ctx, tx, c, AppCredentialQuery{UserID: id}); err != nil {
				return err
			}
			if err := tx.DeleteAccessRulesOfUser(ctx, id); err != nil {
				return err
			}
		}
		return s.audit(ctx, tx, c, audit.Update, "user", u.Name)
	})
	return u, err
}

// hashIf is empty for no password.
func (s *Service) hashIf(ctx context.Context, password *string) (string, error) {
	if password == nil || *password == "" {
		return "", nil
	}
	return s.hasher.Hash(ctx, *password)
}

// ProjectChange is what to change of a project; nil leaves as it is.
type ProjectChange struct {
	Name        *string
	Description *string
	Enabled     *bool
}

// UpdateProject changes a project. Disabling it ends its tokens for good. Faults: Forbidden (not an administrator), NotFound, Invalid (name),
// Exists (name).
func (s *Service) UpdateProject(ctx context.Context, c Caller, id string, ch ProjectChange) (Project, error) {
	if err := Administrator.Check(c); err != nil {
		return Project{}, err
	}
	if ch.Name != nil {
		if err := checkName("name", *ch.Name, 64); err != nil {
			return Project{}, err
		}
	}
	var p Project
	err := s.store.Write(ctx, func(tx Tx) error {
		var err error
		if p, err = tx.Project(ctx, id); err != nil {
			return err
		}
		set(&p.Name, ch.Name)
		set(&p.Description, ch.Description)
		set(&p.Enabled, ch.Enabled)
		if err := tx.UpdateProject(ctx, p); err != nil {
			return renamed(err, "project", p.Name)
		}
		if err := s.endTokensUnless(ctx, tx, p.Enabled, TokenQuery{Scope: Scope{ProjectScope, id}}); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Update, "project", p.Name)
	})
	return p, err
}

// renamed says which name is taken: the store knows only what was changed.
func renamed(err error, resource, name string) error {
	if fault.Is(err, fault.Exists) {
		return fault.Taken(resource, name)
	}
	return err
}

// set changes what is to be changed.
func set[T any](field, change *T) {
	if change != nil {
		*field = *change
	}
}
