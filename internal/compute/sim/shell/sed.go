package shell

import (
	"io"
	"os"
	"regexp"
	"strings"
)

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
