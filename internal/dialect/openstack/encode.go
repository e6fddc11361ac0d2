package openstack

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// Layout is how much space stands between the parts of a JSON text. Which of
// the two a service uses is part of what its clients have recorded.
type Layout struct {
	item, name string
	spaced     bool
}

// The layouts of Python's json.dumps: by default, and with the narrow
// separators that Keystone's errors and Neutron's answers use.
var (
	Spaced  = Layout{", ", ": ", true}
	Compact = Layout{",", ":", false}
)

// Fields is a JSON object with its members in the given order, for objects
// whose members depend on the request. Fixed shapes are better written as
// structs, which cost fewer allocations.
type Fields []Field

// Field is one member of [Fields].
type Field struct {
	Name  string
	Value any
}

// F makes a [Field].
func F(name string, value any) Field { return Field{name, value} }

// Append appends v as JSON, written as Python's json.dumps writes it:
// everything outside ASCII escaped, nothing escaped for HTML, whole floats
// with a point (1.0).
//
// Structs are written in the order of their fields by the rules of
// encoding/json's tags (name, "-", omitempty, omitzero; embedded structs are
// spread). Besides them v may hold [Fields], [schema.Value], strings, booleans,
// numbers, pointers, slices, interfaces, and maps with string keys, which are
// written in the order of their keys. A nil slice or map is written as an empty
// one: these services have no null lists. Any other type is an error.
func (l Layout) Append(dst []byte, v any) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return appendString(dst, x), nil
	case bool:
		return strconv.AppendBool(dst, x), nil
	case int:
		return strconv.AppendInt(dst, int64(x), 10), nil
	case Fields:
		return l.fields(dst, x)
	}
	return l.value(dst, reflect.ValueOf(v))
}

var (
	fieldsType = reflect.TypeFor[Fields]()
	valueType  = reflect.TypeFor[schema.Value]()
)

func (l Layout) value(dst []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.String:
		return appendString(dst, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return schema.AppendFloat(dst, v.Float()), nil
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return l.value(dst, v.Elem())
	case reflect.Interface:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return l.Append(dst, v.Interface())
	case reflect.Struct:
		if v.Type() == valueType {
			return l.decoded(dst, v.Interface().(schema.Value)), nil
		}
		return l.structure(dst, v)
	case reflect.Slice, reflect.Array:
		if v.Type() == fieldsType {
			return l.fields(dst, v.Interface().(Fields))
		}
		return l.list(dst, v)
	case reflect.Map:
		return l.mapping(dst, v)
	}
	return nil, fmt.Errorf("openstack: cannot write a %s as JSON", v.Type())
}

func (l Layout) fields(dst []byte, fields Fields) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, l.item...)
		}
		dst = append(appendString(dst, f.Name), l.name...)
		if dst, err = l.Append(dst, f.Value); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (l Layout) list(dst []byte, v reflect.Value) (_ []byte, err error) {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, l.item...)
		}
		if dst, err = l.value(dst, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (l Layout) mapping(dst []byte, v reflect.Value) (_ []byte, err error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("openstack: cannot write a %s as JSON", v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, l.item...)
		}
		dst = append(appendString(dst, key.String()), l.name...)
		if dst, err = l.value(dst, v.MapIndex(key)); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (l Layout) structure(dst []byte, v reflect.Value) (_ []byte, err error) {
	dst = append(dst, '{')
	first := true
	for _, f := range planOf(v.Type()) {
		member := v.Field(f.index[0])
		for _, i := range f.index[1:] {
			member = member.Field(i)
		}
		if f.omit != nil && f.omit(member) {
			continue
		}
		if !first {
			dst = append(dst, l.item...)
		}
		first = false
		if l.spaced {
			dst = append(dst, f.spaced...)
		} else {
			dst = append(dst, f.compact...)
		}
		if dst, err = l.value(dst, member); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (l Layout) decoded(dst []byte, v schema.Value) []byte {
	switch v.Kind() {
	case schema.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case schema.Int, schema.Float:
		return append(dst, v.String()...)
	case schema.Text:
		return appendString(dst, v.Text())
	case schema.List:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, l.item...)
			}
			dst = l.decoded(dst, item)
		}
		return append(dst, ']')
	case schema.Map:
		dst = append(dst, '{')
		for i, m := range v.Members() {
			if i > 0 {
				dst = append(dst, l.item...)
			}
			dst = append(appendString(dst, m.Name), l.name...)
			dst = l.decoded(dst, m.Value)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

const hexDigits = "0123456789abcdef"

// plainByte tells which bytes stand for themselves in a JSON string: printable
// ASCII without the quote and the backslash.
var plainByte = func() (t [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if plainByte[s[i]] {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = appendEscape(dst, r)
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	}
	if r > 0xffff {
		r -= 0x10000
		dst = appendUnit(dst, 0xd800|r>>10)
		r = 0xdc00 | r&0x3ff
	}
	return appendUnit(dst, r)
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
