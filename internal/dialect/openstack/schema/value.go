// Package schema reads, checks and prints request bodies the way OpenStack's
// Python services do: an ordered JSON decoder, the part of JSON Schema that
// their request schemas use, and fault messages that show values as Python
// prints them, so that a client reads the text it would get from a real cloud.
package schema

import (
	"math/big"
	"strconv"
	"strings"
)

// Kind is the JSON type of a [Value].
type Kind uint8

// The kinds of a [Value]. Absent is the zero value: there is no such member.
const (
	Absent Kind = iota
	Null
	Bool
	Int   // a number written without fraction and exponent
	Float // any other number
	Text
	List
	Map
)

// Value is one decoded JSON value. It is never changed after decoding and may
// be shared. The zero Value is [Absent].
type Value struct {
	kind    Kind
	text    string // Text: the characters; Int and Float: as written; Bool: "true" or "false"
	items   []Value
	members []Member
}

// Member is one name and value of an object.
type Member struct {
	Name  string
	Value Value
}

// NullValue is JSON's null, which is also what a request without a body holds.
var NullValue = Value{kind: Null}

// TextValue makes a string value.
func TextValue(s string) Value { return Value{kind: Text, text: s} }

// BoolValue makes a boolean value.
func BoolValue(b bool) Value { return Value{kind: Bool, text: strconv.FormatBool(b)} }

// ListValue makes an array.
func ListValue(items ...Value) Value { return Value{kind: List, items: items} }

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// Exists reports whether there is a value at all; null is one.
func (v Value) Exists() bool { return v.kind != Absent }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == Null }

// Text returns a string's characters, and "" for every other kind.
func (v Value) Text() string {
	if v.kind != Text {
		return ""
	}
	return v.text
}

// Bool returns true for JSON's true, and false for everything else.
func (v Value) Bool() bool { return v.kind == Bool && v.text == "true" }

// Truth reads a value that [Flag] accepted: true, or one of the words that
// stand for it ("true", "1", "on", "yes", "y", "t" in any of their spellings).
func (v Value) Truth() bool {
	if v.kind != Text {
		return v.Bool()
	}
	switch strings.ToLower(strings.TrimSpace(v.text)) {
	case "true", "1", "on", "yes", "y", "t":
		return true
	}
	return false
}

// Int64 returns a whole number, which may also be written as a string of
// digits, as [Digits] accepts it. ok is false for other values and for numbers
// outside 64 bits.
func (v Value) Int64() (n int64, ok bool) {
	if v.kind != Int && v.kind != Text {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// whole is Python's int(value): the exact number, or nil where int() fails.
func (v Value) whole() *big.Int {
	if v.kind != Int && v.kind != Text {
		return nil
	}
	n, ok := new(big.Int).SetString(strings.TrimSpace(v.text), 10)
	if !ok {
		return nil
	}
	return n
}

// Float64 returns a number's value, infinite when it is too large.
func (v Value) Float64() (f float64, ok bool) {
	if v.kind != Int && v.kind != Float {
		return 0, false
	}
	f, _ = strconv.ParseFloat(v.text, 64)
	return f, true
}

// Number reads a number, be it written as one or as a text.
func (v Value) Number() (float64, bool) {
	if v.kind != Text {
		return v.Float64()
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// Items returns an array's values, and nil for every other kind.
func (v Value) Items() []Value { return v.items }

// Members returns an object's members in the order of the text, each name
// once: a name that was repeated stands where it came first with the value
// that came last, as in a Python dict.
func (v Value) Members() []Member { return v.members }

// At follows member names from an object into its parts. It returns an absent
// Value where a name is missing or a part is not an object.
func (v Value) At(names ...string) Value {
	for _, name := range names {
		v = v.member(name)
	}
	return v
}

func (v Value) member(name string) Value {
	for i := range v.members {
		if v.members[i].Name == name {
			return v.members[i].Value
		}
	}
	return Value{}
}
