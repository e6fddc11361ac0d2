package shell

import "slices"

// commands are all that the guest has. A map of functions that use the map
// itself cannot be initialized at once, hence init.
var commands map[string]command

func init() {
	commands = map[string]command{}
	for _, group := range []map[string]command{builtins(), fileCommands(), textCommands(), systemCommands(), userCommands(), environCommands()} {
		for name, c := range group {
			commands[name] = c
		}
	}
}

// Programs returns the names of the files that /usr/bin has.
func Programs() []string {
	var names []string
	for name, c := range commands {
		if c.where&inBin != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
