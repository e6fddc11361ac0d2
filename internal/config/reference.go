package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Reference returns a TOML file with every setting at its default, each with
// its meaning above it. Loading it changes nothing.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Every setting of Keyreeve, at its default. Keep the lines you change.\n")
	section := ""
	for _, s := range settings(new(Config)) {
		if s.section != section {
			section = s.section
			fmt.Fprintf(&b, "\n# %s\n[%s]\n", sectionDoc(section), section)
		}
		fmt.Fprintf(&b, "# %s\n", s.tag.Get("doc"))
		if only := s.tag.Get("oneof"); only != "" {
			fmt.Fprintf(&b, "# It is %s.\n", s.want())
		}
		fmt.Fprintf(&b, "%s = %s\n", s.key, s.toml())
	}
	return b.String()
}

// Markdown returns the text of docs/configuration.md.
func Markdown() string {
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

func sectionDoc(section string) string {
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("toml") == section {
			return t.Field(i).Tag.Get("doc")
		}
	}
	panic("config: no section " + strconv.Quote(section))
}
