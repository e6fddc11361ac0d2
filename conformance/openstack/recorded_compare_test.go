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

// deliberately is an answer that differs from the recorded one on purpose.
type deliberately struct {
	section string
	name    string // a regular expression for the whole name
	why     string
	status  int // 0 is any success
	holds   string
}

// deliberate are all differences from the recordings. The pages of docs/dialects
// tell of each.
var deliberate = []deliberately{
	{"keystone", "no methods", "Keystone goes on with its whole schema", 400, `"Invalid input for field 'identity': 'methods' is a required property"`},
	{"imports", "import rsa(512|768)", "anybody can break it", 400, "is too short, at least 2048 are needed"},
	{"imports", "import rsa1024", "weak by the default policy", 400, "an RSA key of 1024 bits is too short"},
	{"imports", "import sk-(ed25519|ecdsa)", "Nova's library is too old for keys on security tokens", 201, `"type": "ssh"`},
	{"imports", "two spaces", "Nova takes the fingerprint of nothing", 201, "c2:93:c9:26:a4:90:d2:85:55:ea:c6:8e:81:68:5e:8d"},
	{"imports", "two keys, two lines", "would break authorized_keys", 400, "Keypair data is invalid: more than one key"},
	{"imports", "NUL inside", "would break authorized_keys", 400, "Keypair data is invalid: control characters are not allowed"},
	{"imports", "leading newline", "says why", 400, "Keypair data is invalid: the key must start with its type"},
	{"imports", "options prefix", "says why", 400, "Keypair data is invalid: remove the options before the key type"},
	{"imports", "(truncated base64|trailing garbage in blob|base64 line-wrapped)", "says why", 400, "Keypair data is invalid: the base64 part is damaged"},
	{"imports", "(type only|garbage|garbage two words)", "says why", 400, "Keypair data is invalid: this is not an OpenSSH public key"},
	{"imports", "seed's malformed example.*", "says which spaces are missing", 400, "Keypair data is invalid: the space after the key type is missing, and so is the space before the comment"},
	{"imports", "unknown type", "says why", 400, "Keypair data is invalid: key type 'ssh-foo' is not supported"},
	{"imports", "(RFC4716 rsa|PKCS. PEM public)", "says why", 400, "Keypair data is invalid: this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i"},
	{"imports", "OpenSSH private key", "says why", 400, "Keypair data is invalid: this is a private key; send the public key (.pub) only"},
	{"imports", "ssh as x509", "says why", 400, "Keypair data is invalid: failed to generate X509 fingerprint. Error message: this is an SSH public key"},
	{"imports", "x509 (empty)", "says why", 400, "Keypair data is invalid: failed to generate X509 fingerprint. Error message: this is not a PEM certificate"},
	{"imports", "x509 (truncated|bad base64)", "says why", 400, "Keypair data is invalid: failed to generate X509 fingerprint. Error message: the certificate cannot be read"},
	{"errors", "invalid utf-8", "Nova fails with 500", 400, "Malformed request body"},
	{"errors", "public_key empty", "says why", 400, "Keypair data is invalid: this is not an OpenSSH public key"},
	{"names", `\[/v2\] (show|delete) '(a/b|한글)'`, "what was made can be found and deleted", 0, ""},
	{"paging", "2.34 limit ignored", "openstack keypair list --limit relies on it", 200, `"k1"`},
	{"quota", "detail for user", "key pairs in use are counted", 200, `"key_pairs": {"limit": 2, "in_use": 2, "reserved": 0}`},
}

// is tells whether the difference is about this exchange.
func (d deliberately) is(x exchange) bool {
	return d.section == x.Section && regexp.MustCompile("^(?:"+d.name+")$").MatchString(x.Name)
}

func (d deliberately) check(t *testing.T, x exchange, got answered) {
	t.Helper()
	if d.status != 0 && got.status != d.status || d.status == 0 && got.status >= 300 || !strings.Contains(got.body, d.holds) {
		t.Errorf("%s: %d %s, want %d and %s, because: %s", x.Name, got.status, got.body, d.status, d.holds, d.why)
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
