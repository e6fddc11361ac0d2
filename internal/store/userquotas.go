package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// UserQuota implements [keypair.Tx] and [compute.Tx].
func (t *Tx) UserQuota(ctx context.Context, projectID, userID, resource string) (int, bool, error) {
	n, err := t.number(ctx, "quota", `SELECT most FROM user_quotas WHERE project_id = $1 AND user_id = $2 AND resource = $3`, projectID, userID, resource)
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	return int(n), err == nil, err
}

// UserQuotas implements [compute.Tx].
func (t *Tx) UserQuotas(ctx context.Context, projectID, resource string) (map[string]int, error) {
	all := map[string]int{}
	err := t.each(ctx, "quotas", func(s scanner) error {
		var userID string
		var most int
		if err := s.Scan(&userID, &most); err != nil {
			return err
		}
		all[userID] = most
		return nil
	}, `SELECT user_id, most FROM user_quotas WHERE project_id = $1 AND resource = $2`, projectID, resource)
	return all, err
}

// SetUserQuota implements [compute.Tx].
func (t *Tx) SetUserQuota(ctx context.Context, projectID, userID, resource string, most int) error {
	_, err := t.exec(ctx, "setting a user's quota",
		`INSERT INTO user_quotas (project_id, user_id, resource, most) VALUES ($1, $2, $3, $4)
		ON CONFLICT (project_id, user_id, resource) DO UPDATE SET most = excluded.most`, projectID, userID, resource, most)
	return err
}

// DeleteUserQuota implements [compute.Tx].
func (t *Tx) DeleteUserQuota(ctx context.Context, projectID, userID, resource string) error {
	_, err := t.exec(ctx, "taking users' quotas away",
		`DELETE FROM user_quotas WHERE project_id = $1 AND (user_id = $2 OR $2 = '') AND resource = $3`, projectID, userID, resource)
	return err
}
