package store

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// retry says how often and after which waits a write is run again when the
// database asks for it, as PostgreSQL and its kin do after a serialization
// failure or a deadlock.
type retry struct {
	attempts int           // in all
	first    time.Duration // the longest wait after the first attempt; it doubles with each
	most     time.Duration // the longest wait of all
	// jitter draws a wait of at most d: those who collided must not meet again.
	jitter func(d time.Duration) time.Duration
}

// defaultRetry waits about four seconds in all before it gives up.
var defaultRetry = retry{
	attempts: 20, first: 2 * time.Millisecond, most: 500 * time.Millisecond,
	jitter: func(d time.Duration) time.Duration { return rand.N(d) + 1 }, //nolint:gosec // a wait, no secret
}

// run calls fn until it does not want to run again, the attempts are used up or
// ctx is done, and returns its last error.
func (r retry) run(ctx context.Context, fn func() (again bool, err error), log *slog.Logger) error {
	for n := 1; ; n++ {
		again, err := fn()
		if !again {
			return err
		}
		if n >= r.attempts {
			log.Warn("gave up a write: other writes kept being in its way", "attempts", n, "error", err)
			return err
		}
		wait := time.NewTimer(r.jitter(min(r.first<<min(n-1, 20), r.most)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return err
		case <-wait.C:
		}
	}
}
