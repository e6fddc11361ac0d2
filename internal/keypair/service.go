package keypair

import (
	"context"
	"log/slog"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// MaxList is the most key pairs that one call lists, as in Nova.
const MaxList = 1000

// Options say how a [Service] works.
type Options struct {
	Now   func() time.Time
	NewID func() string // a UUID
	// Log hears of keys that were taken with a [Warning]. nil: slog's default.
	Log *slog.Logger
}

// Service is the one entrance to key pairs. Its methods are safe for concurrent use.
type Service struct {
	store     Store
	generator *sshkey.Generator
	opt       Options
}

// New makes a service over a store; generator makes the pairs that callers do not bring.
func New(store Store, generator *sshkey.Generator, opt Options) *Service {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	return &Service{store: store, generator: generator, opt: opt}
}

// Get returns the key pair of that name that the caller sees, or with userID
// what that user sees. Faults: NotFound, Forbidden (another user's, by
// somebody who is no administrator).
func (s *Service) Get(ctx context.Context, c identity.Caller, r Rules, userID, name string) (KeyPair, error) {
	if err := mayActFor(c, userID); err != nil {
		return KeyPair{}, err
	}
	return read(ctx, s.store, func(tx Tx) (KeyPair, error) { return tx.KeyPair(ctx, r.View(c, userID), name) })
}

// Page says which part of a list is wanted.
type Page struct {
	After string // names after this one; it must exist, unless Gone is set
	Gone  bool   // whether After may be the name of a key pair that is not there
	Limit int    // at most this many; above [MaxList] or negative means MaxList
}

// List returns the key pairs that the caller sees, or with userID what that
// user sees, ordered by the bytes of their names. Faults: Forbidden as
// [Service.Get], Invalid (marker).
func (s *Service) List(ctx context.Context, c identity.Caller, r Rules, userID string, p Page) ([]KeyPair, error) {
	if err := mayActFor(c, userID); err != nil {
		return nil, err
	}
	if p.Limit < 0 || p.Limit > MaxList {
		p.Limit = MaxList
	}
	v := r.View(c, userID)
	return read(ctx, s.store, func(tx Tx) ([]KeyPair, error) {
		if p.After != "" && !p.Gone {
			if _, err := tx.KeyPair(ctx, v, p.After); fault.Is(err, fault.NotFound) {
				return nil, fault.Invalidf("marker", "there is no key pair %q to list after", p.After)
			} else if err != nil {
				return nil, err
			}
		}
		if p.Limit == 0 {
			return nil, nil
		}
		return tx.KeyPairs(ctx, v, p.After, p.Limit)
	})
}

// Delete forgets a key pair. Instances that have it keep it: what they hold is
// a snapshot. Faults: NotFound, Forbidden as [Service.Get].
func (s *Service) Delete(ctx context.Context, c identity.Caller, r Rules, userID, name string) error {
	if err := mayActFor(c, userID); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		k, err := tx.KeyPair(ctx, r.View(c, userID), name)
		if err != nil {
			return err
		}
		if err := tx.DeleteKeyPair(ctx, k.ID); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, k.audit(c, audit.Delete, s.now(), ""))
	})
}

// mayActFor lets users act for themselves and administrators for anyone.
func mayActFor(c identity.Caller, userID string) error {
	if userID == "" || userID == c.User.ID || c.Admin() {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Resource: "key pair", Msg: "only administrators may act for another user"}
}

func (k KeyPair) audit(c identity.Caller, a audit.Action, at time.Time, detail string) audit.Entry {
	e := c.Audit(a, "key pair", k.Name)
	e.At, e.OwnerID, e.Detail = at, k.Owner.ID, k.FingerprintSHA256()
	if detail != "" {
		e.Detail += "; " + detail
	}
	return e
}

func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }
