package shell

import (
	"regexp"
	"strconv"

	"mvdan.cc/sh/v3/syntax"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// unaryTests are the tests of one operand that test and [[ share.
var unaryTests = map[string]func(p *proc, s string) bool{
	"-z": func(_ *proc, s string) bool { return s == "" },
	"-n": func(_ *proc, s string) bool { return s != "" },
	"-e": func(p *proc, s string) bool { _, err := p.view.Stat(s); return err == nil },
	"-f": kindTest(disk.File), "-d": kindTest(disk.Dir),
	"-h": linkTest, "-L": linkTest,
	"-s": func(p *proc, s string) bool { i, err := p.view.Stat(s); return err == nil && i.Size > 0 },
	"-r": accessTest(disk.Read), "-w": accessTest(disk.Write), "-x": accessTest(disk.Exec),
	"-O": func(p *proc, s string) bool { i, err := p.view.Stat(s); return err == nil && i.UID == p.view.Cred.UID },
	"-G": func(p *proc, s string) bool { i, err := p.view.Stat(s); return err == nil && i.GID == p.view.Cred.GID },
	"-k": modeTest(0o1000), "-g": modeTest(0o2000), "-u": modeTest(0o4000),
	"-b": never, "-c": never, "-p": never, "-S": never, "-N": never,
	"-t": func(p *proc, s string) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= 0 && n <= 2 && p.term != nil && (p.fd[n].r == p.term || p.fd[n].w == p.term)
	},
	"-v": func(p *proc, s string) bool { _, ok := p.get(s); return ok },
}

func never(*proc, string) bool { return false }

func linkTest(p *proc, s string) bool {
	i, err := p.view.Lstat(s)
	return err == nil && i.Kind == disk.Symlink
}

func kindTest(k disk.Kind) func(*proc, string) bool {
	return func(p *proc, s string) bool { i, err := p.view.Stat(s); return err == nil && i.Kind == k }
}

func accessTest(want int) func(*proc, string) bool {
	return func(p *proc, s string) bool { return p.view.Access(s, want) == nil }
}

func modeTest(bits uint16) func(*proc, string) bool {
	return func(p *proc, s string) bool { i, err := p.view.Stat(s); return err == nil && i.Mode&bits != 0 }
}

// binaryTests are the tests of two operands that test and [[ share.
var binaryTests = map[string]func(p *proc, a, b string) (bool, error){
	"=": equal, "==": equal,
	"!=":  func(_ *proc, a, b string) (bool, error) { return a != b, nil },
	"<":   func(_ *proc, a, b string) (bool, error) { return a < b, nil },
	">":   func(_ *proc, a, b string) (bool, error) { return a > b, nil },
	"-eq": numbers(func(a, b int64) bool { return a == b }),
	"-ne": numbers(func(a, b int64) bool { return a != b }),
	"-lt": numbers(func(a, b int64) bool { return a < b }),
	"-le": numbers(func(a, b int64) bool { return a <= b }),
	"-gt": numbers(func(a, b int64) bool { return a > b }),
	"-ge": numbers(func(a, b int64) bool { return a >= b }),
	"-nt": files(func(a, b disk.Info) bool { return a.ModTime.After(b.ModTime) }),
	"-ot": files(func(a, b disk.Info) bool { return a.ModTime.Before(b.ModTime) }),
	"-ef": files(func(a, b disk.Info) bool { return a.Ino == b.Ino && a.Disk == b.Disk }),
}

func equal(_ *proc, a, b string) (bool, error) { return a == b, nil }

func numbers(f func(a, b int64) bool) func(*proc, string, string) (bool, error) {
	return func(_ *proc, a, b string) (bool, error) {
		var n [2]int64
		for i, s := range []string{a, b} {
			var err error
			if n[i], err = strconv.ParseInt(s, 10, 64); err != nil {
				return false, &failure{2, s + ": integer expression expected"}
			}
		}
		return f(n[0], n[1]), nil
	}
}

func files(f func(a, b disk.Info) bool) func(*proc, string, string) (bool, error) {
	return func(p *proc, a, b string) (bool, error) {
		x, err1 := p.view.Stat(a)
		y, err2 := p.view.Stat(b)
		return err1 == nil && err2 == nil && f(x, y), nil
	}
}

// testArgs evaluates the arguments of test: precedence is !, -a, -o.
type testArgs struct {
	p    *proc
	args []string
	deep int
}

func (t *testArgs) bad(what string) error { return &failure{2, what} }

