package sshkey

import (
	"context"
	"time"
)

// Run fills the pool, one key at a time and only while no other RSA key is
// being made or waited for and none was taken of late, until ctx ends; then it
// drops the keys that are left. Without a pool it only waits. It is called
// once. The only errors are those of making a key.
func (g *Generator) Run(ctx context.Context) error {
	defer g.drain()
	for {
		for ctx.Err() == nil && g.takeSlot(g.idle) {
			if err := g.fill(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		var settled <-chan time.Time
		if left := g.unsettled(); left > 0 {
			settled = time.After(left)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-g.wake:
		case <-settled:
		}
	}
}

// unsettled returns how long it still takes until a crowd counts as served.
func (g *Generator) unsettled() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.settle - g.now().Sub(g.taken)
}

// idle reports whether the pool has room, nobody makes or waits for a key, and
// the last crowd is served. It is called with the lock held.
func (g *Generator) idle(st Stats) bool {
	return len(g.pool) < cap(g.pool) && st.Waiting == 0 && st.Running == 0 && g.now().Sub(g.taken) >= g.settle
}

// fill makes a key for the pool in a slot that is already taken. It hands the
// key over before the slot: a caller who waits gets it, instead of making one.
func (g *Generator) fill(ctx context.Context) error {
	defer g.giveBack()
	r, err := SpecRSA2048.recipe()
	if err != nil {
		return err
	}
	key, err := g.make(ctx, r)
	if err != nil {
		return err
	}
	g.pool <- key // has room: only this goroutine sends
	return nil
}

// tookPooled counts a key that came from the pool, where there is room now.
func (g *Generator) tookPooled() {
	g.count(func(st *Stats) { st.FromPool++; g.taken = g.now() })
	g.wakeUp()
}

// wakeUp tells Run to look again. It never blocks: one signal is enough.
func (g *Generator) wakeUp() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// drain drops every key in the pool.
func (g *Generator) drain() {
	for {
		select {
		case <-g.pool:
		default:
			return
		}
	}
}
