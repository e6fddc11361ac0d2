package toast

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/wire"
)

var errNoJSON = &failure{code: jsonParsing, detail: "request body is not JSON"}

// object is one JSON object of a request. Its methods read one member each and
// remember the first complaint for [object.err]; null counts as absent.
type object struct {
	path   string // "instance.volume."
	fields map[string]any
	first  *error
}

// readBody reads a request's body, which is one JSON object in UTF-8.
func readBody(r *http.Request) (object, error) {
	text, err := wire.ReadBody(r, MaxBody)
	var over *wire.BodyTooLarge
	switch {
	case errors.As(err, &over):
		return object{}, errBodyTooLarge
	case err != nil, !utf8.Valid(text):
		return object{}, errNoJSON
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	o := object{first: new(error)}
	if err := dec.Decode(&o.fields); err != nil || o.fields == nil {
		return object{}, errNoJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return object{}, errNoJSON
	}
	return o, nil
}

// err is what was wrong first.
func (o object) err() error { return *o.first }

func (o object) complain(name, what string) {
	if *o.first == nil {
		*o.first = badParameter(o.path+name, what)
	}
}

func (o object) has(name string) bool { return o.fields[name] != nil }

func (o object) need(name string) bool {
	if !o.has(name) {
		o.complain(name, "is required")
	}
	return o.has(name)
}

// text is a string that must be there, though it may be empty.
func (o object) text(name string) string {
	if !o.need(name) {
		return ""
	}
	s, _ := o.textIf(name)
	return s
}

// textIf is a string that may be absent.
func (o object) textIf(name string) (s string, ok bool) {
	if !o.has(name) {
		return "", false
	}
	s, ok = o.fields[name].(string)
	switch {
	case !ok:
		o.complain(name, "must be a string")
	case strings.ContainsRune(s, 0):
		o.complain(name, "must not contain a NUL character")
	}
	return s, ok
}

// word is a string that must be there and not be empty.
func (o object) word(name string) string {
	s := o.text(name)
	if s == "" {
		o.complain(name, "is required")
	}
	return s
}

// short complains about a string of more than 255 characters.
func (o object) short(name string) {
	if s, _ := o.fields[name].(string); len([]rune(s)) > 255 {
		o.complain(name, "must have at most 255 characters")
	}
}

// integerIf is a whole number that may be absent, written as one or in a string.
func (o object) integerIf(name string, least, most int) (n int, ok bool) {
	if !o.has(name) {
		return 0, false
	}
	var text string
	switch v := o.fields[name].(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	default:
		o.complain(name, "must be an integer")
		return 0, false
	}
	n, whole := wholeNumber(text)
	switch {
	case !whole:
		o.complain(name, "must be an integer")
	case n < least || n > most:
		o.complain(name, fmt.Sprintf("must be between %d and %d", least, most))
	default:
		return n, true
	}
	return 0, false
}

// wholeNumber reads decimal digits. A number out of the range of int is whole
// all the same, and beyond every bound.
func wholeNumber(text string) (int, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return math.MaxInt, true
	}
	return n, true
}

// object is a member object that must be there.
func (o object) object(name string) object {
	o.need(name)
	child, _ := o.objectIf(name)
	return child
}

// objectIf is a member object that may be absent. It can be read in any case;
// where it is absent, so is all of it.
func (o object) objectIf(name string) (object, bool) {
	child := object{path: o.path + name + ".", first: o.first}
	if !o.has(name) {
		return child, false
	}
	fields, ok := o.fields[name].(map[string]any)
	if !ok {
		o.complain(name, "must be an object")
	}
	child.fields = fields
	return child, ok
}

// objects is a list of at least one object.
func (o object) objects(name string) []object {
	if !o.need(name) {
		return nil
	}
	list, ok := o.fields[name].([]any)
	if !ok {
		o.complain(name, "must be a list")
		return nil
	}
	if len(list) == 0 {
		o.complain(name, "must not be empty")
		return nil
	}
	out := make([]object, len(list))
	for k, v := range list {
		at := fmt.Sprintf("%s[%d]", name, k)
		fields, ok := v.(map[string]any)
		if !ok {
			o.complain(at, "must be an object")
		}
		out[k] = object{path: o.path + at + ".", fields: fields, first: o.first}
	}
	return out
}

// texts is an object of strings, nil when it is absent.
func (o object) texts(name string) map[string]string {
	child, ok := o.objectIf(name)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for key := range child.fields {
		if strings.ContainsRune(key, 0) {
			o.complain(name, "must not contain a NUL character")
		}
		if child.has(key) {
			out[key], _ = child.textIf(key)
		}
	}
	return out
}

// query is the parameters of a URL. Of several with one name the first counts,
// and an empty one is absent.
type query url.Values

func readQuery(r *http.Request) (query, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &failure{code: invalidParameters, detail: "the query string is malformed"}
	}
	for name, values := range q {
		for _, v := range append(values, name) {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return nil, &failure{code: invalidParameters, detail: "the query string must be UTF-8 without NUL characters"}
			}
		}
	}
	return query(q), nil
}

func (q query) get(name string) string { return url.Values(q).Get(name) }

func (q query) required(name string) (string, error) {
	v := q.get(name)
	if v == "" {
		return "", badParameter(name, "is required")
	}
	return v, nil
}
