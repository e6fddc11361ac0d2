package shell

import "strings"

func environCommands() map[string]command {
	return map[string]command{
		"env":      {runEnv, inBin, "print the environment, or run with another one"},
		"printenv": {runPrintenv, inBin, "print variables"},
		"which":    {runWhich, inBin, "tell where a program is"},
	}
}

func runEnv(c *call) int {
	args := c.args[1:]
	clean := false
	if len(args) > 0 && (args[0] == "-i" || args[0] == "-") {
		clean, args = true, args[1:]
	}
	var set [][2]string
	for len(args) > 0 {
		name, value, ok := strings.Cut(args[0], "=")
		if !ok {
			break
		}
		set = append(set, [2]string{name, value})
		args = args[1:]
	}
	err := c.nested(func() error {
		return c.fresh(func(child *proc) error {
			if clean {
				path := child.lookup("PATH")
				for name := range child.vars {
					child.drop(name)
				}
				if len(args) > 0 { // env itself still finds the program
					if err := child.set("PATH", path); err != nil {
						return asFailure(err)
					}
				}
			}
			for _, kv := range set {
				if err := child.set(kv[0], kv[1]); err != nil {
					return asFailure(err)
				}
				child.export(kv[0])
			}
			if len(args) > 0 {
				return child.program(args)
			}
			for _, kv := range child.environ() {
				(&call{proc: child, args: c.args}).print(kv + "\n")
			}
			child.status = 0
			return nil
		})
	})
	c.check(err)
	return c.status
}

func runPrintenv(c *call) int {
	if len(c.args) == 1 {
		for _, kv := range c.environ() {
			c.print(kv + "\n")
		}
		return 0
	}
	status := 0
	for _, name := range c.args[1:] {
		if v, ok := c.vars[name]; ok && v.exported {
			c.print(v.value + "\n")
		} else {
			status = 1
		}
	}
	return status
}

func runWhich(c *call) int {
	status := 0
	for _, name := range c.args[1:] {
		if file, err := c.which(name); err == nil {
			c.print(file + "\n")
		} else {
			status = 1
		}
	}
	return status
}
