package openstack

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// asFault returns the domain's fault in err's chain; any other error is
// internal, and its text stays in the logs.
func asFault(err error) *fault.Error {
	var e *fault.Error
	if errors.As(err, &e) {
		return e
	}
	return &fault.Error{Kind: fault.Internal, Err: err}
}

// telling makes the text of an error from the fault.
type telling func(*fault.Error) string

// always tells the same.
func always(text string) telling { return func(*fault.Error) string { return text } }

// message tells what the fault itself says, and text when it says nothing.
func message(text string) telling {
	return func(e *fault.Error) string {
		if e.Msg != "" {
			return e.Msg
		}
		return text
	}
}

// invalid tells what is wrong with a request: the schema's words where a schema
// refused it.
func invalid(text string) telling {
	return func(e *fault.Error) string {
		if told, ok := schema.Told(e); ok {
			return told
		}
		return message(text)(e)
	}
}

// named tells a fault about a named thing in the service's words: format gets
// the words for the thing and its name. A fault that does not say what it is
// about tells its own message.
func named(format string, word func(string) string, text string) telling {
	return func(e *fault.Error) string {
		if e.Resource == "" {
			return message(text)(e)
		}
		return fmt.Sprintf(format, word(e.Resource), e.Name)
	}
}

// policy tells which rule refused.
func policy(format, text string) telling {
	return func(e *fault.Error) string {
		if rule := ruleOf(e); rule != "" {
			return fmt.Sprintf(format, string(rule))
		}
		return message(text)(e)
	}
}

// capital writes the domain's word for a thing with a capital: "Key pair".
func capital(word string) string {
	r, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(r)) + word[size:]
}

// camel writes it as one word: "SecurityGroup".
func camel(word string) string {
	var b strings.Builder
	for part := range strings.FieldsSeq(word) {
		b.WriteString(capital(part))
	}
	return b.String()
}

func same(word string) string { return word }
