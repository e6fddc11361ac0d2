// Package job is durable background work: a row in the database for each piece
// of work, leased to one process at a time. A killed process's work is taken
// up again when its lease has run out, or at once when the same node starts
// again; two processes never run one job at the same time, and jobs with one
// subject run one after the other in the order in which they were made.
package job

import (
	"context"
	"time"
)

// Job is one piece of work.
type Job struct {
	ID      string // unique
	Kind    string // which [Handler] runs it
	Subject string // what it works on: jobs of one subject never overlap
	Node    string // the only node that may run it, empty for any
	Action  string // what to do, in the handler's words
	RunAt   time.Time
	// Attempts counts how often it was begun.
	Attempts int
	// LastError is what the last attempt said.
	LastError string
	CreatedAt time.Time
}

// Tx is the part of a store transaction that takes jobs.
type Tx interface {
	// EnqueueJob makes the job visible to runners when the transaction commits.
	EnqueueJob(ctx context.Context, j Job) error
	// HastenJobs makes a subject's jobs that wait for their time due at that time
	// at the latest, so that what comes after them need not wait.
	HastenJobs(ctx context.Context, subject string, at time.Time) error
}

// Store keeps jobs and their leases.
type Store interface {
	// ClaimJob leases the oldest job that node may run, is due, and whose subject
	// has no other leased or older job, until now+lease, and counts the attempt.
	// It returns false when there is none.
	ClaimJob(ctx context.Context, node, owner string, now time.Time, lease time.Duration) (Job, bool, error)
	// ExtendJob keeps a lease. It returns false when owner no longer has it.
	ExtendJob(ctx context.Context, id, owner string, until time.Time) (bool, error)
	// FinishJob removes a job that owner has leased.
	FinishJob(ctx context.Context, id, owner string) error
	// RetryJob gives the lease back and makes the job due again at runAt.
	RetryJob(ctx context.Context, id, owner string, runAt time.Time, lastError string) error
	// ReleaseJobs gives back all leases of the node: its former process is dead.
	ReleaseJobs(ctx context.Context, node string) error
}
