package harness

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// Ending is a way to end a guest that runs.
type Ending struct {
	// End ends it; it may run again afterwards or not.
	End func()
	// Restart has it run again where End does not.
	Restart func()
	// Wall is what those who sit at a terminal are told; empty when the plug is pulled.
	Wall string
	// Console gives the guest's console log.
	Console func() string
	// Last is what the log says at the very end of an orderly shutdown.
	Last string
}

// Ends checks from inside that the guest is ended so: in order, with everybody
// told and every script at its traps, or as by a power failure.
func (l SSH) Ends(t testing.TB, e Ending) {
	t.Helper()
	before := e.Console()
	person := l.open(t, "$ ", "", "-tt")
	script := l.open(t, "ready", `rm -f log; trap 'echo asked >> log; exit' TERM; trap 'echo over >> log' EXIT
echo ready; while :; do echo line >> log; sleep 0.05; done`)
	e.End()
	orderly := e.Wall != ""
	for _, o := range []*opened{person, script} {
		got := o.outcome(t)
		if closed := strings.Contains(got.Stderr, "closed by remote host"); got.Exit != 255 || closed != orderly {
			t.Errorf("%q: an open connection ends with status %d and %q", e.Wall, got.Exit, got.Stderr)
		}
		told := strings.Contains(got.Stdout, "Broadcast message from root@") && strings.Contains(got.Stdout, e.Wall)
		if told != (orderly && o == person) {
			t.Errorf("%q: a session shows %q", e.Wall, got.Stdout)
		}
	}
	if e.Restart != nil {
		e.Restart()
	}
	l.Await(t, 10*time.Second)
	if left := l.Run(t, "tail -n 2 log").Stdout; (left == "asked\nover\n") != orderly {
		t.Errorf("%q: the script left %q", e.Wall, left)
	}
	log := e.Console()
	since := strings.TrimPrefix(log, before)
	if since == log || !strings.Contains(since, "login:") {
		t.Errorf("%q: the console log does not go on with a boot: %q", e.Wall, since)
	}
	if asked := strings.Contains(since, "Sending SIGTERM") && strings.Contains(since, "] reboot: "+e.Last+"\n"); asked != orderly {
		t.Errorf("%q: the console log goes on with %q", e.Wall, since)
	}
}

// opened is ssh while it runs.
type opened struct {
	wait func() error
	code func() int
	out  *shownText
	err  *shownText
}

// open runs ssh until it shows want.
func (l SSH) open(t testing.TB, want, command string, more ...string) *opened {
	t.Helper()
	c := l.command(t, command, more...)
	if command == "" {
		c.Args = c.Args[:len(c.Args)-1]
	}
	o := &opened{out: &shownText{}, err: &shownText{}, wait: c.Wait, code: func() int { return c.ProcessState.ExitCode() }}
	c.Stdout, c.Stderr = o.out, o.err
	stdin, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatalf("ssh: %v", err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = c.Process.Kill() }) // it has most likely ended
	for end := time.Now().Add(20 * time.Second); !strings.Contains(o.out.text(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("ssh does not show %q but %q, %q", want, o.out.text(), o.err.text())
		}
	}
	return o
}

// outcome waits for ssh to end by itself.
func (o *opened) outcome(t testing.TB) Outcome {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- o.wait() }()
	select {
	case <-ended: // the status tells
		return Outcome{o.out.text(), o.err.text(), o.code()}
	case <-time.After(20 * time.Second):
		t.Fatalf("ssh does not end: %q, %q", o.out.text(), o.err.text())
		return Outcome{}
	}
}

// shownText is what a program shows, readable while it runs.
type shownText struct {
	mu  sync.Mutex
	all []byte
}

func (s *shownText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, p...)
	return len(p), nil
}

func (s *shownText) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.all)
}
