package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// fillDefaultGroups is the part of migration 6 that SQL cannot do: the default
// security group of each project that has instances, with their ports in it.
// Before, everything came in; that stays so for them.
func fillDefaultGroups(ctx context.Context, t *Tx) error {
	projects, err := all(ctx, t, "port", func(s scanner) (p string, err error) { return p, s.Scan(&p) }, `SELECT DISTINCT project_id FROM ports`)
	if err != nil {
		return err
	}
	now := micros(time.Now())
	for _, p := range projects {
		group := compute.DefaultGroupID(p)
		_, err := t.exec(ctx, "making a default security group",
			`INSERT INTO security_groups (id, project_id, name, description, stateful, created_at, updated_at, revision)
			VALUES ($1, $2, 'default', 'Default security group', 1, $3, $3, 1)`, group, p, now)
		if err != nil {
			return err
		}
		for seq, r := range [][2]string{{"egress", "IPv4"}, {"egress", "IPv6"}, {"ingress", "IPv4"}, {"ingress", "IPv6"}} {
			_, err := t.exec(ctx, "making a rule of a default security group",
				`INSERT INTO security_rules (id, group_id, project_id, direction, ethertype, protocol, port_from, port_to,
					remote_prefix, remote_group_id, description, created_at, seq)
				VALUES ($1, $2, $3, $4, $5, '', -1, -1, '', '', '', $6, $7)`, uuid.NewString(), group, p, r[0], r[1], now, seq)
			if err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "joining a default security group",
			`INSERT INTO port_groups (port_id, group_id) SELECT id, $1 FROM ports WHERE project_id = $2`, group, p); err != nil {
			return err
		}
	}
	return nil
}
