package shell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// param expands $name and ${name…}.
func (x *expander) param(pe *syntax.ParamExp, quoted bool) error {
	p := x.p
	if pe.Param == nil || pe.Index != nil || pe.Excl || pe.Width || pe.IsSet || pe.Flags != nil || pe.Names != 0 || len(pe.Modifiers) > 0 {
		return failf("this parameter expansion is not supported in the simulated guest's shell")
	}
	name := pe.Param.Value
	if (name == "@" || name == "*") && !pe.Length && pe.Slice == nil && pe.Repl == nil && pe.Exp == nil {
		return x.all(name == "@", quoted)
	}
	val, set := p.get(name)
	if name == "@" || name == "*" {
		val, set = strings.Join(p.params, " "), len(p.params) > 0
	}
	switch {
	case pe.Length:
		if name == "@" || name == "*" {
			return x.value(strconv.Itoa(len(p.params)), quoted)
		}
		return x.value(strconv.Itoa(len([]rune(val))), quoted)
	case pe.Exp != nil:
		return x.operator(pe, name, val, set, quoted)
	}
	if !set && p.nounset && name != "@" && name != "*" {
		return &failure{1, name + ": unbound variable"}
	}
	var err error
	if pe.Slice != nil {
		val, err = p.slice(val, pe.Slice)
	}
	if pe.Repl != nil && err == nil {
		val, err = p.replace(val, pe.Repl)
	}
	if err != nil {
		return err
	}
	return x.value(val, quoted)
}

// all expands $@ and $*.
func (x *expander) all(at, quoted bool) error {
	params := x.p.params
	if quoted && (!at || !x.split) {
		sep := " "
		if ifs, ok := x.p.get("IFS"); ok {
			sep = ifs[:min(1, len(ifs))]
		}
		return x.value(strings.Join(params, sep), true)
	}
	for i, s := range params {
		if i > 0 {
			if x.split {
				x.next()
			} else if err := x.put(" ", true); err != nil {
				return err
			}
		}
		if quoted {
			x.any = true
		}
		if err := x.value(s, quoted); err != nil {
			return err
		}
	}
	return nil
}

// operator expands ${name:-word} and its like.
func (x *expander) operator(pe *syntax.ParamExp, name, val string, set, quoted bool) error {
	p := x.p
	word := func() error {
		if pe.Exp.Word == nil {
			return nil
		}
		if quoted {
			for _, part := range pe.Exp.Word.Parts {
				if err := x.part(part, true); err != nil {
					return err
				}
			}
			return nil
		}
		return x.word(pe.Exp.Word)
	}
	switch pe.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		if set && (val != "" || pe.Exp.Op == syntax.AlternateUnset) {
			return word()
		}
		return nil
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		if !set || val == "" && pe.Exp.Op == syntax.DefaultUnsetOrNull {
			return word()
		}
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		if !set || val == "" && pe.Exp.Op == syntax.AssignUnsetOrNull {
			s, err := p.str(pe.Exp.Word)
			if err != nil {
				return err
			}
			if err := p.set(name, s); err != nil {
				return asFailure(err)
			}
			val = s
		}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		if !set || val == "" && pe.Exp.Op == syntax.ErrorUnsetOrNull {
			s, err := p.str(pe.Exp.Word)
			if err != nil {
				return err
			}
			if s == "" {
				s = "parameter null or not set"
			}
			p.say("%s: %s", name, s)
			p.status = 1
			return exiting{}
		}
	case syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		pattern, err := p.pattern(pe.Exp.Word)
		if err != nil {
			return err
		}
		if val, err = p.trim(val, pattern, pe.Exp.Op); err != nil {
			return err
		}
	case syntax.UpperAll:
		val = strings.ToUpper(val)
	case syntax.LowerAll:
		val = strings.ToLower(val)
	case syntax.UpperFirst:
		val = strings.ToUpper(val[:min(1, len(val))]) + val[min(1, len(val)):]
	case syntax.LowerFirst:
		val = strings.ToLower(val[:min(1, len(val))]) + val[min(1, len(val)):]
	default:
		return failf("this parameter expansion is not supported in the simulated guest's shell")
	}
	return x.value(val, quoted)
}

func asFailure(err error) error {
	if isKilled(err) {
		return err
	}
	return &failure{1, err.Error()}
}

// trim takes the shortest or longest match off one end.
func (p *proc) trim(s, pattern string, op syntax.ParExpOperator) (string, error) {
	for i := 0; i <= len(s); i++ {
		n := i
		if op == syntax.RemLargePrefix || op == syntax.RemLargeSuffix {
			n = len(s) - i
		}
		prefix := op == syntax.RemSmallPrefix || op == syntax.RemLargePrefix
		part, rest := s[:n], s[n:]
		if !prefix {
			rest, part = s[:len(s)-n], s[len(s)-n:]
		}
		hit, err := p.match(pattern, part)
		if err != nil {
			return "", err
		}
		if hit {
			return rest, nil
		}
	}
	return s, nil
}

func (p *proc) slice(s string, sl *syntax.Slice) (string, error) {
	runes := []rune(s)
	bound := func(x syntax.ArithmExpr, size, unset int) (int, error) {
		if x == nil {
			return unset, nil
		}
		n, err := p.arithm(x)
		if n < 0 {
			n += int64(size)
		}
		return int(min(max(n, 0), int64(size))), err
	}
	from, err := bound(sl.Offset, len(runes), 0)
	if err != nil {
		return "", err
	}
	runes = runes[from:]
	n, err := bound(sl.Length, len(runes), len(runes))
	return string(runes[:n]), err
}

// replace does ${s/pattern/with}; a pattern that begins with # or % is anchored.
func (p *proc) replace(s string, r *syntax.Replace) (string, error) {
	pattern, err := p.pattern(r.Orig)
	if err != nil {
		return "", err
	}
	with, err := p.str(r.With)
	if err != nil || pattern == "" {
		return s, err
	}
	anchor := byte(0)
	if !r.All && (pattern[0] == '#' || pattern[0] == '%') {
		anchor, pattern = pattern[0], pattern[1:]
	}
	var out strings.Builder
	for i := 0; i <= len(s); {
		end := -1
		for j := len(s); j > i || j == i && anchor != 0; j-- {
			if anchor == '%' && j != len(s) {
				break
			}
			hit, err := p.match(pattern, s[i:j])
			if err != nil {
				return "", err
			}
			if hit {
				end = j
				break
			}
		}
		if end >= 0 {
			out.WriteString(with)
			if out.Len() > p.meter.limits.Value {
				return "", &killed{"Killed: value too large"}
			}
			i = end
			if !r.All {
				return out.String() + s[i:], nil
			}
			continue
		}
		if anchor == '#' {
			return s, nil
		}
		if i < len(s) {
			out.WriteByte(s[i])
		}
		i++
	}
	return out.String(), nil
}
