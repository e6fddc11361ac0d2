package schema

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// The wanted texts are what CPython 3.11 prints.
func TestRepr(t *testing.T) {
	for text, want := range map[string]string{
		`"x"`:                        `'x'`,
		`""`:                         `''`,
		`"it's"`:                     `"it's"`,
		`"say \"hi\""`:               `'say "hi"'`,
		`"both ' and \""`:            `'both \' and "'`,
		`"a\\b"`:                     `'a\\b'`,
		`"a\n\r\tb"`:                 `'a\n\r\tb'`,
		`"\u0000\u0007\u007f"`:       `'\x00\x07\x7f'`,
		`"한글 é 😀"`:                   `'한글 é 😀'`,
		`"\u00a0\u00ad\u2028\ufeff"`: `'\xa0\xad\u2028\ufeff'`,
		`"\ue000\udb80\udc00"`:       `'\ue000\U000f0000'`,
		`{"a": {"b": [1, "c"]}}`:     `{'a': {'b': [1, 'c']}}`,
		`[]`:                         `[]`,
		`{}`:                         `{}`,
		`[true, false, null]`:        `[True, False, None]`,
		`1.0`:                        `1.0`,
		`0.0001`:                     `0.0001`,
		`0.00001`:                    `1e-05`,
		`1e15`:                       `1000000000000000.0`,
		`1e16`:                       `1e+16`,
		`123456789.123456789`:        `123456789.12345679`,
		`-0.0`:                       `-0.0`,
		`1e22`:                       `1e+22`,
	} {
		v, err := Decode([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := v.Repr(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if got := TextValue("it's").String(); got != "it's" {
		t.Errorf("str() of a string is %s", got)
	}
	if got := (Value{}).String(); got != "None" {
		t.Errorf("an absent value prints %s", got)
	}
}

// unquote reads a repr back, as Python would.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
		return "", false
	}
	mark, rest := s[0], s[1:len(s)-1]
	var b strings.Builder
	for rest != "" {
		if rest[0] == mark {
			return "", false
		}
		var r rune
		var err error
		if r, _, rest, err = strconv.UnquoteChar(rest, mark); err != nil {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// FuzzQuoteText checks that a repr stays on one line, is valid UTF-8 and reads
// back as the same string.
func FuzzQuoteText(f *testing.F) {
	for _, s := range []string{"", "k", "it's", `"`, `'"`, `\`, "\x00\n\u2028", "😀", "\u00a0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("decoded strings are always valid")
		}
		q := QuoteText(s)
		if strings.ContainsAny(q, "\n\r\x00") || !utf8.ValidString(q) {
			t.Fatalf("unprintable repr %q", q)
		}
		if back, ok := unquote(q); !ok || back != s {
			t.Fatalf("%s reads back as %q, want %q", q, back, s)
		}
	})
}
