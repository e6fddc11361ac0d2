package keypair

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// QuotaKeyPairs is the resource's name in quotas, as Nova has it.
const QuotaKeyPairs = "key_pairs"

// Limit returns how many key pairs an owner may have by these rules in a
// project, negative for no limit: in the caller's, or in any for
// administrators. Without a project it is what holds where nothing is set.
// Faults: Forbidden.
func (s *Service) Limit(ctx context.Context, c identity.Caller, r Rules, projectID string) (int, error) {
	if projectID != "" && projectID != c.ProjectID() && !c.Admin() {
		return 0, &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's limits"}
	}
	return read(ctx, s.store, func(tx Tx) (int, error) { return limit(ctx, tx, projectID, r) })
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
	return read(ctx, s.store, func(tx Tx) (int, error) {
		return tx.CountKeyPairs(ctx, c.Region, Owner{Kind: User, ID: userID})
	})
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
	if n, ok, err := tx.Quota(ctx, projectID, QuotaKeyPairs); err != nil || ok {
		return n, err
	}
	return r.Quota, nil
}
