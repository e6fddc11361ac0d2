// Package shell is the shell of a simulated guest, with its commands, over the
// guest's virtual disk. It runs no program of the host and opens no file of it:
// everything that a script can name is looked up in the guest.
//
// The syntax is parsed by mvdan.cc/sh/v3/syntax. The evaluator is our own,
// because that module's interpreter asks the host here and there even when
// all its handlers are replaced.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime/debug"
	"strconv"

	"mvdan.cc/sh/v3/syntax"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// stream is what a file descriptor leads to.
type stream struct {
	r io.Reader
	w io.Writer
}

const maxFD = 10

type variable struct {
	value    string
	exported bool
	readonly bool
}

// proc is one process of the guest: a shell or a subshell.
type proc struct {
	ctx     context.Context // of the command line: deaf where TERM is not to end it, else alert
	deaf    context.Context // ends with the command line's time, control-C and the connection
	alert   context.Context // and with TERM, too
	base    context.Context // of the login
	down    context.Context // ends when the guest shuts down; nil when nobody tells
	g       *guest.Guest
	log     *slog.Logger
	meter   *meter
	account guest.Account
	view    disk.View
	fd      [maxFD]stream
	input   io.Reader // the login's standard input, wherever fd leads
	term    Terminal  // nil without one

	name     string // $0
	pid      int
	params   []string
	vars     map[string]variable
	varBytes int
	funcs    map[string]*syntax.Stmt
	traps    map[string]string      // by signal; empty where it is ignored
	hangsUp  bool                   // it is a login's own shell, or below one: TERM is followed by HUP
	locals   []map[string]*variable // what to restore when a function returns

	errexit, nounset, xtrace, noglob bool
	quiet                            int // inside a condition: errexit does not count

	depth   int
	loops   int
	status  int
	keepFD  bool        // the statement's redirections stay, as of exec
	kept    []io.Closer // files that exec opened for good
	history []string
}

// fork makes a subshell: everything is copied, nothing it changes comes back.
func (p *proc) fork() (*proc, error) {
	if p.meter.processes.Add(1) > p.meter.limits.Processes {
		p.meter.processes.Add(-1)
		return nil, errFork
	}
	if !p.g.Fork(p.meter.limits.GuestProcesses) {
		p.meter.processes.Add(-1)
		return nil, errFork
	}
	if err := p.meter.step(1 + int64(len(p.vars)+len(p.funcs))/8); err != nil {
		p.exit()
		return nil, err
	}
	child := *p
	child.vars = maps.Clone(p.vars)
	child.funcs = maps.Clone(p.funcs)
	child.inherit()
	child.locals = nil
	child.kept = nil
	child.keepFD = false
	child.loops = 0
	return &child, nil
}

// end gives back what the subshell holds.
func (p *proc) end() {
	p.closeAll()
	p.exit()
}

func (p *proc) exit() {
	p.meter.processes.Add(-1)
	p.g.Exit()
}

func (p *proc) closeAll() {
	shut(p.kept...)
	p.kept = nil
}

// shut closes files of the guest. What was written to them is on the disk
// already: that a file is closed for the second time is all that could fail.
func shut(files ...io.Closer) {
	for _, f := range files {
		_ = f.Close()
	}
}

// alive counts a step and tells whether the command line may go on.
func (p *proc) alive() error { return p.spend(1) }

func (p *proc) spend(n int64) error {
	if err := p.ctx.Err(); err != nil {
		return p.why()
	}
	return p.meter.step(n)
}

// why tells what ended the command line.
func (p *proc) why() error { return whyEnded(p.ctx) }

func whyEnded(ctx context.Context) error {
	var k *killed
	if errors.As(context.Cause(ctx), &k) {
		return k
	}
	return errInterrupted
}

// guard turns a panic of the evaluator into the end of the command line; the
// server and other sessions go on.
func (p *proc) guard(err *error) {
	if r := recover(); r != nil {
		p.log.Error("simulated shell panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		*err = &killed{"Killed: internal error of the simulated shell"}
	}
}

// say writes a message to standard error, with the shell's name before it.
func (p *proc) say(format string, args ...any) {
	p.complain(p.name + ": " + fmt.Sprintf(format, args...) + "\n")
}

// complain writes to standard error and lets it pass when nobody reads that.
func (p *proc) complain(text string) {
	if p.meter.wrote(len(text)) == nil {
		p.tell(text)
	}
}

// tell is complain for the shell's own last words, which no limit holds back.
func (p *proc) tell(text string) {
	if w := p.fd[2].w; w != nil {
		_, _ = io.WriteString(w, text) // there is nobody else to tell
	}
}

func (p *proc) get(name string) (string, bool) {
	switch name {
	case "?":
		return strconv.Itoa(p.status), true
	case "#":
		return strconv.Itoa(len(p.params)), true
	case "$", "PPID", "BASHPID":
		return strconv.Itoa(p.pid), true
	case "0":
		return p.name, true
	case "-":
		return "hB", true
	case "!":
		return "", false
	case "UID", "EUID":
		return strconv.Itoa(int(p.view.Cred.UID)), true
	case "HOSTNAME":
		return p.g.Hostname, true
	case "RANDOM":
		// Good enough for scripts, and the same in every run of a test.
		return strconv.Itoa(int(p.meter.steps.Load()*1103515245+12345) >> 8 & 0x7fff), true
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n >= 1 && n <= len(p.params) {
			return p.params[n-1], true
		}
		return "", false
	}
	v, ok := p.vars[name]
	return v.value, ok
}

func (p *proc) set(name, value string) error {
	if !validName(name) {
		return fmt.Errorf("%s: bad variable name", name)
	}
	old, ok := p.vars[name]
	if old.readonly {
		return fmt.Errorf("%s: is read only", name)
	}
	if len(value) > p.meter.limits.Value {
		return &killed{"Killed: value too large"}
	}
	bytes := p.varBytes + len(value) - len(old.value)
	if !ok {
		bytes += len(name) + 64
	}
	if bytes > p.meter.limits.Memory {
		return &killed{"Killed: out of memory"}
	}
	p.varBytes = bytes
	old.value = value
	p.vars[name] = old
	return nil
}

func (p *proc) unset(name string) error {
	if p.vars[name].readonly {
		return fmt.Errorf("%s: is read only", name)
	}
	p.drop(name)
	return nil
}

// drop takes a variable away, read only or not: that protects it from scripts,
// not from the end of its scope.
func (p *proc) drop(name string) {
	if v, ok := p.vars[name]; ok {
		p.varBytes -= len(name) + 64 + len(v.value)
		delete(p.vars, name)
	}
}

func (p *proc) export(name string) {
	v := p.vars[name]
	v.exported = true
	p.vars[name] = v
}

func validName(s string) bool {
	for i, c := range []byte(s) {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// lookup returns a variable's value, empty when it is not set.
func (p *proc) lookup(name string) string {
	s, _ := p.get(name)
	return s
}
