package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
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
func (t *Tx) DeleteProject(ctx context.Context, id string) error {
	return t.removeAll(ctx, "project", id, append(inScope(identity.ProjectScope),
		removal{query: `DELETE FROM app_credentials WHERE project_id = $1`},
		removal{query: `DELETE FROM access_keys WHERE project_id = $1`},
		removal{query: `DELETE FROM quotas WHERE project_id = $1`},
		removal{query: `DELETE FROM user_quotas WHERE project_id = $1`},
		removal{query: `DELETE FROM security_groups WHERE project_id = $1`},
		removal{query: `DELETE FROM server_groups WHERE project_id = $1`},
		removal{query: `DELETE FROM flavor_access WHERE project_id = $1`},
		removal{query: `UPDATE users SET default_project_id = '' WHERE default_project_id = $1`},
	), `DELETE FROM projects WHERE id = $1`)
}

// DeleteAccount implements [identity.Tx].
func (t *Tx) DeleteAccount(ctx context.Context, id string) error {
	return t.removeAll(ctx, "domain", id, inScope(identity.AccountScope), `DELETE FROM accounts WHERE id = $1`)
}

// holdings are the things that a project can have, and how they are counted.
var holdings = []struct {
	what  string
	query string
	args  []any // after the project's id
}{
	{what: "instance", query: `SELECT COUNT(*) FROM instances WHERE project_id = $1`},
	{what: "volume", query: `SELECT COUNT(*) FROM volumes WHERE project_id = $1`},
	{what: "image", query: `SELECT COUNT(*) FROM images WHERE project_id = $1`},
	{what: "network", query: `SELECT COUNT(*) FROM networks WHERE project_id = $1`},
	{what: "router", query: `SELECT COUNT(*) FROM routers WHERE project_id = $1`},
	{what: "port", query: `SELECT COUNT(*) FROM ports WHERE project_id = $1 AND instance_id IS NULL`},
	{what: "floating address", query: `SELECT COUNT(*) FROM floating_ips WHERE project_id = $1`},
	{"shared key pair", `SELECT COUNT(*) FROM key_pairs WHERE owner_id = $1 AND owner_kind = $2`, []any{int64(keypair.Project)}},
}

// ProjectHoldings implements [identity.Tx].
func (t *Tx) ProjectHoldings(ctx context.Context, id string) ([]identity.Holding, error) {
	var found []identity.Holding
	for _, h := range holdings {
		n, err := t.number(ctx, h.what, h.query, append([]any{id}, h.args...)...)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			found = append(found, identity.Holding{What: h.what, Count: n})
		}
	}
	return found, nil
}
