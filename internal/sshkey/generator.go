package sshkey

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
)

// GeneratorSettings are the limits of a [Generator] and its outside world.
type GeneratorSettings struct {
	Concurrency int // RSA keys made at the same time; 0 or less means one a processor (GOMAXPROCS)
	Pool        int // RSA-2048 keys held ready; 0 or less means none
	// Settle is how long no key may have been taken from the pool before it is
	// filled again: a crowd has the processors to itself, since to make a key
	// takes one of them for tens of milliseconds.
	Settle time.Duration

	Random   io.Reader        // what RSA keys are made from; nil is crypto/rand.Reader
	Now      func() time.Time // nil is time.Now
	Observer Observer         // nil observes nothing
}

// Observer is told how long things took, from many goroutines at a time.
type Observer interface {
	// Waited is called for each caller who did not get a turn at once: when the
	// turn or a key from the pool came, and when the caller went away.
	Waited(s Spec, d time.Duration)
	// Made is called for each key made, those for the pool included.
	Made(s Spec, d time.Duration)
}

// Generator makes keys for a server. RSA keys cost tens of milliseconds to
// seconds of processor time, so it makes only so many at a time, in the order
// in which they were asked for, and holds some RSA-2048 keys ready that it
// made while nobody waited. A key from the pool is handed out once and exists
// nowhere else. Its methods may be called from many goroutines.
type Generator struct {
	random   io.Reader
	now      func() time.Time
	observer Observer

	slots chan struct{}   // a send takes a slot, a receive gives it back
	pool  chan PrivateKey // nil without a pool
	wake  chan struct{}   // tells Run that the pool has room or that nobody waits any more

	settle time.Duration

	mu    sync.Mutex
	stats Stats
	taken time.Time // when a key was last taken from the pool
}

// Stats says what a [Generator] has done and is doing.
type Stats struct {
	Pooled    int    // keys in the pool
	PoolSize  int    // keys that the pool has room for
	Waiting   int    // callers waiting for a slot or for a key from the pool
	Running   int    // RSA keys being made, those for the pool included
	Slots     int    // RSA keys that may be made at the same time
	Generated uint64 // keys made since the start, of every type, those for the pool included
	FromPool  uint64 // keys handed out from the pool
	Stopped   uint64 // callers who went away while they waited or while their key was made
}

// NewGenerator returns a generator. Its pool stays empty until
// [Generator.Run] is called.
func NewGenerator(s GeneratorSettings) *Generator {
	if s.Concurrency <= 0 {
		s.Concurrency = runtime.GOMAXPROCS(0)
	}
	if s.Random == nil {
		s.Random = rand.Reader
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Observer == nil {
		s.Observer = unobserved{}
	}
	g := &Generator{
		random: s.Random, now: s.Now, observer: s.Observer, settle: s.Settle,
		slots: make(chan struct{}, s.Concurrency), wake: make(chan struct{}, 1),
	}
	if s.Pool > 0 {
		g.pool = make(chan PrivateKey, s.Pool)
	}
	return g
}

// Generate makes a key, or takes it from the pool. It fails with ctx's error
// when ctx ends before the key is there: a key that is being made is given up.
// The only other expected error is a spec that is none of [Specs].
func (g *Generator) Generate(ctx context.Context, s Spec) (PrivateKey, error) {
	r, err := s.recipe()
	if err != nil {
		return PrivateKey{}, err
	}
	if err := ctx.Err(); err != nil {
		return PrivateKey{}, fmt.Errorf("make a key of type %s: %w", s, err)
	}
	if !r.costly {
		return g.make(ctx, r)
	}
	key, err := g.generateCostly(ctx, r)
	if err != nil && errors.Is(err, ctx.Err()) {
		g.count(func(st *Stats) { st.Stopped++ })
	}
	return key, err
}

func (g *Generator) generateCostly(ctx context.Context, r recipe) (PrivateKey, error) {
	var ready <-chan PrivateKey // never, but for the type that the pool has
	if r.spec == SpecRSA2048 {
		ready = g.pool
	}
	select {
	case key := <-ready:
		g.tookPooled()
		return key, nil
	default:
	}
	if !g.takeSlot(func(Stats) bool { return true }) {
		key, found, err := g.wait(ctx, r, ready)
		if found || err != nil {
			return key, err
		}
	}
	defer g.giveBack()
	return g.make(ctx, r)
}

// wait returns when the caller has a slot, or else a key that was made for the
// pool meanwhile. Both channels serve their callers in the order in which
// these came.
func (g *Generator) wait(ctx context.Context, r recipe, ready <-chan PrivateKey) (key PrivateKey, found bool, err error) {
	start := g.now()
	g.count(func(st *Stats) { st.Waiting++ })
	select {
	case g.slots <- struct{}{}:
		g.count(func(st *Stats) { st.Waiting--; st.Running++ })
	case key = <-ready:
		g.count(func(st *Stats) { st.Waiting-- })
		g.tookPooled()
		found = true
	case <-ctx.Done():
		g.count(func(st *Stats) { st.Waiting-- })
		g.wakeUp()
		err = fmt.Errorf("wait to make a key of type %s: %w", r.spec, ctx.Err())
	}
	g.observer.Waited(r.spec, g.now().Sub(start))
	return key, found, err
}

// make makes a key, until ctx ends if it is a costly one.
func (g *Generator) make(ctx context.Context, r recipe) (PrivateKey, error) {
	start := g.now()
	key, err := r.key(until(ctx, g.random))
	if err != nil {
		return PrivateKey{}, err
	}
	g.count(func(st *Stats) { st.Generated++ })
	g.observer.Made(r.spec, g.now().Sub(start))
	return key, nil
}

// takeSlot takes a slot if one is free and the numbers allow it. While callers
// wait no slot is free: one that is given back goes to the first of them.
func (g *Generator) takeSlot(allowed func(Stats) bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !allowed(g.stats) {
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

func (g *Generator) giveBack() {
	<-g.slots
	g.count(func(st *Stats) { st.Running-- })
	g.wakeUp()
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

// until returns a reader that fails with ctx's error when ctx has ended. It is
// how RSA generation is stopped, which takes no context but asks for randomness
// for each number that may become a prime. Since Go 1.26 the standard library
// does so only with GODEBUG=cryptocustomrand=1, which go.mod sets; without it a
// key that is being made is finished.
//
// Now and then it lets other goroutines go first: a request would otherwise
// wait up to 10 ms for a processor on which a key is made.
func until(ctx context.Context, random io.Reader) io.Reader {
	const courtesy = 8 // reads; about a millisecond for RSA-2048
	reads := 0
	return readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if reads++; reads%courtesy == 0 {
			runtime.Gosched()
		}
		return random.Read(b)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

type unobserved struct{}

func (unobserved) Waited(Spec, time.Duration) {}
func (unobserved) Made(Spec, time.Duration)   {}
