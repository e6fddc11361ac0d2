package schema

import (
	"errors"
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

// Error returns where the value breaks its schema, for logs. It shows nothing
// of the value, which may hold what must never be logged, such as a private key
// sent in the wrong member.
func (f *Fault) Error() string {
	if len(f.Path) == 0 {
		return "the request breaks its schema"
	}
	return strings.Join(f.Path, "/") + " breaks the schema of the request"
}

// Text returns the sentence for the client, as Nova tells it, with the value.
func (f *Fault) Text() string {
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

// Told returns what a client is told about err when a [*Fault] is in its chain.
func Told(err error) (text string, ok bool) {
	var f *Fault
	if !errors.As(err, &f) {
		return "", false
	}
	return f.Text(), true
}

// invalid turns f into a fault of the domain, nil when f is nil.
func (f *Fault) invalid() error {
	if f == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Field: f.Field(), Err: f}
}

// under returns f as seen from one level further up.
func (f *Fault) under(element string) *Fault {
	if f != nil {
		f.Path = append([]string{element}, f.Path...)
	}
	return f
}
