package toast

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// kind is what a parameter of a body has to be.
type kind int

const (
	word       kind = iota // a string that is not empty
	text                   // a string that may be empty
	someText               // the same, or nothing
	integer                // a whole number, or one in a string
	anInteger              // the same, or nothing
	record                 // an object
	someRecord             // the same, or nothing
	records                // a list of objects, not empty
	someTexts              // an object of strings, or nothing
)

// misfits are the JSON texts that are of no use for a kind, with the complaint.
// The empty text stands for no such member.
var misfits = map[kind]map[string]string{
	word: {"": "is required", "null": "is required", `""`: "is required"},
	text: {"": "is required", "null": "is required"},

	integer: {"": "is required", "null": "is required"},
	record:  {"": "is required", "null": "is required"},
	records: {"": "is required", "null": "is required", "[]": "must not be empty"},
}

func init() {
	for _, k := range []kind{word, text, someText} {
		m := misfits[k]
		if m == nil {
			m = map[string]string{}
			misfits[k] = m
		}
		for _, v := range []string{"1", "true", "[]", "{}", `["x"]`} {
			m[v] = "must be a string"
		}
		m[`"a\u0000"`] = "must not contain a NUL character"
	}
	for k, what := range map[kind]string{
		integer: "must be an integer", anInteger: "must be an integer", record: "must be an object", someRecord: "must be an object",
		someTexts: "must be an object", records: "must be a list",
	} {
		m := misfits[k]
		if m == nil {
			m = map[string]string{}
			misfits[k] = m
		}
		for _, v := range []string{"true", `"x"`, "1.5", "{}", "[]"} {
			if fits := v[0] == '{' && what == "must be an object" || v == "[]" && k == records; !fits {
				m[v] = what
			}
		}
		if what == "must be an integer" {
			for _, v := range []string{`""`, `"1.5"`, "1e1", `" 1"`, `"0x1"`, `"-"`} {
				m[v] = what
			}
		}
	}
}

// bad is a value that is refused, beside those that no parameter of its kind may have.
type bad struct{ value, code, message string }

// parameter is one member of a body, "instance.networks[0].id".
type parameter struct {
	path string
	kind kind
	bad  []bad
}

// request is a call that would succeed, or would fail later than its parameters are read.
type request struct {
	method, path, body string
	parameters         []parameter
}

// change returns a body with one member set to a JSON text, or taken away when
// the text is empty.
func change(t testing.TB, body, path, value string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	names := strings.Split(path, ".")
	at := v.(object)
	for _, name := range names[:len(names)-1] {
		name, first := strings.CutSuffix(name, "[0]")
		switch next := at[name].(type) {
		case object:
			at = next
		case []any:
			at = next[0].(object)
		case nil:
			made := object{}
			at[name], at = any(made), made
			if first {
				t.Fatalf("%s is not in %s", path, body)
			}
		}
	}
	last := names[len(names)-1]
	if value == "" {
		delete(at, last)
	} else {
		at[last] = json.RawMessage(value)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// refusesAll sends a request with every value that each of its parameters may
// not have, and with bodies that are none.
func (c *client) refusesAll(r request) {
	c.Helper()
	var listed []string
	for _, p := range r.parameters {
		listed = append(listed, p.path)
		for value, complaint := range misfits[p.kind] {
			c.refused("-4", "Invalid parameters : "+p.path+" "+complaint, r.method, r.path, change(c, r.body, p.path, value))
		}
		if p.kind == records {
			for _, v := range []string{"[1]", "[null]", `["x"]`, "[[]]"} {
				c.refused("-4", "Invalid parameters : "+p.path+"[0] must be an object", r.method, r.path, change(c, r.body, p.path, v))
			}
		}
		for _, b := range p.bad {
			c.refused(b.code, b.message, r.method, r.path, change(c, r.body, p.path, b.value))
		}
	}
	for _, path := range membersOf(c, r.body) {
		if !slices.Contains(listed, path) {
			c.Errorf("%s %s: nothing bad is tried for %s", r.method, r.path, path)
		}
	}
	for _, body := range []string{"", " ", "null", "true", "1", `"x"`, "[]", "[" + r.body + "]", "{", r.body[:len(r.body)-1], r.body + "x", r.body + r.body, "\xff" + r.body, "<a/>", "a=b"} {
		c.refused("-8", "JSON parsing error : request body is not JSON", r.method, r.path, body)
	}
	for _, size := range []int{112<<10 + 1, 10 << 20} {
		c.refused("-4", "Invalid parameters : request body is too large", r.method, r.path, r.body+strings.Repeat(" ", size-len(r.body)))
	}
}

// membersOf are the paths of all members of a body's objects.
func membersOf(t testing.TB, body string) []string {
	t.Helper()
	var v object
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(prefix string, o object)
	walk = func(prefix string, o object) {
		for name, v := range o {
			out = append(out, prefix+name)
			switch v := v.(type) {
			case object:
				walk(prefix+name+".", v)
			case []any:
				if first, ok := v[0].(object); ok {
					walk(prefix+name+"[0].", first)
				}
			}
		}
	}
	walk("", v)
	return out
}

// look is a call that names a thing in its query or path, with a %s in its place.
type look struct{ method, path, body, code, message string }

// refusesNames sends it with names of nothing.
func (c *client) refusesNames(l look) {
	c.Helper()
	long := strings.Repeat("x", 3000)
	for escaped, name := range map[string]string{
		"nosuch": "nosuch", "0": "0", "-1": "-1", "%20": " ", "null": "null", "*": "*", "%25": "%", "x%27%20OR%201=1": "x' OR 1=1",
		"%ED%95%9C%EA%B8%80": "한글", "..": "..", "a%2Fb": "a/b", long: long,
		"00000000-0000-0000-0000-000000000000": "00000000-0000-0000-0000-000000000000",
	} {
		message := l.message
		if strings.Contains(message, "%s") {
			message = fmt.Sprintf(message, name)
		}
		c.refused(l.code, message, l.method, strings.Replace(l.path, "%s", escaped, 1), l.body)
	}
	before, query, _ := strings.Cut(l.path, "?")
	if !strings.HasSuffix(query, "%s") {
		return
	}
	for odd, complaint := range map[string]string{
		"%00": "must be UTF-8 without NUL characters", "a%00b": "must be UTF-8 without NUL characters",
		"%ff": "must be UTF-8 without NUL characters", "%zz": "is malformed",
	} {
		c.refused("-4", "Invalid parameters : the query string "+complaint, l.method, strings.Replace(l.path, "%s", odd, 1), l.body)
	}
	if l.method == "DELETE" || strings.HasPrefix(l.path, "tokens") {
		name := strings.TrimSuffix(query, "=%s")
		for _, query := range []string{"", "?", "?" + name, "?" + name + "=", "?other=x", "?" + strings.ToUpper(name) + "=x"} {
			c.refused("-4", "Invalid parameters : "+name+" is required", l.method, before+query, l.body)
		}
	}
}
