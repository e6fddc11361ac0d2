package openstacktest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare holds an answer against the recorded one: status, the headers and how
// often each is sent, the values of those that are the same each time, and the
// body as decode gives it (see [Decode]). After a wrong status nothing else is
// compared.
func (x Exchange) Compare(t testing.TB, got *httptest.ResponseRecorder, decode func(body string) any) {
	t.Helper()
	what := x.Request.Method + " " + x.Request.URL + ": " + x.Name
	if got.Code != x.Response.Status {
		t.Errorf("%s: status %d, want %d\n%s", what, got.Code, x.Response.Status, got.Body)
		return
	}
	var want, have []string
	for _, h := range x.Response.Headers {
		want = append(want, headerLine(h[0], h[1]))
	}
	for name, values := range got.Header() {
		for _, value := range values {
			have = append(have, headerLine(name, value))
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("%s: headers (-want +got)\n%s", what, diff)
	}
	if diff := cmp.Diff(decode(x.Response.Body), decode(got.Body.String())); diff != "" {
		t.Errorf("%s: body (-want +got)\n%s", what, diff)
	}
}

// headerLine is what is compared of a header: ids, lengths and addresses differ.
func headerLine(name, value string) string {
	name = strings.ToLower(name)
	switch name {
	case "openstack-api-version", "x-openstack-nova-api-version", "content-type", "www-authenticate":
		return name + ": " + value
	}
	return name
}

// Decode reads a body that is one JSON value, its numbers as they are written,
// or nothing at all, which is nil.
func Decode(t testing.TB, body string) (v any) {
	t.Helper()
	if body == "" {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: there is more after the JSON value", body)
	}
	return v
}

// Mask stands for text that is different each time. What has its shape becomes
// As, in which $1 is the first group.
type Mask struct {
	Shape *regexp.Regexp
	As    string
}

// Masks are put on a body one after another.
type Masks []Mask

// Hide returns the body with the masks on. What has not the shape it must have
// stays as it is, and so is found by the comparison.
func (m Masks) Hide(body string) string {
	for _, one := range m {
		body = one.Shape.ReplaceAllString(body, one.As)
	}
	return body
}
