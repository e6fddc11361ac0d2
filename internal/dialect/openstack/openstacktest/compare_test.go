package openstacktest

import (
	"net/http/httptest"
	"regexp"
	"testing"
)

// counted counts failures in the place of failing.
type counted struct {
	testing.TB
	failures int
}

func (c *counted) Helper()               {}
func (c *counted) Errorf(string, ...any) { c.failures++ }

// TestCompareFinds holds answers with one thing wrong each against a recorded one.
func TestCompareFinds(t *testing.T) {
	masks := Masks{{Shape: regexp.MustCompile(`"(at)": "\d{4}"`), As: `"$1": "a year"`}}
	var x Exchange
	x.Response.Status = 200
	x.Response.Headers = [][2]string{{"Content-Type", "application/json"}, {"Vary", "A"}, {"Vary", "B"}, {"X-Id", "1"}}
	x.Response.Body = `{"n": 1, "at": "2025"}`
	for name, c := range map[string]struct {
		status int
		kind   string
		vary   []string
		more   string
		body   string
		want   int
	}{
		"nothing":           {200, "application/json", []string{"C", "D"}, "x-id", `{"at": "2026", "n": 1}`, 0},
		"the status":        {201, "application/json", []string{"C", "D"}, "x-id", `{"at": "2026", "n": 1}`, 1},
		"a value":           {200, "text/plain", []string{"C", "D"}, "x-id", `{"at": "2026", "n": 1}`, 1},
		"how often":         {200, "application/json", []string{"C"}, "x-id", `{"at": "2026", "n": 1}`, 1},
		"a name":            {200, "application/json", []string{"C", "D"}, "x-other", `{"at": "2026", "n": 1}`, 1},
		"how it is written": {200, "application/json", []string{"C", "D"}, "x-id", `{"at": "2026", "n": 1.0}`, 1},
		"a shape":           {200, "application/json", []string{"C", "D"}, "x-id", `{"at": "soon", "n": 1}`, 1},
		"no body":           {200, "application/json", []string{"C", "D"}, "x-id", "", 1},
		"header and body":   {200, "text/plain", []string{"C", "D"}, "x-id", `{}`, 2},
	} {
		w := httptest.NewRecorder()
		h := w.Header()
		h["content-type"], h["Vary"], h[c.more] = []string{c.kind}, c.vary, []string{"2"}
		w.WriteHeader(c.status)
		if _, err := w.WriteString(c.body); err != nil {
			t.Fatal(err)
		}
		found := &counted{TB: t}
		x.Compare(found, w, func(body string) any { return Decode(t, masks.Hide(body)) })
		if found.failures != c.want {
			t.Errorf("%s wrong: %d failures, want %d", name, found.failures, c.want)
		}
	}
}
