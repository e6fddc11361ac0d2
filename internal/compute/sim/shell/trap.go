package shell

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// signals are what trap takes, with the numbers that it takes as well. Only
// EXIT, HUP and TERM ever come in a simulated guest; KILL cannot be trapped.
var signals = map[string]string{
	"EXIT": "0", "HUP": "1", "INT": "2", "QUIT": "3", "KILL": "9", "USR1": "10", "USR2": "12", "PIPE": "13",
	"ALRM": "14", "TERM": "15", "CHLD": "17", "CONT": "18", "STOP": "19", "TSTP": "20", "TTIN": "21", "TTOU": "22",
	"WINCH": "28", "DEBUG": "", "ERR": "", "RETURN": "",
}

// signalNamed returns a signal's name without SIG, or "".
func signalNamed(s string) string {
	s = strings.TrimPrefix(strings.ToUpper(s), "SIG")
	for name, number := range signals {
		if s == name || number != "" && s == number {
			return name
		}
	}
	return ""
}

func runTrap(c *call) int {
	args := c.args[1:]
	show := len(args) == 0
	if len(args) > 0 && args[0] == "-p" {
		show, args = true, args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if show {
		return c.showTraps(args)
	}
	action, names := "-", args
	if len(args) > 1 {
		action, names = args[0], args[1:]
	}
	if len(action) > c.meter.limits.Source {
		return c.fail("it is longer than %d bytes", c.meter.limits.Source)
	}
	status := 0
	for _, n := range names {
		name := signalNamed(n)
		if name == "" {
			status = c.fail("%s: invalid signal specification", n)
			continue
		}
		c.proc.trap(name, action)
	}
	return status
}

// showTraps prints the traps as commands that set them, all for no names.
func (c *call) showTraps(names []string) int {
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(c.traps))
	}
	status := 0
	for _, n := range names {
		name := signalNamed(n)
		text, set := c.traps[name]
		switch {
		case name == "":
			status = c.fail("%s: invalid signal specification", n)
		case set:
			if name != "EXIT" && signals[name] != "" {
				name = "SIG" + name
			}
			c.printf("trap -- '%s' %s\n", strings.ReplaceAll(text, "'", `'\''`), name)
		}
	}
	return status
}

// trap sets what a signal does: a script, nothing for "", the usual for "-".
func (p *proc) trap(name, action string) {
	if p.traps == nil {
		p.traps = map[string]string{}
	}
	if p.traps[name] = action; action == "-" {
		delete(p.traps, name)
	}
	if name == "TERM" && !p.told() {
		p.listen()
	}
}

// listen has TERM end what the process does, unless TERM is ignored.
func (p *proc) listen() {
	p.ctx = p.alert
	if text, set := p.traps["TERM"]; set && text == "" {
		p.ctx = p.deaf
	}
}

// inherit leaves a new process those signals that its parent ignores.
func (p *proc) inherit() {
	var ignored map[string]string
	for name, text := range p.traps {
		if text != "" {
			continue
		}
		if ignored == nil {
			ignored = map[string]string{}
		}
		ignored[name] = ""
	}
	p.traps = ignored
}

// under has the process do what follows until deaf ends, or TERM comes.
func (p *proc) under(deaf context.Context) (done func()) {
	alert, terminate := context.WithCancelCause(deaf)
	stop := func() bool { return true }
	if p.down != nil {
		stop = context.AfterFunc(p.down, func() { terminate(errTerminated) })
	}
	p.deaf, p.alert = deaf, alert
	p.listen()
	return func() { stop(); terminate(nil) }
}

// told is whether the guest is shutting down.
func (p *proc) told() bool { return p.down != nil && p.down.Err() != nil }

// settle is what a process makes of an error that ends what it was doing. Where
// that is TERM, it goes on when only a process below it was meant, or when it
// has a trap, which runs first.
func (p *proc) settle(err error) error {
	if !errors.Is(err, errTerminated) {
		return err
	}
	text, trapped := p.traps["TERM"]
	switch {
	case p.ctx == p.deaf:
		p.status = statusOf(errTerminated)
		return nil
	case !trapped:
		return err
	}
	p.ctx, p.status = p.deaf, statusOf(errTerminated)
	if !p.hangsUp {
		return p.handle(text)
	}
	// HUP is right behind.
	delete(p.traps, "TERM")
	if err := p.handle(text); err != nil {
		return err
	}
	return errHungUp
}

// handle runs the script of a trap. What comes back leaves the process.
func (p *proc) handle(text string) error {
	status := p.status
	err := p.nested(func() error { return p.source(text) })
	if errors.As(err, &exiting{}) || isKilled(err) {
		return err
	}
	p.status = status
	return nil
}

// leave is the end of a login's shell: those traps run that are still to run.
func (p *proc) leave(err error) {
	if p.hangsUp && p.told() && !errors.As(err, &exiting{}) {
		p.ctx = p.deaf
		for _, name := range []string{"TERM", "HUP"} {
			text := p.traps[name]
			delete(p.traps, name)
			if text == "" {
				continue
			}
			if e := p.handle(text); e != nil {
				err = e
				break
			}
		}
	}
	_ = p.last(err) // the shell is over in any case
}

// last runs the EXIT trap of a process that ends with err, unless it is killed
// without being asked.
func (p *proc) last(err error) error {
	text := p.traps["EXIT"]
	if text == "" || isKilled(err) && !errors.Is(err, errTerminated) && !errors.Is(err, errHungUp) {
		return err
	}
	delete(p.traps, "EXIT")
	p.ctx = p.deaf
	if e := p.handle(text); isKilled(e) {
		return e
	}
	return err
}
