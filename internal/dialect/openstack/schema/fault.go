package schema

import (
	"strings"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Fault is the first thing wrong with a value: where, what was found, and the
// message of Python's jsonschema library, which the services pass on.
type Fault struct {
	Path    []string // member names and array positions from the top; empty at the top itself
	Value   Value    // what was found there
	Message string   // "'name' is a required property"
	Whole   bool     // Message is the complete text, without the words about the field
	query   bool
}

// Error returns the text as Nova tells it.
func (f *Fault) Error() string {
	if f.Whole || len(f.Path) == 0 {
		return f.Message
	}
	words := "Invalid input for field/attribute "
	if f.query {
		words = "Invalid input for query parameters "
	}
	return strings.Join([]string{words, f.Field(), ". Value: ", f.Value.String(), ". ", f.Message}, "")
}

// Field returns the name the text gives to the place: the last element of the
// path in a body, the parameter in a query, "" at the top.
func (f *Fault) Field() string {
	switch {
	case len(f.Path) == 0:
		return ""
	case f.query:
		return f.Path[0]
	}
	return f.Path[len(f.Path)-1]
}

// invalid turns f into a fault of the domain, nil when f is nil.
func (f *Fault) invalid() error {
	if f == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Field: f.Field(), Msg: f.Error(), Err: f}
}

// under returns f as seen from one level further up.
func (f *Fault) under(element string) *Fault {
	if f != nil {
		f.Path = append([]string{element}, f.Path...)
	}
	return f
}
