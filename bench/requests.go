package main

import (
	"context"
	"fmt"
)

// work is one kind of request, or what stands for it without Keyreeve. The
// argument numbers the repetitions; no number comes twice.
type work struct {
	name  string
	do    func(ctx context.Context, n uint64) error
	limit string // the bare limit to compare with, by its name
}

// measureRequests loads the server with a closed loop: each client sends its
// next request when the last answer has come.
func measureRequests(ctx context.Context, p plan, t *target) error {
	product, err := t.work(ctx)
	if err != nil {
		return err
	}
	limits, closeLimits, err := bareLimits(ctx, t.dir, t.showBytes)
	if err != nil {
		return err
	}
	defer closeLimits()

	fmt.Printf("Requests, each client sends the next one when the last answer has come; %v for each line\n", p.time)
	type load struct {
		name    string
		clients int
	}
	perSecond := map[load]float64{}
	rows := newTable()
	rows.row("clients\t1/s\tp50 ms\tp99 ms\t\t  \t")
	for _, w := range append(limits, product...) {
		for _, n := range p.clients {
			r, err := measure(ctx, w, n, p.time)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			perSecond[load{w.name, n}] = r.perSecond()
			note := ""
			if w.limit != "" {
				note = fmt.Sprintf("%.0f %% of %s", 100*r.perSecond()/perSecond[load{w.limit, n}], w.limit)
			}
			rows.row("%d\t%.0f\t%s\t%s\t  %s\t  %s\t", n, r.perSecond(), millis(r.percentile(50)), millis(r.percentile(99)), w.name, note)
		}
	}
	return rows.Flush()
}
