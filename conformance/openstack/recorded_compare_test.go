package openstack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// deliberately is an answer that differs from the recorded one on purpose: a
// line of the file that the tests beside the dialects read too, and hold against
// the guides, which tell of each.
type deliberately struct {
	Section string
	Name    string // a regular expression for the whole name
	Status  int    // 0 is any success
	Holds   string
	Row     string // of the guides, which says how it differs
}

// readDeliberate reads all differences from the recordings.
func readDeliberate(t *testing.T) []deliberately {
	return readLines[deliberately](t, "../../internal/dialect/openstack/testdata/differences.jsonl")
}

// is tells whether the difference is about this exchange.
func (d deliberately) is(x exchange) bool {
	return d.Section == x.Section && regexp.MustCompile("^(?:"+d.Name+")$").MatchString(x.Name)
}

func (d deliberately) check(t *testing.T, x exchange, got answered) {
	t.Helper()
	if d.Status != 0 && got.status != d.Status || d.Status == 0 && got.status >= 300 || !strings.Contains(got.body, d.Holds) {
		t.Errorf("%s: %d %s, want %d and %s: %s", x.Name, got.status, got.body, d.Status, d.Holds, d.Row)
	}
}

// absentFromOne are services that only one of the two clouds has in its catalog.
var absentFromOne = []string{"placement", "volumev3"}

func (r *recorded) compare(x exchange, got answered) {
	r.t.Helper()
	what := x.Request.Method + " " + x.Request.URL + ": " + x.Name
	if got.status != x.Response.Status {
		r.t.Errorf("%s: status %d, recorded %d\n%s", what, got.status, x.Response.Status, got.body)
		return
	}
	var want, have []string
	for _, h := range x.Response.Headers {
		want = append(want, strings.ToLower(h[0]))
	}
	for name, values := range got.header {
		if name == "Date" || name == "Connection" {
			continue
		}
		for range values {
			have = append(have, strings.ToLower(name))
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		r.t.Errorf("%s: the headers are %v, recorded are %v", what, have, want)
	}
	if x.Request.Method == http.MethodHead || x.Response.Body == "" || got.body == "" {
		if x.Request.Method != http.MethodHead && x.Response.Body != got.body {
			r.t.Errorf("%s: the body is %q, recorded is %q", what, got.body, x.Response.Body)
		}
		return
	}
	var there, here any
	if err := json.Unmarshal([]byte(r.hence(x.Response.Body)), &there); err != nil {
		r.t.Fatal(what, err)
	}
	if err := json.Unmarshal([]byte(got.body), &here); err != nil {
		r.t.Errorf("%s: %v in %q", what, err, got.body)
		return
	}
	if wrong := r.differ("", inOrder("", there), inOrder("", here)); wrong != "" {
		r.t.Errorf("%s: %s", what, wrong)
	}
}

// unordered are lists whose order says nothing.
var unordered = []string{"catalog", "endpoints", "roles", "methods", "users", "projects"}

// differ says where two values differ, if they do.
func (r *recorded) differ(path string, there, here any) string {
	switch want := there.(type) {
	case map[string]any:
		have, ok := here.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, recorded is an object", path, here)
		}
		_, generated := want["private_key"]
		for _, name := range append(keysIn(want), keysIn(have)...) {
			a, inA := want[name]
			b, inB := have[name]
			switch {
			case !inA || !inB:
				return fmt.Sprintf("%s/%s is there: %v, recorded: %v", path, name, inB, inA)
			case generated && (name == "private_key" || name == "public_key" || name == "fingerprint"):
				if sortOf(a) != sortOf(b) {
					return fmt.Sprintf("%s/%s is a %s, recorded is a %s", path, name, sortOf(b), sortOf(a))
				}
			default:
				if wrong := r.differ(path+"/"+name, a, b); wrong != "" {
					return wrong
				}
			}
		}
	case []any:
		have, ok := here.([]any)
		if !ok {
			return fmt.Sprintf("%s is %v, recorded is a list", path, here)
		}
		if len(want) != len(have) {
			return fmt.Sprintf("%s has %d items, recorded are %d: %v, recorded %v", path, len(have), len(want), have, want)
		}
		for i := range want {
			if wrong := r.differ(fmt.Sprintf("%s/%d", path, i), want[i], have[i]); wrong != "" {
				return wrong
			}
		}
	case string:
		have, ok := here.(string)
		if !ok || !r.same(want, have) {
			return fmt.Sprintf("%s is %#v, recorded is %q", path, here, want)
		}
	case float64:
		if have, ok := here.(float64); !ok || have != want && !(path == "/keypair/id" && have > 0 && have < 1<<31) {
			return fmt.Sprintf("%s is %v, recorded is %v", path, here, want)
		}
	default:
		if there != here {
			return fmt.Sprintf("%s is %v, recorded is %v", path, here, there)
		}
	}
	return ""
}

func keysIn(m map[string]any) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// inOrder sorts the lists in a value whose order says nothing, by their text
// without the ids in it, and leaves the services out that only one of the
// clouds has.
func inOrder(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = inOrder(name, inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = inOrder("", inner)
		}
		if !slices.Contains(unordered, name) {
			break
		}
		v = slices.DeleteFunc(v, func(item any) bool {
			m, ok := item.(map[string]any)
			return ok && slices.ContainsFunc(absentFromOne, func(name string) bool { return m["type"] == name })
		})
		slices.SortStableFunc(v, func(a, b any) int { return strings.Compare(withoutIDs(a), withoutIDs(b)) })
		return v
	}
	return v
}

func withoutIDs(v any) string { return someID.ReplaceAllString(quoted(v), "id") }

// someID also finds an id in a link.
var someID = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

// volatile are the shapes of values that are new each time. Both values have to
// have the same.
var volatile = []*regexp.Regexp{
	regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$`),
	regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$`),
	regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`),
	regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`), // audit ids
}

// same compares texts. A recorded id that was not met before stands from now on
// for the one in its place here.
func (r *recorded) same(want, have string) bool {
	want = r.hence(want)
	if want == have || slices.ContainsFunc(volatile, func(re *regexp.Regexp) bool { return re.MatchString(want) && re.MatchString(have) }) {
		return true
	}
	theirs, ours := someID.FindString(want), someID.FindString(have)
	if theirs == "" || ours == "" || r.here[theirs] != "" {
		return false
	}
	r.here[theirs] = ours
	return strings.ReplaceAll(want, theirs, ours) == have
}

// sortOf says what kind of key material a text is.
func sortOf(v any) string {
	text, _ := v.(string)
	switch {
	case strings.HasPrefix(text, "(PKCS#1 PEM, 16"), strings.HasPrefix(text, "-----BEGIN RSA PRIVATE KEY-----\n") && len(text) > 1660 && len(text) < 1690:
		return "PKCS#1 PEM"
	case strings.HasPrefix(text, "(PKCS#12, base64, 34"), len(text) > 3000 && regexp.MustCompile(`^[A-Za-z0-9+/]+=*$`).MatchString(text):
		return "PKCS#12"
	case strings.HasPrefix(text, "ssh-rsa AAAA") && strings.HasSuffix(text, " Generated-by-Nova"):
		return "generated RSA key"
	case strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----\n"):
		return "certificate"
	case regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2})+$`).MatchString(text):
		return fmt.Sprintf("fingerprint of %d characters", len(text))
	}
	return "text " + text
}
