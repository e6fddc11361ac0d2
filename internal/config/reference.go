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

func sectionDoc(section string) string {
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("toml") == section {
			return t.Field(i).Tag.Get("doc")
		}
	}
	panic("config: no section " + strconv.Quote(section))
}
