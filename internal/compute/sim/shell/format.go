package shell

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape replaces the backslash escapes of echo -e, printf %b and $'…'. stop
// is set when \c said that nothing follows.
func unescape(s string, echo bool) (out string, stop bool) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, false
	}
	var b strings.Builder
	simple := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'a': 7, 'b': 8, 'e': 27, 'E': 27, 'f': 12, 'v': 11, '\\': '\\', '\'': '\'', '"': '"'}
	digits := func(from, most, base int) (int64, int) {
		end := from
		for end < len(s) && end < from+most && strings.IndexByte("0123456789abcdefABCDEF"[:map[int]int{8: 8, 16: 22}[base]], s[end]) >= 0 {
			end++
		}
		n, _ := strconv.ParseInt(s[from:end], base, 64)
		return n, end
	}
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		c := s[i+1]
		switch {
		case c == 'c' && echo:
			return b.String(), true
		case c == '0' && echo:
			n, end := digits(i+2, 3, 8)
			b.WriteByte(byte(n))
			i = end
		case c >= '0' && c <= '7':
			n, end := digits(i+1, 3, 8)
			b.WriteByte(byte(n))
			i = end
		case c == 'x' || c == 'u' || c == 'U':
			n, end := digits(i+2, map[byte]int{'x': 2, 'u': 4, 'U': 8}[c], 16)
			switch {
			case end == i+2:
				b.WriteString(s[i:end])
			case c == 'x':
				b.WriteByte(byte(n))
			default:
				b.WriteString(string(utf8.AppendRune(nil, rune(min(n, utf8.MaxRune+1)))))
			}
			i = end
		case simple[c] != 0:
			b.WriteByte(simple[c])
			i += 2
		default:
			b.WriteString(s[i : i+2])
			i += 2
		}
	}
	return b.String(), false
}

// maxWidth bounds the width and precision of printf, in characters.
const maxWidth = 4096

func runPrintf(c *call) int {
	args := c.args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return c.usage("usage: printf format [arguments]")
	}
	f := &formatter{c: c, format: args[0], args: args[1:]}
	for {
		had := len(f.args)
		if f.once(); f.stop || f.failed || len(f.args) == 0 || len(f.args) == had {
			break
		}
	}
	c.print(f.out.String())
	return truth(!f.failed && !f.bad)
}

// formatter does printf(1).
type formatter struct {
	c      *call
	format string
	args   []string
	out    strings.Builder
	stop   bool // \c
	failed bool // the format is wrong
	bad    bool // an argument is wrong
}

func (f *formatter) next() string {
	if len(f.args) == 0 {
		return ""
	}
	a := f.args[0]
	f.args = f.args[1:]
	return a
}

func (f *formatter) write(s string) {
	f.c.tick(1)
	if f.out.Len()+len(s) > f.c.meter.limits.Memory {
		f.c.check(&killed{"Killed: out of memory"})
	}
	f.out.WriteString(s)
}

// once goes through the format one time.
func (f *formatter) once() {
	s := f.format
	for s != "" {
		at := strings.IndexByte(s, '%')
		if at < 0 {
			at = len(s)
		}
		text, stop := unescape(s[:at], false)
		f.write(text)
		if stop {
			f.stop = true
			return
		}
		if s = s[at:]; s == "" {
			return
		}
		if strings.HasPrefix(s, "%%") {
			f.write("%")
			s = s[2:]
			continue
		}
		if s = f.directive(s); f.failed || f.stop {
			return
		}
	}
}

// directive handles one % and returns what follows it.
func (f *formatter) directive(s string) string {
	i := 1
	for i < len(s) && strings.IndexByte("-+ #0", s[i]) >= 0 {
		i++
	}
	spec := s[:i]
	number := func() {
		if i < len(s) && s[i] == '*' {
			spec += f.next()
			i++
			return
		}
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			spec += s[i : i+1]
			i++
		}
	}
	from := len(spec)
	number()
	width := spec[from:]
	precision := ""
	if i < len(s) && s[i] == '.' {
		spec += "."
		i++
		from = len(spec)
		number()
		precision = spec[from:]
	}
	for _, n := range []string{width, precision} {
		if v, err := strconv.Atoi(n); n != "" && (err != nil || v > maxWidth || v < -maxWidth) {
			f.failed = true
			f.c.fail("%s: width is not supported", n)
			return ""
		}
	}
	if i == len(s) {
		f.failed = true
		f.c.fail("`%s': missing format character", s)
		return ""
	}
	verb, rest := s[i], s[i+1:]
	switch verb {
	case 's':
		f.write(fmt.Sprintf(spec+"s", f.next()))
	case 'b':
		text, stop := unescape(f.next(), true)
		f.write(fmt.Sprintf(spec+"s", text))
		f.stop = stop
	case 'c':
		a := f.next()
		f.write(fmt.Sprintf(spec+"s", a[:min(1, len(a))]))
	case 'q':
		f.write("'" + strings.ReplaceAll(f.next(), "'", `'\''`) + "'")
	case 'd', 'i', 'u':
		f.write(fmt.Sprintf(spec+"d", f.integer()))
	case 'o', 'x', 'X':
		f.write(fmt.Sprintf(spec+string(verb), f.integer()))
	case 'e', 'E', 'f', 'F', 'g', 'G':
		a := f.next()
		n, err := strconv.ParseFloat(a, 64)
		if err != nil && a != "" {
			f.bad = true
			f.c.fail("%s: invalid number", a)
		}
		f.write(fmt.Sprintf(spec+string(verb), n))
	default:
		f.failed = true
		f.c.fail("`%c': invalid format character", verb)
	}
	return rest
}

func (f *formatter) integer() int64 {
	a := f.next()
	if a == "" {
		return 0
	}
	if len(a) > 1 && (a[0] == '\'' || a[0] == '"') {
		r, _ := utf8.DecodeRuneInString(a[1:])
		return int64(r)
	}
	n, err := strconv.ParseInt(a, 0, 64)
	if err != nil {
		f.bad = true
		f.c.fail("%s: invalid number", a)
	}
	return n
}
