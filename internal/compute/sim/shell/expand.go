package shell

import (
	"fmt"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// expander turns words into fields: it expands, splits and remembers what was
// quoted.
type expander struct {
	p *proc
	// split is whether unquoted expansions are split at IFS, as in arguments.
	split bool

	done []field
	cur  field
	any  bool // the current field exists, even if it is empty
}

// field is a word's text, and the same as a pattern in which what was quoted
// is escaped.
type field struct {
	text, pat []byte
	glob      bool // pat has an unescaped wildcard
}

// fields expands words as a command's arguments: braces, tilde, parameters,
// commands, arithmetic, splitting, file names.
func (p *proc) fields(words ...*syntax.Word) ([]string, error) {
	var out []string
	total := 0
	for _, w := range words {
		all, err := p.braces(w)
		if err != nil {
			return nil, err
		}
		for _, w := range all {
			x := &expander{p: p, split: true}
			if err := x.word(w); err != nil {
				return nil, err
			}
			x.next()
			for _, f := range x.done {
				found := []string{string(f.text)}
				if f.glob && !p.noglob {
					names, err := p.globPaths(string(f.pat))
					if err != nil {
						return nil, err
					}
					if len(names) > 0 {
						found = names
					}
				}
				for _, s := range found {
					if total += len(s) + 16; total > p.meter.limits.Memory {
						return nil, failf("argument list too long")
					}
				}
				out = append(out, found...)
			}
		}
	}
	return out, nil
}

// str expands a word to one string, without splitting or file names.
func (p *proc) str(w *syntax.Word) (string, error) {
	f, err := p.single(w)
	return string(f.text), err
}

// pattern expands a word to a pattern in which what was quoted is literal.
func (p *proc) pattern(w *syntax.Word) (string, error) {
	f, err := p.single(w)
	return string(f.pat), err
}

func (p *proc) single(w *syntax.Word) (field, error) {
	if w == nil {
		return field{}, nil
	}
	x := &expander{p: p}
	err := x.word(w)
	return x.cur, err
}

// next ends the current field.
func (x *expander) next() {
	if x.any {
		x.done = append(x.done, x.cur)
	}
	x.cur, x.any = field{}, false
}

// put adds text to the current field.
func (x *expander) put(s string, quoted bool) error {
	if len(x.cur.text)+len(s) > x.p.meter.limits.Value {
		return &killed{"Killed: value too large"}
	}
	x.cur.text = append(x.cur.text, s...)
	if s != "" || quoted {
		x.any = true
	}
	if !quoted {
		x.cur.pat = append(x.cur.pat, s...)
		x.cur.glob = x.cur.glob || strings.ContainsAny(s, "*?[")
		return nil
	}
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(`*?[]\!-^`, s[i]) >= 0 {
			x.cur.pat = append(x.cur.pat, '\\')
		}
		x.cur.pat = append(x.cur.pat, s[i])
	}
	return nil
}

// value adds the result of an expansion.
func (x *expander) value(s string, quoted bool) error {
	if err := x.p.spend(1 + int64(len(s))>>10); err != nil {
		return err
	}
	if quoted || !x.split {
		// A backslash that comes out of an unquoted expansion is itself; wildcards count.
		if !quoted {
			return x.raw(s)
		}
		return x.put(s, true)
	}
	ifs, set := x.p.get("IFS")
	if !set {
		ifs = " \t\n"
	}
	start := 0
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(ifs, s[i]) < 0 {
			continue
		}
		if err := x.raw(s[start:i]); err != nil {
			return err
		}
		start = i + 1
		if strings.IndexByte(" \t\n", s[i]) < 0 {
			x.any = true // a separator that is no blank ends even an empty field
		}
		x.next()
		if len(x.done)*32 > x.p.meter.limits.Memory {
			return failf("argument list too long")
		}
	}
	return x.raw(s[start:])
}

