package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// result holds how long each repetition took, in order, and all of them together.
type result struct {
	took  []time.Duration
	total time.Duration
}

func (r result) perSecond() float64 { return float64(len(r.took)) / r.total.Seconds() }

func (r result) percentile(p int) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	return r.took[min(len(r.took)-1, len(r.took)*p/100)]
}

// repetition numbers are given out once, over all measurements.
var repetition atomic.Uint64

// measure repeats the work in a closed loop. A fifth of the time before counts
// as warming up. The first error ends it.
func measure(ctx context.Context, w work, clients int, length time.Duration) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now().Add(length / 5)
	end := begin.Add(length)
	took := make([][]time.Duration, clients)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for {
				start := time.Now()
				if !start.Before(end) || ctx.Err() != nil {
					return
				}
				if err := w.do(ctx, repetition.Add(1)); err != nil {
					cancel(err)
					return
				}
				if !start.Before(begin) {
					took[i] = append(took[i], time.Since(start))
				}
			}
		})
	}
	all.Wait()
	r := result{took: slices.Concat(took...), total: time.Since(begin)}
	slices.Sort(r.took)
	return r, context.Cause(ctx)
}
