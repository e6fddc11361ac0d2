package shell

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
)

func builtins() map[string]command {
	return map[string]command{
		":":        {func(*call) int { return 0 }, inShell, "do nothing"},
		"true":     {func(*call) int { return 0 }, both, "succeed"},
		"false":    {func(*call) int { return 1 }, both, "fail"},
		"cd":       {runCd, inShell, "change the working folder"},
		"pwd":      {func(c *call) int { c.print(c.view.Cwd + "\n"); return 0 }, both, "print the working folder"},
		"echo":     {runEcho, both, "print its arguments"},
		"printf":   {runPrintf, both, "print formatted"},
		"export":   {runExport, inShell, "give variables to programs"},
		"unset":    {runUnset, inShell, "forget variables or functions"},
		"set":      {runSet, inShell, "set options and parameters"},
		"shift":    {runShift, inShell, "drop parameters"},
		"read":     {runRead, inShell, "read a line into variables"},
		"test":     {runTest, both, "evaluate a condition"},
		"[":        {runTest, both, "evaluate a condition"},
		"exit":     {runExit, inShell, "leave the shell"},
		"logout":   {runExit, inShell, "leave the shell"},
		"return":   {runReturn, inShell, "leave a function"},
		"break":    {runBreak, inShell, "leave a loop"},
		"continue": {runBreak, inShell, "go on with a loop"},
		"eval":     {runEval, inShell, "run its arguments as a command"},
		".":        {runDot, inShell, "run a file in this shell"},
		"source":   {runDot, inShell, "run a file in this shell"},
		"exec":     {runExec, inShell, "replace the shell by a program"},
		"type":     {runType, inShell, "tell what a command is"},
		"command":  {runCommand, inShell, "run a command, not a function"},
		"umask":    {runUmask, inShell, "show or set the mask of new files' permissions"},
		"trap":     {runTrap, inShell, "say what to do at a signal or the end"},
		"wait":     {func(*call) int { return 0 }, inShell, "accepted: there are no background jobs"},
		"alias":    {func(*call) int { return 0 }, inShell, "accepted and ignored"},
		"history":  {runHistory, inShell, "list what was typed"},
		"help":     {runHelp, inShell, "list the commands"},
	}
}

func runCd(c *call) int {
	args := c.args[1:]
	for len(args) > 0 && (args[0] == "-P" || args[0] == "-L" || args[0] == "--") {
		args = args[1:]
	}
	var to string
	show := false
	switch {
	case len(args) > 1:
		return c.fail("too many arguments")
	case len(args) == 0 || args[0] == "":
		to = c.lookup("HOME")
	case args[0] == "-":
		to, show = c.lookup("OLDPWD"), true
	default:
		to = args[0]
	}
	if to == "" {
		return c.fail("HOME not set")
	}
	full := to
	if !strings.HasPrefix(to, "/") {
		full = c.view.Cwd + "/" + to
	}
	// As shells do: .. goes back by name, not by link.
	full = path.Clean(full)
	i, err := c.view.Stat(full)
	if err == nil && !i.IsDir() {
		return c.fail("%s: Not a directory", to)
	}
	if err == nil {
		err = c.view.Access(full, 1)
	}
	if err != nil {
		return c.fail("%s: %v", to, err)
	}
	old := c.view.Cwd
	c.view.Cwd = full
	if err := errors.Join(c.set("OLDPWD", old), c.set("PWD", full)); err != nil {
		return c.fail("%v", err)
	}
	if show {
		c.print(full + "\n")
	}
	return 0
}

func runEcho(c *call) int {
	args := c.args[1:]
	newline, escapes := true, false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(args[0][1:], "neE") == "" {
		newline = newline && !strings.Contains(args[0], "n")
		escapes = escapes || strings.Contains(args[0], "e")
		args = args[1:]
	}
	s := strings.Join(args, " ")
	if escapes {
		var stop bool
		if s, stop = unescape(s, true); stop {
			newline = false
		}
	}
	if newline {
		s += "\n"
	}
	c.print(s)
	return 0
}

// checkKilled ends the command line when that is what err is about.
func (c *call) checkKilled(err error) {
	if isKilled(err) {
		c.check(err)
	}
}

func runSet(c *call) int {
	args := c.args[1:]
	if len(args) == 0 {
		names := make([]string, 0, len(c.vars))
		for name := range c.vars {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			c.printf("%s='%s'\n", name, strings.ReplaceAll(c.vars[name].value, "'", `'\''`))
		}
		return 0
	}
	byName := map[string]*bool{"errexit": &c.errexit, "nounset": &c.nounset, "xtrace": &c.xtrace, "noglob": &c.noglob}
	byLetter := map[rune]*bool{'e': &c.errexit, 'u': &c.nounset, 'x': &c.xtrace, 'f': &c.noglob}
	for len(args) > 0 {
		a := args[0]
		if a == "--" {
			c.params = args[1:]
			return 0
		}
		if len(a) < 2 || a[0] != '-' && a[0] != '+' {
			c.params = args
			return 0
		}
		args = args[1:]
		for _, letter := range a[1:] {
			if letter == 'o' {
				if len(args) == 0 {
					return 0
				}
				if opt := byName[args[0]]; opt != nil {
					*opt = a[0] == '-'
				}
				args = args[1:]
				continue
			}
			if opt := byLetter[letter]; opt != nil {
				*opt = a[0] == '-'
			}
		}
	}
	return 0
}

func runShift(c *call) int {
	n := 1
	if len(c.args) > 1 {
		n, _ = strconv.Atoi(c.args[1])
	}
	if n < 0 || n > len(c.params) {
		return 1
	}
	c.params = c.params[n:]
	return 0
}

