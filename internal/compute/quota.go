package compute

import (
	"context"
	"maps"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// The names of compute's resources in quotas, as Nova has them.
const (
	QuotaInstances    = "instances"
	QuotaCores        = "cores"
	QuotaRAM          = "ram" // MiB
	QuotaFiles        = "injected_files"
	QuotaFileBytes    = "injected_file_content_bytes" // of one
	QuotaFilePath     = "injected_file_path_bytes"    // of one
	QuotaMetadata     = "metadata_items"              // of one instance
	QuotaGroups       = "server_groups"
	QuotaGroupMembers = "server_group_members"
)

// standardLimits are Nova's, for the quotas that [Options] has no field for.
// Key pairs are counted where they are made, and those of networking are only
// kept and shown: the network service counts.
var standardLimits = map[string]int{
	keypair.QuotaKeyPairs: 100,
	QuotaFiles:            5, QuotaFileBytes: 10240, QuotaFilePath: 255, QuotaMetadata: 128,
	QuotaGroups: 10, QuotaGroupMembers: 10,
	"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1,
}

// limits are what a project may have by name where nothing else is set.
func (o Options) limits() map[string]int {
	all := maps.Clone(standardLimits)
	maps.Copy(all, o.Limits)
	maps.Copy(all, o.Quota.byName())
	return all
}

func (u Usage) byName() map[string]int {
	return map[string]int{QuotaInstances: u.Instances, QuotaCores: u.VCPUs, QuotaRAM: u.RAMMiB}
}

// Holder is whose limits are meant.
type Holder struct {
	ProjectID string // empty: every project's that has none of its own
	// UserID is the user in the project whose limits are meant; empty: those of
	// the project as a whole.
	UserID string
}

// holder is whose limits an instance counts in.
func (i Instance) holder() Holder { return Holder{i.ProjectID, i.UserID} }

// limit is how much of a resource the holder may have, negative for no limit:
// the user's own, else the project's.
func (s *Service) limit(ctx context.Context, tx Tx, of Holder, name string) (int, error) {
	if of.UserID != "" {
		if n, ok, err := tx.UserQuota(ctx, of.ProjectID, of.UserID, name); err != nil || ok {
			return n, err
		}
	}
	if n, ok, err := tx.Quota(ctx, of.ProjectID, name); err != nil || ok {
		return n, err
	}
	return s.standard[name], nil
}

// Quotas returns what a project, or one user in it, may have, negative for no
// limit, and what they have of what is counted; without a project it is what
// one may have where nothing is set. Faults: Forbidden (another project's, but
// for administrators).
func (s *Service) Quotas(ctx context.Context, c identity.Caller, of Holder) (limits, used map[string]int, err error) {
	if of.ProjectID != "" && of.ProjectID != c.ProjectID() && !c.Admin() {
		return nil, nil, othersLimits(of.ProjectID)
	}
	limits = maps.Clone(s.standard)
	err = s.store.Read(ctx, func(tx Tx) error {
		for name := range limits {
			if limits[name], err = s.limit(ctx, tx, of, name); err != nil {
				return err
			}
		}
		if of.ProjectID != "" {
			used, err = inUse(ctx, tx, of)
		}
		return err
	})
	return limits, used, err
}

func othersLimits(projectID string) error {
	return &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's limits"}
}

// inUse is what the holder has, by the names of quotas.
func inUse(ctx context.Context, tx Tx, of Holder) (map[string]int, error) {
	u, err := tx.Usage(ctx, of.ProjectID, of.UserID)
	if err != nil {
		return nil, err
	}
	groups, err := tx.ServerGroups(ctx, of.ProjectID)
	if err != nil {
		return nil, err
	}
	used := u.byName()
	used[QuotaGroups] = countGroups(groups, of.UserID)
	return used, nil
}

// reserve returns how many times each the project, and the user in it, may have
// more now, between least and most, and keeps others from taking the same room
// until the transaction ends. Faults: Quota with a [QuotaExceeded].
func (s *Service) reserve(ctx context.Context, tx Tx, of Holder, least, most int, each Usage) (int, error) {
	if err := tx.Lock(ctx, "instances of "+of.ProjectID); err != nil {
		return 0, err
	}
	n := most
	for _, h := range []Holder{{ProjectID: of.ProjectID}, of} {
		has, err := tx.Usage(ctx, h.ProjectID, h.UserID)
		if err != nil {
			return 0, err
		}
		used, wanted := has.byName(), each.byName()
		for _, name := range []string{QuotaInstances, QuotaCores, QuotaRAM} {
			if wanted[name] == 0 {
				continue
			}
			limit, err := s.limit(ctx, tx, h, name)
			if err != nil {
				return 0, err
			}
			if limit < 0 {
				continue
			}
			n = min(n, (limit-used[name])/wanted[name])
			if n < least {
				q := &QuotaExceeded{Resource: name, Requested: least * wanted[name], Used: used[name], Limit: limit}
				return 0, &fault.Error{Kind: fault.Quota, Resource: "instance", Msg: q.Error(), Err: q}
			}
		}
	}
	return n, nil
}
