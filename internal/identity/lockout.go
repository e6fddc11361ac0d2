package identity

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// attempt is a claim to be somebody, as the lock-out and the audit log see it.
type attempt struct {
	subject  string // whom guesses count against: "user:ID"; empty when nobody has that name
	userID   string // whose secret it was about
	resource string // what the audit log tells of: "user"
	name     string // its name
	Origin
}

// decide ends an attempt whose secret was right or wrong: with nil, or with the
// one answer to every failure. Locks are looked at now, not before: those who
// wait for their turn to be checked must not all have passed already.
func (s *Service) decide(ctx context.Context, a attempt, right bool) error {
	locked, err := s.isLocked(ctx, a)
	switch {
	case err != nil:
		return err
	case locked:
		return errUnauthenticated()
	case right:
		return s.loginSucceeded(ctx, a)
	}
	if err := s.loginFailed(ctx, a); err != nil {
		return err
	}
	return errUnauthenticated()
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

// own are the guards of the subject alone: from this address, and from anywhere.
func (s *Service) own(a attempt) []guarded {
	if a.subject == "" {
		return nil
	}
	most := s.opt.LockoutAttempts
	return []guarded{{a.subject + " address:" + a.Address, most}, {a.subject, most * widely}}
}

// guards are what an attempt counts against: its subject and its address.
func (s *Service) guards(a attempt) []guarded {
	g := s.own(a)
	if a.Address != "" {
		g = append(g, guarded{"address:" + a.Address, s.opt.LockoutAttempts * widely})
	}
	return g
}

// isLocked tells whether something that the attempt counts against is locked.
func (s *Service) isLocked(ctx context.Context, a attempt) (bool, error) {
	until, err := s.lockedUntil(ctx, a)
	return s.now().Before(until), err
}

// lockedUntil is when the last lock on what the attempt counts against ends;
// zero, or past, where nothing is locked.
func (s *Service) lockedUntil(ctx context.Context, a attempt) (until time.Time, err error) {
	if s.opt.LockoutAttempts <= 0 { // an operator who turned locks off means those that hold, too
		return time.Time{}, nil
	}
	err = s.store.Read(ctx, func(tx Tx) error {
		for _, g := range s.guards(a) {
			f, err := tx.Failures(ctx, g.key)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			if f.LockedUntil.After(until) {
				until = f.LockedUntil
			}
		}
		return nil
	})
	return until, err
}

func (s *Service) loginFailed(ctx context.Context, a attempt) error {
	return s.store.Write(ctx, func(tx Tx) error {
		for _, g := range s.guards(a) {
			if err := s.countFailure(ctx, tx, g.key, g.most); err != nil {
				return err
			}
		}
		e := audit.Entry{At: s.now(), RequestID: a.RequestID, Dialect: a.Dialect, Region: s.opt.Region,
			UserID: a.userID, Action: audit.LoginFailed, Resource: a.resource, Name: a.name, Detail: "from " + a.Address}
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

// loginSucceeded forgets the subject's failures from this address, and from
// anywhere. Most logins have none to forget and write nothing here.
func (s *Service) loginSucceeded(ctx context.Context, a attempt) error {
	var old []string
	err := s.store.Read(ctx, func(tx Tx) error {
		for _, g := range s.own(a) {
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