func runTest(c *call) int {
	args := c.args[1:]
	if c.args[0] == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			return c.usage("missing `]'")
		}
		args = args[:len(args)-1]
	}
	yes, err := c.testWords(args)
	if err != nil {
		c.checkKilled(err)
		return c.usage("%v", err)
	}
	return truth(yes)
}

func runExit(c *call) int {
	if !c.statusArg() {
		c.status = 2
	}
	c.ctl = exiting{}
	return c.status
}

// statusArg takes the exit status from the arguments, if there is one.
func (c *call) statusArg() bool {
	if len(c.args) < 2 {
		return true
	}
	n, err := strconv.Atoi(c.args[1])
	if err != nil {
		c.fail("%s: numeric argument required", c.args[1])
		return false
	}
	c.status = n & 0xff
	return true
}

func runReturn(c *call) int {
	if !c.statusArg() {
		c.status = 2
	}
	c.ctl = returning{}
	return c.status
}

func runBreak(c *call) int {
	n := 1
	if len(c.args) > 1 {
		var err error
		if n, err = strconv.Atoi(c.args[1]); err != nil || n < 1 {
			return c.fail("%s: numeric argument required", c.args[1])
		}
	}
	if c.loops == 0 {
		return c.fail("only meaningful in a loop")
	}
	c.ctl = jumping{levels: min(n, c.loops), again: c.args[0] == "continue"}
	return 0
}

func runEval(c *call) int {
	c.status = 0
	c.ctl = c.nested(func() error { return c.source(strings.Join(c.args[1:], " ")) })
	return c.status
}

// nested runs f one level deeper, so that what runs itself ends.
func (p *proc) nested(f func() error) error {
	if p.depth >= p.meter.limits.Depth {
		return &killed{"Killed: too deeply nested"}
	}
	p.depth++
	defer func() { p.depth-- }()
	return f()
}

func runDot(c *call) int {
	if len(c.args) < 2 {
		return c.usage("filename argument required")
	}
	file := c.args[1]
	if !strings.Contains(file, "/") {
		if found, err := c.which(file); err == nil {
			file = found
		}
	}
	text, err := c.view.ReadFile(file, int64(c.meter.limits.Source))
	if err != nil {
		return c.fail("%s: %v", file, err)
	}
	c.status = 0
	c.ctl = c.nested(func() error { return c.source(string(text)) })
	if errors.As(c.ctl, &returning{}) {
		c.ctl = nil
	}
	return c.status
}

func runExec(c *call) int {
	if len(c.args) == 1 {
		c.keepFD = true
		return 0
	}
	delete(c.traps, "EXIT") // the shell is gone by then
	c.ctl = c.program(c.args[1:])
	if c.ctl == nil {
		c.ctl = exiting{}
	}
	return c.status
}

func runType(c *call) int {
	status := 0
	for _, name := range c.args[1:] {
		if strings.HasPrefix(name, "-") {
			continue
		}
		cmd, known := commands[name]
		file, err := c.which(name)
		switch {
		case c.funcs[name] != nil:
			c.printf("%s is a function\n", name)
		case known && cmd.inShell():
			c.printf("%s is a shell builtin\n", name)
		case err == nil:
			c.printf("%s is %s\n", name, file)
		default:
			status = c.fail("%s: not found", name)
		}
	}
	return status
}

func runCommand(c *call) int {
	args := c.args[1:]
	describe := false
	for len(args) > 0 && (args[0] == "-v" || args[0] == "-V" || args[0] == "-p") {
		describe = describe || args[0] != "-p"
		args = args[1:]
	}
	if len(args) == 0 {
		return 0
	}
	if !describe {
		c.ctl = c.commandNotFunction(args)
		return c.status
	}
	status := 0
	for _, name := range args {
		cmd, known := commands[name]
		if c.funcs[name] != nil || known && cmd.inShell() {
			c.print(name + "\n")
		} else if file, err := c.which(name); err == nil {
			c.print(file + "\n")
		} else {
			status = 1
		}
	}
	return status
}

func (p *proc) commandNotFunction(args []string) error {
	return p.nested(func() error {
		if cmd, ok := commands[args[0]]; ok && cmd.inShell() {
			return p.invoke(cmd, args)
		}
		return p.program(args)
	})
}

func runUmask(c *call) int {
	if len(c.args) < 2 {
		c.printf("%04o\n", c.view.Umask)
		return 0
	}
	if c.args[1] == "-S" {
		m := ^c.view.Umask
		c.printf("u=%s,g=%s,o=%s\n", rwx(m>>6), rwx(m>>3), rwx(m))
		return 0
	}
	n, err := strconv.ParseUint(c.args[1], 8, 16)
	if err != nil || n > 0o777 {
		return c.fail("%s: octal number out of range", c.args[1])
	}
	c.view.Umask = uint16(n)
	return 0
}

func rwx(bits uint16) string {
	s := ""
	for i, letter := range "rwx" {
		if bits&(4>>i) != 0 {
			s += string(letter)
		}
	}
	return s
}

func runHistory(c *call) int {
	for i, line := range c.history {
		c.printf("%5d  %s\n", i+1, line)
	}
	return 0
}

func runHelp(c *call) int {
	var names []string
	for name := range commands {
		names = append(names, name)
	}
	slices.Sort(names)
	c.print("A simulated guest of Keyreeve. Its commands:\n")
	for _, name := range names {
		c.printf("  %-12s %s\n", name, commands[name].help)
	}
	return 0
}
