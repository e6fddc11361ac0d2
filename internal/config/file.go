package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// readFile sets what the file sets. It does not decode into Config itself:
// go-toml takes keys in any case, and words its errors in Go's types.
func readFile(path string, known map[string]setting, origin map[string]string) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no configuration file %s: create it, or leave out --config and %s to run on the defaults", path, fileVariable)
	case err != nil:
		return fmt.Errorf("cannot read the configuration file: %w; name a file that this user may read", err)
	}
	var file map[string]any
	if err := toml.Unmarshal(text, &file); err != nil {
		var bad *toml.DecodeError
		if !errors.As(err, &bad) {
			return fmt.Errorf("%s is not TOML: %w", path, err)
		}
		line, column := bad.Position()
		return fmt.Errorf("%s line %d, column %d: correct what is not TOML here: %s", path, line, column,
			strings.TrimPrefix(bad.Error(), "toml: "))
	}

	lines := lineNumbers(text)
	// Errors come in the order of the file, so that one can work down through it.
	for _, name := range inOrder(file, lines, "") {
		where := fmt.Sprintf("%s line %d", path, lines[name])
		keys, isTable := file[name].(map[string]any)
		switch {
		case !isSection(name, known):
			return unknownSection(where, name, known)
		case !isTable:
			return fmt.Errorf("%s: %s is a section: write [%s] on a line of its own, once, and its keys below", where, name, name)
		}
		for _, key := range inOrder(keys, lines, name+".") {
			full := name + "." + key
			if line, ok := lines[full]; ok { // else it stands in the line of an inline table
				where = fmt.Sprintf("%s line %d", path, line)
			}
			s, ok := known[full]
			if !ok {
				return fmt.Errorf("%s: there is no setting [%s] %s; did you mean %s?", where, name, key, known[nearest(full, sortedKeys(known))])
			}
			origin[full] = where + ": " + s.String()
			if s.setTOML(keys[key]) {
				continue
			}
			if text, ok := keys[key].(string); ok {
				return refuse(origin[full], s, text)
			}
			return fmt.Errorf("%s has a value of another kind, but must be %s%s", origin[full], s.want(), s.inQuotes())
		}
	}
	return nil
}

// lineNumbers says on which line each section and each key of a section first
// stands. The text must be known to be TOML.
func lineNumbers(text []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	section := ""
	for p.NextExpression() {
		e := p.Expression()
		var key []string
		line := 0
		for it := e.Key(); it.Next(); {
			if line == 0 {
				line = p.Shape(it.Node().Raw).Start.Line
			}
			key = append(key, string(it.Node().Data))
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			section = strings.Join(key, ".")
		case unstable.KeyValue:
			if section != "" {
				key = append([]string{section}, key...)
			}
		}
		// A dotted key names its section too.
		for i := range key {
			name := strings.Join(key[:i+1], ".")
			if lines[name] == 0 {
				lines[name] = line
			}
		}
	}
	return lines
}

// inOrder returns the table's keys by line.
func inOrder(table map[string]any, lines map[string]int, prefix string) []string {
	keys := sortedKeys(table)
	slices.SortStableFunc(keys, func(a, b string) int { return lines[prefix+a] - lines[prefix+b] })
	return keys
}

func isSection(name string, known map[string]setting) bool {
	for _, s := range known {
		if s.section == name {
			return true
		}
	}
	return false
}

// unknownSection answers for a name at the top of the file: a misspelled section,
// or a key whose section was forgotten.
func unknownSection(where, name string, known map[string]setting) error {
	means := map[string]string{}
	for _, path := range sortedKeys(known) {
		s := known[path]
		means[s.key] = s.String()
		means[s.section] = "[" + s.section + "]"
	}
	return fmt.Errorf("%s: there is no section %s; did you mean %s?", where, name, means[nearest(name, sortedKeys(means))])
}
