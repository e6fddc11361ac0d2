package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// How control leaves a statement other than by its end.
type (
	exiting   struct{}
	returning struct{}
	jumping   struct {
		levels int
		again  bool
	}
)

func (exiting) Error() string   { return "exit" }
func (returning) Error() string { return "return" }
func (jumping) Error() string   { return "break" }

// failure is an error of the script: it ends the statement with status 1 or 2.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

func failf(format string, args ...any) error { return &failure{1, fmt.Sprintf(format, args...)} }

func (p *proc) parse(src string) (*syntax.File, error) {
	if len(src) > p.meter.limits.Source {
		return nil, failf("script is longer than %d bytes", p.meter.limits.Source)
	}
	if err := p.spend(1 + int64(len(src))/16); err != nil {
		return nil, err
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(src), "")
	if err != nil {
		return nil, err
	}
	// Splitting braces changes the tree, so it happens before processes share
	// it, and after the walk, which does not know what comes out.
	var lists [][]*syntax.Word
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			lists = append(lists, n.Args)
		case *syntax.WordIter:
			lists = append(lists, n.Items)
		}
		return true
	})
	for _, words := range lists {
		for _, w := range words {
			syntax.SplitBraces(w)
		}
	}
	return file, nil
}

// source parses and runs a script in this process.
func (p *proc) source(src string) error {
	file, err := p.parse(src)
	if err != nil {
		if isKilled(err) {
			return err
		}
		p.status = 2
		p.say("%s", strings.TrimSuffix(strings.TrimPrefix(err.Error(), ":"), "\n"))
		return nil
	}
	return p.stmts(file.Stmts)
}

func (p *proc) stmts(list []*syntax.Stmt) error {
	for _, st := range list {
		if err := p.stmt(st); err != nil {
			return err
		}
	}
	return nil
}

func (p *proc) stmt(st *syntax.Stmt) error {
	if err := p.settle(p.alive()); err != nil {
		return err
	}
	if p.depth >= p.meter.limits.Depth {
		return &killed{"Killed: too deeply nested"}
	}
	p.depth++
	defer func() { p.depth-- }()

	if st.Background || st.Coprocess {
		p.say("background jobs are not supported in this simulated guest")
		p.status = 1
		return nil
	}
	if st.Negated {
		p.quiet++
		defer func() { p.quiet-- }()
	}
	saved := p.fd
	opened, err := p.redirect(st.Redirs)
	if err == nil && st.Cmd != nil {
		err = p.settle(p.command(st.Cmd))
	} else if err == nil {
		p.status = 0
	}
	if p.keepFD {
		p.keepFD = false
		p.kept = append(p.kept, opened...)
	} else {
		p.fd = saved
		shut(opened...)
	}
	var f *failure
	if errors.As(err, &f) {
		p.status = f.status
		p.say("%s", f.text)
		err = nil
	}
	if err != nil {
		return err
	}
	if st.Negated {
		if p.status == 0 {
			p.status = 1
		} else {
			p.status = 0
		}
		return nil
	}
	if p.status != 0 && p.errexit && p.quiet == 0 {
		if b, ok := st.Cmd.(*syntax.BinaryCmd); !ok || b.Op != syntax.AndStmt && b.Op != syntax.OrStmt {
			return exiting{}
		}
	}
	return nil
}

// condition runs statements whose failure is an answer.
func (p *proc) condition(list []*syntax.Stmt) (bool, error) {
	p.quiet++
	err := p.stmts(list)
	p.quiet--
	return p.status == 0, err
}

func (p *proc) command(cmd syntax.Command) error {
	switch c := cmd.(type) {
	case *syntax.CallExpr:
		return p.call(c)
	case *syntax.Block:
		return p.stmts(c.Stmts)
	case *syntax.Subshell:
		return p.subshell(func(child *proc) error { return child.stmts(c.Stmts) })
	case *syntax.BinaryCmd:
		return p.binary(c)
	case *syntax.IfClause:
		return p.ifClause(c)
	case *syntax.WhileClause:
		return p.loop(func() (bool, error) {
			yes, err := p.condition(c.Cond)
			return yes != c.Until, err
		}, c.Do)
	case *syntax.ForClause:
		return p.forClause(c)
	case *syntax.CaseClause:
		return p.caseClause(c)
	case *syntax.FuncDecl:
		if len(p.funcs) >= 1000 {
			return failf("too many functions")
		}
		if c.Name == nil {
			return failf("functions need a name")
		}
		p.funcs[c.Name.Value] = c.Body
		p.status = 0
		return nil
	case *syntax.ArithmCmd:
		n, err := p.arithm(c.X)
		p.status = truth(n != 0)
		return err
	case *syntax.TestClause:
		yes, err := p.testExpr(c.X)
		p.status = truth(yes)
		return err
	case *syntax.DeclClause:
		return p.declare(c)
	case *syntax.LetClause:
		for _, x := range c.Exprs {
			n, err := p.arithm(x)
			if err != nil {
				return err
			}
			p.status = truth(n != 0)
		}
		return nil
	case *syntax.TimeClause:
		if c.Stmt == nil {
			return nil
		}
		start := p.g.Now()
		err := p.stmt(c.Stmt)
		p.complain(fmt.Sprintf("\nreal\t0m%.3fs\nuser\t0m0.000s\nsys\t0m0.000s\n", p.g.Now().Sub(start).Seconds()))
		return err
	}
	return failf("this syntax is not supported in the simulated guest's shell")
}

func truth(yes bool) int {
	if yes {
		return 0
	}
	return 1
}

