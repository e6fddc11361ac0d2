package store

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/job"
)

var _ job.Store = (*DB)(nil)

const jobColumns = `id, kind, subject, node, action, run_at, attempts, last_error, created_at`

func scanJob(s scanner) (j job.Job, err error) {
	err = s.Scan(&j.ID, &j.Kind, &j.Subject, &j.Node, &j.Action, instant{&j.RunAt}, &j.Attempts, &j.LastError, instant{&j.CreatedAt})
	return j, err
}

// EnqueueJob implements [job.Tx]. A job whose id is there already stays as it is.
func (t *Tx) EnqueueJob(ctx context.Context, j job.Job) error {
	_, err := t.exec(ctx, "enqueueing a job",
		`INSERT INTO jobs (`+jobColumns+`, lease_owner, lease_node, lease_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', 0) ON CONFLICT (id) DO NOTHING`,
		j.ID, j.Kind, j.Subject, j.Node, j.Action, micros(j.RunAt), j.Attempts, j.LastError, micros(j.CreatedAt))
	return err
}

// HastenJobs implements [job.Tx].
func (t *Tx) HastenJobs(ctx context.Context, subject string, at time.Time) error {
	_, err := t.exec(ctx, "hastening jobs", `UPDATE jobs SET run_at = $2 WHERE subject = $1 AND run_at > $2`, subject, micros(at))
	return err
}

// claimable holds for jobs that may be leased at $1 by the node $2: due, free,
// and with no job of their subject that is leased or older. Old is by time of
// making, then id.
const claimable = `j.run_at <= $1 AND j.lease_until <= $1 AND (j.node = '' OR j.node = $2)
	AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.subject = j.subject AND o.id <> j.id
		AND (o.lease_until > $1 OR o.created_at < j.created_at OR (o.created_at = j.created_at AND o.id < j.id)))`

const claimCandidate = `SELECT ` + jobColumns + ` FROM jobs j WHERE ` + claimable + ` ORDER BY j.run_at, j.created_at, j.id LIMIT 1`

// claimTries is how often one claim looks again after another process was faster.
const claimTries = 3

// ClaimJob implements [job.Store]; the oldest is what has been due longest. With
// nothing to do it costs one read along an index.
func (db *DB) ClaimJob(ctx context.Context, node, owner string, now time.Time, lease time.Duration) (job.Job, bool, error) {
	at := micros(now)
	for range claimTries {
		idle := false
		err := db.Read(ctx, func(tx *Tx) error {
			_, err := one(ctx, tx, "job", "", scanJob, claimCandidate, at, node)
			if fault.Is(err, fault.NotFound) {
				idle, err = true, nil
			}
			return err
		})
		if err != nil || idle {
			return job.Job{}, false, err
		}
		var claimed []job.Job
		err = db.Write(ctx, func(tx *Tx) error {
			claimed = nil
			j, err := one(ctx, tx, "job", "", scanJob, claimCandidate+db.engine.skipLocked, at, node)
			if err != nil {
				return err
			}
			// The row is ours; the subject must be too, for another job of it may
			// have been leased, or an older one made, since that was looked at.
			if err := tx.Lock(ctx, "jobs of "+j.Subject); err != nil {
				return err
			}
			claimed, err = all(ctx, tx, "job", scanJob,
				`UPDATE jobs AS j SET lease_owner = $3, lease_node = $2, lease_until = $4, attempts = j.attempts + 1
				WHERE j.id = $5 AND `+claimable+` RETURNING `+jobColumns,
				at, node, owner, micros(now.Add(lease)), j.ID)
			return err
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return job.Job{}, false, err
		}
		if len(claimed) == 1 {
			return claimed[0], true, nil
		}
	}
	return job.Job{}, false, nil
}

// ExtendJob implements [job.Store].
func (db *DB) ExtendJob(ctx context.Context, id, owner string, until time.Time) (bool, error) {
	n, err := db.changeJobs(ctx, "extending a lease",
		`UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease_owner = $2`, id, owner, micros(until))
	return n > 0, err
}

// FinishJob implements [job.Store]. A lease that was lost gives Conflict.
func (db *DB) FinishJob(ctx context.Context, id, owner string) error {
	n, err := db.changeJobs(ctx, "finishing a job", `DELETE FROM jobs WHERE id = $1 AND lease_owner = $2`, id, owner)
	return leaseLost(n, err, id)
}

// RetryJob implements [job.Store]. A lease that was lost gives Conflict.
func (db *DB) RetryJob(ctx context.Context, id, owner string, runAt time.Time, lastError string) error {
	n, err := db.changeJobs(ctx, "giving a job back",
		`UPDATE jobs SET run_at = $3, last_error = $4, lease_owner = '', lease_node = '', lease_until = 0
		WHERE id = $1 AND lease_owner = $2`, id, owner, micros(runAt), storableText(lastError))
	return leaseLost(n, err, id)
}

// ReleaseJobs implements [job.Store].
func (db *DB) ReleaseJobs(ctx context.Context, node string) error {
	_, err := db.changeJobs(ctx, "giving leases back",
		`UPDATE jobs SET lease_owner = '', lease_node = '', lease_until = 0 WHERE lease_node = $1 AND lease_owner <> $2`, node, "")
	return err
}

// PendingJobs counts the jobs that are not done.
func (db *DB) PendingJobs(ctx context.Context) (int, error) {
	var n int64
	err := db.Read(ctx, func(tx *Tx) (err error) { n, err = tx.number(ctx, "job", `SELECT COUNT(*) FROM jobs`); return err })
	return int(n), err
}

func (db *DB) changeJobs(ctx context.Context, during, query string, args ...any) (n int64, err error) {
	err = db.Write(ctx, func(tx *Tx) (err error) { n, err = tx.exec(ctx, during, query, args...); return err })
	return n, err
}

func leaseLost(n int64, err error, id string) error {
	if err == nil && n == 0 {
		return &fault.Error{Kind: fault.Conflict, Resource: "job", Name: id, Msg: "its lease was lost: another process has it, or it is done"}
	}
	return err
}
