package shell

import (
	"io"
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
