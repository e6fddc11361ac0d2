package identity

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Options say how a [Service] works. Zero values take the defaults.
type Options struct {
	TokenLife           time.Duration // how long a token is good, default 1 h
	PasswordConcurrency int           // password hashes at once, default the number of processors
	LockoutAttempts     int           // failed logins of a user before a lock; 0 never locks
	LockoutDuration     time.Duration // how long a lock holds and failures count, default 5 min
	Region              string        // the region's id, put on every caller
	Now                 func() time.Time
	Rand                io.Reader
}

// Service is identity's one entrance. Its methods are safe for concurrent use.
type Service struct {
	store  Store
	sealer *Sealer
	hasher *Hasher
	opt    Options
	random random
	cache  *tokenCache
}

// New makes a service over a store; sealer guards the secrets that must be read again.
func New(store Store, sealer *Sealer, opt Options) *Service {
	if opt.TokenLife <= 0 {
		opt.TokenLife = time.Hour
	}
	if opt.LockoutDuration <= 0 {
		opt.LockoutDuration = 5 * time.Minute
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	}
	return &Service{
		store: store, sealer: sealer, hasher: NewHasher(opt.PasswordConcurrency),
		opt: opt, random: random{opt.Rand}, cache: newTokenCache(),
	}
}

// Grant gives a user a role. Giving it again is fine. Faults: Forbidden,
// NotFound (user, project, account), Invalid (role).
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
	if _, ok := ParseRole(string(a.Role)); !ok {
		return fault.Invalidf("role", "there is no role %q; the roles are admin, member and reader", a.Role)
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
	} else if err = tx.InsertAssignment(ctx, a); err == nil {
		err = tx.BumpEpoch(ctx)
	}
	if err != nil {
		return err
	}
	e := c.Audit(action, "user", u.Name)
	e.Detail = string(a.Role) + " on " + a.Scope.ID
	e.At = s.now()
	return tx.AppendAudit(ctx, e)
}

func (s *Service) take(ctx context.Context, tx Tx, c Caller, a Assignment) error {
	if err := tx.DeleteAssignment(ctx, a); err != nil {
		return err
	}
	left, err := tx.Assignments(ctx, a.UserID)
	if err != nil {
		return err
	}
	stays := slices.ContainsFunc(left, func(other Assignment) bool { return other.Scope == a.Scope })
	if err := s.endTokensUnless(ctx, tx, stays, TokenQuery{UserID: a.UserID, Scope: a.Scope}); err != nil {
		return err
	}
	if a.Scope.Kind != ProjectScope {
		return nil
	}
	return s.dropAppCredentials(ctx, tx, c, AppCredentialQuery{UserID: a.UserID, ProjectID: a.Scope.ID})
}

// Ready reports whether the store answers; the error says what is wrong with it.
func (s *Service) Ready(ctx context.Context) error {
	return s.store.Read(ctx, func(tx Tx) error { _, err := tx.Epoch(ctx); return err })
}

func (s *Service) audit(ctx context.Context, tx Tx, c Caller, a audit.Action, resource, name string) error {
	e := c.Audit(a, resource, name)
	e.At = s.now()
	return tx.AppendAudit(ctx, e)
}

// now is the time to store: databases keep microseconds.
func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }

// checkName holds for names of users, projects and accounts.
func checkName(field, name string, most int) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > most || !utf8.ValidString(name) {
		return fault.Invalidf(field, "a %s has 1 to %d characters", field, most)
	}
	if strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fault.Invalidf(field, "a %s has printable characters only and no white space at its ends", field)
	}
	return nil
}
