package shell

import (
	"bufio"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func textCommands() map[string]command {
	return map[string]command{
		"head":      {runHead, inBin, "print the beginning"},
		"tail":      {runTail, inBin, "print the end"},
		"wc":        {runWc, inBin, "count lines, words and bytes"},
		"sort":      {runSort, inBin, "sort lines"},
		"uniq":      {runUniq, inBin, "drop repeated lines"},
		"cut":       {runCut, inBin, "print parts of lines"},
		"tr":        {runTr, inBin, "replace characters"},
		"grep":      {runGrep, inBin, "print lines that match"},
		"egrep":     {runGrep, inBin, "print lines that match"},
		"fgrep":     {runGrep, inBin, "print lines that contain"},
		"sed":       {runSed, inBin, "edit lines: s///, d, p"},
		"seq":       {runSeq, inBin, "print numbers"},
		"tac":       {runTac, inBin, "print lines in reverse order"},
		"rev":       {runRev, inBin, "reverse each line"},
		"yes":       {runYes, inBin, "print a line again and again"},
		"base64":    {runBase64, inBin, "encode or decode"},
		"md5sum":    {runSum(md5.New), inBin, "print checksums"},
		"sha1sum":   {runSum(sha1.New), inBin, "print checksums"},
		"sha256sum": {runSum(sha256.New), inBin, "print checksums"},
		"cmp":       {runCmp, inBin, "tell whether files differ"},
		"xargs":     {runXargs, inBin, "make arguments from input"},
	}
}

// counts parses -N, -n N and -c N of head and tail.
func (c *call) counts() (lines, bytes int, plus bool, files []string, ok bool) {
	lines, bytes = 10, -1
	args := c.args
	for i, a := range args[1:] {
		if len(a) > 1 && a[0] == '-' && a[1] >= '0' && a[1] <= '9' {
			// The old form: -3, -1c.
			n, err := strconv.Atoi(strings.TrimRight(a[1:], "cn"))
			if err != nil {
				c.fail("invalid number: '%s'", a)
				return 0, 0, false, nil, false
			}
			letter := "-n"
			if strings.HasSuffix(a, "c") {
				letter = "-c"
			}
			c.args = slices.Concat(args[:i+1], []string{letter + strconv.Itoa(n)}, args[i+2:])
			break
		}
		if len(a) < 1 || a[0] != '-' {
			break
		}
	}
	o, ok := c.getopt("n:c:qvf", map[string]byte{"lines": 'n', "bytes": 'c'})
	if !ok {
		return 0, 0, false, nil, false
	}
	for _, letter := range []byte("nc") {
		if !o.has(letter) {
			continue
		}
		v, hasPlus := strings.CutPrefix(o.set[letter], "+")
		n, err := strconv.Atoi(strings.TrimPrefix(v, "-"))
		if err != nil || n < 0 {
			c.fail("invalid number: '%s'", o.set[letter])
			return 0, 0, false, nil, false
		}
		plus = hasPlus
		if letter == 'c' {
			bytes = n
		} else {
			lines = n
		}
	}
	return lines, bytes, plus, o.rest, true
}

func (c *call) heading(n int, name string) {
	if n > 0 {
		c.print("\n")
	}
	c.printf("==> %s <==\n", name)
}

func runHead(c *call) int {
	lines, bytes, _, files, ok := c.counts()
	if !ok {
		return 1
	}
	seen := 0
	return c.inputs(files, func(name string, r io.Reader) {
		if len(files) > 1 {
			c.heading(seen, name)
			seen++
		}
		if bytes >= 0 {
			c.stream(c, io.LimitReader(r, int64(bytes)), name)
			return
		}
		left := lines
		if left == 0 {
			return
		}
		c.lines(r, func(line string) bool {
			c.print(line + "\n")
			left--
			return left > 0
		})
	})
}

func runTail(c *call) int {
	lines, bytes, plus, files, ok := c.counts()
	if !ok {
		return 1
	}
	seen := 0
	return c.inputs(files, func(name string, r io.Reader) {
		if len(files) > 1 {
			c.heading(seen, name)
			seen++
		}
		text := c.all(r)
		switch {
		case bytes >= 0 && plus:
			text = text[min(len(text), max(0, bytes-1)):]
		case bytes >= 0:
			text = text[max(0, len(text)-bytes):]
		default:
			all := strings.SplitAfter(text, "\n")
			if all[len(all)-1] == "" {
				all = all[:len(all)-1]
			}
			from := max(0, len(all)-lines)
			if plus {
				from = min(len(all), max(0, lines-1))
			}
			text = strings.Join(all[from:], "")
		}
		c.print(text)
	})
}

func runWc(c *call) int {
	o, ok := c.getopt("lwcmL", nil)
	if !ok {
		return 1
	}
	var total [3]int64
	show := func(n [3]int64, name string) {
		var parts []string
		any := o.has('l') || o.has('w') || o.has('c') || o.has('m')
		for i, letters := range []string{"l", "w", "cm"} {
			if !any || o.has(letters[0]) || o.has(letters[len(letters)-1]) {
				parts = append(parts, strconv.FormatInt(n[i], 10))
			}
		}
		if len(parts) > 1 {
			for i := range parts {
				parts[i] = strings.Repeat(" ", max(0, 7-len(parts[i]))) + parts[i]
			}
		}
		if name != "-" {
			parts = append(parts, name)
		}
		c.print(strings.Join(parts, " ") + "\n")
	}
	status := c.inputs(o.rest, func(name string, r io.Reader) {
		var n [3]int64
		in := bufio.NewReaderSize(r, 4096)
		inWord := false
		for {
			b, err := in.ReadByte()
			if err != nil {
				break
			}
			if n[2]++; n[2]%1024 == 0 {
				c.tick(1)
			}
			if b == '\n' {
				n[0]++
			}
			blank := b == ' ' || b >= '\t' && b <= '\r'
			if !blank && !inWord {
				n[1]++
			}
			inWord = !blank
		}
		for i := range n {
			total[i] += n[i]
		}
		show(n, name)
	})
	if len(o.rest) > 1 {
		show(total, "total")
	}
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

func runTr(c *call) int {
	o, ok := c.getopt("dscC", nil)
	if !ok {
		return 1
	}
	if len(o.rest) == 0 {
		return c.fail("missing operand")
	}
	from := trSet(o.rest[0])
	var to []byte
	if len(o.rest) > 1 {
		to = trSet(o.rest[1])
	}
	var in [256]bool
	for _, b := range from {
		in[b] = true
	}
	if o.has('c') || o.has('C') {
		from = from[:0]
		for b := range in {
			if in[b] = !in[b]; in[b] {
				from = append(from, byte(b))
			}
		}
	}
	var table [256]byte
	for b := range table {
		table[b] = byte(b)
	}
	squeeze := in
	if len(to) > 0 && !o.has('d') {
		for i, b := range from {
			table[b] = to[min(i, len(to)-1)]
		}
		squeeze = [256]bool{}
		for _, b := range to {
			squeeze[b] = true
		}
	}
	last := -1
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		out := buf[:0]
		for _, b := range buf[:n] {
			if o.has('d') && in[b] {
				continue
			}
			b = table[b]
			if o.has('s') && squeeze[b] && int(b) == last {
				continue
			}
			last = int(b)
			out = append(out, b)
		}
		if len(out) > 0 {
			c.Write(out)
		}
		if err != nil {
			return 0
		}
	}
}

// trSet reads a set of tr: ranges, classes and escapes.
func trSet(s string) []byte {
	for name, f := range classes {
		if strings.Contains(s, "[:"+name+":]") {
			var all []byte
			for r := rune(0); r < 256; r++ {
				if f(r) {
					all = append(all, byte(r))
				}
			}
			s = strings.ReplaceAll(s, "[:"+name+":]", string(all))
		}
	}
	s, _ = unescape(s, false)
	var out []byte
	for i := 0; i < len(s); i++ {
		if i+2 < len(s) && s[i+1] == '-' && s[i+2] >= s[i] {
			for b := int(s[i]); b <= int(s[i+2]); b++ {
				out = append(out, byte(b))
			}
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

func runSeq(c *call) int {
	var n []int64
	for _, a := range c.args[1:] {
		v, err := strconv.ParseInt(a, 10, 62)
		if err != nil {
			return c.fail("invalid floating point argument: '%s'", a)
		}
		n = append(n, v)
	}
	from, step, to := int64(1), int64(1), int64(0)
	switch len(n) {
	case 1:
		to = n[0]
	case 2:
		from, to = n[0], n[1]
	case 3:
		from, step, to = n[0], n[1], n[2]
	default:
		return c.fail("missing operand")
	}
	if step == 0 {
		return c.fail("invalid Zero increment value: '0'")
	}
	for ; step > 0 && from <= to || step < 0 && from >= to; from += step {
		c.print(strconv.FormatInt(from, 10) + "\n")
	}
	return 0
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

func runYes(c *call) int {
	line := "y\n"
	if len(c.args) > 1 {
		line = strings.Join(c.args[1:], " ") + "\n"
	}
	for {
		c.print(line)
	}
}

func runBase64(c *call) int {
	o, ok := c.getopt("diw:", map[string]byte{"decode": 'd', "wrap": 'w'})
	if !ok {
		return 1
	}
	bad := false
	status := c.inputs(o.rest, func(_ string, r io.Reader) {
		text := c.all(r)
		if o.has('d') {
			out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
			c.Write(out)
			bad = err != nil
			return
		}
		width := 76
		if o.has('w') {
			width, _ = strconv.Atoi(o.set['w'])
		}
		out := base64.StdEncoding.EncodeToString([]byte(text))
		for width > 0 && len(out) > width {
			c.print(out[:width] + "\n")
			out = out[width:]
		}
		c.print(out)
		if width > 0 && out != "" {
			c.print("\n")
		}
	})
	if bad {
		return c.fail("invalid input")
	}
	return status
}

func runSum(algorithm func() hash.Hash) func(*call) int {
	return func(c *call) int {
		o, ok := c.getopt("b", nil)
		if !ok {
			return 1
		}
		return c.inputs(o.rest, func(name string, r io.Reader) {
			h := algorithm()
			c.stream(h, r, name)
			c.printf("%s  %s\n", hex.EncodeToString(h.Sum(nil)), name)
		})
	}
}

func runCmp(c *call) int {
	o, ok := c.getopt("sl", nil)
	if !ok || len(o.rest) != 2 {
		return c.usage("needs two files")
	}
	var text [2]string
	if status := c.inputs(o.rest, func(name string, r io.Reader) {
		text[flagInt(name == o.rest[1])] = c.all(r)
	}); status != 0 {
		return 2
	}
	if text[0] == text[1] {
		return 0
	}
	if !o.has('s') {
		c.printf("%s %s differ\n", o.rest[0], o.rest[1])
	}
	return 1
}

func runXargs(c *call) int {
	args := c.args[1:]
	each := 0
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] == "-n" && len(args) > 1 {
			each, _ = strconv.Atoi(args[1])
			args = args[1:]
		} else if args[0] != "-r" && args[0] != "-0" {
			return c.fail("invalid option %s", args[0])
		}
		args = args[1:]
	}
	if len(args) == 0 {
		args = []string{"echo"}
	}
	words := strings.FieldsFunc(c.all(c), func(r rune) bool { return r == 0 || r == ' ' || r == '\n' || r == '\t' })
	if each <= 0 {
		each = max(1, len(words))
	}
	status := 0
	for len(words) > 0 {
		n := min(each, len(words))
		err := c.nested(func() error { return c.program(slices.Concat(args, words[:n])) })
		c.check(err)
		if c.status != 0 {
			status = 123
		}
		words = words[n:]
	}
	return status
}
