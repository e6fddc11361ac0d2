package shell

import (
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// match tells whether the whole of s fits a shell pattern. Its cost is counted
// beforehand, because patterns with many stars are slow.
func (p *proc) match(pattern, s string) (bool, error) {
	if err := p.spend(1 + int64(len(pattern))*int64(len(s))/64); err != nil {
		return false, err
	}
	return fits(pattern, s), nil
}

func fits(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, i
				p++
				continue
			}
			if n, size := one(pattern[p:], s[i:]); n > 0 {
				p += n
				i += size
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// one matches one character: it returns how much of the pattern and of s that
// takes, or 0 when they differ.
func one(pattern, s string) (n, size int) {
	r, size := utf8.DecodeRuneInString(s)
	switch pattern[0] {
	case '?':
		return 1, size
	case '[':
		if n, hit := class(pattern, r); n > 0 {
			if !hit {
				return 0, 0
			}
			return n, size
		}
	case '\\':
		if len(pattern) > 1 {
			if pattern[1] == s[0] {
				return 2, 1
			}
			return 0, 0
		}
	}
	if pattern[0] == s[0] {
		return 1, 1
	}
	return 0, 0
}

var classes = map[string]func(rune) bool{
	"alpha": func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' },
	"digit": func(r rune) bool { return r >= '0' && r <= '9' },
	"alnum": func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' },
	"upper": func(r rune) bool { return r >= 'A' && r <= 'Z' },
	"lower": func(r rune) bool { return r >= 'a' && r <= 'z' },
	"space": func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' },
	"blank": func(r rune) bool { return r == ' ' || r == '\t' },
	"punct": func(r rune) bool {
		return r > ' ' && r < 0x7f && !(r|0x20 >= 'a' && r|0x20 <= 'z') && !(r >= '0' && r <= '9')
	},
	"print":  func(r rune) bool { return r >= ' ' && r != 0x7f },
	"cntrl":  func(r rune) bool { return r < ' ' || r == 0x7f },
	"xdigit": func(r rune) bool { return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'f' },
}

// class matches a bracket expression; n is its length, 0 when it is none.
func class(pattern string, r rune) (n int, hit bool) {
	i := 1
	negated := false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negated = true
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, hit != negated
		}
		if name, rest, ok := strings.Cut(pattern[i:], ":]"); ok && strings.HasPrefix(name, "[:") {
			if f := classes[name[2:]]; f != nil {
				hit = hit || f(r)
				i = len(pattern) - len(rest)
				continue
			}
		}
		lo, size := classRune(pattern[i:])
		i += size
		hi := lo
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			hi, size = classRune(pattern[i+1:])
			i += 1 + size
		}
		hit = hit || lo <= r && r <= hi
	}
	return 0, false
}

func classRune(s string) (rune, int) {
	if s[0] == '\\' && len(s) > 1 {
		r, n := utf8.DecodeRuneInString(s[1:])
		return r, n + 1
	}
	return utf8.DecodeRuneInString(s)
}

// maxNames bounds how many file names one pattern becomes.
const maxNames = 1 << 14

// globPaths returns the names of the guest's files that fit the pattern, in order.
func (p *proc) globPaths(pattern string) ([]string, error) {
	prefixes := []string{""}
	rest := pattern
	for rest != "" {
		slashes := len(rest) - len(strings.TrimLeft(rest, "/"))
		lead := rest[:slashes]
		part := rest[slashes:]
		end := strings.IndexByte(part, '/')
		if end < 0 {
			end = len(part)
		}
		part, rest = part[:end], part[end:]
		var next []string
		for _, prefix := range prefixes {
			found, err := p.globIn(prefix+lead, part, rest != "")
			if err != nil {
				return nil, err
			}
			if next = append(next, found...); len(next) > maxNames {
				return nil, failf("argument list too long")
			}
		}
		prefixes = next
	}
	return prefixes, nil
}

func (p *proc) globIn(prefix, part string, wantDir bool) ([]string, error) {
	if !strings.ContainsAny(part, "*?[") {
		name := prefix + strings.ReplaceAll(part, `\`, "")
		if err := p.alive(); err != nil {
			return nil, err
		}
		if _, err := p.view.Lstat(name); err == nil || name == "" {
			return []string{name}, nil
		}
		return nil, nil
	}
	dir := prefix
	if dir == "" {
		dir = "."
	}
	entries, err := p.view.ReadDir(dir)
	if err != nil {
		return nil, nil //nolint:nilerr // what cannot be listed has no names that fit, as in every shell
	}
	if err := p.spend(int64(len(entries))); err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if e.Name[0] == '.' && part[0] != '.' || wantDir && e.Kind == disk.File {
			continue
		}
		hit, err := p.match(part, e.Name)
		if err != nil {
			return nil, err
		}
		if hit {
			found = append(found, prefix+e.Name)
		}
	}
	return found, nil
}
