package keypair

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// QuotaKeyPairs is the resource's name in quotas, as Nova has it.
const QuotaKeyPairs = "key_pairs"

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

// Request is a key pair to be made. The owner is the rules' native kind: the
// caller or their project.
type Request struct {
	Name string
	Type Type // empty: SSH
	// UserID is for whom an administrator makes a private pair; empty: the caller.
	// It may be an id that no user has, as in Nova.
	UserID        string
	Description   string
	Tags          map[string]string
	ResourceGroup string
}

// Generate makes a key pair and returns its private half, which exists nowhere
// else from then on.
//
// Faults: Invalid (name, type), Forbidden (for another user), Quota, Exists,
// Unavailable (ctx ended while waiting for its turn to generate).
func (s *Service) Generate(ctx context.Context, c identity.Caller, r Rules, req Request) (KeyPair, sshkey.PrivateKey, error) {
	var none sshkey.PrivateKey
	k, err := s.begin(c, r, req)
	if err != nil {
		return KeyPair{}, none, err
	}
	if !slices.Contains(r.Generates, k.Type) {
		return KeyPair{}, none, fault.Invalidf("public_key", "key pairs of type %s are not generated here; send a public key", k.Type)
	}
	// A key costs tens of milliseconds of a processor: not for those who cannot keep it.
	if err := s.mayKeep(ctx, c, r, k); err != nil {
		return KeyPair{}, none, err
	}
	var private sshkey.PrivateKey
	if k.Type == X509 {
		cert, p, err := s.generator.GenerateX509(ctx, k.Owner.ID, s.opt.Now())
		if err != nil {
			return KeyPair{}, none, generationFault(err)
		}
		private, k.PublicKey = p, cert.PEM()
		k.describeCertificate(cert)
	} else {
		p, err := s.generator.Generate(ctx, r.Spec)
		if err != nil {
			return KeyPair{}, none, generationFault(err)
		}
		private = p
		public := p.Public(r.Comment)
		k.PublicKey = public.AuthorizedKey()
		k.describe(public)
	}
	if err := s.insert(ctx, c, r, k, audit.Create, ""); err != nil {
		return KeyPair{}, none, err
	}
	return k, private, nil
}

// Import keeps a public key that the caller brings, byte for byte. The warnings
// are what a dialect may show beside the key pair.
//
// Faults, in the order in which they are looked for: Invalid (name, type),
// Forbidden (for another user), Quota, Invalid (public_key: the Err is a
// *sshkey.ParseError or a *weak.Error), Exists.
func (s *Service) Import(ctx context.Context, c identity.Caller, r Rules, req Request, publicKey string) (_ KeyPair, warnings []Warning, _ error) {
	k, err := s.begin(c, r, req)
	if err != nil {
		return KeyPair{}, nil, err
	}
	if !slices.Contains(r.Types, k.Type) {
		return KeyPair{}, nil, fault.Invalidf("type", "key pairs of type %s cannot be imported here", k.Type)
	}
	warnings, err = k.take(publicKey, r)
	if err != nil {
		// A full quota is said before a bad key, as clouds do.
		if full := s.mayHaveOneMore(ctx, c, r, k); full != nil {
			return KeyPair{}, nil, full
		}
		return KeyPair{}, nil, err
	}
	if err := s.insert(ctx, c, r, k, audit.Import, sentences(warnings)); err != nil {
		return KeyPair{}, nil, err
	}
	for _, w := range warnings {
		s.opt.Log.WarnContext(ctx, "took a public key in spite of a warning", "warning", w.Error(),
			"fingerprint", k.FingerprintSHA256(), "user", c.User.ID, "dialect", c.Dialect, "request", c.RequestID)
	}
	return k, warnings, nil
}

// Get returns the key pair of that name that the caller sees, or with userID
// what that user sees. Faults: NotFound, Forbidden (another user's, by
// somebody who is no administrator).
func (s *Service) Get(ctx context.Context, c identity.Caller, r Rules, userID, name string) (KeyPair, error) {
	if err := mayActFor(c, userID); err != nil {
		return KeyPair{}, err
	}
	var k KeyPair
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		k, err = tx.KeyPair(ctx, r.View(c, userID), name)
		return err
	})
	return k, err
}

// Page says which part of a list is wanted.
type Page struct {
	After string // names after this one; it must exist
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
	var all []KeyPair
	err := s.store.Read(ctx, func(tx Tx) error {
		if p.After != "" {
			if _, err := tx.KeyPair(ctx, v, p.After); fault.Is(err, fault.NotFound) {
				return fault.Invalidf("marker", "there is no key pair %q to list after", p.After)
			} else if err != nil {
				return err
			}
		}
		if p.Limit == 0 {
			return nil
		}
		var err error
		all, err = tx.KeyPairs(ctx, v, p.After, p.Limit)
		return err
	})
	return all, err
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

// Limit returns how many key pairs the caller's owner may have by these rules,
// negative for no limit.
func (s *Service) Limit(ctx context.Context, c identity.Caller, r Rules) (int, error) {
	return s.LimitIn(ctx, c, r, c.ProjectID())
}

// LimitIn returns how many key pairs an owner may have by these rules in a
// project, negative for no limit: in the caller's, or in any for
// administrators. Without a project it is what the rules say. Faults: Forbidden.
func (s *Service) LimitIn(ctx context.Context, c identity.Caller, r Rules, projectID string) (int, error) {
	if projectID != "" && projectID != c.ProjectID() && !c.Admin() {
		return 0, &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's limits"}
	}
	var n int
	err := s.store.Read(ctx, func(tx Tx) (err error) { n, err = limit(ctx, tx, projectID, r); return err })
	return n, err
}

// Count returns how many private key pairs the caller has, or with userID that
// user: what their quota counts. Faults: Forbidden as [Service.Get].
func (s *Service) Count(ctx context.Context, c identity.Caller, userID string) (int, error) {
	if err := mayActFor(c, userID); err != nil {
		return 0, err
	}
	if userID == "" {
		userID = c.User.ID
	}
	var n int
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		n, err = tx.CountKeyPairs(ctx, c.Region, Owner{Kind: User, ID: userID})
		return err
	})
	return n, err
}

