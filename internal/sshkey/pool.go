package sshkey

import "context"

// Run fills the pool, one key at a time and only while no other RSA key is
// being made or waited for, until ctx ends; then it drops the keys that are
// left. Without a pool it only waits. It is called once. The only errors are
// those of making a key.
func (g *Generator) Run(ctx context.Context) error {
	defer g.drain()
	for {
		for ctx.Err() == nil && g.takeIdleSlot() {
			key, err := g.makeInSlot(SpecRSA2048)
			if err != nil {
				return err
			}
			g.pool <- key // has room: only this goroutine sends
		}
		select {
		case <-ctx.Done():
			return nil
		case <-g.wake:
		}
	}
}

// takeIdleSlot takes a slot if the pool has room and nobody makes or waits
// for a key.
func (g *Generator) takeIdleSlot() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.pool) >= cap(g.pool) || g.stats.Waiting > 0 || g.stats.Running > 0 {
		return false
	}
	select {
	case g.slots <- struct{}{}:
		g.stats.Running++
		return true
	default:
		return false
	}
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
