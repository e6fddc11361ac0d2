package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// The names of the resources of networks in quotas, as Neutron has them.
const (
	QuotaNetworks       = "network"
	QuotaSubnets        = "subnet"
	QuotaPorts          = "port"
	QuotaRouters        = "router"
	QuotaFloatingIPs    = "floatingip"
	QuotaSecurityGroups = "security_group"
	QuotaSecurityRules  = "security_group_rule"
)

// NetworkQuota is what a project may have where nothing else is set: Neutron's
// defaults.
var NetworkQuota = map[string]int{
	QuotaNetworks: 100, QuotaSubnets: 100, QuotaPorts: 500, QuotaRouters: 10, QuotaFloatingIPs: 50,
	QuotaSecurityGroups: 10, QuotaSecurityRules: 100,
}

// NetworkLimits returns what a project may have, negative for no limit, and
// has, by the names of [NetworkQuota]: the caller's, or any for administrators.
// Without a project it returns the default limits. Faults: Forbidden.
func (s *Service) NetworkLimits(ctx context.Context, c identity.Caller, projectID string) (limits, used map[string]int, err error) {
	if projectID != "" && projectID != c.ProjectID() && !c.Admin() {
		return nil, nil, &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's limits"}
	}
	limits, used = maps.Clone(NetworkQuota), map[string]int{}
	err = s.store.Read(ctx, func(tx Tx) error {
		for name := range limits {
			if limits[name], err = networkLimit(ctx, tx, projectID, name); err != nil {
				return err
			}
		}
		if projectID == "" {
			return nil
		}
		used, err = tx.NetworkUsage(ctx, projectID)
		return err
	})
	return limits, used, err
}

func networkLimit(ctx context.Context, tx Tx, projectID, name string) (int, error) {
	n, ok, err := tx.Quota(ctx, projectID, name)
	if err == nil && !ok {
		n = NetworkQuota[name]
	}
	return n, err
}

// SetNetworkLimits sets limits of a project by the names of [NetworkQuota],
// negative for none; nil takes them all back to the defaults. Faults: Forbidden
// (not an administrator).
func (s *Service) SetNetworkLimits(ctx context.Context, c identity.Caller, projectID string, limits map[string]int) error {
	if !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators set limits"}
	}
	return s.store.Write(ctx, func(tx Tx) error {
		for name := range NetworkQuota {
			var err error
			if n, ok := limits[name]; ok {
				err = tx.SetQuota(ctx, projectID, name, n)
			} else if limits == nil {
				err = tx.DeleteQuota(ctx, projectID, name)
			}
			if err != nil {
				return err
			}
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, "update", "network quota", projectID, projectID, ""))
	})
}

// room refuses more of a resource than the project may have, and keeps others
// from taking the same room until the transaction ends. Faults: Quota with a
// [QuotaExceeded].
func (s *Service) room(ctx context.Context, tx Tx, projectID, resource string, more int) error {
	if err := tx.Lock(ctx, "networks of "+projectID); err != nil {
		return err
	}
	limit, err := networkLimit(ctx, tx, projectID, resource)
	if err != nil || limit < 0 {
		return err
	}
	used, err := tx.NetworkUsage(ctx, projectID)
	if err != nil {
		return err
	}
	if more > limit-used[resource] {
		q := &QuotaExceeded{Resource: resource, Requested: more, Used: used[resource], Limit: limit}
		return &fault.Error{Kind: fault.Quota, Resource: resource, Msg: q.Error(), Err: q}
	}
	return nil
}

// QuotaProjects returns the ids of the projects that have limits of their own
// on what [NetworkQuota] names, in order. Faults: Forbidden (not an
// administrator).
func (s *Service) QuotaProjects(ctx context.Context, c identity.Caller) ([]string, error) {
	if !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "project", Msg: "only administrators see whose limits are set"}
	}
	var out []string
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		out, err = tx.QuotaProjects(ctx, slices.Sorted(maps.Keys(NetworkQuota))...)
		return err
	})
	return out, err
}
