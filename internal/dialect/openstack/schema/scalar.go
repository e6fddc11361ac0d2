package schema

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Pattern is a regular expression that is looked for anywhere in a string.
type Pattern struct {
	source  string // as messages print it: the service's own Python expression
	matches func(string) bool
}

// NewPattern makes a pattern whose Python expression means the same in Go. It
// panics on one that Go cannot compile: patterns are written in the program.
func NewPattern(source string) *Pattern {
	return PatternFunc(source, regexp.MustCompile(source).MatchString)
}

// PatternFunc makes a pattern that is printed as source and matched by a
// function, for Python expressions that Go's engine has no words for.
func PatternFunc(source string, matches func(string) bool) *Pattern {
	return &Pattern{source, matches}
}

// Format is a named rule for strings.
type Format struct {
	Name string
	// Check reports whether s follows the rule. Where it does not, message is
	// the complete text for the client; empty means "'s' is not a 'Name'".
	Check func(s string) (message string, ok bool)
}

// String accepts strings.
type String struct {
	Min, Max int // length in characters; Max 0 means no limit
	Enum     []string
	Pattern  *Pattern
	Format   *Format
	Nullable bool // null is accepted too
}

func (s String) check(v Value) *Fault {
	if f := typed(v, s.Nullable, tString); f != nil || v.kind != Text {
		return f
	}
	return s.text(v)
}

// text checks what is said about a string's characters.
func (s String) text(v Value) *Fault {
	length := utf8.RuneCountInString(v.text)
	switch {
	case s.Enum != nil && !slices.Contains(s.Enum, v.text):
		return mismatch(v, v.Repr()+" is not one of ["+quoteAll(s.Enum)+"]")
	case length < s.Min:
		return mismatch(v, v.Repr()+" is too short")
	case s.Max > 0 && length > s.Max:
		return mismatch(v, v.Repr()+" is too long")
	case s.Pattern != nil && !s.Pattern.matches(v.text):
		return mismatch(v, v.Repr()+" does not match "+QuoteText(s.Pattern.source))
	case s.Format != nil:
		return s.format(v)
	}
	return nil
}

func (s String) format(v Value) *Fault {
	message, ok := s.Format.Check(v.text)
	switch {
	case ok:
		return nil
	case message != "":
		return &Fault{Value: v, Message: message, Whole: true}
	}
	return mismatch(v, v.Repr()+" is not a "+QuoteText(s.Format.Name))
}

// Digits accepts a whole number, and a string that its pattern takes for one:
// the type ['integer', 'string'] that Nova uses for counts.
type Digits struct {
	Min, Max *int64
	Pattern  *Pattern // for strings; nil is ^[0-9]*$
	MaxText  int      // the longest string; 0 means no limit
	Nullable bool
}

var unsigned = NewPattern(`^[0-9]*$`)

func (s Digits) check(v Value) *Fault {
	if f := typed(v, s.Nullable, tInteger, tString); f != nil {
		return f
	}
	if v.kind == Text {
		pattern := s.Pattern
		if pattern == nil {
			pattern = unsigned
		}
		if f := (String{Min: 1, Max: s.MaxText, Pattern: pattern}).text(v); f != nil {
			return f
		}
	}
	return within(v, s.Min, s.Max)
}

// within checks the limits of a number; what int() cannot read passes, as the
// services' own check does.
func within(v Value, least, most *int64) *Fault {
	n := v.whole()
	switch {
	case n == nil:
	case least != nil && n.Cmp(big.NewInt(*least)) < 0:
		return mismatch(v, n.String()+" is less than the minimum of "+strconv.FormatInt(*least, 10))
	case most != nil && n.Cmp(big.NewInt(*most)) > 0:
		return mismatch(v, n.String()+" is greater than the maximum of "+strconv.FormatInt(*most, 10))
	}
	return nil
}

// Boolean accepts true and false.
type Boolean struct{ Nullable bool }

func (s Boolean) check(v Value) *Fault { return typed(v, s.Nullable, tBoolean) }

// Flag accepts true, false and the words that Nova takes for them;
// [Value.Truth] reads it.
type Flag struct{}

var (
	yes = []string{"True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t"}
	no  = []string{"False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f"}
)

func (Flag) check(v Value) *Fault {
	if f := typed(v, false, tBoolean, tString); f != nil || v.kind == Bool {
		return f
	}
	if slices.Contains(yes, v.text) || slices.Contains(no, v.text) {
		return nil
	}
	return mismatch(v, strings.Join([]string{
		v.Repr(), " is not one of [True, ", quoteAll(yes), ", False, ", quoteAll(no), "]"}, ""))
}
