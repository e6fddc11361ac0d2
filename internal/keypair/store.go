package keypair

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Store runs functions over the key pair part of the database; see
// [identity.Store] for what Read and Write promise.
type Store interface {
	Read(ctx context.Context, fn func(Tx) error) error
	Write(ctx context.Context, fn func(Tx) error) error
}

// read returns what fn reads.
func read[T any](ctx context.Context, s Store, fn func(Tx) (T, error)) (T, error) {
	var v T
	err := s.Read(ctx, func(tx Tx) (err error) { v, err = fn(tx); return err })
	return v, err
}

// Finder looks one key pair up.
type Finder interface {
	// KeyPair returns the key pair of that name in the view, else a NotFound fault.
	KeyPair(ctx context.Context, v View, name string) (KeyPair, error)
}

// Tx is what key pairs need of a transaction.
type Tx interface {
	audit.Tx
	Finder
	// KeyPairs returns at most limit key pairs of the view with names after the
	// given one, ordered by the bytes of their names, one for each name.
	KeyPairs(ctx context.Context, v View, after string, limit int) ([]KeyPair, error)
	// FindKeyPairs returns at most limit key pairs that [Tx.KeyPairs] lists in the
	// view and that have the fingerprint (see [KeyPair.Certified] for which those
	// are), ordered by the bytes of their names.
	FindKeyPairs(ctx context.Context, v View, f sshkey.Fingerprint, limit int) ([]KeyPair, error)
	// AllKeyPairs returns at most limit key pairs of all owners and regions with
	// ids after the given one, ordered by id.
	AllKeyPairs(ctx context.Context, afterID string, limit int) ([]KeyPair, error)
	// AllKeyPairsOf returns what [Tx.AllKeyPairs] walks through and has the fingerprint.
	AllKeyPairsOf(ctx context.Context, f sshkey.Fingerprint, afterID string, limit int) ([]KeyPair, error)
	// CountKeyPairs counts what the owner has in the region.
	CountKeyPairs(ctx context.Context, region string, o Owner) (int, error)
	// InsertKeyPair gives Exists when the owner has the name already.
	InsertKeyPair(ctx context.Context, k KeyPair) error
	DeleteKeyPair(ctx context.Context, id string) error
	// Quota returns the limit that is set for a project, else the one that is set
	// for all (which is that of the project ""), or false for none.
	Quota(ctx context.Context, projectID, resource string) (int, bool, error)
	// UserQuota returns the limit that is set for one user in a project, or false for none.
	UserQuota(ctx context.Context, projectID, userID, resource string) (int, bool, error)
	// Lock makes other transactions that lock the same name wait until this one ends.
	Lock(ctx context.Context, name string) error
}
