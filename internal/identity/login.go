package identity

import (
	"context"
	"errors"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Login is a user's claim to be who they are.
type Login struct {
	UserID string // or
	Name   string // the user's name, in
	// AccountID or AccountName; or
	AccountID, AccountName string
	// Email, the TOAST ID, which is asked for when there is no user of that name.
	// One that several users have is nobody's: it does not say who they are.
	Email string

	Password string
	// APIPassword takes TOAST's API password in the place of the user's own, too.
	APIPassword bool

	Origin
}

// Origin is where a login comes from, for the audit log and the lock-out.
type Origin struct {
	Address   string // the client's, without port; empty when unknown
	Dialect   string // "openstack", …
	RequestID string
}

// LogIn checks a password. Every failure is the same Unauthenticated fault and
// costs about the same time: unknown user, wrong password, disabled user, and
// a user or address that is locked after too many failures. Unavailable when
// too many logins are under way.
func (s *Service) LogIn(ctx context.Context, l Login) (User, error) {
	var u User
	err := s.store.Read(ctx, func(tx Tx) error {
		var err error
		if u, err = findUser(ctx, tx, l); fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return User{}, err
	}
	ok, err := s.hasher.Verify(ctx, u.PasswordHash, l.Password)
	if err == nil && !ok && l.APIPassword {
		ok, err = s.hasher.Verify(ctx, u.APIPasswordHash, l.Password)
	}
	if err != nil {
		return User{}, err
	}
	a := attempt{userID: u.ID, resource: "user", name: u.Name, Origin: l.Origin}
	if u.ID != "" && !u.Options.isTrue(OptionIgnoreLockout) {
		a.subject = "user:" + u.ID
	}
	if err := s.decide(ctx, a, ok && u.Enabled); err != nil {
		return User{}, err
	}
	return u, nil
}

func findUser(ctx context.Context, tx Tx, l Login) (User, error) {
	if l.UserID != "" {
		return tx.User(ctx, l.UserID)
	}
	u, err := findUserByName(ctx, tx, l)
	if l.Email == "" || !fault.Is(err, fault.NotFound) {
		return u, err
	}
	found, err := tx.Users(ctx, UserQuery{Email: l.Email})
	if err != nil {
		return User{}, err
	}
	if len(found) != 1 {
		return User{}, fault.Missing("user", l.Email)
	}
	return found[0], nil
}

func findUserByName(ctx context.Context, tx Tx, l Login) (User, error) {
	id := l.AccountID
	if id == "" {
		a, err := tx.AccountByName(ctx, l.AccountName)
		if err != nil {
			return User{}, err
		}
		id = a.ID
	}
	return tx.UserByName(ctx, id, l.Name)
}

// ErrPasswordLocked is in the chain of the Invalid fault of a user who may not
// change their own password.
var ErrPasswordLocked = errors.New("this password can be changed by administrators only")

// ChangePassword gives a user a new password for the one that l proves, and
// ends all their tokens. It needs no token: who knows the password is the
// user. Faults: as [Service.LogIn]; Invalid (password; [ErrPasswordLocked]).
func (s *Service) ChangePassword(ctx context.Context, l Login, password string) error {
	l.APIPassword = false
	u, err := s.LogIn(ctx, l)
	if err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		now, err := tx.User(ctx, u.ID)
		if err != nil {
			return hidden(err)
		}
		if now.PasswordHash != u.PasswordHash || !now.Enabled {
			return errUnauthenticated() // what was proved holds no longer
		}
		if now.Options.isTrue(OptionLockPassword) {
			return &fault.Error{Kind: fault.Invalid, Field: "password", Msg: ErrPasswordLocked.Error(), Err: ErrPasswordLocked}
		}
		now.PasswordHash = hash
		if err := tx.UpdateUser(ctx, now); err != nil {
			return err
		}
		if err := s.endTokens(ctx, tx, TokenQuery{UserID: u.ID}); err != nil {
			return err
		}
		e := audit.Entry{At: s.now(), RequestID: l.RequestID, Dialect: l.Dialect, Region: s.opt.Region,
			UserID: u.ID, Action: audit.Update, Resource: "user", Name: u.Name, Detail: "password"}
		return tx.AppendAudit(ctx, e)
	})
}
