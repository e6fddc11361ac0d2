package sshkey

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestPoolHandsOutOnce(t *testing.T) {
	g := NewGenerator(GeneratorSettings{Pool: 3})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()
	full := func() bool { st := g.Stats(); return st.Pooled == 3 && st.Running == 0 }
	eventually(t, "the pool is full", full)
	if st := g.Stats(); st.PoolSize != 3 || st.Generated != 3 || st.FromPool != 0 {
		t.Errorf("stats %+v", st)
	}
	var (
		mu   sync.Mutex
		seen = map[string]bool{}
		all  sync.WaitGroup
	)
	for range 6 {
		all.Go(func() {
			key, err := g.Generate(ctx, SpecRSA2048)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[key.Public("").FingerprintSHA256()] = true
		})
	}
	all.Wait()
	if len(seen) != 6 || g.Stats().FromPool < 3 {
		t.Errorf("%d different keys of 6, stats %+v", len(seen), g.Stats())
	}
	eventually(t, "the pool is full again", full)
	if _, err := g.Generate(ctx, SpecRSA3072); err != nil || g.Stats().Pooled != 3 {
		t.Errorf("RSA-3072 came from the pool or failed: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := g.Stats().Pooled; n != 0 {
		t.Errorf("%d keys are left after the end", n)
	}
}

// The pool is filled only while nobody makes or waits for a key.
func TestPoolYields(t *testing.T) {
	g := NewGenerator(GeneratorSettings{Concurrency: 4, Pool: 1})
	for _, busy := range []func(*Stats, int){
		func(st *Stats, n int) { st.Running += n },
		func(st *Stats, n int) { st.Waiting += n },
	} {
		g.count(func(st *Stats) { busy(st, 1) })
		if g.takeSlot(g.idle) {
			t.Error("the pool takes a slot while keys are wanted")
		}
		g.count(func(st *Stats) { busy(st, -1) })
	}
	if !g.takeSlot(g.idle) || g.Stats().Running != 1 {
		t.Error("the pool takes no slot at idle")
	}
}

func TestNoPool(t *testing.T) {
	g := NewGenerator(GeneratorSettings{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Run(ctx); err != nil {
		t.Error(err)
	}
	if st := g.Stats(); st.PoolSize != 0 || st.Slots < 1 || g.takeSlot(g.idle) {
		t.Errorf("stats %+v", st)
	}
}

// A caller who waits is given the key that was being made for the pool.
func TestWaitingCallerTakesThePoolsKey(t *testing.T) {
	gate := make(chan struct{})
	g := NewGenerator(GeneratorSettings{Concurrency: 1, Pool: 1, Random: readerFunc(func(b []byte) (int, error) {
		<-gate
		return rand.Read(b)
	})})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()
	eventually(t, "a key is made for the pool", func() bool { return g.Stats().Running == 1 })

	others, goAway := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { // was first, and wants what the pool does not have
		if _, err := g.Generate(others, SpecRSA4096); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
	})
	eventually(t, "one waits", func() bool { return g.Stats().Waiting == 1 })
	all.Go(func() {
		defer goAway()
		if _, err := g.Generate(ctx, SpecRSA2048); err != nil {
			t.Error(err)
		}
		if st := g.Stats(); st.FromPool != 1 || st.Waiting > 1 {
			t.Errorf("stats %+v", st)
		}
	})
	eventually(t, "both wait", func() bool { return g.Stats().Waiting == 2 })
	close(gate)
	all.Wait()
	eventually(t, "the pool is full", func() bool { return g.Stats().Pooled == 1 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The end of Run stops the key that is being made for the pool.
func TestRunStopsItsKey(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	random := &composites{tell: 500, told: cancel}
	g := NewGenerator(GeneratorSettings{Pool: 1, Random: random})
	if err := g.Run(ctx); err != nil {
		t.Error(err)
	}
	if n := random.reads.Load(); n != 500 {
		t.Errorf("randomness was read %d times, after the end at 500", n)
	}
	if st := g.Stats(); st.Running != 0 || st.Generated != 0 || len(g.slots) != 0 {
		t.Errorf("stats %+v", st)
	}
}

// Callers come and go in every state; afterwards everything is free, the pool is
// full, and what was counted adds up.
func TestPoolIsRefilledAfterACrowd(t *testing.T) {
	g := NewGenerator(GeneratorSettings{Concurrency: 2, Pool: 2})
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- g.Run(run) }()
	var (
		all        sync.WaitGroup
		got, stopd atomic.Uint64
	)
	for n := range 60 {
		all.Go(func() {
			ctx := t.Context()
			if n%4 != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(n)*5*time.Millisecond)
				defer cancel()
			}
			spec := SpecRSA2048
			if n%8 == 1 {
				spec = SpecRSA3072
			}
			switch _, err := g.Generate(ctx, spec); {
			case err == nil:
				got.Add(1)
			case errors.Is(err, context.DeadlineExceeded):
				stopd.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	eventually(t, "the pool is full and all is quiet", func() bool {
		st := g.Stats()
		return st.Pooled == 2 && st.Running == 0 && st.Waiting == 0 && len(g.slots) == 0
	})
	if st := g.Stats(); st.Generated != got.Load()+2 || got.Load()+stopd.Load() != 60 || got.Load() < 15 {
		t.Errorf("%d got a key, %d did not; stats %+v", got.Load(), stopd.Load(), st)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A crowd has the processors to itself: the pool is filled again when nobody
// has taken a key for a while.
func TestPoolSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGenerator(GeneratorSettings{Pool: 2, Settle: 100 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = g.Run(ctx) }()
		pooled := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if n := g.Stats().Pooled; n != want {
				t.Errorf("%s: %d keys in the pool, want %d", when, n, want)
			}
		}
		pooled("at the start", 2)
		for range 2 {
			if _, err := g.Generate(ctx, SpecRSA2048); err != nil {
				t.Fatal(err)
			}
			time.Sleep(99 * time.Millisecond)
		}
		pooled("before it has settled", 0)
		time.Sleep(time.Millisecond)
		pooled("after", 2)
		cancel()
	})
}
