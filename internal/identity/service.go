package identity

import (
	"context"
	"crypto/rand"
	"io"
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
		store: store, sealer: sealer, hasher: NewHasher(opt.PasswordConcurrency, opt.Rand),
		opt: opt, random: random{opt.Rand}, cache: newTokenCache(),
	}
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
