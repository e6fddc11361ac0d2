package shell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// arithm evaluates an arithmetic expression in 64 bits that wrap around.
func (p *proc) arithm(x syntax.ArithmExpr) (int64, error) {
	if err := p.alive(); err != nil {
		return 0, err
	}
	switch x := x.(type) {
	case nil:
		return 0, nil
	case *syntax.Word:
		s, err := p.str(x)
		if err != nil {
			return 0, err
		}
		return p.number(s)
	case *syntax.ParenArithm:
		return p.arithm(x.X)
	case *syntax.UnaryArithm:
		return p.unary(x)
	case *syntax.BinaryArithm:
		return p.binaryArithm(x)
	}
	return 0, failf("this arithmetic is not supported")
}

// number reads a number, or the number that a variable holds.
func (p *proc) number(s string) (int64, error) {
	s = strings.TrimSpace(s)
	if validName(s) {
		s = strings.TrimSpace(p.lookup(s))
	}
	if s == "" {
		return 0, nil
	}
	base := 0
	if b, digits, ok := strings.Cut(s, "#"); ok {
		n, err := strconv.Atoi(b)
		if err != nil || n < 2 || n > 36 {
			return 0, failf("%s: invalid arithmetic base", s)
		}
		base, s = n, digits
	}
	n, err := strconv.ParseInt(s, base, 64)
	if u, uerr := strconv.ParseUint(s, base, 64); uerr == nil {
		n, err = int64(u), nil // wraps around, as in bash
	}
	if err != nil || strings.ContainsRune(s, '_') {
		return 0, failf("%s: not a number", s)
	}
	return n, nil
}

func (p *proc) assign(x syntax.ArithmExpr, n int64) error {
	w, ok := x.(*syntax.Word)
	if !ok || !validName(w.Lit()) {
		return failf("attempted assignment to non-variable")
	}
	if err := p.set(w.Lit(), strconv.FormatInt(n, 10)); err != nil {
		return asFailure(err)
	}
	return nil
}

func (p *proc) unary(x *syntax.UnaryArithm) (int64, error) {
	n, err := p.arithm(x.X)
	if err != nil {
		return 0, err
	}
	switch x.Op {
	case syntax.Not:
		return flag(n == 0), nil
	case syntax.BitNegation:
		return ^n, nil
	case syntax.Plus:
		return n, nil
	case syntax.Minus:
		return -n, nil
	case syntax.Inc, syntax.Dec:
		changed := n + 1
		if x.Op == syntax.Dec {
			changed = n - 1
		}
		if err := p.assign(x.X, changed); err != nil {
			return 0, err
		}
		if x.Post {
			return n, nil
		}
		return changed, nil
	}
	return 0, failf("this arithmetic is not supported")
}

func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// assignments are the operators that store, and what they compute first.
var assignments = map[syntax.BinAritOperator]syntax.BinAritOperator{
	syntax.AddAssgn: syntax.Add, syntax.SubAssgn: syntax.Sub, syntax.MulAssgn: syntax.Mul,
	syntax.QuoAssgn: syntax.Quo, syntax.RemAssgn: syntax.Rem, syntax.AndAssgn: syntax.And,
	syntax.OrAssgn: syntax.Or, syntax.XorAssgn: syntax.Xor, syntax.ShlAssgn: syntax.Shl,
	syntax.ShrAssgn: syntax.Shr,
}

func (p *proc) binaryArithm(x *syntax.BinaryArithm) (int64, error) {
	if x.Op == syntax.Assgn {
		n, err := p.arithm(x.Y)
		if err != nil {
			return 0, err
		}
		return n, p.assign(x.X, n)
	}
	a, err := p.arithm(x.X)
	if err != nil {
		return 0, err
	}
	switch x.Op {
	case syntax.AndArit, syntax.OrArit:
		if (a != 0) == (x.Op == syntax.OrArit) {
			return flag(a != 0), nil
		}
		b, err := p.arithm(x.Y)
		return flag(b != 0), err
	case syntax.TernQuest:
		branches, ok := x.Y.(*syntax.BinaryArithm)
		if !ok || branches.Op != syntax.TernColon {
			return 0, failf("malformed ?: expression")
		}
		if a != 0 {
			return p.arithm(branches.X)
		}
		return p.arithm(branches.Y)
	}
	b, err := p.arithm(x.Y)
	if err != nil {
		return 0, err
	}
	if op, ok := assignments[x.Op]; ok {
		n, err := calculate(op, a, b)
		if err != nil {
			return 0, err
		}
		return n, p.assign(x.X, n)
	}
	return calculate(x.Op, a, b)
}

func calculate(op syntax.BinAritOperator, a, b int64) (int64, error) {
	switch op {
	case syntax.Add:
		return a + b, nil
	case syntax.Sub:
		return a - b, nil
	case syntax.Mul:
		return a * b, nil
	case syntax.Quo, syntax.Rem:
		switch {
		case b == 0:
			return 0, failf("division by 0")
		case b == -1 && op == syntax.Quo: // the smallest number has no positive
			return -a, nil
		case b == -1:
			return 0, nil
		case op == syntax.Quo:
			return a / b, nil
		}
		return a % b, nil
	case syntax.Pow:
		if b < 0 {
			return 0, failf("exponent less than 0")
		}
		n := int64(1)
		for ; b > 0; b >>= 1 {
			if b&1 != 0 {
				n *= a
			}
			a *= a
		}
		return n, nil
	case syntax.And:
		return a & b, nil
	case syntax.Or:
		return a | b, nil
	case syntax.Xor:
		return a ^ b, nil
	case syntax.Shl:
		return a << uint(b&63), nil
	case syntax.Shr:
		return a >> uint(b&63), nil
	case syntax.Eql:
		return flag(a == b), nil
	case syntax.Neq:
		return flag(a != b), nil
	case syntax.Lss:
		return flag(a < b), nil
	case syntax.Leq:
		return flag(a <= b), nil
	case syntax.Gtr:
		return flag(a > b), nil
	case syntax.Geq:
		return flag(a >= b), nil
	case syntax.Comma:
		return b, nil
	}
	return 0, failf("this arithmetic is not supported")
}
