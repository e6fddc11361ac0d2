package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Login is a user's claim to be who they are.
type Login struct {
	UserID string // or
	Name   string // the user's name, in
	// AccountID or AccountName.
	AccountID, AccountName string

	Password string

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
	if err != nil {
		return User{}, err
	}
	// Looked at now, not before: those who wait for their turn to be checked
	// must not all have passed already.
	locked, err := s.isLocked(ctx, l, u)
	if err != nil {
		return User{}, err
	}
	if locked {
		return User{}, errUnauthenticated()
	}
	if !ok || !u.Enabled {
		if err := s.loginFailed(ctx, l, u); err != nil {
			return User{}, err
		}
		return User{}, errUnauthenticated()
	}
	return u, s.loginSucceeded(ctx, l, u)
}

func findUser(ctx context.Context, tx Tx, l Login) (User, error) {
	if l.UserID != "" {
		return tx.User(ctx, l.UserID)
	}
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

// widely is how many more failures it takes to lock a user for everyone, or an
// address for every user, than one user from one address: otherwise anyone
// could lock anyone out, or everyone behind the same proxy.
const widely = 10

// guarded is something that failed logins count against.
type guarded struct {
	key  string
	most int // failures before it is locked
}

// guards are what a login counts against: the user from this address, the user
// from anywhere, the address.
func (s *Service) guards(l Login, u User) []guarded {
	most := s.opt.LockoutAttempts
	var g []guarded
	if u.ID != "" {
		g = append(g, guarded{"user:" + u.ID + " address:" + l.Address, most}, guarded{"user:" + u.ID, most * widely})
	}
	if l.Address != "" {
		g = append(g, guarded{"address:" + l.Address, most * widely})
	}
	return g
}

// isLocked tells whether something that the login counts against is locked.
func (s *Service) isLocked(ctx context.Context, l Login, u User) (locked bool, err error) {
	if s.opt.LockoutAttempts <= 0 { // an operator who turned locks off means those that hold, too
		return false, nil
	}
	err = s.store.Read(ctx, func(tx Tx) error {
		for _, g := range s.guards(l, u) {
			f, err := tx.Failures(ctx, g.key)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			locked = locked || s.now().Before(f.LockedUntil)
		}
		return nil
	})
	return locked, err
}

func (s *Service) loginFailed(ctx context.Context, l Login, u User) error {
	return s.store.Write(ctx, func(tx Tx) error {
		for _, g := range s.guards(l, u) {
			if err := s.countFailure(ctx, tx, g.key, g.most); err != nil {
				return err
			}
		}
		e := audit.Entry{At: s.now(), RequestID: l.RequestID, Dialect: l.Dialect, Region: s.opt.Region,
			UserID: u.ID, Action: audit.LoginFailed, Resource: "user", Name: u.Name, Detail: "from " + l.Address}
		return tx.AppendAudit(ctx, e)
	})
}

func (s *Service) countFailure(ctx context.Context, tx Tx, key string, most int) error {
	now := s.now()
	f, err := tx.Failures(ctx, key)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if f.Count == 0 || now.Sub(f.Since) > s.opt.LockoutDuration {
		f = Failures{Since: now}
	}
	f.Count++
	if most > 0 && f.Count >= most {
		f = Failures{Count: 0, Since: now, LockedUntil: now.Add(s.opt.LockoutDuration)}
	}
	return tx.PutFailures(ctx, key, f)
}

// loginSucceeded forgets the user's failures from this address, and from
// anywhere. Most logins have none to forget and write nothing here.
func (s *Service) loginSucceeded(ctx context.Context, l Login, u User) error {
	var old []string
	err := s.store.Read(ctx, func(tx Tx) error {
		for _, g := range s.guards(l, u)[:2] {
			switch _, err := tx.Failures(ctx, g.key); {
			case err == nil:
				old = append(old, g.key)
			case !fault.Is(err, fault.NotFound):
				return err
			}
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		for _, key := range old {
			if err := tx.DeleteFailures(ctx, key); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		return nil
	})
}