func (t *testArgs) or() (bool, error) {
	yes, err := t.and()
	for err == nil && len(t.args) > 0 && t.args[0] == "-o" {
		t.args = t.args[1:]
		var more bool
		more, err = t.and()
		yes = yes || more
	}
	return yes, err
}

func (t *testArgs) and() (bool, error) {
	yes, err := t.one()
	for err == nil && len(t.args) > 0 && t.args[0] == "-a" {
		t.args = t.args[1:]
		var more bool
		more, err = t.one()
		yes = yes && more
	}
	return yes, err
}

func (t *testArgs) one() (bool, error) {
	if t.deep++; t.deep > 1000 {
		return false, t.bad("too many arguments")
	}
	if err := t.p.alive(); err != nil {
		return false, err
	}
	a := t.args
	if len(a) == 0 {
		return false, t.bad("argument expected")
	}
	if len(a) >= 3 {
		if f := binaryTests[a[1]]; f != nil {
			t.args = a[3:]
			return f(t.p, a[0], a[2])
		}
	}
	switch {
	case a[0] == "!" && len(a) > 1:
		t.args = a[1:]
		yes, err := t.one()
		return !yes, err
	case a[0] == "(" && len(a) > 2:
		t.args = a[1:]
		yes, err := t.or()
		if err == nil && (len(t.args) == 0 || t.args[0] != ")") {
			return false, t.bad("')' expected")
		}
		if err == nil {
			t.args = t.args[1:]
		}
		return yes, err
	}
	if f := unaryTests[a[0]]; f != nil && len(a) >= 2 {
		t.args = a[2:]
		return f(t.p, a[1]), nil
	}
	t.args = a[1:]
	return a[0] != "", nil
}

// testWords answers test and [.
func (p *proc) testWords(args []string) (bool, error) {
	// With few arguments what they are is clear, whatever they look like (POSIX).
	switch {
	case len(args) == 0:
		return false, nil
	case len(args) == 1:
		return args[0] != "", nil
	}
	t := &testArgs{p: p, args: args}
	yes, err := t.or()
	if err == nil && len(t.args) > 0 {
		err = t.bad("too many arguments")
	}
	return yes, err
}

// testExpr evaluates what stands between [[ and ]].
func (p *proc) testExpr(x syntax.TestExpr) (bool, error) {
	if err := p.alive(); err != nil {
		return false, err
	}
	switch x := x.(type) {
	case *syntax.Word:
		s, err := p.str(x)
		return s != "", err
	case *syntax.ParenTest:
		return p.testExpr(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			yes, err := p.testExpr(x.X)
			return !yes, err
		}
		w, ok := x.X.(*syntax.Word)
		f := unaryTests[x.Op.String()]
		if !ok || f == nil {
			return false, failf("%s: this test is not supported", x.Op)
		}
		s, err := p.str(w)
		if err != nil {
			return false, err
		}
		return f(p, s), nil
	case *syntax.BinaryTest:
		return p.binaryTest(x)
	}
	return false, failf("this test is not supported")
}

func (p *proc) binaryTest(x *syntax.BinaryTest) (bool, error) {
	if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
		yes, err := p.testExpr(x.X)
		if err != nil || yes == (x.Op == syntax.OrTest) {
			return yes, err
		}
		return p.testExpr(x.Y)
	}
	left, ok1 := x.X.(*syntax.Word)
	right, ok2 := x.Y.(*syntax.Word)
	if !ok1 || !ok2 {
		return false, failf("this test is not supported")
	}
	a, err := p.str(left)
	if err != nil {
		return false, err
	}
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
		pattern, err := p.pattern(right)
		if err != nil {
			return false, err
		}
		yes, err := p.match(pattern, a)
		return yes == (x.Op != syntax.TsNoMatch), err
	case syntax.TsReMatch:
		s, err := p.str(right)
		if err != nil {
			return false, err
		}
		re, err := p.regexp(s)
		if err != nil {
			return false, err
		}
		return re.MatchString(a), p.spend(int64(len(a)) >> 4)
	}
	b, err := p.str(right)
	if err != nil {
		return false, err
	}
	f := binaryTests[x.Op.String()]
	if f == nil {
		return false, failf("%s: this test is not supported", x.Op)
	}
	return f(p, a, b)
}

// maxRegexp bounds a regular expression's source in bytes.
const maxRegexp = 1024

// regexp compiles an extended regular expression. Go's run in linear time.
func (p *proc) regexp(s string) (*regexp.Regexp, error) {
	if len(s) > maxRegexp {
		return nil, &failure{2, "regular expression is too long"}
	}
	if err := p.spend(int64(len(s)) * 8); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, &failure{2, "invalid regular expression: " + s}
	}
	return re, nil
}
