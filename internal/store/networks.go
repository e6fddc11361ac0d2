package store

import (
	"context"
	"database/sql"
	"net/netip"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const networkQuery = `SELECT n.id, n.name, n.description, n.project_id, n.shared, n.external, n.filtered, n.created_at, n.updated_at, n.revision, n.tags,
		s.id, s.project_id, s.name, s.description, s.cidr, s.gateway, s.pools, s.dhcp, s.dns, s.created_at, s.updated_at, s.revision, s.tags
	FROM networks n LEFT JOIN subnets s ON s.network_id = n.id`

// poolRecord is an [compute.AddressPool] as rows have it.
type poolRecord struct {
	From netip.Addr `json:"from"`
	To   netip.Addr `json:"to"`
}

func scanNetwork(s scanner) (compute.Network, error) {
	var n compute.Network
	var filtered bool
	var id, project, name, description, cidr, gateway, pools, dns, tags sql.NullString
	var dhcp, created, updated, revision sql.NullInt64
	err := s.Scan(&n.ID, &n.Name, &n.Description, &n.ProjectID, &n.Shared, &n.External, &filtered, instant{&n.CreatedAt}, instant{&n.UpdatedAt}, &n.Revision, jsonInto{&n.Tags},
		&id, &project, &name, &description, &cidr, &gateway, &pools, &dhcp, &dns, &created, &updated, &revision, &tags)
	n.Unfiltered = !filtered
	if err != nil || !id.Valid {
		return n, err
	}
	n.Subnet = &compute.Subnet{
		ID: id.String, ProjectID: project.String, Name: name.String, Description: description.String, DHCP: dhcp.Int64 != 0,
		CreatedAt: fromMicros(created.Int64), UpdatedAt: fromMicros(updated.Int64), Revision: int(revision.Int64),
	}
	if n.Subnet.Range, err = netip.ParsePrefix(cidr.String); err != nil {
		return n, err
	}
	if gateway.String != "" {
		if n.Subnet.Gateway, err = netip.ParseAddr(gateway.String); err != nil {
			return n, err
		}
	}
	var records []poolRecord
	if err := (jsonInto{&records}).Scan(pools.String); err != nil {
		return n, err
	}
	for _, p := range records {
		n.Subnet.Pools = append(n.Subnet.Pools, compute.AddressPool(p))
	}
	if err := (jsonInto{&n.Subnet.Tags}).Scan(tags.String); err != nil {
		return n, err
	}
	return n, (jsonInto{&n.Subnet.DNS}).Scan(dns.String)
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Network implements [compute.Tx].
func (t *Tx) Network(ctx context.Context, id string) (compute.Network, error) {
	return one(ctx, t, "network", id, scanNetwork, networkQuery+` WHERE n.id = $1`, id)
}

// Networks implements [compute.Tx].
func (t *Tx) Networks(ctx context.Context) ([]compute.Network, error) {
	return all(ctx, t, "network", scanNetwork, networkQuery+` ORDER BY n.name, n.id`)
}

// InsertNetwork implements [compute.Tx].
func (t *Tx) InsertNetwork(ctx context.Context, n compute.Network) error {
	err := t.insert(ctx, "network", n.ID,
		`INSERT INTO networks (id, name, description, project_id, shared, external, filtered, created_at, updated_at, revision, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		n.ID, n.Name, n.Description, n.ProjectID, bit(n.Shared), bit(n.External), bit(!n.Unfiltered), micros(n.CreatedAt), micros(n.UpdatedAt), n.Revision, jsonText(n.Tags))
	if err != nil {
		return err
	}
	return t.putSubnet(ctx, n)
}

// UpdateNetwork implements [compute.Tx]. Its ports carry its name, so that
// instances can be read without it.
func (t *Tx) UpdateNetwork(ctx context.Context, n compute.Network) error {
	err := t.change(ctx, "network", n.ID,
		`UPDATE networks SET name = $2, description = $3, shared = $4, filtered = $5, updated_at = $6, revision = $7, tags = $8 WHERE id = $1`,
		n.ID, n.Name, n.Description, bit(n.Shared), bit(!n.Unfiltered), micros(n.UpdatedAt), n.Revision, jsonText(n.Tags))
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, "renaming a network", `UPDATE ports SET network = $2 WHERE network_id = $1 AND network <> $2`, n.ID, n.Name); err != nil {
		return err
	}
	return t.putSubnet(ctx, n)
}

// putSubnet makes the network's subnet that of n.
func (t *Tx) putSubnet(ctx context.Context, n compute.Network) error {
	if _, err := t.exec(ctx, "removing a subnet", `DELETE FROM subnets WHERE network_id = $1`, n.ID); err != nil || n.Subnet == nil {
		return err
	}
	s := n.Subnet
	gateway, pools := "", []poolRecord(nil)
	if s.Gateway.IsValid() {
		gateway = s.Gateway.String()
	}
	for _, p := range s.Pools {
		pools = append(pools, poolRecord(p))
	}
	return t.insert(ctx, "subnet", s.ID,
		`INSERT INTO subnets (id, network_id, project_id, name, description, cidr, gateway, pools, dhcp, dns, created_at, updated_at, revision, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		s.ID, n.ID, s.ProjectID, s.Name, s.Description, s.Range.String(), gateway, jsonText(pools), bit(s.DHCP), jsonText(s.DNS),
		micros(s.CreatedAt), micros(s.UpdatedAt), s.Revision, jsonText(s.Tags))
}

// DeleteNetwork implements [compute.Tx]. The subnet goes with the row that it
// refers to.
func (t *Tx) DeleteNetwork(ctx context.Context, id string) error {
	return t.change(ctx, "network", id, `DELETE FROM networks WHERE id = $1`, id)
}

// NetworkUsage implements [compute.Tx].
func (t *Tx) NetworkUsage(ctx context.Context, projectID string) (map[string]int, error) {
	names := []string{compute.QuotaRouters, compute.QuotaNetworks, compute.QuotaSubnets, compute.QuotaPorts, compute.QuotaFloatingIPs, compute.QuotaSecurityGroups, compute.QuotaSecurityRules}
	return one(ctx, t, "usage", projectID, func(s scanner) (map[string]int, error) {
		counts := make([]int, len(names))
		dest := make([]any, len(names))
		for k := range counts {
			dest[k] = &counts[k]
		}
		err := s.Scan(dest...)
		used := map[string]int{}
		for k, name := range names {
			used[name] = counts[k]
		}
		return used, err
	}, `SELECT (SELECT COUNT(*) FROM routers WHERE project_id = $1),
		(SELECT COUNT(*) FROM networks WHERE project_id = $1), (SELECT COUNT(*) FROM subnets WHERE project_id = $1),
		(SELECT COUNT(*) FROM ports WHERE project_id = $1 AND kept = 1), (SELECT COUNT(*) FROM floating_ips WHERE project_id = $1),
		(SELECT COUNT(*) FROM security_groups WHERE project_id = $1), (SELECT COUNT(*) FROM security_rules WHERE project_id = $1)`, projectID)
}
