package shell

import (
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// extended turns a basic regular expression into an extended one: there \( \)
// \{ \} \| \+ \? are special and the bare characters are not.
func extended(s string) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(s); i++ {
		switch {
		case inClass:
			b.WriteByte(s[i])
			// ] right after [ or [^ is itself.
			inClass = s[i] != ']' || strings.HasSuffix(s[:i], "[") || strings.HasSuffix(s[:i], "[^")
		case s[i] == '[':
			inClass = true
			b.WriteByte('[')
		case s[i] == '\\' && i+1 < len(s):
			i++
			if strings.IndexByte("(){}|+?", s[i]) < 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(s[i])
		case strings.IndexByte("(){}|+?", s[i]) >= 0:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case s[i] == '*' && (i == 0 || s[:i] == "^"):
			b.WriteString(`\*`)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func runGrep(c *call) int {
	o, ok := c.getopt("ivncqlLhHsowxrREFGae:f:m:A:B:", map[string]byte{"color": 's', "ignore-case": 'i', "quiet": 'q', "count": 'c', "invert-match": 'v'})
	if !ok {
		return 2
	}
	files := o.rest
	pattern, given := o.set['e'], o.has('e')
	if !given {
		if len(files) == 0 {
			return c.usage("usage: grep [options] pattern [files]")
		}
		pattern, files = files[0], files[1:]
	}
	switch {
	case o.has('F') || c.args[0] == "fgrep":
		pattern = regexp.QuoteMeta(pattern)
	case !o.has('E') && c.args[0] != "egrep":
		pattern = extended(pattern)
	}
	if o.has('w') {
		pattern = `\b(?:` + pattern + `)\b`
	}
	if o.has('x') {
		pattern = `^(?:` + pattern + `)$`
	}
	if o.has('i') {
		pattern = `(?i)` + pattern
	}
	re, err := c.regexp(pattern)
	if err != nil {
		c.checkKilled(err)
		return c.usage("%v", err)
	}
	g := &grepper{c: c, o: o, re: re, most: -1}
	g.named = o.has('H') || len(files) > 1 && !o.has('h')
	if n, err := strconv.Atoi(o.set['m']); err == nil {
		g.most = n
	}
	status := 0
	if o.has('r') || o.has('R') {
		g.named = !o.has('h')
		files, status = c.below(files)
	}
	if len(files) > 0 || !o.has('r') && !o.has('R') {
		status = max(status, c.inputs(files, g.file))
	}
	switch {
	case status != 0 && !(g.found && o.has('q')):
		return 2
	case g.found:
		return 0
	}
	return 1
}

// below lists the files under folders, and returns the exit status.
func (c *call) below(roots []string) (files []string, status int) {
	if len(roots) == 0 {
		roots = []string{"."}
	}
	status = c.tree(roots, true, "%s", func(name string, i disk.Info) error {
		if i.Kind == disk.File {
			files = append(files, name)
		}
		return nil
	})
	return files, status
}

type grepper struct {
	c     *call
	o     options
	re    *regexp.Regexp
	named bool
	most  int
	found bool
}

func (g *grepper) file(name string, r io.Reader) {
	c, count, number := g.c, 0, 0
	prefix := ""
	if name == "-" {
		name = "(standard input)"
	}
	if g.named {
		prefix = name + ":"
	}
	if g.most == 0 {
		return
	}
	c.lines(r, func(line string) bool {
		number++
		c.tick(int64(len(line)) >> 6)
		if g.re.MatchString(line) == g.o.has('v') {
			return true
		}
		g.found = true
		count++
		switch {
		case g.o.has('q') || g.o.has('l'):
			return false
		case g.o.has('c'):
			return count != g.most
		}
		at := prefix
		if g.o.has('n') {
			at += strconv.Itoa(number) + ":"
		}
		if g.o.has('o') {
			for _, m := range g.re.FindAllString(line, -1) {
				if m != "" {
					c.print(at + m + "\n")
				}
			}
		} else {
			c.print(at + line + "\n")
		}
		return count != g.most
	})
	switch {
	case g.o.has('q'):
	case g.o.has('c'):
		c.print(prefix + strconv.Itoa(count) + "\n")
	case g.o.has('l') && count > 0, g.o.has('L') && count == 0:
		c.print(name + "\n")
	}
}

// edit is one command of sed.
type edit struct {
	lines     func(n int) bool // addressed by number; nil for all
	where     *regexp.Regexp   // addressed by pattern; nil for all
	op        byte             // s, d or p
	re        *regexp.Regexp
	with      string
	all, tell bool
}

func runSed(c *call) int {
	o, ok := c.getopt("nEre:i", nil)
	if !ok {
		return 1
	}
	files := o.rest
	script := o.set['e']
	if !o.has('e') {
		if len(files) == 0 {
			return c.fail("no script specified")
		}
		script, files = files[0], files[1:]
	}
	edits, err := c.sedScript(script, o.has('E') || o.has('r'))
	if err != nil {
		c.checkKilled(err)
		return c.fail("-e expression #1: %v", err)
	}
	if !o.has('i') {
		number := 0
		return c.inputs(files, func(_ string, r io.Reader) {
			c.lines(r, func(line string) bool {
				number++
				c.print(c.sedLine(edits, line, number, o.has('n')))
				return true
			})
		})
	}
	return c.each(files, "can't edit", func(name string) error {
		r, err := c.view.Open(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer shut(r)
		var out strings.Builder
		number := 0
		c.lines(r, func(line string) bool {
			number++
			out.WriteString(c.sedLine(edits, line, number, o.has('n')))
			if out.Len() > c.meter.limits.Memory {
				c.check(&killed{"Killed: out of memory"})
			}
			return true
		})
		c.check(c.meter.wrote(out.Len()))
		if err := r.Truncate(0); err != nil {
			return err
		}
		_, err = r.WriteAt([]byte(out.String()), 0)
		return err
	})
}

// sedScript parses commands separated by ; and newlines.
func (c *call) sedScript(s string, ere bool) ([]edit, error) {
	convert := extended
	if ere {
		convert = func(s string) string { return s }
	}
	var edits []edit
	for {
		s = strings.TrimLeft(s, " \t;\n")
		if s == "" {
			return edits, nil
		}
		var e edit
		switch {
		case s[0] == '/':
			parts, rest, ok := delimited(s[1:], '/', 1)
			if !ok {
				return nil, failf("unterminated address regex")
			}
			re, err := c.regexp(convert(parts[0]))
			if err != nil {
				return nil, err
			}
			e.where, s = re, rest
		case s[0] >= '0' && s[0] <= '9':
			end := 0
			for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == ',') {
				end++
			}
			in, ok := ranges(strings.ReplaceAll(s[:end], ",", "-"))
			if !ok {
				return nil, failf("unexpected `,'")
			}
			e.lines, s = in, s[end:]
		}
		if s == "" {
			return nil, failf("missing command")
		}
		e.op, s = s[0], s[1:]
		switch e.op {
		case 'd', 'p':
		case 's':
			if s == "" {
				return nil, failf("unterminated `s' command")
			}
			parts, rest, ok := delimited(s[1:], s[0], 2)
			if !ok {
				return nil, failf("unterminated `s' command")
			}
			insensitive := ""
			for rest != "" && strings.IndexByte("gpiI", rest[0]) >= 0 {
				switch rest[0] {
				case 'g':
					e.all = true
				case 'p':
					e.tell = true
				default:
					insensitive = "(?i)"
				}
				rest = rest[1:]
			}
			re, err := c.regexp(insensitive + convert(parts[0]))
			if err != nil {
				return nil, err
			}
			e.re, e.with, s = re, replacement(parts[1]), rest
		default:
			return nil, failf("unknown command: `%c'", e.op)
		}
		if s != "" && strings.IndexByte(" ;\n", s[0]) < 0 {
			return nil, failf("extra characters after command")
		}
		edits = append(edits, e)
	}
}

// delimited takes n texts that each end with the delimiter.
func delimited(s string, by byte, n int) (parts []string, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			if s[i+1] != by {
				b.WriteByte('\\')
			}
			i++
			b.WriteByte(s[i])
		case s[i] == by:
			parts = append(parts, b.String())
			b.Reset()
			if len(parts) == n {
				return parts, s[i+1:], true
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return nil, "", false
}

// replacement turns sed's & and \1 into what package regexp has for them.
func replacement(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$':
			b.WriteString("$$")
		case s[i] == '&':
			b.WriteString("${0}")
		case s[i] == '\\' && i+1 < len(s):
			i++
			switch {
			case s[i] >= '0' && s[i] <= '9':
				b.WriteString("${" + s[i:i+1] + "}")
			case s[i] == 'n':
				b.WriteByte('\n')
			default:
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func (c *call) sedLine(edits []edit, line string, number int, quiet bool) string {
	out := ""
	for _, e := range edits {
		c.tick(1 + int64(len(line))>>6)
		if e.lines != nil && !e.lines(number) || e.where != nil && !e.where.MatchString(line) {
			continue
		}
		switch e.op {
		case 'd':
			return out
		case 'p':
			out += line + "\n"
		case 's':
			if len(line)*(1+len(e.with)) > c.meter.limits.Memory*8 {
				c.check(&killed{"Killed: out of memory"})
			}
			at := e.re.FindStringSubmatchIndex(line)
			switch {
			case at == nil:
				continue
			case e.all:
				line = e.re.ReplaceAllString(line, e.with)
			default:
				line = line[:at[0]] + string(e.re.ExpandString(nil, e.with, line, at)) + line[at[1]:]
			}
			if e.tell {
				out += line + "\n"
			}
		}
		if len(out)+len(line) > c.meter.limits.Memory {
			c.check(&killed{"Killed: out of memory"})
		}
	}
	if quiet {
		return out
	}
	return out + line + "\n"
}
