package store

import (
	"context"
	"database/sql"
	"net/netip"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const ruleColumns = `r.id, r.group_id, r.project_id, r.direction, r.ethertype, r.protocol, r.port_from, r.port_to,
	r.remote_prefix, r.remote_group_id, r.description, r.created_at`

// ruleRow is a rule of a group, or nothing where it has none.
type ruleRow struct {
	id, group, project, direction, family, protocol, prefix, remote, description sql.NullString
	from, to, at                                                                 sql.NullInt64
}

func (r *ruleRow) dest() []any {
	return []any{&r.id, &r.group, &r.project, &r.direction, &r.family, &r.protocol, &r.from, &r.to, &r.prefix, &r.remote, &r.description, &r.at}
}

func (r ruleRow) rule() (compute.SecurityRule, error) {
	out := compute.SecurityRule{
		ID: r.id.String, GroupID: r.group.String, ProjectID: r.project.String, Description: r.description.String, CreatedAt: fromMicros(r.at.Int64),
		Rule: compute.Rule{
			Direction: compute.Direction(r.direction.String), EtherType: compute.EtherType(r.family.String), Protocol: r.protocol.String,
			From: int(r.from.Int64), To: int(r.to.Int64), RemoteGroupID: r.remote.String,
		},
	}
	if r.prefix.String == "" {
		return out, nil
	}
	var err error
	out.Remote, err = netip.ParsePrefix(r.prefix.String)
	return out, err
}

type securityGroupRow struct {
	group compute.SecurityGroup
	rule  ruleRow
}

func scanSecurityGroup(s scanner) (r securityGroupRow, err error) {
	g := &r.group
	err = s.Scan(append([]any{&g.ID, &g.ProjectID, &g.Name, &g.Description, &g.Stateful, instant{&g.CreatedAt}, instant{&g.UpdatedAt}, &g.Revision, jsonInto{&g.Tags}}, r.rule.dest()...)...)
	return r, err
}

// groups reads groups with their rules in one statement, so that all is of one
// moment, and folds its rows.
func (t *Tx) groups(ctx context.Context, selection string, args ...any) ([]compute.SecurityGroup, error) {
	rows, err := all(ctx, t, "security group", scanSecurityGroup, `SELECT g.id, g.project_id, g.name, g.description, g.stateful, g.created_at, g.updated_at, g.revision, g.tags, `+
		ruleColumns+` FROM security_groups g LEFT JOIN security_rules r ON r.group_id = g.id `+selection+
		` ORDER BY g.created_at, g.id, r.created_at, r.seq, r.id`, args...)
	if err != nil {
		return nil, err
	}
	var out []compute.SecurityGroup
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].ID != row.group.ID {
			out = append(out, row.group)
		}
		if !row.rule.id.Valid {
			continue
		}
		r, err := row.rule.rule()
		if err != nil {
			return nil, t.db.fault(err, "reading: rule of security group "+row.group.ID)
		}
		g := &out[len(out)-1]
		g.Rules = append(g.Rules, r)
	}
	return out, nil
}

// SecurityGroup implements [compute.Tx].
func (t *Tx) SecurityGroup(ctx context.Context, id string) (compute.SecurityGroup, error) {
	found, err := t.groups(ctx, `WHERE g.id = $1`, id)
	return single(found, err, "security group", id)
}

// SecurityGroups implements [compute.Tx].
func (t *Tx) SecurityGroups(ctx context.Context, projectID string) ([]compute.SecurityGroup, error) {
	if projectID == "" {
		return t.groups(ctx, "")
	}
	return t.groups(ctx, `WHERE g.project_id = $1`, projectID)
}

