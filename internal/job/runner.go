package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Handler does the work of one kind of job. It must bear being run again after
// a crash at any point. An error makes the job be tried again later; a handler
// for which trying again is pointless records the failure itself and returns nil.
type Handler func(ctx context.Context, j Job) error

// Options say how a [Runner] works. The zero value of a duration or count takes its default.
type Options struct {
	Node    string // this node's id, the same after a restart
	Owner   string // this process's id, new at every start
	Workers int    // jobs at once, default 8
	// Lease is how long a job of a process that died stays with it, default 15 s.
	// A living process extends its leases every third of it.
	Lease time.Duration
	// Poll is how often to look for jobs that another process made, default 1 s.
	Poll time.Duration
	Now  func() time.Time
	Log  *slog.Logger
}

// Runner takes jobs from a store and runs them until it is stopped.
type Runner struct {
	store    Store
	handlers map[string]Handler
	opt      Options
	wake     chan struct{}
	quit     chan struct{}
	stopping sync.Once
	workers  sync.WaitGroup
}

// NewRunner makes a runner. Register handlers before [Runner.Start].
func NewRunner(store Store, opt Options) *Runner {
	if opt.Workers <= 0 {
		opt.Workers = 8
	}
	if opt.Lease <= 0 {
		opt.Lease = 15 * time.Second
	}
	if opt.Poll <= 0 {
		opt.Poll = time.Second
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	return &Runner{
		store: store, opt: opt, handlers: map[string]Handler{},
		wake: make(chan struct{}, 1), quit: make(chan struct{}),
	}
}

// Handle registers the handler of one kind.
func (r *Runner) Handle(kind string, h Handler) { r.handlers[kind] = h }

// Wake makes an idle worker look for work now. Call it after the transaction
// that enqueued a job has committed.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Start gives back what a former process of this node had leased and begins to work.
func (r *Runner) Start(ctx context.Context) error {
	if err := r.store.ReleaseJobs(ctx, r.opt.Node); err != nil {
		return fmt.Errorf("taking up the jobs of the last run: %w", err)
	}
	for range r.opt.Workers {
		r.workers.Go(r.work)
	}
	r.Wake()
	return nil
}

// Stop lets running jobs end, waits for them until ctx is done, and then leaves
// them to their lease.
func (r *Runner) Stop(ctx context.Context) error {
	r.stopping.Do(func() { close(r.quit) })
	done := make(chan struct{})
	go func() { r.workers.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Runner) work() {
	poll := time.NewTicker(r.opt.Poll)
	defer poll.Stop()
	for {
		select {
		case <-r.quit:
			return
		default:
		}
		if r.runOne() {
			continue
		}
		select {
		case <-r.quit:
			return
		case <-r.wake:
		case <-poll.C:
		}
	}
}

// runOne claims and runs one job; it returns whether there was one.
func (r *Runner) runOne() bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j, ok, err := r.store.ClaimJob(ctx, r.opt.Node, r.opt.Owner, r.opt.Now(), r.opt.Lease)
	if err != nil {
		r.opt.Log.Error("cannot claim a job", "error", err)
		return false
	}
	if !ok {
		return false
	}
	// Another worker may find more: one wake-up may stand for several jobs.
	r.Wake()

	kept := make(chan struct{})
	go func() { defer close(kept); r.keepLease(ctx, cancel, j) }()
	err = r.handle(ctx, j)
	cancel()
	<-kept

	end, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if err == nil {
		if err := r.store.FinishJob(end, j.ID, r.opt.Owner); err != nil {
			r.opt.Log.Error("cannot finish a job; it will run again", "job", j.ID, "kind", j.Kind, "error", err)
		}
		// The next job of the same subject may run now.
		r.Wake()
		return true
	}
	at := r.opt.Now().Add(backoff(j.Attempts))
	r.opt.Log.Warn("a job failed and will be tried again", "job", j.ID, "kind", j.Kind,
		"subject", j.Subject, "attempts", j.Attempts, "at", at, "error", err)
	if err := r.store.RetryJob(end, j.ID, r.opt.Owner, at, err.Error()); err != nil {
		r.opt.Log.Error("cannot give a job back; its lease will run out", "job", j.ID, "error", err)
	}
	return true
}

func (r *Runner) handle(ctx context.Context, j Job) (err error) {
	h, ok := r.handlers[j.Kind]
	if !ok {
		return fmt.Errorf("no handler for jobs of kind %q", j.Kind)
	}
	defer func() {
		if p := recover(); p != nil {
			r.opt.Log.Error("a job panicked", "job", j.ID, "kind", j.Kind, "panic", p, "stack", string(debug.Stack()))
			err = errors.New("the handler panicked")
		}
	}()
	return h(ctx, j)
}

// keepLease extends the lease until ctx is done, and cancels the work when the
// lease was lost: another process has it now.
func (r *Runner) keepLease(ctx context.Context, lost context.CancelFunc, j Job) {
	t := time.NewTicker(r.opt.Lease / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			ok, err := r.store.ExtendJob(ctx, j.ID, r.opt.Owner, r.opt.Now().Add(r.opt.Lease))
			if err == nil && !ok {
				r.opt.Log.Warn("lost the lease of a job", "job", j.ID, "kind", j.Kind)
				lost()
				return
			}
		}
	}
}

// backoff is the wait before the next attempt: 100 ms doubled for each attempt
// so far, at most a minute.
func backoff(attempts int) time.Duration {
	const first, most = 100 * time.Millisecond, time.Minute
	d := first << min(max(attempts-1, 0), 10)
	return min(d, most)
}
