package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func runExport(c *call) int {
	args := c.args[1:]
	if len(args) > 0 && args[0] == "-p" {
		args = args[1:]
	}
	if len(args) == 0 {
		for _, kv := range c.environ() {
			name, value, _ := strings.Cut(kv, "=")
			c.printf("declare -x %s=\"%s\"\n", name, value)
		}
		return 0
	}
	status := 0
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if !validName(name) {
			status = c.fail("`%s': not a valid identifier", a)
			continue
		}
		if ok {
			if err := c.set(name, value); err != nil {
				c.checkKilled(err)
				status = c.fail("%v", err)
				continue
			}
		}
		if _, set := c.vars[name]; set {
			c.export(name)
		}
	}
	return status
}

// declare runs export, local, readonly and declare with their assignments.
func (p *proc) declare(d *syntax.DeclClause) error {
	p.status = 0
	kind := d.Variant.Value
	exported, readonly, shown := kind == "export", kind == "readonly", true
	for _, a := range d.Args {
		if a.Name == nil { // an option, or a name that comes out of an expansion
			words, err := p.fields(a.Value)
			if err != nil {
				return err
			}
			for _, w := range words {
				if strings.HasPrefix(w, "-") {
					if strings.ContainsAny(w, "aAnfF") {
						return failf("%s: %s: this option is not supported", kind, w)
					}
					exported = exported || strings.Contains(w, "x")
					readonly = readonly || strings.Contains(w, "r")
					continue
				}
				shown = false
				name, value, ok := strings.Cut(w, "=")
				if err := p.declareOne(kind, name, value, ok, exported, readonly); err != nil {
					return err
				}
			}
			continue
		}
		shown = false
		if a.Array != nil || a.Index != nil {
			return failf("arrays are not supported in the simulated guest's shell")
		}
		value := ""
		if !a.Naked {
			var err error
			if value, err = p.assigned(a.Value); err != nil {
				return err
			}
			if a.Append {
				value = p.lookup(a.Name.Value) + value
			}
		}
		if err := p.declareOne(kind, a.Name.Value, value, !a.Naked, exported, readonly); err != nil {
			return err
		}
	}
	if shown && exported {
		return p.invoke(commands["export"], []string{"export"})
	}
	return nil
}

func (p *proc) declareOne(kind, name, value string, given, exported, readonly bool) error {
	if !validName(name) {
		return failf("%s: `%s': not a valid identifier", kind, name)
	}
	if n := len(p.locals); n > 0 && (kind == "local" || kind == "declare" || kind == "typeset") {
		if _, seen := p.locals[n-1][name]; !seen {
			p.locals[n-1][name] = p.snapshot(name)
			if !given {
				given = true
			}
		}
	} else if kind == "local" {
		return failf("local: can only be used in a function")
	}
	if given {
		if err := p.set(name, value); err != nil {
			return asFailure(err)
		}
	}
	v, ok := p.vars[name]
	if !ok {
		return nil
	}
	v.exported = v.exported || exported
	v.readonly = v.readonly || readonly
	p.vars[name] = v
	return nil
}

func (p *proc) environ() []string {
	var all []string
	for name, v := range p.vars {
		if v.exported {
			all = append(all, name+"="+v.value)
		}
	}
	slices.Sort(all)
	return all
}

func runUnset(c *call) int {
	o, ok := c.getopt("vf", nil)
	if !ok {
		return 2
	}
	status := 0
	for _, name := range o.rest {
		if _, isFunc := c.funcs[name]; o.has('f') || isFunc && !o.has('v') {
			delete(c.funcs, name)
			continue
		}
		if err := c.unset(name); err != nil {
			status = c.fail("%v", err)
		}
	}
	return status
}

func runRead(c *call) int {
	o, ok := c.getopt("rsp:t:n:", nil)
	if !ok {
		return 2
	}
	names := o.rest
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	if o.has('p') && c.term != nil {
		c.complain(o.set['p'])
	}
	line, err := c.readLogical(o.has('r'))
	ifs, set := c.get("IFS")
	if !set {
		ifs = " \t\n"
	}
	rest := strings.Trim(line, blanks(ifs))
	for i, name := range names {
		value := rest
		if i < len(names)-1 {
			if at := strings.IndexAny(rest, ifs); at >= 0 && ifs != "" {
				value, rest = rest[:at], strings.TrimLeft(rest[at+1:], blanks(ifs))
			} else {
				rest = ""
			}
		}
		if serr := c.set(name, value); serr != nil {
			c.checkKilled(serr)
			return c.fail("%v", serr)
		}
	}
	return truth(err == nil)
}

func blanks(ifs string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n", r) {
			return r
		}
		return -1
	}, ifs)
}

// readLogical reads one line; unless raw, a backslash at its end joins the next.
func (c *call) readLogical(raw bool) (string, error) {
	var line strings.Builder
	for {
		part, err := c.stdinLine("")
		c.tick(1 + int64(len(part))/64)
		if !raw {
			for {
				before, after, found := strings.Cut(part, `\`)
				line.WriteString(before)
				if !found {
					break
				}
				if after == "" {
					goto next
				}
				line.WriteByte(after[0])
				part = after[1:]
			}
			return line.String(), err
		}
		line.WriteString(part)
		return line.String(), err
	next:
		if err != nil || line.Len() > c.meter.limits.Value {
			return line.String(), err
		}
	}
}
