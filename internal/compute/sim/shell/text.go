package shell

import (
	"bufio"
	"crypto/md5"  //nolint:gosec // md5sum prints what it is asked for; nothing relies on it
	"crypto/sha1" //nolint:gosec // so does sha1sum
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
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
			c.print(string(out))
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
	from, step := int64(1), int64(1)
	var to int64
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
			c.print(string(out))
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
