package identity

import (
	"context"
	"errors"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
)

// User is a person or a program.
type User struct {
	ID               string // 32 hex digits
	AccountID        string
	Name             string // 1 to 255 characters, unique in the account, compared exactly
	Email            string // the TOAST ID, as long as nobody else has it
	Description      string
	Enabled          bool
	DefaultProjectID string
	PasswordHash     string // PHC form, empty when the user cannot log in by password
	APIPasswordHash  string // of TOAST's API password, PHC form, or empty
	CreatedAt        time.Time
	// Attributes are what administrators say of it beyond all this; Options are
	// Keystone's.
	Attributes, Options Properties
}

// User returns a user: oneself, or anyone for administrators. Faults:
// Forbidden, NotFound.
func (s *Service) User(ctx context.Context, c Caller, id string) (User, error) {
	if err := ownOrAdmin(c, id); err != nil {
		return User{}, err
	}
	return read(ctx, s.store, func(tx Tx) (User, error) { return tx.User(ctx, id) })
}

// Users lists users for administrators. Faults: Forbidden.
func (s *Service) Users(ctx context.Context, c Caller, q UserQuery) ([]User, error) {
	if err := Administrator.Check(c); err != nil {
		return nil, err
	}
	return read(ctx, s.store, func(tx Tx) ([]User, error) { return tx.Users(ctx, q) })
}

// NewUser is what [Service.CreateUser] takes.
type NewUser struct {
	AccountID        string // empty: the default account
	Name             string
	Email            string
	Description      string
	Password         string // empty: cannot log in by password
	APIPassword      string // TOAST's; empty: none
	DefaultProjectID string
	Disabled         bool

	Attributes, Options Properties
	// Grants are roles that come with the user; their UserID is filled in.
	Grants []Assignment
}

// CreateUser makes a user, with the roles that come with it. Faults: Forbidden
// (not an administrator), Invalid (name, password, attributes, role, scope),
// NotFound (account, project), Exists.
func (s *Service) CreateUser(ctx context.Context, c Caller, n NewUser) (User, error) {
	if err := Administrator.Check(c); err != nil {
		return User{}, err
	}
	u, err := s.newUser(ctx, n)
	if err != nil {
		return User{}, err
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		if _, err := tx.Account(ctx, u.AccountID); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		for _, g := range n.Grants {
			g.UserID = u.ID
			if err := s.assignIn(ctx, tx, c, g, audit.Grant); err != nil {
				return err
			}
		}
		return s.audit(ctx, tx, c, audit.Create, "user", u.Name)
	})
	return u, err
}

func (s *Service) newUser(ctx context.Context, n NewUser) (User, error) {
	if n.AccountID == "" {
		n.AccountID = DefaultAccountID
	}
	if err := errors.Join(checkName("name", n.Name, 255), n.Attributes.check(), n.Options.check()); err != nil {
		return User{}, err
	}
	u := User{
		ID: s.random.id(), AccountID: n.AccountID, Name: n.Name, Email: n.Email,
		Description: n.Description, Enabled: !n.Disabled, DefaultProjectID: n.DefaultProjectID,
		CreatedAt: s.now(), Attributes: n.Attributes, Options: n.Options.withoutNulls(),
	}
	var err error
	if u.PasswordHash, err = s.hashIf(ctx, &n.Password); err != nil {
		return User{}, err
	}
	if u.APIPasswordHash, err = s.hashIf(ctx, &n.APIPassword); err != nil {
		return User{}, err
	}
	return u, nil
}

// UserChange is what to change of a user; nil leaves as it is.
type UserChange struct {
	Name             *string
	Email            *string
	Description      *string
	DefaultProjectID *string
	Password         *string // empty: can no longer log in by password
	APIPassword      *string // TOAST's; empty: none
	Enabled          *bool
	// Attributes and Options are put in beside those that are there; a null
	// takes an option away.
	Attributes, Options Properties
}

// UpdateUser changes a user. A new password or API password, and disabling the
// user, end all their tokens for good; disabling also removes their application
// credentials and access rules, as Keystone does. Faults: Forbidden (not an
// administrator), NotFound, Invalid (name, password, attributes), Exists (name).
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
		u.Attributes, u.Options = u.Attributes.with(ch.Attributes), u.Options.with(ch.Options).withoutNulls()
		if err := errors.Join(u.Attributes.check(), u.Options.check()); err != nil {
			return err
		}
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

func (s *Service) removeUser(ctx context.Context, tx Tx, c Caller, u User) error {
	if err := tx.DeleteUser(ctx, u.ID); err != nil {
		return err
	}
	return s.audit(ctx, tx, c, audit.Delete, "user", u.Name)
}
