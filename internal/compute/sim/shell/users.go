package shell

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

func userCommands() map[string]command {
	return map[string]command{
		"id":     {runID, inBin, "tell who one is"},
		"whoami": {func(c *call) int { c.print(c.account.Name + "\n"); return 0 }, inBin, "print one's name"},
		"groups": {runGroups, inBin, "print one's groups"},
		"who":    {runWho, inBin, "tell who is logged in"},
		"getent": {runGetent, inBin, "look up accounts"},
		"sudo":   {runSudo, inBin, "run a command as root"},
		"su":     {runSu, inBin, "become somebody else"},
	}
}

func runID(c *call) int {
	o, ok := c.getopt("ungGr", nil)
	if !ok {
		return 1
	}
	a := c.account
	if len(o.rest) > 0 {
		if a, ok = c.g.Account(o.rest[0]); !ok {
			return c.fail("'%s': no such user", o.rest[0])
		}
	}
	group := c.g.GroupName(a.GID)
	switch {
	case o.has('u') && o.has('n'):
		c.print(a.Name + "\n")
	case o.has('u'):
		c.printf("%d\n", a.UID)
	case o.has('g') && o.has('n'):
		c.print(group + "\n")
	case o.has('g'):
		c.printf("%d\n", a.GID)
	case o.has('G'):
		var ids []string
		for _, g := range a.Groups {
			if o.has('n') {
				ids = append(ids, g.Name)
			} else {
				ids = append(ids, strconv.Itoa(int(g.GID)))
			}
		}
		c.print(strings.Join(ids, " ") + "\n")
	default:
		groups := []string{fmt.Sprintf("%d(%s)", a.GID, group)}
		for _, g := range a.Groups {
			if g.GID != a.GID {
				groups = append(groups, fmt.Sprintf("%d(%s)", g.GID, g.Name))
			}
		}
		c.printf("uid=%d(%s) gid=%d(%s) groups=%s\n", a.UID, a.Name, a.GID, group, strings.Join(groups, ","))
	}
	return 0
}

func runGroups(c *call) int {
	var all []string
	for _, g := range c.account.Groups {
		all = append(all, g.Name)
	}
	c.print(strings.Join(all, " ") + "\n")
	return 0
}

func runWho(c *call) int {
	if c.term != nil {
		from, _, _ := strings.Cut(c.lookup("SSH_CLIENT"), " ")
		c.printf("%-8s pts/0        %s (%s)\n", c.account.Name, c.g.Now().UTC().Format("2006-01-02 15:04"), from)
	}
	return 0
}

func runGetent(c *call) int {
	files := map[string]string{"passwd": "/etc/passwd", "group": "/etc/group", "hosts": "/etc/hosts"}
	if len(c.args) < 2 || files[c.args[1]] == "" {
		return c.fail("Unknown database")
	}
	keys := c.args[2:]
	found := 0
	c.inputs([]string{files[c.args[1]]}, func(_ string, r io.Reader) {
		c.lines(r, func(line string) bool {
			f := strings.FieldsFunc(line, func(r rune) bool { return r == ':' || c.args[1] == "hosts" && (r == ' ' || r == '\t') })
			for _, key := range keys {
				for i, word := range f {
					if word == key && (i == 0 || i == 2 || c.args[1] == "hosts") {
						c.print(line + "\n")
						found++
						return true
					}
				}
			}
			if len(keys) == 0 {
				c.print(line + "\n")
			}
			return true
		})
	})
	return 2 * flagInt(found < len(keys))
}

func (c *call) find(name string) (guest.Account, bool) {
	if a, ok := c.g.Account(name); ok {
		return a, true
	}
	return guest.Root, name == "root"
}
