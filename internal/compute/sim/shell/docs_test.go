package shell

import (
	"os"
	"regexp"
	"testing"
)

// docs/sim.md lists the commands that there are, and no others.
func TestDocsListCommands(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/sim.md")
	must(t, err)
	section := regexp.MustCompile(`(?s)\n## The shell\n.*?\n## `).FindString(string(text))
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| [^|]+ \\| (`.*`) \\|$").FindAllStringSubmatch(section, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			listed[m[1]] = true
			if _, ok := commands[m[1]]; !ok {
				t.Errorf("docs/sim.md lists %q, which is no command", m[1])
			}
		}
	}
	for name := range commands {
		if !listed[name] {
			t.Errorf("docs/sim.md does not list %q", name)
		}
	}
}
