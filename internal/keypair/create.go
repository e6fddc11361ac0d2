package keypair

import (
	"context"
	"errors"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

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
