package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// wantedBurst is the goal for the 99th percentile of a burst's answers.
const wantedBurst = 5 * time.Millisecond

// bursts is how often a burst is repeated.
const bursts = 20

// measureBurst waits until the pool of fresh keys is full and then asks for as
// many key pairs as it holds, all at once, again and again. The first burst only
// connects the clients.
func measureBurst(ctx context.Context, _ plan, t *target) error {
	var took []time.Duration
	size, missed := 0, 0.0
	for n := range bursts + 1 {
		full, err := t.await(ctx, "the pool is full", func(m map[string]float64) bool {
			return m[poolKeys] == m[poolSize] && m[running] == 0
		})
		if err != nil {
			return err
		}
		if size = int(full[poolSize]); size == 0 {
			return errors.New("the server has no pool")
		}
		answers, err := t.burst(ctx, size)
		if err != nil {
			return err
		}
		if n == 0 {
			continue // the clients have connected now
		}
		took = append(took, answers...)
		after, err := t.metrics(ctx)
		if err != nil {
			return err
		}
		missed += full[fromPool] + float64(size) - after[fromPool]
	}
	slices.Sort(took)
	r := result{took: took}
	fmt.Printf("Bursts of %d creations at once from a full pool, %d times; %.0f were not served from the pool\n", size, bursts, missed)
	fmt.Printf("  p50 %s ms, p99 %s ms, slowest %s ms   %s\n", millis(r.percentile(50)), millis(r.percentile(99)), millis(took[len(took)-1]),
		verdict(r.percentile(99) < wantedBurst, fmt.Sprintf("p99 < %v", wantedBurst)))
	return nil
}

// burst creates so many key pairs at once and says how long each took.
func (t *target) burst(ctx context.Context, size int) ([]time.Duration, error) {
	took, errs := make([]time.Duration, size), make([]error, size)
	var all sync.WaitGroup
	for i := range size {
		all.Go(func() {
			start := time.Now()
			errs[i] = t.create(ctx, fmt.Sprintf("burst-%d", repetition.Add(1)), "")
			took[i] = time.Since(start)
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}
