package toast

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func bodyOf(t *testing.T, text string) (object, error) {
	t.Helper()
	return readBody(httptest.NewRequest("POST", "/", strings.NewReader(text)))
}

func TestBodyIsOneObject(t *testing.T) {
	for _, text := range []string{"", " ", "null", "[]", "1", `"x"`, "{", `{"a":}`, "{}{}", "{} x", "\xff{}", `{"a":"` + "\xff" + `"}`} {
		if _, err := bodyOf(t, text); err == nil || err.Error() != "JSON parsing error : request body is not JSON" {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if _, err := bodyOf(t, ` {"a": 1} `+"\n"); err != nil {
		t.Error(err)
	}
}

// TestFields reads one member in every way that there is.
func TestFields(t *testing.T) {
	ways := map[string]func(o object){
		"text":    func(o object) { o.text("m") },
		"word":    func(o object) { o.word("m") },
		"textIf":  func(o object) { o.textIf("m") },
		"integer": func(o object) { o.integerIf("m", 1, 10) },
		"object":  func(o object) { o.object("m") },
		"objects": func(o object) { o.objects("m") },
		"texts":   func(o object) { o.texts("m") },
	}
	for _, c := range []struct{ way, value, complaint string }{
		{"text", ``, "is required"}, {"text", `null`, "is required"}, {"text", `1`, "must be a string"},
		{"text", `""`, ""}, {"text", `"x"`, ""}, {"text", `"a\u0000"`, "must not contain a NUL character"},
		{"word", `""`, "is required"}, {"word", `[]`, "must be a string"}, {"word", `"x"`, ""},
		{"textIf", ``, ""}, {"textIf", `null`, ""}, {"textIf", `{}`, "must be a string"},
		{"integer", ``, ""}, {"integer", `null`, ""}, {"integer", `1`, ""}, {"integer", `"10"`, ""},
		{"integer", `0`, "must be between 1 and 10"}, {"integer", `"11"`, "must be between 1 and 10"},
		{"integer", `-1`, "must be between 1 and 10"}, {"integer", `99999999999999999999`, "must be between 1 and 10"},
		{"integer", `1.5`, "must be an integer"}, {"integer", `1e1`, "must be an integer"}, {"integer", `"x"`, "must be an integer"},
		{"integer", `""`, "must be an integer"}, {"integer", `"-"`, "must be an integer"}, {"integer", `true`, "must be an integer"}, {"integer", `[]`, "must be an integer"},
		{"object", ``, "is required"}, {"object", `[]`, "must be an object"}, {"object", `{}`, ""},
		{"objects", ``, "is required"}, {"objects", `{}`, "must be a list"}, {"objects", `[]`, "must not be empty"}, {"objects", `[{}]`, ""},
		{"texts", ``, ""}, {"texts", `{"a": "b", "c": null}`, ""}, {"texts", `[]`, "must be an object"},
	} {
		text := `{"o": {}}`
		if c.value != "" {
			text = `{"o": {"m": ` + c.value + `}}`
		}
		o, err := bodyOf(t, text)
		if err != nil {
			t.Fatal(err)
		}
		ways[c.way](o.object("o"))
		want := ""
		if c.complaint != "" {
			want = "Invalid parameters : o.m " + c.complaint
		}
		got := ""
		if o.err() != nil {
			got = o.err().Error()
		}
		if got != want {
			t.Errorf("%s of %s: got %q, want %q", c.way, c.value, got, want)
		}
	}
	o, err := bodyOf(t, `{"o": {"m": [{"a": "x"}, 1], "t": {"k": 1}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if o.object("o").objects("m"); o.err() == nil || o.err().Error() != "Invalid parameters : o.m[1] must be an object" {
		t.Errorf("got %v", o.err())
	}
	*o.first = nil
	if o.object("o").texts("t"); o.err() == nil || o.err().Error() != "Invalid parameters : o.t.k must be a string" {
		t.Errorf("got %v", o.err())
	}
}
