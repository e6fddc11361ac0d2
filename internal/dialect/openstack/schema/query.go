package schema

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Query is a parsed query string: each parameter once, in the order of its
// first appearance, with all its values.
type Query struct {
	params []param
	places map[string]int // where in params each name is, once there are many
}

type param struct {
	name   string
	values []string
}

// ParseQuery reads a raw query string as the services do: '+' is a space, a
// broken escape stands for itself, a parameter without '=' has an empty value.
// A text that is not UTF-8 is a [fault.Invalid].
func ParseQuery(raw string) (Query, error) {
	var q Query
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return Query{}, fault.Invalidf("", "Query string is not UTF-8 encoded")
		}
		q.add(name, value)
	}
	return q, nil
}

func (q *Query) add(name, value string) {
	if i := q.find(name); i >= 0 {
		q.params[i].values = append(q.params[i].values, value)
		return
	}
	q.params = append(q.params, param{name, []string{value}})
	switch n := len(q.params); {
	case n == indexFrom:
		q.places = make(map[string]int, 2*indexFrom)
		for i := range q.params {
			q.places[q.params[i].name] = i
		}
	case n > indexFrom:
		q.places[name] = n - 1
	}
}

// find returns the place of a parameter, -1 when it was not given. A query of
// ten thousand names must not be compared name by name with itself.
func (q Query) find(name string) int {
	if q.places != nil {
		if i, ok := q.places[name]; ok {
			return i
		}
		return -1
	}
	for i := range q.params {
		if q.params[i].name == name {
			return i
		}
	}
	return -1
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && ishex(s[i+1]) && ishex(s[i+2]):
			c, _ := url.QueryUnescape(s[i : i+3])
			b.WriteString(c)
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func ishex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// All returns a parameter's values, nil when it was not given.
func (q Query) All(name string) []string {
	if i := q.find(name); i >= 0 {
		return q.params[i].values
	}
	return nil
}

// Has reports whether the parameter was given, be it empty.
func (q Query) Has(name string) bool { return q.All(name) != nil }

// First returns a parameter's first value, "" when it was not given.
func (q Query) First(name string) string {
	if values := q.All(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Last returns a parameter's last value, "" when it was not given.
func (q Query) Last(name string) string {
	if values := q.All(name); len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// Names returns the parameters in the order of their first appearance.
func (q Query) Names() []string {
	names := make([]string, len(q.params))
	for i, p := range q.params {
		names[i] = p.name
	}
	return names
}

// Parameters is the rule for a query string.
type Parameters struct {
	Known  []Parameter // in the order they are checked
	Closed bool        // other parameters are refused, instead of ignored
}

// Parameter is the rule for one query parameter; each of its values is
// checked as a string.
type Parameter struct {
	Name   string
	Schema Schema
	Once   bool // repeating it is refused
}

// ValidateQuery checks a query string. The error is a [fault.Invalid] like
// that of [Validate], in the words for queries.
func ValidateQuery(s Parameters, q Query) error {
	f := s.check(q)
	if f != nil {
		f.query = true
	}
	return f.invalid()
}

func (s Parameters) check(q Query) *Fault {
	for _, p := range s.Known {
		values := q.All(p.Name)
		if values == nil {
			continue
		}
		list := Array{Items: p.Schema}
		if p.Once {
			list.Max = 1
		}
		items := make([]Value, len(values))
		for i, text := range values {
			items[i] = TextValue(text)
		}
		if f := list.check(ListValue(items...)); f != nil {
			return f.under(p.Name)
		}
	}
	if !s.Closed {
		return nil
	}
	var extra []string
	for _, p := range q.params {
		if !s.knows(p.name) {
			extra = append(extra, p.name)
		}
	}
	if len(extra) > 0 {
		return &Fault{Message: unexpected(extra)}
	}
	return nil
}

func (s Parameters) knows(name string) bool {
	for i := range s.Known {
		if s.Known[i].Name == name {
			return true
		}
	}
	return false
}
