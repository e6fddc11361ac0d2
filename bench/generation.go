package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// wantedShare is the goal for generation as a share of the raw limit.
const wantedShare = 0.95

// measureGeneration compares the RSA-2048 key pairs that the server generates
// in a second with the raw limit: processors ÷ processor time of
// rsa.GenerateKey alone. How many numbers a generation tries until it finds two
// primes is luck, so it takes long, and says how far luck may reach.
func measureGeneration(ctx context.Context, p plan, t *target) error {
	cores := runtime.GOMAXPROCS(0)
	before, err := rawRSA(ctx, cores, 10*p.time)
	if err != nil {
		return err
	}
	served, err := t.generateFor(ctx, 4*cores, 24*p.time)
	if err != nil {
		return err
	}
	after, err := rawRSA(ctx, cores, 10*p.time)
	if err != nil {
		return err
	}
	raw := before.and(after)
	limit := float64(cores) / raw.perKey()
	share := served.keys / served.wall / limit
	// The time of one key scatters about as much as two geometric variables do.
	luck := math.Sqrt(0.5/raw.keys + 0.5/served.keys)
	fmt.Printf("Generation of RSA-2048, %d clients over HTTP, no key from the pool\n", 4*cores)
	fmt.Printf("  raw limit      %6.2f keys/s   %d processors ÷ %.1f ms of processor time, %.0f keys\n", limit, cores, 1000*raw.perKey(), raw.keys)
	fmt.Printf("  server         %6.2f keys/s   %.1f ms of processor time, %.0f keys; it got %.0f %% of the processors\n",
		served.keys/served.wall, 1000*served.perKey(), served.keys, 100*served.cpu/served.wall/float64(cores))
	fmt.Printf("  share of limit %6.2f ± %.2f   %s\n", share, luck, verdict(share >= wantedShare, fmt.Sprintf("%.2f", wantedShare)))
	fmt.Printf("  the same share of the processor time that it got: %.2f\n", raw.perKey()/served.perKey())
	return nil
}

// made says how many keys were made in which time, in seconds.
type made struct{ keys, cpu, wall float64 }

func (m made) perKey() float64 { return m.cpu / m.keys }

func (m made) and(n made) made { return made{m.keys + n.keys, m.cpu + n.cpu, m.wall + n.wall} }

// rawRSA makes keys on all processors, in this process.
func rawRSA(ctx context.Context, cores int, length time.Duration) (made, error) {
	start := time.Now()
	begin, err := ownCPU()
	if err != nil {
		return made{}, err
	}
	counts, errs := make([]int, cores), make([]error, cores)
	var all sync.WaitGroup
	for i := range cores {
		all.Go(func() {
			for time.Since(start) < length && ctx.Err() == nil && errs[i] == nil {
				_, errs[i] = rsa.GenerateKey(rand.Reader, 2048)
				counts[i]++
			}
		})
	}
	all.Wait()
	m := made{wall: time.Since(start).Seconds()}
	for i := range cores {
		if errs[i] != nil {
			return made{}, errs[i]
		}
		m.keys += float64(counts[i])
	}
	end, err := ownCPU()
	m.cpu = (end - begin).Seconds()
	return m, cmp.Or(err, ctx.Err())
}

// ownCPU is the processor time that this process has used.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// generateFor keeps clients creating key pairs, and says what the server made
// of it while its pool was empty.
func (t *target) generateFor(ctx context.Context, clients int, length time.Duration) (made, error) {
	load, fail := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	var enough atomic.Bool
	for range clients {
		all.Go(func() {
			for !enough.Load() && load.Err() == nil {
				if err := t.create(load, fmt.Sprintf("generate-%d", repetition.Add(1)), ""); err != nil {
					fail(err)
				}
			}
		})
	}
	defer fail(nil)
	defer all.Wait() // for the last answers
	defer enough.Store(true)
	if _, err := t.await(load, "the pool is empty", func(m map[string]float64) bool { return m[poolKeys] == 0 }); err != nil {
		return made{}, cmp.Or(context.Cause(load), err)
	}
	// A key for the pool may still be under way: let it end.
	if err := sleep(load, time.Second); err != nil {
		return made{}, err
	}
	first, err := t.metrics(load)
	if err != nil {
		return made{}, cmp.Or(context.Cause(load), err)
	}
	start := time.Now()
	if err := sleep(load, length); err != nil {
		return made{}, err
	}
	last, err := t.metrics(load)
	if err != nil {
		return made{}, cmp.Or(context.Cause(load), err)
	}
	if n := last[fromPool] - first[fromPool]; n > 0 {
		return made{}, fmt.Errorf("%.0f keys came from the pool", n)
	}
	return made{keys: last[generated] - first[generated], cpu: last[cpuTime] - first[cpuTime], wall: time.Since(start).Seconds()}, nil
}

// await asks the server for its numbers until they are as wanted.
func (t *target) await(ctx context.Context, what string, ok func(map[string]float64) bool) (map[string]float64, error) {
	const most = time.Minute
	for end := time.Now().Add(most); time.Now().Before(end); {
		m, err := t.metrics(ctx)
		if err != nil || ok(m) {
			return m, err
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("not within %v: %s", most, what)
}

// sleep ends early, with an error, when ctx does.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
