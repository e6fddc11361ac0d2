package keypair

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Find returns the key pairs that the caller sees, or with userID what that user
// sees, whose key has the fingerprint, in any spelling that
// [sshkey.ParseFingerprint] reads: none, or several, for one key may have many
// names. They are ordered by the bytes of their names, and at most [MaxList].
// For a certificate the fingerprint of the whole finds it, and that of the key
// that it certifies. Faults: Forbidden as [Service.Get], Invalid (fingerprint).
func (s *Service) Find(ctx context.Context, c identity.Caller, r Rules, userID, fingerprint string) ([]KeyPair, error) {
	if err := mayActFor(c, userID); err != nil {
		return nil, err
	}
	f, err := parseFingerprint(fingerprint)
	if err != nil {
		return nil, err
	}
	return read(ctx, s.store, func(tx Tx) ([]KeyPair, error) {
		return tx.FindKeyPairs(ctx, r.View(c, userID), f, MaxList)
	})
}

// All calls fn with every stored key pair, whatever its region and owner, by
// the order of their ids; an error of fn ends it. It holds a page of them in
// memory at a time. What is made or deleted meanwhile may or may not be among
// them. Faults: Forbidden (the caller is no administrator).
func (s *Service) All(ctx context.Context, c identity.Caller, fn func(KeyPair) error) error {
	return s.walk(ctx, c, Tx.AllKeyPairs, fn)
}

// FindAll calls fn as [Service.All] does, with the key pairs that [Service.Find]
// would find were all of them the caller's. Faults: Forbidden as [Service.All],
// Invalid (fingerprint).
func (s *Service) FindAll(ctx context.Context, c identity.Caller, fingerprint string, fn func(KeyPair) error) error {
	f, err := parseFingerprint(fingerprint)
	if err != nil {
		return err
	}
	return s.walk(ctx, c, having(f), fn)
}

// pages reads at most limit key pairs after an id, ordered by id.
type pages func(tx Tx, ctx context.Context, afterID string, limit int) ([]KeyPair, error)

func having(f sshkey.Fingerprint) pages {
	return func(tx Tx, ctx context.Context, afterID string, limit int) ([]KeyPair, error) {
		return tx.AllKeyPairsOf(ctx, f, afterID, limit)
	}
}

func (s *Service) walk(ctx context.Context, c identity.Caller, next pages, fn func(KeyPair) error) error {
	if !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "key pair", Msg: "only administrators see everybody's key pairs"}
	}
	for after := ""; ; {
		page, err := read(ctx, s.store, func(tx Tx) ([]KeyPair, error) { return next(tx, ctx, after, pageSize) })
		if err != nil {
			return err
		}
		for _, k := range page {
			if err := fn(k); err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// pageSize bounds what a walk through all key pairs holds at a time: some
// megabytes, for a key and its text have 16 KiB each at most.
const pageSize = 200

func parseFingerprint(text string) (sshkey.Fingerprint, error) {
	f, err := sshkey.ParseFingerprint(text)
	if err != nil {
		return f, &fault.Error{Kind: fault.Invalid, Resource: "key pair", Field: "fingerprint", Msg: err.Error(), Err: err}
	}
	return f, nil
}
