// Package fault holds the errors of the domain: what went wrong in the
// domain's own words, with no idea of HTTP or of any cloud's wire format.
//
// Every dialect has one table from [Kind] to its status, code and text, and
// [Kinds] lets a test walk that table.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an [Error] is. The zero Kind is not valid.
type Kind uint8

// The kinds of failure. Their order is the order of [Kinds].
const (
	Invalid         Kind = iota + 1 // a request value that breaks a rule: Field says which
	Exists                          // the name is taken
	NotFound                        // there is no such thing, or the caller may not see it
	Quota                           // a limit on how many is reached
	Forbidden                       // the caller may see the thing but not do this to it
	Unauthenticated                 // nobody, or not who they claim to be
	Conflict                        // the thing is in a state that does not allow this
	Unsupported                     // this deployment or driver cannot do that at all
	NoCapacity                      // no room to run it
	TooLarge                        // more bytes than are read
	Unavailable                     // try again later: busy or shutting down
	Internal                        // our mistake
)

var kindNames = [...]string{
	Invalid: "invalid", Exists: "exists", NotFound: "not found", Quota: "quota exceeded",
	Forbidden: "forbidden", Unauthenticated: "unauthenticated", Conflict: "conflict",
	Unsupported: "unsupported", NoCapacity: "no capacity", TooLarge: "too large",
	Unavailable: "unavailable", Internal: "internal",
}

// String returns the kind in words, for logs and tests.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("fault.Kind(%d)", k)
}

// Kinds returns every kind, for tests that walk a dialect's table.
func Kinds() []Kind {
	all := make([]Kind, 0, len(kindNames)-1)
	for k := Invalid; k <= Internal; k++ {
		all = append(all, k)
	}
	return all
}

// Error is a failure of the domain.
type Error struct {
	Kind     Kind
	Resource string // what it happened to, in the words of the design: "key pair", "instance", "flavor", "user", …
	Name     string // its name or id, as the caller gave it
	Field    string // the request field at fault, for Invalid
	Msg      string // one sentence for a person: what was wrong and what to do
	Err      error  // the cause, or a typed detail that a dialect may read with errors.As
}

// Error returns the sentence for logs; dialects build their own text from the fields.
func (e *Error) Error() string {
	s := e.Kind.String()
	if e.Resource != "" {
		s += ": " + e.Resource
		if e.Name != "" {
			s += fmt.Sprintf(" %q", e.Name)
		}
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil && e.Err.Error() != e.Msg {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first [Error] in err's chain, [Internal] for
// any other error, and 0 for nil.
func KindOf(err error) Kind {
	if err == nil {
		return 0
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of the given kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Invalidf makes an [Invalid] fault about one request field.
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Msg: fmt.Sprintf(format, args...)}
}

// Missing makes a [NotFound] fault.
func Missing(resource, name string) *Error {
	return &Error{Kind: NotFound, Resource: resource, Name: name}
}

// Taken makes an [Exists] fault.
func Taken(resource, name string) *Error {
	return &Error{Kind: Exists, Resource: resource, Name: name}
}

// Wrap makes an [Internal] fault that says during what err happened. A fault
// in err's chain keeps its kind: Wrap returns err unchanged then.
func Wrap(err error, during string) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Kind: Internal, Msg: during, Err: err}
}
