// Command bench says what Keyreeve costs. It builds and starts the real server,
// loads it over loopback, and in the same run measures the bare limits of the
// machine with nothing of Keyreeve in the way: a net/http server that answers
// as many bytes to the same client, SQLite alone on the same table, key
// generation alone, and x/crypto/ssh on the same public keys. Compare numbers
// of one run only.
//
// Run it from the repository:
//
//	go run ./bench [-time 600ms] [-clients 1,8,32] [-only burst]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == echoCommand {
		fatal(serveEcho(os.Args[2]))
		return
	}
	var p plan
	var clients string
	flag.DurationVar(&p.time, "time", 600*time.Millisecond, "how long each line of the requests takes; the rest takes longer or shorter with it")
	flag.StringVar(&clients, "clients", "1,8,32", "how many clients send requests at once, separated by commas")
	flag.StringVar(&p.only, "only", "", "measure this part alone: "+strings.Join(partNames(), ", "))
	testing.Init() // for testing.Benchmark
	flag.Parse()
	for _, word := range strings.Split(clients, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > 1024 {
			fatal(fmt.Errorf("-clients %s: %q is not a number from 1 to 1024", clients, word))
		}
		p.clients = append(p.clients, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fatal(p.run(ctx))
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// plan is what to measure.
type plan struct {
	time    time.Duration
	clients []int
	only    string // name of a part; empty is all
}

// parts are what can be measured, in the order in which it is done: what needs
// a server that nothing else has kept busy comes first.
var parts = []struct {
	name    string
	measure func(context.Context, plan, *target) error
}{
	{"burst", measureBurst},
	{"generate", measureGeneration},
	{"requests", measureRequests},
	{"keys", measureKeys},
}

func partNames() []string {
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = part.name
	}
	return names
}

func (p plan) run(ctx context.Context) error {
	if p.only != "" && !slices.Contains(partNames(), p.only) {
		return fmt.Errorf("-only %s: there is no such part; choose one of %s", p.only, strings.Join(partNames(), ", "))
	}
	dir, err := os.MkdirTemp("", "keyreeve-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t, err := startTarget(ctx, dir)
	if err != nil {
		return err
	}
	defer t.stop()
	fmt.Printf("%s, %d CPUs\n", runtime.Version(), runtime.NumCPU())
	for _, part := range parts {
		if p.only != "" && p.only != part.name {
			continue
		}
		fmt.Println()
		if err := part.measure(ctx, p, t); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// verdict is what is printed beside a result that has a goal.
func verdict(reached bool, goal string) string {
	if reached {
		return "(goal " + goal + ": reached)"
	}
	return "(goal " + goal + ": missed)"
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }
