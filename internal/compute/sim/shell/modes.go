package shell

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// parseMode reads a mode as chmod does: octal, or symbolic on top of old.
func parseMode(s string, old uint16, dir bool) (uint16, error) {
	if n, err := strconv.ParseUint(s, 8, 16); err == nil && n <= 0o7777 {
		return uint16(n), nil
	}
	bad := fmt.Errorf("invalid mode: '%s'", s)
	mode := old
	for clause := range strings.SplitSeq(s, ",") {
		at := strings.IndexAny(clause, "+-=")
		if at < 0 {
			return 0, bad
		}
		var who uint16
		for _, w := range clause[:at] {
			bits, ok := map[rune]uint16{'u': 0o4700, 'g': 0o2070, 'o': 0o1007, 'a': 0o7777}[w]
			if !ok {
				return 0, bad
			}
			who |= bits
		}
		if at == 0 {
			who = 0o7777
		}
		for rest := clause[at:]; rest != ""; {
			op := rest[0]
			rest = rest[1:]
			end := strings.IndexAny(rest, "+-=")
			if end < 0 {
				end = len(rest)
			}
			var what uint16
			for _, p := range rest[:end] {
				bits, ok := map[rune]uint16{'r': 0o444, 'w': 0o222, 'x': 0o111, 'X': 0, 's': 0o6000, 't': 0o1000}[p]
				if !ok {
					return 0, bad
				}
				if p == 'X' && (dir || mode&0o111 != 0) {
					bits = 0o111
				}
				what |= bits
			}
			rest = rest[end:]
			switch op {
			case '+':
				mode |= what & who
			case '-':
				mode &^= what & who
			case '=':
				mode = mode&^(who&0o777) | what&who
			}
		}
	}
	return mode, nil
}

func runChmod(c *call) int {
	args := c.args[1:]
	recursive := false
	for len(args) > 0 && (args[0] == "-R" || args[0] == "--" || args[0] == "-v" || args[0] == "-f") {
		recursive = recursive || args[0] == "-R"
		args = args[1:]
	}
	if len(args) < 2 {
		return c.fail("missing operand")
	}
	return c.tree(args[1:], recursive, "changing permissions of '%s'", func(name string, i disk.Info) error {
		if i.Kind == disk.Symlink {
			return nil
		}
		mode, err := parseMode(args[0], i.Mode, i.IsDir())
		if err != nil {
			return err
		}
		return c.view.Chmod(name, mode)
	})
}

func runChown(c *call) int {
	o, ok := c.getopt("Rhvf", nil)
	if !ok {
		return 1
	}
	if len(o.rest) < 2 {
		return c.fail("missing operand")
	}
	uid, gid, err := c.ownerSpec(o.rest[0], c.args[0] == "chgrp")
	if err != nil {
		return c.fail("%v", err)
	}
	return c.tree(o.rest[1:], o.has('R'), "changing ownership of '%s'", func(name string, _ disk.Info) error {
		return c.view.Chown(name, uid, gid, !o.has('h') && !o.has('R'))
	})
}

// ownerSpec reads USER, USER:GROUP, USER: or :GROUP; -1 leaves one alone.
func (c *call) ownerSpec(s string, groupOnly bool) (uid, gid int, err error) {
	uid, gid = -1, -1
	user, group, colon := strings.Cut(s, ":")
	if groupOnly {
		user, group, colon = "", s, true
	}
	if user != "" {
		if a, ok := c.g.Account(user); ok {
			uid = int(a.UID)
			if colon && group == "" {
				gid = int(a.GID)
			}
		} else if n, err := strconv.ParseUint(user, 10, 31); err == nil {
			uid = int(n)
		} else {
			return 0, 0, fmt.Errorf("invalid user: '%s'", s)
		}
	}
	if group != "" {
		found := false
		for _, g := range c.g.Groups() {
			if g.Name == group {
				gid, found = int(g.GID), true
			}
		}
		if n, err := strconv.ParseUint(group, 10, 31); !found && err == nil {
			gid, found = int(n), true
		}
		if !found {
			return 0, 0, fmt.Errorf("invalid group: '%s'", group)
		}
	}
	return uid, gid, nil
}

// modeString is a mode as ls -l shows it.
func modeString(i disk.Info) string {
	b := []byte("-rwxrwxrwx")
	switch i.Kind {
	case disk.Dir:
		b[0] = 'd'
	case disk.Symlink:
		b[0] = 'l'
	}
	for bit := range 9 {
		if i.Mode&(1<<bit) == 0 {
			b[9-bit] = '-'
		}
	}
	for _, s := range []struct {
		bit         uint16
		at          int
		with, alone byte
	}{{0o4000, 3, 's', 'S'}, {0o2000, 6, 's', 'S'}, {0o1000, 9, 't', 'T'}} {
		if i.Mode&s.bit == 0 {
			continue
		}
		if b[s.at] == 'x' {
			b[s.at] = s.with
		} else {
			b[s.at] = s.alone
		}
	}
	return string(b)
}
