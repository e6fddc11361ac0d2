package shell

import (
	"path"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// runShell is sh and bash: -c SCRIPT, a file, or commands from standard input.
func runShell(c *call) int {
	args := c.args[1:]
	command, login := false, false
	var flags []string
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		a := args[0]
		args = args[1:]
		if a == "--" {
			break
		}
		if a == "--login" || a == "--norc" || a == "--noprofile" || a == "--posix" {
			continue
		}
		command = command || strings.Contains(a, "c")
		login = login || strings.Contains(a, "l")
		if keep := strings.Trim(a[1:], "cilsv"); keep != "" {
			flags = append(flags, a[:1]+keep)
		}
	}
	if command && len(args) == 0 {
		return c.usage("-c: option requires an argument")
	}
	err := c.nested(func() error {
		return c.fresh(func(child *proc) error {
			child.name = path.Base(c.args[0])
			if login && child.account.Home != "" && child.view.Access(child.account.Home, 1) == nil {
				child.view.Cwd = child.account.Home
			}
			if len(flags) > 0 {
				runSet(&call{proc: child, args: append([]string{"set"}, flags...)})
			}
			child.status = 0
			switch {
			case command:
				if len(args) > 1 {
					child.name, child.params = args[1], args[2:]
				} else {
					child.params = nil
				}
				return child.source(args[0])
			case len(args) > 0:
				text, err := child.view.ReadFile(args[0], int64(child.meter.limits.Source))
				if err != nil {
					return &failure{127, args[0] + ": " + err.Error()}
				}
				child.name, child.params = args[0], args[1:]
				return child.source(string(text))
			}
			child.params = nil
			return child.interactive()
		})
	})
	c.check(err)
	return c.status
}

// asAccount runs f in a process of another account.
func (c *call) asAccount(a guest.Account, login bool, f func(*proc) error) int {
	err := c.nested(func() error {
		return c.fresh(func(child *proc) error {
			if login {
				child.view.Cwd = a.Home
				if i, err := c.g.Root().Stat(a.Home); err != nil || !i.IsDir() {
					child.view.Cwd = "/"
				}
			}
			child.become(a)
			child.status = 0
			return f(child)
		})
	})
	c.check(err)
	return c.status
}

func runSudo(c *call) int {
	args := c.args[1:]
	user, login, shell := "root", false, false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		a := args[0]
		args = args[1:]
		switch a {
		case "-u":
			if len(args) == 0 {
				return c.usage("option requires an argument -- 'u'")
			}
			user, args = args[0], args[1:]
		case "-i", "--login":
			login = true
		case "-s", "--shell":
			shell = true
		case "-n", "-E", "-H", "-k", "-S", "--non-interactive":
		case "-v":
			return truth(c.account.MaySudo())
		case "-l":
			c.printf("User %s may run the following commands:\n    (ALL : ALL) NOPASSWD: ALL\n", c.account.Name)
			return 0
		case "--":
		default:
			return c.usage("invalid option: %s", a)
		}
	}
	if !c.account.MaySudo() {
		return c.fail("%s is not in the sudoers file.", c.account.Name)
	}
	a, ok := c.find(user)
	if !ok {
		return c.fail("unknown user %s", user)
	}
	if len(args) == 0 && !login && !shell {
		return c.usage("usage: sudo [-u user] [-i | -s | command]")
	}
	invoker := c.account.Name
	return c.asAccount(a, login, func(child *proc) error {
		if err := child.set("SUDO_USER", invoker); err != nil {
			return asFailure(err)
		}
		child.export("SUDO_USER")
		switch {
		case len(args) == 0:
			return child.interactive()
		case login || shell:
			return child.source(strings.Join(args, " "))
		}
		return child.program(args)
	})
}

func runSu(c *call) int {
	args := c.args[1:]
	login := false
	for len(args) > 0 && (args[0] == "-" || args[0] == "-l" || args[0] == "--login") {
		login, args = true, args[1:]
	}
	user := "root"
	if len(args) > 0 && args[0] != "-c" {
		user, args = args[0], args[1:]
	}
	a, ok := c.find(user)
	if !ok {
		return c.fail("user %s does not exist", user)
	}
	if c.view.Cred.UID != 0 && c.view.Cred.UID != a.UID {
		return c.fail("Authentication failure (accounts have no passwords here: use sudo)")
	}
	return c.asAccount(a, login, func(child *proc) error {
		if len(args) > 1 && args[0] == "-c" {
			return child.source(args[1])
		}
		return child.interactive()
	})
}
