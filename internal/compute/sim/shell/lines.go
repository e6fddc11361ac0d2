package shell

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func runSort(c *call) int {
	o, ok := c.getopt("rnufk:t:", map[string]byte{"reverse": 'r', "unique": 'u'})
	if !ok {
		return 2
	}
	lines, status := c.allLines(o.rest)
	c.tick(int64(len(lines)))
	field, _ := strconv.Atoi(strings.TrimRight(strings.SplitN(o.set['k'], ",", 2)[0], "nr"))
	numeric := o.has('n') || strings.Contains(o.set['k'], "n")
	key := func(s string) string {
		if field > 0 {
			parts := strings.Fields(s)
			if sep := o.set['t']; sep != "" {
				parts = strings.Split(s, sep)
			}
			s = strings.Join(parts[min(field-1, len(parts)):], " ")
		}
		if o.has('f') {
			s = strings.ToUpper(s)
		}
		return s
	}
	compare := func(a, b string) int {
		a, b = key(a), key(b)
		if numeric {
			x, y := leadingNumber(a), leadingNumber(b)
			if x != y {
				if x < y {
					return -1
				}
				return 1
			}
			if o.has('u') {
				return 0
			}
		}
		return strings.Compare(a, b)
	}
	slices.SortStableFunc(lines, compare)
	if o.has('u') {
		lines = slices.CompactFunc(lines, func(a, b string) bool { return compare(a, b) == 0 })
	}
	if o.has('r') {
		slices.Reverse(lines)
	}
	for _, line := range lines {
		c.print(line + "\n")
	}
	return status
}

var numberPrefix = regexp.MustCompile(`^\s*-?[0-9]*\.?[0-9]*`)

func leadingNumber(s string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSpace(numberPrefix.FindString(s)), 64)
	return n
}

func runUniq(c *call) int {
	o, ok := c.getopt("cdui", nil)
	if !ok {
		return 1
	}
	count, last := 0, ""
	flush := func() {
		if count == 0 || o.has('d') && count < 2 || o.has('u') && count > 1 {
			return
		}
		if o.has('c') {
			c.printf("%7d ", count)
		}
		c.print(last + "\n")
	}
	status := c.inputs(o.rest, func(_ string, r io.Reader) {
		c.lines(r, func(line string) bool {
			if count > 0 && line == last {
				count++
				return true
			}
			flush()
			count, last = 1, line
			return true
		})
	})
	flush()
	return status
}

func (c *call) allLines(names []string) (lines []string, status int) {
	size := 0
	status = c.inputs(names, func(_ string, r io.Reader) {
		c.lines(r, func(line string) bool {
			if size += len(line) + 16; size > c.meter.limits.Memory {
				c.fail("input is longer than %d bytes", c.meter.limits.Memory)
				panic(abort{status: 2})
			}
			lines = append(lines, line)
			return true
		})
	})
	return lines, status
}

// ranges reads a list such as 1,3-5,7-.
func ranges(s string) (in func(n int) bool, ok bool) {
	var list [][2]int
	for part := range strings.SplitSeq(s, ",") {
		from, to, dash := strings.Cut(part, "-")
		lo, err1 := strconv.Atoi(from)
		hi, err2 := strconv.Atoi(to)
		if !dash {
			hi, err2 = lo, err1
		}
		if dash && from == "" {
			lo, err1 = 1, nil
		}
		if dash && to == "" {
			hi, err2 = 1<<30, nil
		}
		if err1 != nil || err2 != nil || lo < 1 || hi < lo {
			return nil, false
		}
		list = append(list, [2]int{lo, hi})
	}
	return func(n int) bool {
		return slices.ContainsFunc(list, func(r [2]int) bool { return r[0] <= n && n <= r[1] })
	}, true
}

func runCut(c *call) int {
	o, ok := c.getopt("d:f:c:b:s", nil)
	if !ok {
		return 1
	}
	list := o.set['f'] + o.set['c'] + o.set['b']
	in, ok := ranges(list)
	if !ok {
		return c.fail("invalid list of fields: '%s'", list)
	}
	sep := "\t"
	if o.has('d') {
		if utf8.RuneCountInString(o.set['d']) != 1 {
			return c.fail("the delimiter must be a single character")
		}
		sep = o.set['d']
	}
	return c.inputs(o.rest, func(_ string, r io.Reader) {
		c.lines(r, func(line string) bool {
			parts := strings.Split(line, sep)
			joint := sep
			if !o.has('f') {
				parts, joint = strings.Split(line, ""), ""
			} else if len(parts) == 1 {
				if !o.has('s') {
					c.print(line + "\n")
				}
				return true
			}
			c.tick(int64(len(parts)) / 16)
			var kept []string
			for i, part := range parts {
				if in(i + 1) {
					kept = append(kept, part)
				}
			}
			c.print(strings.Join(kept, joint) + "\n")
			return true
		})
	})
}

func runTac(c *call) int {
	lines, status := c.allLines(c.args[1:])
	for _, line := range slices.Backward(lines) {
		c.print(line + "\n")
	}
	return status
}

func runRev(c *call) int {
	return c.inputs(c.args[1:], func(_ string, r io.Reader) {
		c.lines(r, func(line string) bool {
			runes := []rune(line)
			slices.Reverse(runes)
			c.print(string(runes) + "\n")
			return true
		})
	})
}