// raw adds unquoted text in which only wildcards are special.
func (x *expander) raw(s string) error {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return x.put(s, false)
		}
		if err := x.put(s[:i], false); err != nil {
			return err
		}
		if err := x.put(`\`, true); err != nil {
			return err
		}
		s = s[i+1:]
	}
}

func (x *expander) word(w *syntax.Word) error {
	for i, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok && i == 0 {
			if home, rest, ok := x.p.tilde(lit.Value, len(w.Parts) == 1); ok {
				if err := x.put(home, true); err != nil {
					return err
				}
				if err := x.literal(rest); err != nil {
					return err
				}
				continue
			}
		}
		if err := x.part(part, false); err != nil {
			return err
		}
	}
	return nil
}

// tilde expands ~ and ~name at the start of a word.
func (p *proc) tilde(s string, whole bool) (home, rest string, ok bool) {
	if !strings.HasPrefix(s, "~") {
		return "", "", false
	}
	name, rest, slash := strings.Cut(s[1:], "/")
	if slash {
		rest = "/" + rest
	} else if !whole {
		return "", "", false
	}
	if name == "" {
		home, ok = p.get("HOME")
		return home, rest, ok
	}
	a, ok := p.g.Account(name)
	return a.Home, rest, ok
}

// literal adds unquoted script text: a backslash quotes what follows.
func (x *expander) literal(s string) error {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i == len(s)-1 {
			return x.put(s, false)
		}
		if err := x.put(s[:i], false); err != nil {
			return err
		}
		if s[i+1] != '\n' {
			if err := x.put(s[i+1:i+2], true); err != nil {
				return err
			}
		}
		s = s[i+2:]
	}
}

// quotedLiteral adds script text between double quotes or in a here-document.
func (x *expander) quotedLiteral(s string) error {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0 {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return x.put(b.String(), true)
}

func (x *expander) part(part syntax.WordPart, quoted bool) error {
	switch w := part.(type) {
	case *syntax.Lit:
		if quoted {
			return x.quotedLiteral(w.Value)
		}
		return x.literal(w.Value)
	case *syntax.SglQuoted:
		s := w.Value
		if w.Dollar {
			s, _ = unescape(s, false)
		}
		return x.put(s, true)
	case *syntax.DblQuoted:
		if !x.onlyEmptyAt(w.Parts) {
			x.any = true
		}
		for _, part := range w.Parts {
			if err := x.part(part, true); err != nil {
				return err
			}
		}
		return nil
	case *syntax.ParamExp:
		return x.param(w, quoted)
	case *syntax.CmdSubst:
		s, err := x.p.capture(w)
		if err != nil {
			return err
		}
		return x.value(s, quoted)
	case *syntax.ArithmExp:
		n, err := x.p.arithm(w.X)
		if err != nil {
			return err
		}
		return x.value(strconv.FormatInt(n, 10), quoted)
	case *syntax.ExtGlob:
		return x.put(w.Op.String()+w.Pattern.Value+")", true)
	case *syntax.BraceExp:
		return failf("braces are not supported here")
	}
	return failf("this expansion is not supported in the simulated guest's shell")
}

// onlyEmptyAt: "$@" without parameters is no field at all.
func (x *expander) onlyEmptyAt(parts []syntax.WordPart) bool {
	if len(parts) != 1 || len(x.p.params) > 0 {
		return false
	}
	pe, ok := parts[0].(*syntax.ParamExp)
	return ok && pe.Param != nil && pe.Param.Value == "@" && pe.Exp == nil && !pe.Length
}

// capture runs a command substitution and returns its output without the
// newlines at its end.
func (p *proc) capture(c *syntax.CmdSubst) (string, error) {
	if c.TempFile || c.ReplyVar {
		return "", failf("this command substitution is not supported")
	}
	buf := &bounded{most: p.meter.limits.Value}
	err := p.subshell(func(child *proc) error {
		child.fd[1].w = buf
		return child.stmts(c.Stmts)
	})
	if err != nil {
		return "", err
	}
	return strings.TrimRight(strings.ReplaceAll(buf.b.String(), "\x00", ""), "\n"), nil
}

// bounded keeps what is written up to a limit, and kills who writes more.
type bounded struct {
	b    strings.Builder
	most int
}

func (b *bounded) Write(s []byte) (int, error) {
	if b.b.Len()+len(s) > b.most {
		return 0, &killed{fmt.Sprintf("Killed: more than %d bytes in one value", b.most)}
	}
	return b.b.Write(s)
}

// braces expands {a,b} and {1..9}.
func (p *proc) braces(w *syntax.Word) ([]*syntax.Word, error) {
	for i, part := range w.Parts {
		b, ok := part.(*syntax.BraceExp)
		if !ok {
			continue
		}
		elems := b.Elems
		if b.Sequence {
			var err error
			if elems, err = p.sequence(b); err != nil {
				return nil, err
			}
		}
		var out []*syntax.Word
		for _, e := range elems {
			if err := p.spend(int64(len(w.Parts) + 1)); err != nil {
				return nil, err
			}
			parts := make([]syntax.WordPart, 0, len(w.Parts)+len(e.Parts))
			parts = append(append(append(parts, w.Parts[:i]...), e.Parts...), w.Parts[i+1:]...)
			more, err := p.braces(&syntax.Word{Parts: parts})
			if err != nil {
				return nil, err
			}
			if out = append(out, more...); len(out) > 1<<14 {
				return nil, failf("brace expansion is too long")
			}
		}
		return out, nil
	}
	return []*syntax.Word{w}, nil
}

func (p *proc) sequence(b *syntax.BraceExp) ([]*syntax.Word, error) {
	lit := func(i int) string {
		if i >= len(b.Elems) {
			return ""
		}
		return b.Elems[i].Lit()
	}
	from, err1 := strconv.Atoi(lit(0))
	to, err2 := strconv.Atoi(lit(1))
	chars := false
	if err1 != nil && err2 != nil && len(lit(0)) == 1 && len(lit(1)) == 1 {
		from, to, chars = int(lit(0)[0]), int(lit(1)[0]), true
	} else if err1 != nil || err2 != nil {
		return nil, failf("this sequence is not supported")
	}
	step, _ := strconv.Atoi(lit(2))
	if step = max(step, -step, 1); step > 1<<40 || max(from, -from, to, -to) > 1<<40 || max(from-to, to-from)/step > 1<<14 {
		return nil, failf("brace expansion is too long")
	}
	if to < from {
		step = -step
	}
	var out []*syntax.Word
	for n := from; (step > 0 && n <= to) || (step < 0 && n >= to); n += step {
		s := strconv.Itoa(n)
		if chars {
			s = string(rune(n))
		}
		out = append(out, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: s}}})
	}
	return out, nil
}