// subshell runs f in a copy of this process.
func (p *proc) subshell(f func(*proc) error) error {
	child, err := p.fork()
	if err != nil {
		return err
	}
	defer child.end()
	err = child.last(child.finish(f(child)))
	p.status = child.status
	return err
}

// finish is where a process ends: only being killed goes further up.
func (p *proc) finish(err error) error {
	var f *failure
	if errors.As(err, &f) {
		p.status = f.status
		p.say("%s", f.text)
	}
	if isKilled(err) {
		p.status = statusOf(err)
		return err
	}
	return nil
}

func (p *proc) binary(c *syntax.BinaryCmd) error {
	switch c.Op {
	case syntax.AndStmt, syntax.OrStmt:
		p.quiet++
		err := p.stmt(c.X)
		p.quiet--
		if err != nil || (p.status == 0) != (c.Op == syntax.AndStmt) {
			return err
		}
		return p.stmt(c.Y)
	case syntax.Pipe, syntax.PipeAll:
		return p.pipe(c)
	}
	return failf("this operator is not supported")
}

// pipe runs both sides at the same time, each as a process of its own.
func (p *proc) pipe(c *syntax.BinaryCmd) error {
	left, err := p.fork()
	if err != nil {
		return err
	}
	right, err := p.fork()
	if err != nil {
		left.end()
		return err
	}
	r, w := io.Pipe()
	// A trap gives the process another context, so this one is held here. The
	// ends of a pipe never fail to close.
	ctx := p.ctx
	stop := context.AfterFunc(ctx, func() { _ = r.CloseWithError(whyEnded(ctx)); _ = w.CloseWithError(whyEnded(ctx)) })
	defer stop()

	left.fd[1].w = w
	if c.Op == syntax.PipeAll {
		left.fd[2].w = w
	}
	right.fd[0].r = r

	leftDone := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			_ = w.Close()
			left.end()
			leftDone <- err
		}()
		defer left.guard(&err)
		err = left.last(left.finish(left.stmt(c.X)))
	}()
	var rightErr error
	func() {
		defer func() {
			_ = r.Close()
			right.end()
		}()
		defer right.guard(&rightErr)
		rightErr = right.last(right.finish(right.stmt(c.Y)))
	}()
	if rightErr != nil {
		// The left side may be waiting for input that never comes.
		p.hangUp()
	}
	leftErr := <-leftDone
	p.status = right.status
	if rightErr != nil {
		return rightErr
	}
	return leftErr
}

// hangUp wakes whoever reads the command line's input: it is being killed.
func (p *proc) hangUp() {
	if h, ok := p.input.(interface{ CloseRead() }); ok {
		h.CloseRead()
	}
}

func (p *proc) ifClause(c *syntax.IfClause) error {
	for c != nil {
		if len(c.Cond) == 0 { // else
			return p.stmts(c.Then)
		}
		yes, err := p.condition(c.Cond)
		if err != nil {
			return err
		}
		if yes {
			return p.stmts(c.Then)
		}
		c = c.Else
	}
	p.status = 0
	return nil
}

// loop runs body as long as next says so.
func (p *proc) loop(next func() (bool, error), body []*syntax.Stmt) error {
	p.loops++
	defer func() { p.loops-- }()
	status := 0
	for {
		if err := p.settle(p.alive()); err != nil {
			return err
		}
		more, err := next()
		if err == nil && more {
			err = p.stmts(body)
			status = p.status
		}
		var j jumping
		switch {
		case errors.As(err, &j) && j.levels > 1:
			j.levels--
			return j
		case errors.As(err, &j):
			status = p.status
			if !j.again {
				return nil
			}
		case err != nil:
			return err
		case !more:
			p.status = status
			return nil
		}
	}
}

func (p *proc) forClause(c *syntax.ForClause) error {
	if c.Select {
		return failf("select is not supported in the simulated guest's shell")
	}
	switch l := c.Loop.(type) {
	case *syntax.WordIter:
		items := p.params
		if l.InPos.IsValid() {
			var err error
			if items, err = p.fields(l.Items...); err != nil {
				return err
			}
		}
		i := 0
		return p.loop(func() (bool, error) {
			if i >= len(items) {
				return false, nil
			}
			i++
			return true, p.set(l.Name.Value, items[i-1])
		}, c.Do)
	case *syntax.CStyleLoop:
		if l.Init != nil {
			if _, err := p.arithm(l.Init); err != nil {
				return err
			}
		}
		first := true
		return p.loop(func() (bool, error) {
			if !first && l.Post != nil {
				if _, err := p.arithm(l.Post); err != nil {
					return false, err
				}
			}
			first = false
			if l.Cond == nil {
				return true, nil
			}
			n, err := p.arithm(l.Cond)
			return n != 0, err
		}, c.Do)
	}
	return failf("this loop is not supported")
}

func (p *proc) caseClause(c *syntax.CaseClause) error {
	subject, err := p.str(c.Word)
	if err != nil {
		return err
	}
	p.status = 0
	fall := false
	for _, item := range c.Items {
		hit := fall
		for _, w := range item.Patterns {
			if hit {
				break
			}
			pattern, err := p.pattern(w)
			if err != nil {
				return err
			}
			if hit, err = p.match(pattern, subject); err != nil {
				return err
			}
		}
		if !hit {
			continue
		}
		if err := p.stmts(item.Stmts); err != nil {
			return err
		}
		fall = item.Op == syntax.Fallthrough
		if item.Op == syntax.Break {
			return nil
		}
	}
	return nil
}
