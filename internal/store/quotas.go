package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Quota implements [keypair.Tx] and [compute.Tx]. What holds for every project
// that has no limit of its own is the row without a project.
func (t *Tx) Quota(ctx context.Context, projectID, resource string) (int, bool, error) {
	n, err := t.number(ctx, "quota", `SELECT most FROM quotas WHERE project_id IN ($1, '') AND resource = $2 ORDER BY project_id DESC LIMIT 1`, projectID, resource)
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	return int(n), err == nil, err
}

// SetQuota sets a project's limit on a resource, which is named as in
// [Tx.Quota]; negative means no limit. Without a project it is the limit of
// every project that has none of its own.
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

// QuotaProjects implements [compute.NetworkTx].
func (t *Tx) QuotaProjects(ctx context.Context, resources ...string) ([]string, error) {
	names := make([]any, len(resources))
	marks := make([]string, len(resources))
	for k, r := range resources {
		names[k], marks[k] = r, "$"+strconv.Itoa(k+1)
	}
	return all(ctx, t, "quota", func(s scanner) (id string, err error) { err = s.Scan(&id); return id, err },
		`SELECT DISTINCT project_id FROM quotas WHERE project_id <> '' AND resource IN (`+strings.Join(marks, ", ")+`) ORDER BY project_id`, names...)
}
