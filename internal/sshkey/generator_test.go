package sshkey

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// eventually waits for a condition, for at most ten seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestGeneratorLimitsConcurrency(t *testing.T) {
	g := NewGenerator(GeneratorSettings{Concurrency: 1})
	g.slots <- struct{}{} // somebody makes a key and never ends
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 3)
	for range cap(done) {
		go func() {
			_, err := g.Generate(ctx, SpecRSA3072)
			done <- err
		}()
	}
	eventually(t, "three callers wait", func() bool { return g.Stats().Waiting == 3 })
	if _, err := g.Generate(ctx, SpecEd25519); err != nil {
		t.Errorf("a cheap key waits: %v", err)
	}
	cancel()
	for range cap(done) {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
	}
	if st := g.Stats(); st.Waiting != 0 || st.Running != 0 || st.Generated != 1 {
		t.Errorf("stats %+v", st)
	}
	if _, err := g.Generate(ctx, SpecEd25519); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of an ended context, want canceled", err)
	}
	<-g.slots
	if _, err := g.Generate(t.Context(), SpecRSA2048); err != nil {
		t.Error(err)
	}
	if _, err := g.Generate(t.Context(), "nonsense"); err == nil {
		t.Error("an unknown spec makes a key")
	}
	if st := g.Stats(); st.Running != 0 || st.Generated != 2 || st.Slots != 1 {
		t.Errorf("stats %+v", st)
	}
}

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
		if g.takeIdleSlot() {
			t.Error("the pool takes a slot while keys are wanted")
		}
		g.count(func(st *Stats) { busy(st, -1) })
	}
	if !g.takeIdleSlot() || g.Stats().Running != 1 {
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
	if st := g.Stats(); st.PoolSize != 0 || st.Slots < 1 || g.takeIdleSlot() {
		t.Errorf("stats %+v", st)
	}
}
