// Command bench says what Keyreeve costs. It builds and starts the real server,
// loads it over loopback with a closed loop (each client sends its next request
// when the last answer has come), and in the same run measures the bare limits
// of the machine with nothing of Keyreeve in the way: a net/http server that
// answers as many bytes to the same client, SQLite alone on the same table, and
// key generation alone. Compare numbers of one run only.
//
// Run it from the repository:
//
//	go run ./bench [-time 600ms] [-clients 1,8,32] [-only generate]
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
	"text/tabwriter"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == echoCommand {
		fatal(serveEcho(os.Args[2]))
		return
	}
	var p plan
	var clients string
	flag.DurationVar(&p.time, "time", 600*time.Millisecond, "how long each line takes, those that make RSA keys three times as long")
	flag.StringVar(&clients, "clients", "1,8,32", "how many clients work at once, separated by commas")
	flag.StringVar(&p.only, "only", "", "measure this alone, and what it is compared with")
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
	only    string // name of a piece of work; empty is all
}

// chosen are the pieces of work that the plan asks for, the bare limits first.
func (p plan) chosen(limits, product []work) ([]work, error) {
	if p.only == "" {
		return append(limits, product...), nil
	}
	named := func(name string) func(work) bool { return func(w work) bool { return w.name == name } }
	all := append(limits, product...)
	i := slices.IndexFunc(all, named(p.only))
	if i < 0 {
		return nil, fmt.Errorf("-only %s: there is no such line in the table", p.only)
	}
	chosen := []work{all[i]}
	if j := slices.IndexFunc(limits, named(all[i].limit)); j >= 0 {
		chosen = append([]work{limits[j]}, chosen...)
	}
	return chosen, nil
}

// work is one kind of request, or what stands for it without Keyreeve. The
// argument numbers the repetitions; no number comes twice.
type work struct {
	name  string
	do    func(ctx context.Context, n uint64) error
	limit string // the bare limit to compare with, by its name
	slow  bool   // takes so long that it is measured three times as long
}

func (p plan) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "keyreeve-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	target, err := startTarget(ctx, dir)
	if err != nil {
		return err
	}
	defer target.stop()
	product, err := target.work(ctx)
	if err != nil {
		return err
	}
	limits, closeLimits, err := bareLimits(ctx, dir, target.showBytes)
	if err != nil {
		return err
	}
	defer closeLimits()

	lines, err := p.chosen(limits, product)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d CPUs, %v for each line\n\n", runtime.Version(), runtime.NumCPU(), p.time)
	bare := map[string]float64{}
	key := func(name string, clients int) string { return fmt.Sprint(name, clients) }
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(form string, cells ...any) { _, _ = fmt.Fprintf(table, form+"\n", cells...) }
	row("clients\t1/s\tp50 ms\tp99 ms\t\t  \t")
	for _, w := range lines {
		for _, n := range p.clients {
			length := p.time
			if w.slow {
				length *= 3
			}
			r, err := measure(ctx, w, n, length)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			bare[key(w.name, n)] = r.perSecond()
			note := ""
			if w.limit != "" {
				note = fmt.Sprintf("%.0f %% of %s", 100*r.perSecond()/bare[key(w.limit, n)], w.limit)
			}
			row("%d\t%.0f\t%s\t%s\t  %s\t  %s\t", n, r.perSecond(), millis(r.percentile(50)), millis(r.percentile(99)), w.name, note)
		}
	}
	return table.Flush()
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }
