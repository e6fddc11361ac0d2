package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// String returns what Python's str() prints of the value: a string as it is,
// None, True, a number, and arrays and objects as [Value.Repr] does.
func (v Value) String() string {
	if v.kind == Text {
		return v.text
	}
	return v.Repr()
}

// Repr returns what Python's repr() prints of the value: strings quoted,
// objects as {'name': 'k', 'size': 1}.
func (v Value) Repr() string {
	var b strings.Builder
	v.repr(&b)
	return b.String()
}

func (v Value) repr(b *strings.Builder) {
	switch v.kind {
	case Bool:
		if v.Bool() {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case Int:
		if v.text == "-0" {
			b.WriteByte('0')
		} else {
			b.WriteString(v.text)
		}
	case Float:
		f, _ := v.Float64()
		b.Write(AppendFloat(nil, f))
	case Text:
		quote(b, v.text)
	case List:
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.repr(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteString(", ")
			}
			quote(b, m.Name)
			b.WriteString(": ")
			m.Value.repr(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString("None")
	}
}

// AppendFloat appends Python's repr of a float: the shortest digits that read
// back as f, with a point or an exponent always present (1.0, 1e+16).
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if format == 'f' && !strings.ContainsRune(string(dst[start:]), '.') {
		dst = append(dst, ".0"...)
	}
	return dst
}

// QuoteText returns Python's repr of a string: in single quotes, unless it
// holds a single quote and no double one.
func QuoteText(s string) string {
	var b strings.Builder
	quote(&b, s)
	return b.String()
}

func quote(b *strings.Builder, s string) {
	mark := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	b.WriteRune(mark)
	for _, r := range s {
		switch {
		case r == mark || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteRune(mark)
}

// quoteAll returns the reprs of some strings with ", " between them.
func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, s := range texts {
		quoted[i] = QuoteText(s)
	}
	return strings.Join(quoted, ", ")
}
