package sshkey

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// GeneratorSettings are the limits of a [Generator].
type GeneratorSettings struct {
	Concurrency int // RSA keys made at the same time; 0 or less means one a processor (GOMAXPROCS)
	Pool        int // RSA-2048 keys held ready; 0 or less means none
}

// Generator makes keys for a server. RSA keys cost tens of milliseconds to
// seconds of processor time, so it makes only so many at a time, and holds
// some RSA-2048 keys ready that it made while nobody waited. A key from the
// pool is handed out once and exists nowhere else. Its methods may be called
// from many goroutines.
type Generator struct {
	slots chan struct{}   // a send takes a slot, a receive gives it back
	pool  chan PrivateKey // nil without a pool
	wake  chan struct{}   // tells Run that the pool has room or that nobody waits any more

	mu    sync.Mutex
	stats Stats
}

// Stats says what a [Generator] has done and is doing.
type Stats struct {
	Pooled    int    // keys in the pool
	PoolSize  int    // keys that the pool has room for
	Waiting   int    // callers waiting for a slot
	Running   int    // RSA keys being made, those for the pool included
	Slots     int    // RSA keys that may be made at the same time
	Generated uint64 // keys made since the start, of every type, those for the pool included
	FromPool  uint64 // keys handed out from the pool
}

// NewGenerator returns a generator. Its pool stays empty until
// [Generator.Run] is called.
func NewGenerator(s GeneratorSettings) *Generator {
	if s.Concurrency <= 0 {
		s.Concurrency = runtime.GOMAXPROCS(0)
	}
	g := &Generator{slots: make(chan struct{}, s.Concurrency), wake: make(chan struct{}, 1)}
	if s.Pool > 0 {
		g.pool = make(chan PrivateKey, s.Pool)
	}
	return g
}

// Generate makes a key, or takes it from the pool. It fails with ctx's error
// when ctx ends before a slot is free; a key that is being made is finished.
// The only other expected error is a spec that is none of [Specs].
func (g *Generator) Generate(ctx context.Context, s Spec) (PrivateKey, error) {
	_, costly, err := s.find()
	if err != nil {
		return PrivateKey{}, err
	}
	if err := ctx.Err(); err != nil {
		return PrivateKey{}, fmt.Errorf("make a key of type %s: %w", s, err)
	}
	if !costly {
		g.count(func(st *Stats) { st.Generated++ })
		return Generate(s)
	}
	if s == SpecRSA2048 {
		if key, ok := g.takePooled(); ok {
			return key, nil
		}
	}
	g.count(func(st *Stats) { st.Waiting++ })
	select {
	case g.slots <- struct{}{}:
		g.count(func(st *Stats) { st.Waiting--; st.Running++ })
	case <-ctx.Done():
		g.count(func(st *Stats) { st.Waiting-- })
		g.wakeUp()
		return PrivateKey{}, fmt.Errorf("wait to make a key of type %s: %w", s, ctx.Err())
	}
	return g.makeInSlot(s)
}

// makeInSlot makes a key in a slot that is already taken, and gives it back.
func (g *Generator) makeInSlot(s Spec) (PrivateKey, error) {
	defer func() {
		<-g.slots
		g.count(func(st *Stats) { st.Running--; st.Generated++ })
		g.wakeUp()
	}()
	return Generate(s)
}

// takePooled returns a key from the pool if there is one.
func (g *Generator) takePooled() (PrivateKey, bool) {
	select {
	case key := <-g.pool: // never ready without a pool
		g.count(func(st *Stats) { st.FromPool++ })
		g.wakeUp()
		return key, true
	default:
		return PrivateKey{}, false
	}
}

// Stats returns the present numbers.
func (g *Generator) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	st := g.stats
	st.Pooled, st.PoolSize, st.Slots = len(g.pool), cap(g.pool), cap(g.slots)
	return st
}

func (g *Generator) count(change func(*Stats)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.stats)
}
