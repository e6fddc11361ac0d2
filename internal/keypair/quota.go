package keypair

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// QuotaKeyPairs is the resource's name in quotas, as Nova has it.
const QuotaKeyPairs = "key_pairs"

// Count returns how many private key pairs the caller has, or with userID that
// user: what their quota counts. Faults: Forbidden as [Service.Get].
func (s *Service) Count(ctx context.Context, c identity.Caller, userID string) (int, error) {
	if err := mayActFor(c, userID); err != nil {
		return 0, err
	}
	if userID == "" {
		userID = c.User.ID
	}
	return read(ctx, s.store, func(tx Tx) (int, error) {
		return tx.CountKeyPairs(ctx, c.Region, Owner{Kind: User, ID: userID})
	})
}

func checkQuota(ctx context.Context, tx Tx, c identity.Caller, r Rules, k KeyPair) error {
	most, err := limit(ctx, tx, c, r)
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

// limit is the caller's own in the project they act in, else the project's,
// where one is set: as in Nova, the limit belongs to the caller, the count to
// the owner. What a project shares is bounded by the project's limit.
func limit(ctx context.Context, tx Tx, c identity.Caller, r Rules) (int, error) {
	if r.Owner == User {
		if n, ok, err := tx.UserQuota(ctx, c.ProjectID(), c.User.ID, QuotaKeyPairs); err != nil || ok {
			return n, err
		}
	}
	if n, ok, err := tx.Quota(ctx, c.ProjectID(), QuotaKeyPairs); err != nil || ok {
		return n, err
	}
	return r.Quota, nil
}
