// Package identity knows who people are: accounts, projects, users, their
// roles and credentials, and what a caller may do.
//
// One person is one user in every dialect: a Keystone user, a TOAST ID with an
// API password, an access key and a console login are credentials of the same
// [User]. One [Account] is what Keystone calls a domain.
package identity

import (
	"context"
	"errors"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// DefaultAccountID is the id of the account that is always there, as in Keystone.
const DefaultAccountID = "default"

// Account holds users and projects; their names are unique in it. Keystone
// calls it a domain.
type Account struct {
	ID          string // 32 hex digits, or "default"
	Name        string
	Description string
	Enabled     bool
	Tags        []string // at most [MaxTags]
	CreatedAt   time.Time
	// Attributes are what administrators say of it beyond all this; Options are
	// Keystone's.
	Attributes, Options Properties
}

// Account returns an account by its id, for administrators and for members of
// it. Faults: Forbidden, NotFound.
func (s *Service) Account(ctx context.Context, c Caller, id string) (Account, error) {
	if id != c.Account.ID && !c.Admin() {
		return Account{}, &fault.Error{Kind: fault.Forbidden, Resource: "domain", Name: id}
	}
	return read(ctx, s.store, func(tx Tx) (Account, error) { return tx.Account(ctx, id) })
}

// Accounts lists all accounts for administrators. Faults: Forbidden.
func (s *Service) Accounts(ctx context.Context, c Caller) ([]Account, error) {
	if err := Administrator.Check(c); err != nil {
		return nil, err
	}
	return read(ctx, s.store, func(tx Tx) ([]Account, error) { return tx.Accounts(ctx) })
}

// NewAccount is what [Service.CreateAccount] takes.
type NewAccount struct {
	Name                string
	Description         string
	Disabled            bool
	Tags                []string
	Attributes, Options Properties
}

// CreateAccount makes an account. Faults: Forbidden (not an administrator),
// Invalid (name, tags, attributes), Exists.
func (s *Service) CreateAccount(ctx context.Context, c Caller, n NewAccount) (Account, error) {
	if err := Administrator.Check(c); err != nil {
		return Account{}, err
	}
	if err := errors.Join(checkName("name", n.Name, 64), n.Attributes.check()); err != nil {
		return Account{}, err
	}
	tags, err := tidyTags(n.Tags)
	if err != nil {
		return Account{}, err
	}
	a := Account{ID: s.random.id(), Name: n.Name, Description: n.Description, Enabled: !n.Disabled, Tags: tags,
		Attributes: n.Attributes, Options: n.Options.withoutNulls(), CreatedAt: s.now()}
	err = s.store.Write(ctx, func(tx Tx) error {
		if err := tx.InsertAccount(ctx, a); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "domain", a.Name)
	})
	return a, err
}

// AccountChange is what to change of an account; nil leaves as it is.
type AccountChange struct {
	Name        *string
	Description *string
	Enabled     *bool
	Tags        *[]string
	// Attributes and Options are put in beside those that are there; a null
	// takes an option away.
	Attributes, Options Properties
}

func (ch AccountChange) onlyOptions() bool {
	return ch.Name == nil && ch.Description == nil && ch.Enabled == nil && ch.Tags == nil && len(ch.Attributes) == 0
}

// UpdateAccount changes an account. Disabling it ends the tokens of its users,
// and those of its projects and itself, for good. The default account stays
// enabled: nobody could enable it again. Faults: Forbidden (not an
// administrator), NotFound, Invalid (name, tags, attributes), Exists (name),
// Conflict (disabling the default account; [ErrImmutable]).
func (s *Service) UpdateAccount(ctx context.Context, c Caller, id string, ch AccountChange) (Account, error) {
	if err := Administrator.Check(c); err != nil {
		return Account{}, err
	}
	if ch.Name != nil {
		if err := checkName("name", *ch.Name, 64); err != nil {
			return Account{}, err
		}
	}
	var a Account
	err := s.store.Write(ctx, func(tx Tx) error {
		var err error
		if a, err = tx.Account(ctx, id); err != nil {
			return err
		}
		if !ch.onlyOptions() || !ch.Options.releases() {
			if err := a.Options.mutable("domain", id); err != nil {
				return err
			}
		}
		set(&a.Name, ch.Name)
		set(&a.Description, ch.Description)
		set(&a.Enabled, ch.Enabled)
		a.Attributes, a.Options = a.Attributes.with(ch.Attributes), a.Options.with(ch.Options).withoutNulls()
		if err := a.Attributes.check(); err != nil {
			return err
		}
		if ch.Tags != nil {
			if a.Tags, err = tidyTags(*ch.Tags); err != nil {
				return err
			}
		}
		if id == DefaultAccountID && !a.Enabled {
			return &fault.Error{Kind: fault.Conflict, Resource: "domain", Name: id,
				Msg: "The default domain cannot be disabled: nobody could enable it again."}
		}
		if err := tx.UpdateAccount(ctx, a); err != nil {
			return renamed(err, "domain", a.Name)
		}
		if err := s.endTokensUnless(ctx, tx, a.Enabled, TokenQuery{AccountID: id}); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Update, "domain", a.Name)
	})
	return a, err
}

// DeleteAccount removes a disabled account with its users and projects. Faults:
// Forbidden (not an administrator), NotFound, Conflict (the default account; an
// enabled one; a project in it that is not empty; [ErrImmutable]).
func (s *Service) DeleteAccount(ctx context.Context, c Caller, id string) error {
	return s.remove(ctx, c, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		if err := a.Options.mutable("domain", id); err != nil {
			return err
		}
		if a.Enabled {
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
		roles, err := tx.Roles(ctx)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if r.AccountID != id {
				continue
			}
			if err := s.removeRole(ctx, tx, c, r); err != nil {
				return err
			}
		}
		if err := tx.DeleteAccount(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Delete, "domain", a.Name)
	})
}
