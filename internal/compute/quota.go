package compute

import (
	"context"
	"fmt"
	"maps"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
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

// DefaultLimits are Nova's, for the quotas that [Options] has no field for.
// Those of networking it only keeps and shows: the network service counts.
var DefaultLimits = map[string]int{
	QuotaFiles: 5, QuotaFileBytes: 10240, QuotaFilePath: 255, QuotaMetadata: 128,
	QuotaGroups: 10, QuotaGroupMembers: 10,
	"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1,
}

// limit is what the project may have of one of [DefaultLimits]; negative for no limit.
func (s *Service) limit(ctx context.Context, tx Tx, projectID, name string) (int, error) {
	if n, ok, err := tx.Quota(ctx, projectID, name); err != nil || ok {
		return n, err
	}
	if n, ok := s.opt.Limits[name]; ok {
		return n, nil
	}
	return DefaultLimits[name], nil
}

// Quotas returns what a project may have by the names of [DefaultLimits], and
// the default values without a project. Faults: Forbidden, as [Service.LimitsOf].
func (s *Service) Quotas(ctx context.Context, c identity.Caller, projectID string) (map[string]int, error) {
	if projectID != "" && projectID != c.ProjectID() && !c.Admin() {
		return nil, othersLimits(projectID)
	}
	out := maps.Clone(DefaultLimits)
	err := s.store.Read(ctx, func(tx Tx) error {
		for name := range out {
			n, err := s.limit(ctx, tx, projectID, name)
			if err != nil {
				return err
			}
			out[name] = n
		}
		return nil
	})
	return out, err
}

func othersLimits(projectID string) error {
	return &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's limits"}
}

// InUse is the detail of the Invalid fault about a limit that is less than what
// the project has.
type InUse struct {
	Resource    string
	Limit, Used int
}

// Error says it in Nova's words.
func (e *InUse) Error() string {
	return fmt.Sprintf("Quota limit %d for %s must be greater than or equal to already used and reserved %d.", e.Limit, e.Resource, e.Used)
}

// SetQuotas sets limits of a project by name, negative for none, and without a
// project those of all projects that have none of their own; other services'
// limits are set here too. Unless force is set, none may be less than what the
// project has. Faults: Forbidden (not an administrator), Invalid with an [InUse].
func (s *Service) SetQuotas(ctx context.Context, c identity.Caller, projectID string, limits map[string]int, force bool) error {
	return s.changeQuotas(ctx, c, projectID, func(tx Tx) error {
		used, err := tx.Usage(ctx, projectID)
		if err != nil {
			return err
		}
		groups, err := tx.ServerGroups(ctx, projectID)
		if err != nil {
			return err
		}
		for name, has := range map[string]int{
			QuotaInstances: used.Instances, QuotaCores: used.VCPUs, QuotaRAM: used.RAMMiB, QuotaGroups: len(groups),
		} {
			if n, ok := limits[name]; ok && n >= 0 && n < has && !force {
				e := &InUse{Resource: name, Limit: n, Used: has}
				return &fault.Error{Kind: fault.Invalid, Field: name, Msg: e.Error(), Err: e}
			}
		}
		for name, n := range limits {
			if err := tx.SetQuota(ctx, projectID, name, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClearQuotas gives a project the default limits again, by name. Faults:
// Forbidden (not an administrator).
func (s *Service) ClearQuotas(ctx context.Context, c identity.Caller, projectID string, names []string) error {
	return s.changeQuotas(ctx, c, projectID, func(tx Tx) error {
		for _, name := range names {
			if err := tx.DeleteQuota(ctx, projectID, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) changeQuotas(ctx context.Context, c identity.Caller, projectID string, change func(Tx) error) error {
	if !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators set limits"}
	}
	return s.store.Write(ctx, func(tx Tx) error {
		// Nobody takes room meanwhile.
		if err := tx.Lock(ctx, "instances of "+projectID); err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		e := c.Audit(audit.Update, "quotas", projectID)
		e.At, e.OwnerID = s.now(), projectID
		return tx.AppendAudit(ctx, e)
	})
}
