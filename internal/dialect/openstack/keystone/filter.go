package keystone

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// filter is a list's query string: what a resource knows is compared, every
// other parameter is ignored.
type filter struct{ schema.Query }

func readFilter(r *http.Request) (filter, error) {
	q, err := schema.ParseQuery(r.URL.RawQuery)
	return filter{q}, err
}

// comparators are the inexact filters, as in name__contains; a name with an i
// before it does not regard case. Others are ignored, as in Keystone.
var comparators = map[string]func(value, part string) bool{
	"contains":   strings.Contains,
	"startswith": strings.HasPrefix,
	"endswith":   strings.HasSuffix,
}

// admits holds an attribute against every parameter about it: name for
// equality, name__contains and the like for parts.
func (f filter) admits(attribute, value string) bool {
	for _, param := range f.Names() {
		of, comparator, inexact := strings.Cut(param, "__")
		if of != attribute {
			continue
		}
		matches := func(value, given string) bool { return value == given }
		if inexact {
			matches = comparison(comparator)
		}
		for _, given := range f.All(param) {
			if !matches(value, given) {
				return false
			}
		}
	}
	return true
}

func comparison(comparator string) func(value, part string) bool {
	insensitive, ignoresCase := strings.CutPrefix(comparator, "i")
	if ignoresCase {
		comparator = insensitive
	}
	matches, known := comparators[comparator]
	return func(value, part string) bool {
		switch {
		case !known:
			return true
		case ignoresCase:
			return matches(strings.ToLower(value), strings.ToLower(part))
		}
		return matches(value, part)
	}
}

// nothing reports whether one of the parameters is there without a value, which
// no resource equals.
func (f filter) nothing(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f.Has(name) && f.Last(name) == "" })
}

// unnamed admits resources that have no name: by one, nothing is selected.
// Keystone ignores the parameter there. But clients that find nothing by an id
// ask for the name next, and would take the only one there is for it.
func (f filter) unnamed() bool { return !f.Has("name") }

// flag reads a parameter as Keystone reads booleans: everything is true but the
// words for false. It is nil when there is no such parameter.
func (f filter) flag(name string) *bool {
	if !f.Has(name) {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(f.Last(name))) {
	case "0", "f", "false", "off", "n", "no":
		return new(false)
	}
	return new(true)
}
