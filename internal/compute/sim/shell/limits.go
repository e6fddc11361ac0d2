package shell

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Limits bound what one login can make the shell do. All of them are needed:
// whoever logs in writes programs for this evaluator.
type Limits struct {
	// Steps is how many steps one command line takes at most. A step is one
	// statement, one expansion, one directory entry or about a kilobyte moved.
	Steps int64
	// Output is how many bytes one command line writes at most, pipes and files included.
	Output int64
	// Time is how long one command line runs at most.
	Time time.Duration
	// Processes is how many subshells there are at one time, pipe stages included.
	Processes int64
	// GuestProcesses is how many processes the guest has at one time, those of
	// all its logins together: each may hold Memory twice over.
	GuestProcesses int64
	// Depth is how deep statements, functions and scripts nest.
	Depth int
	// Source is how many bytes one parsed script has.
	Source int
	// Value is how many bytes one value has: a variable, a command substitution, a line of text.
	Value int
	// Memory is how many bytes the variables of one process have together, and
	// what a command such as sort may hold.
	Memory int
}

// DefaultLimits are generous for people and tight for fork bombs.
var DefaultLimits = Limits{
	Steps:          3_000_000,
	Output:         256 << 20,
	Time:           15 * time.Minute,
	Processes:      48,
	GuestProcesses: 128,
	Depth:          200,
	Source:         32 << 10,
	Value:          256 << 10,
	Memory:         2 << 20,
}

// meter counts what one command line has used. Its processes share it.
type meter struct {
	limits    Limits
	steps     atomic.Int64
	output    atomic.Int64
	processes atomic.Int64
}

// killed ends a whole command line: a limit is reached, or nobody waits for it any more.
type killed struct{ why string }

func (k *killed) Error() string { return k.why }

// The ways a command line is killed.
var (
	errInterrupted = &killed{"interrupted"}
	errTimeout     = &killed{"Killed: it ran for too long"}
	errTerminated  = &killed{"Terminated"} // the guest shuts down in order
	errHungUp      = &killed{"Hangup"}     // and takes the terminal away
	errFork        = &killed{"fork: Resource temporarily unavailable"}
)

func (m *meter) step(n int64) error {
	if m.steps.Add(n) > m.limits.Steps {
		return &killed{fmt.Sprintf("Killed: more than %d steps in one command", m.limits.Steps)}
	}
	return nil
}

func (m *meter) wrote(n int) error {
	if m.output.Add(int64(n)) > m.limits.Output {
		return &killed{fmt.Sprintf("Killed: more than %d bytes of output in one command", m.limits.Output)}
	}
	return m.step(1 + int64(n)>>10)
}

// statusOf is the exit status of who was killed so, as shells tell it.
func statusOf(err error) int {
	switch {
	case errors.Is(err, errInterrupted):
		return 130
	case errors.Is(err, errTerminated):
		return 143
	case errors.Is(err, errHungUp):
		return 129
	}
	return 137
}

func isKilled(err error) bool {
	var k *killed
	return errors.As(err, &k)
}
