package store

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/job"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// removal is one statement of many that remove what hangs on something, whose
// id is its first parameter.
type removal struct {
	query string
	args  []any // the further parameters
}

// removeAll runs removals, and at last the statement that removes the thing
// itself.
func (t *Tx) removeAll(ctx context.Context, resource, id string, hanging []removal, itself string) error {
	for _, r := range hanging {
		if _, err := t.exec(ctx, "deleting what hangs on: "+resource, r.query, append([]any{id}, r.args...)...); err != nil {
			return err
		}
	}
	return t.change(ctx, resource, id, itself, id)
}

// inScope are the removals of what is good in a scope.
func inScope(kind identity.ScopeKind) []removal {
	return []removal{
		{`DELETE FROM tokens WHERE scope_id = $1 AND scope_kind = $2`, []any{int64(kind)}},
		{`DELETE FROM assignments WHERE scope_id = $1 AND scope_kind = $2`, []any{int64(kind)}},
	}
}

// DeleteUser implements [identity.Tx].
func (t *Tx) DeleteUser(ctx context.Context, id string) error {
	return t.removeAll(ctx, "user", id, []removal{
		{query: `DELETE FROM tokens WHERE user_id = $1`},
		{query: `DELETE FROM app_credentials WHERE user_id = $1`},
		{query: `DELETE FROM access_rules WHERE user_id = $1`},
		{query: `DELETE FROM access_keys WHERE user_id = $1`},
		{query: `DELETE FROM assignments WHERE user_id = $1`},
		{query: `DELETE FROM user_quotas WHERE user_id = $1`},
	}, `DELETE FROM users WHERE id = $1`)
}

// DeleteProject implements [identity.Tx].
func (t *Tx) DeleteProject(ctx context.Context, id string, at time.Time) error {
	if err := t.discardImages(ctx, id, at); err != nil {
		return err
	}
	return t.removeAll(ctx, "project", id, append(inScope(identity.ProjectScope),
		removal{query: `DELETE FROM app_credentials WHERE project_id = $1`},
		removal{query: `DELETE FROM access_keys WHERE project_id = $1`},
		removal{query: `DELETE FROM quotas WHERE project_id = $1`},
		removal{query: `DELETE FROM images WHERE project_id = $1 AND public = 0`},
		removal{`DELETE FROM key_pairs WHERE owner_id = $1 AND owner_kind = $2`, []any{int64(keypair.Project)}},
		// What holds others comes first.
		removal{query: `DELETE FROM floating_ips WHERE project_id = $1`},
		removal{query: `UPDATE floating_ips SET router_id = '' WHERE router_id IN (SELECT id FROM routers WHERE project_id = $1)`},
		removal{query: `DELETE FROM router_ports WHERE router_id IN (SELECT id FROM routers WHERE project_id = $1)`},
		removal{query: `DELETE FROM ports WHERE device_id IN (SELECT id FROM routers WHERE project_id = $1)`},
		removal{query: `DELETE FROM routers WHERE project_id = $1`},
		removal{query: `DELETE FROM ports WHERE project_id = $1`},
		removal{query: `DELETE FROM networks WHERE project_id = $1`},
		removal{query: `DELETE FROM user_quotas WHERE project_id = $1`},
		removal{query: `DELETE FROM security_groups WHERE project_id = $1`},
		removal{query: `DELETE FROM server_groups WHERE project_id = $1`},
		removal{query: `DELETE FROM flavor_access WHERE project_id = $1`},
		removal{query: `UPDATE users SET default_project_id = '' WHERE default_project_id = $1`},
	), `DELETE FROM projects WHERE id = $1`)
}

// discardImages has the nodes that have files of a project's private images
// remove them, as when somebody deletes the images.
func (t *Tx) discardImages(ctx context.Context, projectID string, at time.Time) error {
	files, err := all(ctx, t, "image", func(s scanner) (j job.Job, err error) { return j, s.Scan(&j.Subject, &j.Node) },
		`SELECT id, node FROM images WHERE project_id = $1 AND public = 0 AND node <> ''`, projectID)
	if err != nil {
		return err
	}
	for _, j := range files {
		j.ID, j.Kind, j.Action, j.RunAt, j.CreatedAt = "last of image "+j.Subject, compute.ImageJobKind, string(compute.ActionDelete), at, at
		if err := t.EnqueueJob(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// DeleteAccount implements [identity.Tx].
func (t *Tx) DeleteAccount(ctx context.Context, id string) error {
	return t.removeAll(ctx, "domain", id, inScope(identity.AccountScope), `DELETE FROM accounts WHERE id = $1`)
}

// holdings are the things without which somebody would lose a machine or what
// is on it, and how they are counted. Everything else goes with its project.
var holdings = []struct{ what, query string }{
	{"instance", `SELECT COUNT(*) FROM instances WHERE project_id = $1`},
	{"volume", `SELECT COUNT(*) FROM volumes WHERE project_id = $1`},
	{"shared network", `SELECT COUNT(*) FROM networks n WHERE n.project_id = $1
		AND EXISTS (SELECT 1 FROM ports p WHERE p.network_id = n.id AND p.project_id <> n.project_id)`},
}

// ProjectHoldings implements [identity.Tx].
func (t *Tx) ProjectHoldings(ctx context.Context, id string) ([]identity.Holding, error) {
	var found []identity.Holding
	for _, h := range holdings {
		n, err := t.number(ctx, h.what, h.query, id)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			found = append(found, identity.Holding{What: h.what, Count: n})
		}
	}
	return found, nil
}
