package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// set changes what is to be changed.
func set[T any](field, change *T) {
	if change != nil {
		*field = *change
	}
}

// renamed says which name is taken: the store knows only what was changed.
func renamed(err error, resource, name string) error {
	if fault.Is(err, fault.Exists) {
		return fault.Taken(resource, name)
	}
	return err
}

// remove runs an administrator's removal; what was known of tokens is looked at
// again afterwards. The epoch comes first: see [Service.endTokens].
func (s *Service) remove(ctx context.Context, c Caller, fn func(Tx) error) error {
	if err := Administrator.Check(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.BumpEpoch(ctx); err != nil {
			return err
		}
		return fn(tx)
	})
}
