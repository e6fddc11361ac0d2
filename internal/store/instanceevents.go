package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const eventColumns = `id, instance_id, node, action, request_id, user_id, project_id, started_at, finished_at, failed, failure`

func scanEvent(s scanner) (e compute.Event, err error) {
	err = s.Scan(&e.ID, &e.InstanceID, &e.Node, &e.Action, &e.RequestID, &e.UserID, &e.ProjectID,
		instant{&e.StartedAt}, instant{&e.FinishedAt}, &e.Failed, &e.Failure)
	return e, err
}

// Events implements [compute.Tx].
func (t *Tx) Events(ctx context.Context, instanceID string) ([]compute.Event, error) {
	return all(ctx, t, "instance event", scanEvent,
		`SELECT `+eventColumns+` FROM instance_events WHERE instance_id = $1 ORDER BY started_at DESC, id DESC`, instanceID)
}

// ProjectEvents implements [compute.Tx].
func (t *Tx) ProjectEvents(ctx context.Context, region, projectID string) ([]compute.Event, error) {
	return all(ctx, t, "instance event", scanEvent,
		`SELECT `+eventColumns+` FROM instance_events
		WHERE instance_id IN (SELECT id FROM instances WHERE region = $1 AND project_id = $2)
		ORDER BY instance_id, started_at DESC, id DESC`, region, projectID)
}

// InsertEvent implements [compute.Tx].
func (t *Tx) InsertEvent(ctx context.Context, e compute.Event) error {
	return t.insert(ctx, "instance event", e.ID,
		`INSERT INTO instance_events (`+eventColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.ID, e.InstanceID, e.Node, string(e.Action), e.RequestID, e.UserID, e.ProjectID,
		micros(e.StartedAt), micros(e.FinishedAt), bit(e.Failed), storableText(e.Failure))
}

// FinishEvent implements [compute.Tx].
func (t *Tx) FinishEvent(ctx context.Context, e compute.Event) error {
	return t.change(ctx, "instance event", e.ID,
		`UPDATE instance_events SET finished_at = $2, failed = $3, failure = $4 WHERE id = $1`,
		e.ID, micros(e.FinishedAt), bit(e.Failed), storableText(e.Failure))
}