// InsertSecurityGroup implements [compute.Tx].
func (t *Tx) InsertSecurityGroup(ctx context.Context, g compute.SecurityGroup) error {
	err := t.insert(ctx, "security group", g.ID,
		`INSERT INTO security_groups (id, project_id, name, description, stateful, created_at, updated_at, revision, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		g.ID, g.ProjectID, g.Name, g.Description, bit(g.Stateful), micros(g.CreatedAt), micros(g.UpdatedAt), g.Revision, jsonText(g.Tags))
	if err != nil {
		return err
	}
	for seq, r := range g.Rules {
		if err := t.insertRule(ctx, r, seq); err != nil {
			return err
		}
	}
	return nil
}

// UpdateSecurityGroup implements [compute.Tx].
func (t *Tx) UpdateSecurityGroup(ctx context.Context, g compute.SecurityGroup) error {
	return t.change(ctx, "security group", g.ID,
		`UPDATE security_groups SET name = $2, description = $3, stateful = $4, updated_at = $5, revision = $6, tags = $7 WHERE id = $1`,
		g.ID, g.Name, g.Description, bit(g.Stateful), micros(g.UpdatedAt), g.Revision, jsonText(g.Tags))
}

// DeleteSecurityGroup implements [compute.Tx]. Its own rules go with the row
// that they refer to.
func (t *Tx) DeleteSecurityGroup(ctx context.Context, id string) error {
	if _, err := t.exec(ctx, "removing rules", `DELETE FROM security_rules WHERE remote_group_id = $1`, id); err != nil {
		return err
	}
	return t.change(ctx, "security group", id, `DELETE FROM security_groups WHERE id = $1`, id)
}

// SecurityRule implements [compute.Tx].
func (t *Tx) SecurityRule(ctx context.Context, id string) (compute.SecurityRule, error) {
	return one(ctx, t, "security group rule", id, func(s scanner) (compute.SecurityRule, error) {
		var r ruleRow
		if err := s.Scan(r.dest()...); err != nil {
			return compute.SecurityRule{}, err
		}
		return r.rule()
	}, `SELECT `+ruleColumns+` FROM security_rules r WHERE r.id = $1`, id)
}

// InsertSecurityRule implements [compute.Tx].
func (t *Tx) InsertSecurityRule(ctx context.Context, r compute.SecurityRule) error {
	n, err := t.number(ctx, "security group rule", `SELECT COUNT(*) FROM security_rules WHERE group_id = $1`, r.GroupID)
	if err != nil {
		return err
	}
	return t.insertRule(ctx, r, int(n))
}

func (t *Tx) insertRule(ctx context.Context, r compute.SecurityRule, seq int) error {
	return t.insert(ctx, "security group rule", r.ID,
		`INSERT INTO security_rules (id, group_id, project_id, direction, ethertype, protocol, port_from, port_to,
			remote_prefix, remote_group_id, description, created_at, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, r.GroupID, r.ProjectID, string(r.Direction), string(r.EtherType), r.Protocol, r.From, r.To,
		prefixText(r.Remote), r.RemoteGroupID, r.Description, micros(r.CreatedAt), seq)
}

// DeleteSecurityRule implements [compute.Tx].
func (t *Tx) DeleteSecurityRule(ctx context.Context, id string) error {
	return t.change(ctx, "security group rule", id, `DELETE FROM security_rules WHERE id = $1`, id)
}

// Guarded implements [compute.Tx].
func (t *Tx) Guarded(ctx context.Context, groupIDs ...string) (instances []compute.Placed, ports int, err error) {
	if len(groupIDs) == 0 {
		return nil, 0, nil
	}
	var w where
	w.and(`m.group_id IN (?`+strings.Repeat(`, ?`, len(groupIDs)-1)+`)`, anys(groupIDs)...)
	type row struct {
		port     string
		id, node sql.NullString
	}
	rows, err := all(ctx, t, "port", func(s scanner) (r row, err error) { return r, s.Scan(&r.port, &r.id, &r.node) },
		`SELECT DISTINCT n.id, i.id, i.node FROM port_groups m JOIN ports n ON n.id = m.port_id LEFT JOIN instances i ON i.id = n.instance_id`+
			w.String()+` ORDER BY i.id, n.id`, w.args...)
	for _, r := range rows {
		if r.id.Valid && (len(instances) == 0 || instances[len(instances)-1].ID != r.id.String) {
			instances = append(instances, compute.Placed{ID: r.id.String, Node: r.node.String})
		}
	}
	return instances, len(rows), err
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for k, s := range texts {
		out[k] = s
	}
	return out
}
