package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

// markdown returns the text of docs/configuration.md.
func markdown() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Made from the struct tags in internal/config: go test ./internal/config -update -->

Keyreeve runs without any configuration. What you want to change goes into a TOML file
(` + "`keyreeve serve --config FILE`" + `, or the variable ` + "`" + fileVariable + "`" + `) or into environment variables.
A flag wins over a variable, a variable over the file, the file over the default.

The variable of a setting is ` + "`KEYREEVE_`" + `, its section, ` + "`_`" + ` and its key, in capitals. A key or a ` + "`KEYREEVE_`" + ` variable
that is not listed here is an error, so that a misspelled one cannot go unnoticed. Durations are written like ` + "`1h30m`" + `. In a variable a list is written
with colons, as in ` + "`PATH`" + `, and one of addresses with commas.
`)
	section := ""
	for _, s := range settings(new(Config)) {
		if s.section != section {
			section = s.section
			fmt.Fprintf(&b, "\n## [%s]\n\n%s\n\n| key | default | variable | meaning | must be |\n|---|---|---|---|---|\n", section, sectionDoc(section))
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | `%s` | %s | %s |\n", s.key, s.toml(), s.env(), s.tag.Get("doc"), s.want())
	}
	b.WriteString("\n## The whole file\n\n```toml\n" + Reference() + "```\n")
	return b.String()
}

func TestDocsAreCurrent(t *testing.T) {
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(markdown(), string(text)); d != "" {
		t.Errorf("%s is out of date: go test ./internal/config -update\n%s", path, d)
	}
}
