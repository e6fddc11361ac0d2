package shell

import (
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// call runs a simple command, or only its assignments when it has no words.
func (p *proc) call(c *syntax.CallExpr) error {
	if len(c.Args) == 0 {
		p.status = 0
		for _, a := range c.Assigns {
			if err := p.assignVar(a); err != nil {
				return err
			}
		}
		return nil
	}
	args, err := p.fields(c.Args...)
	if err != nil {
		return err
	}
	restore, err := p.assignFor(c.Assigns)
	defer restore()
	if err != nil {
		return err
	}
	if p.xtrace {
		p.complain("+ " + strings.Join(args, " ") + "\n")
	}
	if len(args) == 0 {
		p.status = 0
		return nil
	}
	return p.run(args)
}

func (p *proc) assignVar(a *syntax.Assign) error {
	if a.Array != nil || a.Index != nil || a.Name == nil {
		return failf("arrays are not supported in the simulated guest's shell")
	}
	if a.Naked {
		return nil
	}
	val, err := p.assigned(a.Value)
	if err != nil {
		return err
	}
	if a.Append {
		val = p.lookup(a.Name.Value) + val
	}
	if err := p.set(a.Name.Value, val); err != nil {
		return asFailure(err)
	}
	return nil
}

// assigned expands a value; a tilde counts after colons too.
func (p *proc) assigned(w *syntax.Word) (string, error) {
	val, err := p.str(w)
	if err != nil || w == nil || len(w.Parts) == 0 {
		return val, err
	}
	if lit, ok := w.Parts[0].(*syntax.Lit); ok && strings.Contains(lit.Value, ":~") {
		val = strings.ReplaceAll(val, ":~/", ":"+p.lookup("HOME")+"/")
	}
	return val, nil
}

// assignFor sets variables for one command and returns what undoes that.
func (p *proc) assignFor(assigns []*syntax.Assign) (restore func(), err error) {
	old := map[string]*variable{}
	restore = func() {
		for name, v := range old {
			p.putBack(name, v)
		}
	}
	for _, a := range assigns {
		if a.Name == nil {
			continue
		}
		name := a.Name.Value
		if _, seen := old[name]; !seen {
			old[name] = p.snapshot(name)
		}
		if err := p.assignVar(a); err != nil {
			return restore, err
		}
		p.export(name)
	}
	return restore, nil
}

func (p *proc) snapshot(name string) *variable {
	if v, ok := p.vars[name]; ok {
		return &v
	}
	return nil
}

func (p *proc) putBack(name string, old *variable) {
	p.drop(name)
	if old != nil && p.set(name, old.value) == nil {
		p.vars[name] = *old
	}
}

// run looks a command up — function, builtin, program — and runs it.
func (p *proc) run(args []string) error {
	name := args[0]
	if body, ok := p.funcs[name]; ok {
		return p.function(body, args)
	}
	if c, ok := commands[name]; ok && c.inShell() {
		return p.invoke(c, args)
	}
	return p.program(args)
}

func (p *proc) function(body *syntax.Stmt, args []string) error {
	params, loops := p.params, p.loops
	p.params, p.loops = args[1:], 0
	p.locals = append(p.locals, map[string]*variable{})
	err := p.stmt(body)
	for name, v := range p.locals[len(p.locals)-1] {
		p.putBack(name, v)
	}
	p.locals = p.locals[:len(p.locals)-1]
	p.params, p.loops = params, loops
	if errors.As(err, &returning{}) {
		return nil
	}
	return err
}

// program runs a file of the guest: one of ours from /usr/bin, or a script.
func (p *proc) program(args []string) error {
	file, err := p.which(args[0])
	if err != nil {
		p.status = 127
		switch {
		case errors.Is(err, disk.ErrAccess) || errors.Is(err, disk.ErrIsDir):
			p.status = 126
			p.say("%s: %v", args[0], err)
		case strings.Contains(args[0], "/"):
			p.say("%s: %v", args[0], err)
		default:
			p.say("%s: command not found", args[0])
		}
		return nil
	}
	if real, err := p.view.RealPath(file); err == nil && path.Dir(real) == "/usr/bin" {
		if c, ok := commands[path.Base(real)]; ok {
			return p.invoke(c, args)
		}
	}
	return p.script(file, args)
}

// which finds a program as execvp does.
func (p *proc) which(name string) (string, error) {
	check := func(file string) error {
		i, err := p.view.Stat(file)
		switch {
		case err != nil:
			return err
		case i.IsDir():
			return disk.ErrIsDir
		}
		return p.view.Access(file, disk.Exec)
	}
	if name == "" {
		return "", disk.ErrNotExist
	}
	if strings.Contains(name, "/") {
		return name, check(name)
	}
	result := error(disk.ErrNotExist)
	for dir := range strings.SplitSeq(p.lookup("PATH"), ":") {
		if err := p.alive(); err != nil {
			return "", err
		}
		file := path.Join(dir, name)
		err := check(file)
		if err == nil {
			return file, nil
		}
		if errors.Is(err, disk.ErrAccess) {
			result = err
		}
	}
	return "", result
}

// script runs a shell script of the guest.
func (p *proc) script(file string, args []string) error {
	text, err := p.view.ReadFile(file, int64(p.meter.limits.Source))
	if err != nil {
		p.status = 126
		p.say("%s: %v", file, err)
		return nil
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if interpreter, ok := strings.CutPrefix(first, "#!"); ok {
		words := strings.Fields(interpreter)
		if len(words) > 1 && path.Base(words[0]) == "env" {
			words = words[1:]
		}
		if len(words) == 0 || path.Base(words[0]) != "sh" && path.Base(words[0]) != "bash" {
			p.status = 126
			p.say("%s: cannot run this interpreter: %s: the simulated guest has sh and bash only", file, strings.TrimSpace(interpreter))
			return nil
		}
	} else if strings.IndexByte(string(text), 0) >= 0 {
		p.status = 126
		p.say("%s: cannot execute binary file: Exec format error", file)
		return nil
	}
	return p.fresh(func(child *proc) error {
		child.name, child.params = file, args[1:]
		return child.source(string(text))
	})
}

// fresh runs f in a new process that inherits only what programs inherit.
func (p *proc) fresh(f func(*proc) error) error {
	return p.subshell(func(child *proc) error {
		child.funcs = map[string]*syntax.Stmt{}
		for name, v := range child.vars {
			switch {
			case !v.exported:
				child.drop(name)
			case v.readonly:
				v.readonly = false
				child.vars[name] = v
			}
		}
		child.errexit, child.nounset, child.xtrace, child.noglob = false, false, false, false
		child.quiet = 0
		return f(child)
	})
}

// redirect opens what the statement's redirections name.
func (p *proc) redirect(list []*syntax.Redirect) (opened []io.Closer, err error) {
	for _, r := range list {
		c, err := p.redirectOne(r)
		if c != nil {
			opened = append(opened, c)
		}
		if err != nil {
			return opened, err
		}
	}
	return opened, nil
}

func (p *proc) redirectOne(r *syntax.Redirect) (io.Closer, error) {
	if err := p.alive(); err != nil {
		return nil, err
	}
	fd := 1
	switch r.Op {
	case syntax.RdrIn, syntax.RdrInOut, syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		fd = 0
	}
	if r.N != nil {
		if len(r.N.Value) != 1 || r.N.Value[0] < '0' || r.N.Value[0] > '9' {
			return nil, failf("%s: bad file descriptor", r.N.Value)
		}
		fd = int(r.N.Value[0] - '0')
	}
	if r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc {
		text, err := p.heredoc(r)
		p.fd[fd] = stream{r: strings.NewReader(text)}
		return nil, err
	}
	word, err := p.str(r.Word)
	if err != nil {
		return nil, err
	}
	switch r.Op {
	case syntax.WordHdoc:
		p.fd[fd] = stream{r: strings.NewReader(word + "\n")}
		return nil, nil
	case syntax.DplIn, syntax.DplOut:
		if word == "-" {
			p.fd[fd] = stream{}
			return nil, nil
		}
		if len(word) == 1 && word[0] >= '0' && word[0] <= '9' {
			from := p.fd[word[0]-'0']
			if from == (stream{}) {
				return nil, failf("%s: bad file descriptor", word)
			}
			p.fd[fd] = from
			return nil, nil
		}
		if r.Op == syntax.DplIn || r.N != nil {
			return nil, failf("%s: ambiguous redirect", word)
		}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	switch r.Op {
	case syntax.RdrIn:
		flags = os.O_RDONLY
	case syntax.RdrInOut:
		flags = os.O_RDWR | os.O_CREATE
	case syntax.AppOut, syntax.AppAll:
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	s, closer, err := p.open(word, flags)
	if err != nil {
		return nil, failf("%s: %v", word, err)
	}
	p.fd[fd] = s
	if r.Op == syntax.RdrAll || r.Op == syntax.AppAll || r.Op == syntax.DplOut {
		p.fd[2] = s
	}
	return closer, nil
}

func (p *proc) heredoc(r *syntax.Redirect) (string, error) {
	text, err := p.hereText(r)
	if r.Op == syntax.DashHdoc {
		lines := strings.SplitAfter(text, "\n")
		for i, line := range lines {
			lines[i] = strings.TrimLeft(line, "\t")
		}
		text = strings.Join(lines, "")
	}
	return text, err
}

func (p *proc) hereText(r *syntax.Redirect) (string, error) {
	if r.Hdoc == nil {
		return "", nil
	}
	quoted := false
	for _, part := range r.Word.Parts {
		lit, ok := part.(*syntax.Lit)
		quoted = quoted || !ok || strings.Contains(lit.Value, `\`)
	}
	x := &expander{p: p}
	for _, part := range r.Hdoc.Parts {
		if lit, ok := part.(*syntax.Lit); ok && quoted {
			if err := x.put(lit.Value, true); err != nil {
				return "", err
			}
			continue
		}
		// Unlike between double quotes, a double quote is nothing special here.
		if lit, ok := part.(*syntax.Lit); ok {
			part = &syntax.Lit{Value: strings.ReplaceAll(lit.Value, `\"`, `\\"`)}
		}
		if err := x.part(part, true); err != nil {
			return "", err
		}
	}
	return string(x.cur.text), nil
}

// open opens a file of the guest. A few names stand for what the process has open already.
func (p *proc) open(name string, flags int) (stream, io.Closer, error) {
	switch name {
	case "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0":
		return p.fd[0], nil, nil
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return p.fd[1], nil, nil
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return p.fd[2], nil, nil
	case "/dev/tty":
		if p.term != nil {
			return stream{p.term, p.term}, nil, nil
		}
	}
	h, err := p.view.Open(name, flags, 0o666)
	if err != nil {
		return stream{}, nil, err
	}
	return stream{h, h}, h, nil
}