// begin checks all of a request that needs no database.
func (s *Service) begin(c identity.Caller, r Rules, req Request) (KeyPair, error) {
	name, err := r.Name.Check(req.Name)
	if err != nil {
		return KeyPair{}, err
	}
	if err := mayActFor(c, req.UserID); err != nil {
		return KeyPair{}, err
	}
	k := KeyPair{
		ID: s.opt.NewID(), Region: c.Region, CreatorID: c.User.ID, Name: name, Type: req.Type,
		Owner:       Owner{Kind: User, ID: c.User.ID},
		Description: req.Description, Tags: req.Tags, ResourceGroup: req.ResourceGroup,
		CreatedAt: s.now(),
	}
	if k.Type == "" {
		k.Type = SSH
	}
	if req.UserID != "" {
		k.Owner.ID = req.UserID
	}
	if r.Owner == Project {
		if c.ProjectID() == "" {
			return KeyPair{}, &fault.Error{Kind: fault.Forbidden, Resource: "key pair", Name: name, Msg: "a shared key pair needs a project"}
		}
		k.Owner = Owner{Kind: Project, ID: c.ProjectID()}
	}
	return k, nil
}

// mayHaveOneMore tells early, without a lock, what insert would say of the quota.
func (s *Service) mayHaveOneMore(ctx context.Context, c identity.Caller, r Rules, k KeyPair) error {
	return s.store.Read(ctx, func(tx Tx) error { return checkQuota(ctx, tx, c, r, k) })
}

// mayKeep tells early, without a lock, what insert would say.
func (s *Service) mayKeep(ctx context.Context, c identity.Caller, r Rules, k KeyPair) error {
	return s.store.Read(ctx, func(tx Tx) error {
		if err := checkQuota(ctx, tx, c, r, k); err != nil {
			return err
		}
		return checkName(ctx, tx, c, r, k)
	})
}

// insert decides quota and name inside the transaction that writes. The locks
// make that hold on databases where writers do not wait for each other: one on
// the owner, for the quota and the name, and for a shared pair another on the
// caller, whose private pairs are in the same view.
func (s *Service) insert(ctx context.Context, c identity.Caller, r Rules, k KeyPair, action audit.Action, detail string) error {
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "key pairs of "+k.Owner.ID); err != nil {
			return err
		}
		if k.Owner.Kind == Project {
			if err := tx.Lock(ctx, "key pairs of "+c.User.ID); err != nil {
				return err
			}
		}
		if err := checkQuota(ctx, tx, c, r, k); err != nil {
			return err
		}
		if err := checkName(ctx, tx, c, r, k); err != nil {
			return err
		}
		if err := tx.InsertKeyPair(ctx, k); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, k.audit(c, action, k.CreatedAt, detail))
	})
}

func checkName(ctx context.Context, tx Tx, c identity.Caller, r Rules, k KeyPair) error {
	v := r.View(c, k.Owner.ID)
	if k.Owner.Kind == Project {
		v = r.View(c, "")
	}
	if _, err := tx.KeyPair(ctx, v, k.Name); err == nil {
		return fault.Taken("key pair", k.Name)
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

func checkQuota(ctx context.Context, tx Tx, c identity.Caller, r Rules, k KeyPair) error {
	most, err := limit(ctx, tx, c.ProjectID(), r)
	if err != nil || most < 0 {
		return err
	}
	n, err := tx.CountKeyPairs(ctx, k.Region, k.Owner)
	if err != nil {
		return err
	}
	if n >= most {
		return &fault.Error{Kind: fault.Quota, Resource: "key pair", Name: k.Name,
			Msg: "there may be no more key pairs; delete one or ask for a higher limit"}
	}
	return nil
}

// limit is the project's where one is set: as in Nova, the limit belongs to the
// project that the caller acts in, the count to the owner.
func limit(ctx context.Context, tx Tx, projectID string, r Rules) (int, error) {
	if projectID != "" {
		if n, ok, err := tx.Quota(ctx, projectID, QuotaKeyPairs); err != nil || ok {
			return n, err
		}
	}
	return r.Quota, nil
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

// generationFault tells a caller who went away from a failure of ours.
func generationFault(err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &fault.Error{Kind: fault.Unavailable, Resource: "key pair", Msg: "too many key pairs are being generated at once", Err: err}
	}
	return fault.Wrap(err, "generating a key pair")
}

func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }
