package shell

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"mvdan.cc/sh/v3/syntax"

	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// Terminal is where a person sits.
type Terminal interface {
	// Read gives what is typed while a command runs, by lines.
	io.Reader
	io.Writer
	// ReadLine shows the prompt and returns what is typed, without the newline:
	// io.EOF after control-D on an empty line, [ErrInterrupt] after control-C.
	ReadLine(prompt string) (string, error)
	// Size returns columns and rows.
	Size() (columns, rows int)
	// Foreground sets what control-C calls while a command runs, until restore
	// is called.
	Foreground(interrupt func()) (restore func())
	// HangUp ends all reading for good.
	HangUp()
}

// ErrInterrupt is what [Terminal.ReadLine] returns after control-C.
var ErrInterrupt = errors.New("interrupt")

// IO is what a command is connected to.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal is set when all three are one.
	Terminal Terminal
}

// Login is who runs the shell, and where.
type Login struct {
	Guest   *guest.Guest
	Account guest.Account
	// Env are NAME=value pairs beside the usual ones.
	Env    []string
	Limits Limits
	Log    *slog.Logger
	// Down ends when the guest shuts down: what runs gets TERM, and a shell at
	// which somebody sits HUP after it. That they go on for too long is the
	// affair of who ends the other context. It may be nil.
	Down context.Context
}

// searchPath is where a fresh login looks for programs.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

var lastPID atomic.Int32

// newProc makes the first process of a login.
func (l Login) newProc(ctx context.Context, std IO) *proc {
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	p := &proc{
		ctx: ctx, deaf: ctx, alert: ctx, base: ctx, down: l.Down, g: l.Guest, log: l.Log, meter: &meter{limits: l.Limits},
		account: l.Account, view: l.Guest.As(l.Account), term: std.Terminal,
		name: "bash", pid: 1000 + int(uint32(lastPID.Add(1))%60000),
		vars: map[string]variable{}, funcs: map[string]*syntax.Stmt{},
	}
	p.fd[0].r, p.fd[1].w, p.fd[2].w = std.In, std.Out, std.Err
	p.input = std.In
	p.become(l.Account)
	for _, kv := range l.Env {
		name, value, _ := strings.Cut(kv, "=")
		if p.set(name, value) == nil {
			p.export(name)
		}
	}
	return p
}

// become sets the variables that belong to an account.
func (p *proc) become(a guest.Account) {
	p.account = a
	p.view.Cred = a.Cred()
	for _, kv := range [][2]string{
		{"HOME", a.Home}, {"USER", a.Name}, {"LOGNAME", a.Name}, {"SHELL", a.Shell},
		{"PATH", searchPath}, {"PWD", p.view.Cwd},
	} {
		if p.set(kv[0], kv[1]) == nil {
			p.export(kv[0])
		}
	}
}

// Run runs one command line and returns its exit status.
func (l Login) Run(ctx context.Context, line string, std IO) (status int) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.Limits.Time, errTimeout)
	defer cancel()
	p := l.newProc(ctx, std)
	defer p.closeAll()
	defer p.under(ctx)()
	if !l.Guest.Fork(l.Limits.GuestProcesses) {
		p.report(errFork)
		return p.status
	}
	defer l.Guest.Exit()
	stop := p.wakeReaders()
	defer stop()
	if std.Terminal != nil {
		defer std.Terminal.Foreground(cancel)()
	}
	return p.runLine(line)
}

// Interactive reads commands until the end of input or exit, and returns the
// exit status. Without a terminal it reads them from standard input.
func (l Login) Interactive(ctx context.Context, std IO) (status int) {
	p := l.newProc(ctx, std)
	defer p.closeAll()
	p.hangsUp = true
	defer p.under(ctx)()
	if !l.Guest.Fork(l.Limits.GuestProcesses) {
		p.report(errFork)
		return p.status
	}
	defer l.Guest.Exit()
	wake := p.hangUp
	if std.Terminal != nil {
		wake = std.Terminal.HangUp
	}
	defer context.AfterFunc(p.alert, wake)()
	err := p.interactive()
	if err != nil && !errors.As(err, &exiting{}) {
		p.report(err)
	}
	p.leave(err)
	return p.status
}

// wakeReaders makes readers of standard input give up when the context ends.
func (p *proc) wakeReaders() (stop func() bool) {
	return context.AfterFunc(p.ctx, p.hangUp)
}

// runLine runs a script to its end, whatever that is.
func (p *proc) runLine(line string) int {
	err := p.guarded(func() error { return p.source(line) })
	p.report(err)
	p.leave(err)
	return p.status & 0xff
}

func (p *proc) guarded(f func() error) (err error) {
	defer p.guard(&err)
	return f()
}

// report tells why a command line was killed.
func (p *proc) report(err error) {
	var k *killed
	if !errors.As(err, &k) {
		_ = p.finish(err) // only being killed goes further up, and that it was not
		return
	}
	p.status = statusOf(k)
	if k != errInterrupted && k != errTerminated && k != errHungUp {
		p.tell(k.why + "\n")
	}
}

// longestHistory is the longest command in bytes that the history keeps.
const longestHistory = 4 << 10

// interactive is the loop that reads and runs commands.
func (p *proc) interactive() error {
	p.history = nil
	read, prompt := p.stdinLine, false
	if p.onTerminal() {
		read, prompt = p.term.ReadLine, true
	}
	pending := ""
	for {
		show := ""
		if prompt {
			show = p.prompt()
			if pending != "" {
				show = "> "
			}
		}
		line, err := read(show)
		switch {
		case p.told():
			return errTerminated
		case errors.Is(err, ErrInterrupt):
			pending, p.status = "", 130
			continue
		case err != nil && line == "":
			if prompt && pending == "" {
				p.tell("logout\n")
			}
			if pending != "" {
				return p.runOne(pending)
			}
			return nil
		}
		pending += line + "\n"
		if len(pending) <= p.meter.limits.Source {
			if err := p.meter.step(int64(len(pending)) / 16); err != nil {
				return err
			}
			if err := syntaxOf(pending); syntax.IsIncomplete(err) {
				continue
			}
		}
		if strings.TrimSpace(pending) != "" && len(pending) <= longestHistory {
			if p.history = append(p.history, strings.TrimSuffix(pending, "\n")); len(p.history) > 500 {
				p.history = slices.Delete(p.history, 0, 1)
			}
		}
		src := pending
		pending = ""
		if err := p.runOne(src); err != nil {
			return err
		}
	}
}

func syntaxOf(src string) error {
	_, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(src), "")
	return err
}

// runOne runs one command line with limits of its own. Only leaving the shell,
// or losing who talks to it, is an error.
func (p *proc) runOne(src string) error {
	ctx, cancel := context.WithTimeoutCause(p.base, p.meter.limits.Time, errTimeout)
	defer cancel()
	outer, deaf, alert, meter := p.ctx, p.deaf, p.alert, p.meter
	defer p.under(ctx)()
	if p.onTerminal() {
		// A person's every line starts afresh; a script that is piped in is one command.
		p.meter = newMeter(meter)
		defer p.term.Foreground(cancel)()
	}
	err := p.guarded(func() error { return p.source(src) })
	p.ctx, p.deaf, p.alert, p.meter = outer, deaf, alert, meter
	switch {
	case errors.As(err, &exiting{}):
		return err
	case isKilled(err) && !p.onTerminal():
		return err
	}
	if p.told() {
		return errTerminated
	}
	p.report(err)
	if p.base.Err() != nil {
		return errInterrupted
	}
	return nil
}

func newMeter(outer *meter) *meter {
	m := &meter{limits: outer.limits}
	m.processes.Store(outer.processes.Load())
	return m
}

func (p *proc) onTerminal() bool {
	return p.term != nil && p.fd[0].r == io.Reader(p.term)
}

// stdinLine reads one line and not a byte more, because commands read the rest.
func (p *proc) stdinLine(string) (string, error) {
	if p.fd[0].r == nil {
		return "", io.EOF
	}
	var line []byte
	var b [1]byte
	for {
		n, err := p.fd[0].r.Read(b[:])
		if n == 1 {
			if b[0] == '\n' {
				return string(line), nil
			}
			if line = append(line, b[0]); len(line) > p.meter.limits.Value {
				return "", errors.New("line too long")
			}
		}
		if err != nil {
			return string(line), err
		}
	}
}

func (p *proc) prompt() string {
	dir := p.view.Cwd
	if home := p.lookup("HOME"); home != "" && home != "/" && (dir == home || strings.HasPrefix(dir, home+"/")) {
		dir = "~" + dir[len(home):]
	}
	sign := "$"
	if p.view.Cred.UID == 0 {
		sign = "#"
	}
	return p.account.Name + "@" + p.g.Hostname + ":" + dir + sign + " "
}
