package schema

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of what [Decode] reads. The size of the whole text is the caller's
// to limit.
const (
	maxDepth  = 500  // objects and arrays inside each other; Python's own limit is near 1000
	maxDigits = 4300 // digits of a whole number, Python's limit for int()
)

// ErrMalformed is in the chain of every error of [Decode].
var ErrMalformed = errors.New("malformed JSON")

// Decode reads one JSON text (RFC 8259) as Python's json module does: member
// order and the spelling of numbers are kept, and of a repeated name the last
// value counts. Unlike Python it refuses NaN and Infinity, and unpaired
// surrogates (\ud800), which no UTF-8 answer could repeat. Bytes that are not
// UTF-8, anything after the text, and nesting over [maxDepth] are refused.
// Errors wrap [ErrMalformed] and name the byte offset.
func Decode(data []byte) (Value, error) {
	if !utf8.Valid(data) {
		return Value{}, fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	d := decoder{data: data}
	v, err := d.value(0)
	if err != nil {
		return Value{}, err
	}
	if d.space(); d.pos != len(d.data) {
		return Value{}, d.fail("text after the value")
	}
	return v, nil
}

type decoder struct {
	data []byte
	pos  int
}

func (d *decoder) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrMalformed, what, d.pos)
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (d *decoder) peek() byte {
	d.space()
	if d.pos == len(d.data) {
		return 0
	}
	return d.data[d.pos]
}

func (d *decoder) value(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, d.fail("nested too deeply")
	}
	switch c := d.peek(); c {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		s, err := d.string()
		return TextValue(s), err
	case 't':
		return BoolValue(true), d.word("true")
	case 'f':
		return BoolValue(false), d.word("false")
	case 'n':
		return NullValue, d.word("null")
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return d.number()
		}
		return Value{}, d.fail("expected a value")
	}
}

func (d *decoder) word(w string) error {
	if len(d.data)-d.pos < len(w) || string(d.data[d.pos:d.pos+len(w)]) != w {
		return d.fail("expected a value")
	}
	d.pos += len(w)
	return nil
}

func (d *decoder) object(depth int) (Value, error) {
	d.pos++
	v := Value{kind: Map, members: []Member{}}
	if d.peek() == '}' {
		d.pos++
		return v, nil
	}
	var where index
	for {
		if d.peek() != '"' {
			return Value{}, d.fail("expected a member name")
		}
		name, err := d.string()
		if err != nil {
			return Value{}, err
		}
		if d.peek() != ':' {
			return Value{}, d.fail("expected ':'")
		}
		d.pos++
		member, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		if i, ok := where.find(v.members, name); ok {
			v.members[i].Value = member
		} else {
			v.members = append(v.members, Member{name, member})
		}
		more, err := d.next('}')
		if err != nil || !more {
			return v, err
		}
	}
}

// index finds repeated names without comparing every name with every other
// once an object has grown large.
type index map[string]int

const indexFrom = 16

func (x *index) find(members []Member, name string) (int, bool) {
	if len(members) < indexFrom {
		for i := range members {
			if members[i].Name == name {
				return i, true
			}
		}
		return 0, false
	}
	if *x == nil {
		*x = make(index, 2*indexFrom)
		for i := range members {
			(*x)[members[i].Name] = i
		}
	}
	i, ok := (*x)[name]
	if !ok {
		(*x)[name] = len(members)
	}
	return i, ok
}

func (d *decoder) array(depth int) (Value, error) {
	d.pos++
	v := Value{kind: List, items: []Value{}}
	if d.peek() == ']' {
		d.pos++
		return v, nil
	}
	for {
		item, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.items = append(v.items, item)
		more, err := d.next(']')
		if err != nil || !more {
			return v, err
		}
	}
}

// next reads what follows an item: a comma, or the end of its container.
func (d *decoder) next(end byte) (more bool, err error) {
	switch d.peek() {
	case ',':
		d.pos++
		return true, nil
	case end:
		d.pos++
		return false, nil
	}
	return false, d.fail("expected ',' or '" + string(end) + "'")
}

func (d *decoder) number() (Value, error) {
	start := d.pos
	if d.data[d.pos] == '-' {
		d.pos++
	}
	first := d.pos
	whole := d.digits()
	if whole == 0 || whole > 1 && d.data[first] == '0' {
		return Value{}, d.fail("not a number")
	}
	kind := Int
	if d.pos < len(d.data) && d.data[d.pos] == '.' {
		kind = Float
		d.pos++
		if d.digits() == 0 {
			return Value{}, d.fail("expected digits after the point")
		}
	}
	if d.pos < len(d.data) && (d.data[d.pos] == 'e' || d.data[d.pos] == 'E') {
		kind = Float
		d.pos++
		if d.pos < len(d.data) && (d.data[d.pos] == '+' || d.data[d.pos] == '-') {
			d.pos++
		}
		if d.digits() == 0 {
			return Value{}, d.fail("expected digits in the exponent")
		}
	}
	if kind == Int && whole > maxDigits {
		return Value{}, d.fail("number with too many digits")
	}
	return Value{kind: kind, text: string(d.data[start:d.pos])}, nil
}

func (d *decoder) digits() int {
	start := d.pos
	for d.pos < len(d.data) && '0' <= d.data[d.pos] && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos - start
}

// string reads from the opening to the closing quote. The usual string has no
// escape and is copied in one piece.
func (d *decoder) string() (string, error) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := string(d.data[start:d.pos])
			d.pos++
			return s, nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.fail("control character in a string")
		}
		d.pos++
	}
	return "", d.fail("string without an end")
}

func (d *decoder) escaped(start int) (string, error) {
	out := append([]byte(nil), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		d.pos++
		switch {
		case c == '"':
			return string(out), nil
		case c < ' ':
			d.pos--
			return "", d.fail("control character in a string")
		case c != '\\':
			out = append(out, c)
		default:
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", d.fail("string without an end")
}

var escapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape reads what follows a backslash.
func (d *decoder) escape() (rune, error) {
	if d.pos == len(d.data) {
		return 0, d.fail("string without an end")
	}
	c := d.data[d.pos]
	d.pos++
	if c != 'u' {
		r, ok := escapes[c]
		if !ok {
			return 0, d.fail("unknown escape")
		}
		return r, nil
	}
	r, err := d.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if len(d.data)-d.pos < 2 || d.data[d.pos] != '\\' || d.data[d.pos+1] != 'u' {
		return 0, d.fail("unpaired surrogate")
	}
	d.pos += 2
	low, err := d.hex()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, d.fail("unpaired surrogate")
	}
	return r, nil
}

func (d *decoder) hex() (rune, error) {
	if len(d.data)-d.pos < 4 {
		return 0, d.fail(`expected four digits after \u`)
	}
	n, err := strconv.ParseUint(string(d.data[d.pos:d.pos+4]), 16, 16)
	if err != nil {
		return 0, d.fail(`expected four digits after \u`)
	}
	d.pos += 4
	return rune(n), nil
}
