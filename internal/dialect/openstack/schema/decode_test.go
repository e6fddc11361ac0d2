package schema

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeKeepsOrderAndSpelling(t *testing.T) {
	v, err := Decode([]byte(` {"b": 1, "a": [2.50, -0, 1E3, null], "b": {"x": true}} `))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.Repr(), `{'b': {'x': True}, 'a': [2.5, 0, 1000.0, None]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !v.At("b", "x").Bool() || v.At("b", "y", "z").Exists() || v.At("a", "x").Exists() {
		t.Error("At does not find what is there, or finds what is not")
	}
}

func TestDecodeRepeatedNamesInLargeObject(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"first": 0`)
	for range 3 {
		for i := range 100 {
			text.WriteString(`, "n` + big.NewInt(int64(i)).String() + `": ` + big.NewInt(int64(text.Len())).String())
		}
	}
	last := text.Len()
	text.WriteString(`, "n7": ` + big.NewInt(int64(last)).String() + `}`)
	v, err := Decode([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Members()) != 101 {
		t.Errorf("%d members, want 101", len(v.Members()))
	}
	if n, _ := v.At("n7").Int64(); n != int64(last) {
		t.Errorf("n7 = %d, want the last one, %d", n, last)
	}
	if v.Members()[8].Name != "n7" {
		t.Errorf("a repeated name moved: %q stands ninth", v.Members()[8].Name)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            "",
		"white space":        "  ",
		"a word":             "{nope",
		"trailing text":      "{} x",
		"two values":         "1 2",
		"trailing comma":     `{"a": 1,}`,
		"array comma":        `[1,]`,
		"single quotes":      `{'a': 1}`,
		"no colon":           `{"a" 1}`,
		"number name":        `{1: 2}`,
		"NaN":                "NaN",
		"Infinity":           "[-Infinity]",
		"leading zero":       "01",
		"bare minus":         "-",
		"bare point":         "1.",
		"bare exponent":      "1e+",
		"plus":               "+1",
		"control character":  "\"a\nb\"",
		"control after \\":   "\"\\t\nb\"",
		"unknown escape":     `"\x41"`,
		"short escape":       `"\u12"`,
		"signed escape":      `"\u+123"`,
		"open string":        `"abc`,
		"open escape":        `"\`,
		"open escaped":       `"\n`,
		"high surrogate":     `"\ud83d"`,
		"low surrogate":      `"\ude00"`,
		"two highs":          `"\ud83d\ud83d"`,
		"invalid UTF-8":      "\"\xff\"",
		"UTF-8 surrogate":    "\"\xed\xa0\x80\"",
		"byte order mark":    "\ufeff{}",
		"too deep":           strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2),
		"too many digits":    strings.Repeat("9", maxDigits+1),
		"endless nesting":    strings.Repeat(`{"a":`, 100_000),
		"NUL after":          "{}\x00",
		"no-break space":     "\u00a0{}",
		"unclosed object":    `{"a": 1`,
		"wrong closing mark": `[1}`,
	} {
		if v, err := Decode([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, %v, want a malformed-JSON error", name, v, err)
		}
	}
}

func TestDecodeAccepts(t *testing.T) {
	for text, want := range map[string]string{
		`"\ud83d\ude00\u00fc\/\"\\\b\f\n\r\t"`:                              "😀ü/\"\\\b\f\n\r\t",
		strings.Repeat("9", maxDigits):                                      strings.Repeat("9", maxDigits),
		strings.Repeat("[", maxDepth) + "7" + strings.Repeat("]", maxDepth): strings.Repeat("[", maxDepth) + "7" + strings.Repeat("]", maxDepth),
		`"` + "\x7f" + `"`:                                                  "\x7f",
		`1e400`:                                                             "inf",
		`-1e400`:                                                            "-inf",
		`1e-5`:                                                              "1e-05",
		`12345678901234567890123`:                                           "12345678901234567890123",
	} {
		v, err := Decode([]byte(text))
		if err != nil || v.String() != want {
			t.Errorf("%.40s: got %.60q, %v", text, v.String(), err)
		}
	}
}

func TestNumbersOfValues(t *testing.T) {
	for text, want := range map[string]int64{`5`: 5, `"17"`: 17, `-3`: -3} {
		v, _ := Decode([]byte(text))
		if n, ok := v.Int64(); !ok || n != want {
			t.Errorf("%s: %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{`1.5`, `"x"`, `null`, `99999999999999999999`, `true`} {
		v, _ := Decode([]byte(text))
		if n, ok := v.Int64(); ok {
			t.Errorf("%s read as %d", text, n)
		}
	}
}

// plain turns a Value into what encoding/json makes of the same text.
func plain(v Value) any {
	switch v.Kind() {
	case Bool:
		return v.Bool()
	case Int, Float:
		return json.Number(v.text)
	case Text:
		return v.Text()
	case List:
		out := make([]any, len(v.Items()))
		for i, item := range v.Items() {
			out[i] = plain(item)
		}
		return out
	case Map:
		out := make(map[string]any, len(v.Members()))
		for _, m := range v.Members() {
			out[m.Name] = plain(m.Value)
		}
		return out
	}
	return nil
}

// FuzzDecode holds Decode against encoding/json: what Decode accepts is valid
// and means the same; what it refuses is invalid, or one of the things it is
// documented to refuse.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"keypair": {"name": "k", "foo": 1}}`, `[1, 2.5, -0, 1e9, true, false, null]`, `"\ud83d\ude00"`, `"\ud83d"`,
		`{"a":1,"a":2}`, `{nope`, "\"\xff\"", `[[[[]]]]`, `01`, ``, `NaN`, `"\u0000"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error without ErrMalformed: %v", err)
			}
			var ours bool // refused by a rule of Decode's own
			for _, rule := range []string{"not UTF-8", "surrogate", "deeply", "digits at"} {
				ours = ours || strings.Contains(err.Error(), rule)
			}
			if !ours && utf8.Valid(data) && json.Valid(data) {
				t.Fatalf("refused valid JSON: %v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted invalid JSON")
		}
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(plain(v))
		expected, _ := json.Marshal(want)
		if string(got) != string(expected) {
			t.Fatalf("got %s, encoding/json reads %s", got, expected)
		}
		_ = v.Repr()
	})
}
