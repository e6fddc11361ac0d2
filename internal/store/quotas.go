package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Quota implements [keypair.Tx] and [compute.Tx].
func (t *Tx) Quota(ctx context.Context, projectID, resource string) (int, bool, error) {
	n, err := t.number(ctx, "quota", `SELECT most FROM quotas WHERE project_id = $1 AND resource = $2`, projectID, resource)
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	return int(n), err == nil, err
}

// SetQuota sets a project's limit on a resource, which is named as in
// [Tx.Quota]; negative means no limit.
func (t *Tx) SetQuota(ctx context.Context, projectID, resource string, most int) error {
	_, err := t.exec(ctx, "setting a quota",
		`INSERT INTO quotas (project_id, resource, most) VALUES ($1, $2, $3)
		ON CONFLICT (project_id, resource) DO UPDATE SET most = excluded.most`, projectID, resource, most)
	return err
}

// DeleteQuota takes a project's own limit away: the default holds again.
func (t *Tx) DeleteQuota(ctx context.Context, projectID, resource string) error {
	_, err := t.exec(ctx, "taking a quota away", `DELETE FROM quotas WHERE project_id = $1 AND resource = $2`, projectID, resource)
	return err
}
