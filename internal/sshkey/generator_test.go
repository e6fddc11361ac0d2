package sshkey

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// eventually waits for a condition, for at most a minute.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
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
	if st := g.Stats(); st.Waiting != 0 || st.Running != 0 || st.Generated != 1 || st.Stopped != 3 {
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

// composites is a source of randomness in which no prime is ever found, so that
// an RSA key is never finished: 2^(2n)-1 is divisible by 3. From the given read
// on it tells the test so.
type composites struct {
	reads atomic.Int64
	tell  int64
	told  func()
}

func (c *composites) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0xff
	}
	if c.reads.Add(1) == c.tell {
		c.told()
	}
	return len(b), nil
}

func TestGenerationStops(t *testing.T) {
	for _, spec := range []Spec{SpecRSA2048, SpecRSA3072, SpecRSA4096} {
		t.Run(string(spec), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			random := &composites{tell: 500, told: cancel}
			g := NewGenerator(GeneratorSettings{Concurrency: 1, Random: random})
			if _, err := g.Generate(ctx, spec); !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v, want canceled; is GODEBUG=cryptocustomrand=1 in force?", err)
			}
			if n := random.reads.Load(); n != 500 {
				t.Errorf("randomness was read %d times, after the context ended at 500", n)
			}
			if st := g.Stats(); st.Running != 0 || st.Generated != 0 || st.Stopped != 1 {
				t.Errorf("stats %+v", st)
			}
			g.random = rand.Reader
			if _, err := g.Generate(t.Context(), SpecRSA2048); err != nil {
				t.Errorf("the slot is not free again: %v", err)
			}
		})
	}
}

func TestGenerationFailsWithItsReader(t *testing.T) {
	dry := errors.New("dry")
	g := NewGenerator(GeneratorSettings{Random: readerFunc(func([]byte) (int, error) { return 0, dry })})
	if _, err := g.Generate(t.Context(), SpecRSA2048); !errors.Is(err, dry) {
		t.Errorf("error %v", err)
	}
	if st := g.Stats(); st != (Stats{Slots: st.Slots}) {
		t.Errorf("stats %+v", st)
	}
}

// witness is an Observer that lets the test look.
type witness struct {
	waited, made func(Spec, time.Duration)
}

func (w witness) Waited(s Spec, d time.Duration) { w.waited(s, d) }
func (w witness) Made(s Spec, d time.Duration)   { w.made(s, d) }

// Who came first has the first turn, whatever they want. Each caller goes away
// in their turn, so that the test need not make keys.
func TestTurnsComeInOrder(t *testing.T) {
	want := []Spec{SpecRSA4096, SpecRSA2048, SpecRSA3072}
	cancel := map[Spec]context.CancelFunc{}
	var got []Spec // one slot, one writer
	g := NewGenerator(GeneratorSettings{Concurrency: 1, Pool: 1, Random: &composites{}, Observer: witness{
		waited: func(s Spec, _ time.Duration) { got = append(got, s); cancel[s]() },
	}})
	g.slots <- struct{}{}
	var all sync.WaitGroup
	for n, spec := range want {
		ctx, stop := context.WithCancel(t.Context())
		cancel[spec] = stop
		all.Go(func() {
			if _, err := g.Generate(ctx, spec); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", spec, err)
			}
		})
		eventually(t, "the caller waits", func() bool { return g.Stats().Waiting == n+1 })
	}
	<-g.slots
	all.Wait()
	if !slices.Equal(got, want) {
		t.Errorf("turns %v, want %v", got, want)
	}
	if st := g.Stats(); st.Stopped != 3 || st.Running != 0 || st.Waiting != 0 || len(g.slots) != 0 {
		t.Errorf("stats %+v", st)
	}
}

func TestObserver(t *testing.T) {
	type event struct {
		what string
		spec Spec
		took time.Duration
	}
	var clock atomic.Int64
	events := make(chan event, 9)
	g := NewGenerator(GeneratorSettings{
		Concurrency: 1,
		Now:         func() time.Time { return time.Unix(clock.Load(), 0) },
		Random:      readerFunc(func(b []byte) (int, error) { clock.CompareAndSwap(5, 12); return rand.Read(b) }),
		Observer: witness{
			waited: func(s Spec, d time.Duration) { events <- event{"waited", s, d} },
			made:   func(s Spec, d time.Duration) { events <- event{"made", s, d} },
		},
	})
	expect := func(want ...event) {
		t.Helper()
		for _, w := range want {
			if got := <-events; got != w {
				t.Errorf("observed %+v, want %+v", got, w)
			}
		}
		if len(events) != 0 {
			t.Errorf("observed also %+v", <-events)
		}
	}
	generate := func(ctx context.Context, s Spec) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := g.Generate(ctx, s)
			done <- err
		}()
		return done
	}
	if err := <-generate(t.Context(), SpecEd25519); err != nil {
		t.Error(err)
	}
	expect(event{"made", SpecEd25519, 0})

	g.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	gone := generate(ctx, SpecRSA4096)
	eventually(t, "one waits", func() bool { return g.Stats().Waiting == 1 })
	clock.Store(2)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	expect(event{"waited", SpecRSA4096, 2 * time.Second})

	done := generate(t.Context(), SpecRSA2048)
	eventually(t, "one waits", func() bool { return g.Stats().Waiting == 1 })
	clock.Store(5)
	<-g.slots
	if err := <-done; err != nil {
		t.Error(err)
	}
	expect(event{"waited", SpecRSA2048, 3 * time.Second}, event{"made", SpecRSA2048, 7 * time.Second})
	if err := <-generate(t.Context(), SpecRSA2048); err != nil {
		t.Error(err)
	}
	expect(event{"made", SpecRSA2048, 0})
}
