package nova

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

type record struct {
	Name    string
	Request struct {
		Method, URL, Body string
		Headers           map[string]string
	}
	Response struct {
		Status int
		Body   string
	}
}

func records(t *testing.T, file string) []record {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if lines.Err() != nil || len(all) == 0 {
		t.Fatalf("%s: %d records, %v", file, len(all), lines.Err())
	}
	return all
}

// check does what a handler does before it asks the domain.
func check(r record) error {
	u, err := url.Parse(r.Request.URL)
	if err != nil {
		return err
	}
	var v openstack.Microversion
	if !strings.HasPrefix(u.Path, "/v2/") {
		h := http.Header{}
		for name, value := range r.Request.Headers {
			h.Set(name, value)
		}
		if v, err = openstack.ComputeVersions.Negotiate(h); err != nil {
			return err
		}
	}
	if r.Request.Method == http.MethodPost {
		body := schema.NullValue
		if r.Request.Body != "" {
			if body, err = schema.Decode([]byte(r.Request.Body)); err != nil {
				return err
			}
		}
		return schema.Validate(KeyPairCreate(v), body)
	}
	q, err := schema.ParseQuery(u.RawQuery)
	if err != nil {
		return err
	}
	if strings.HasSuffix(u.Path, "/os-keypairs") {
		return schema.ValidateQuery(KeyPairListQuery(v), q)
	}
	return schema.ValidateQuery(KeyPairQuery(v), q)
}

// TestRecordedRequests holds the schemas against what a real Nova 26 said to
// the same requests: its text where a schema refused, nothing where the request
// came further.
func TestRecordedRequests(t *testing.T) {
	refused := 0
	for _, r := range records(t, "testdata/keypair_schema.jsonl") {
		var told struct{ BadRequest struct{ Message string } }
		want := ""
		if json.Unmarshal([]byte(r.Response.Body), &told) == nil {
			want = told.BadRequest.Message
		}
		if strings.HasPrefix(want, "Keypair data is invalid") || strings.HasPrefix(want, "Marker ") || r.Response.Status == http.StatusUnsupportedMediaType {
			continue // refused later, or earlier
		}
		err := check(r)
		if errors.Is(err, schema.ErrMalformed) {
			err = &fault.Error{Kind: fault.Invalid, Msg: "Malformed request body"}
		}
		got := ""
		var e *fault.Error
		if errors.As(err, &e) {
			got = e.Msg
		} else if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s %s %v %.200s\n got %s\nwant %s", r.Request.Method, r.Request.URL, r.Request.Headers, r.Request.Body, got, want)
		}
		if want != "" {
			refused++
		}
	}
	if refused < 80 {
		t.Errorf("only %d refusals were compared", refused)
	}
}

func TestKeyPairNames(t *testing.T) {
	const (
		spaces   = "printable characters. Can not start or end with whitespace."
		expected = "Only expected characters: ["
		legacy   = "printable characters with at least one non space character"
		dots     = "not '.' or '..'."
	)
	old, current, v2 := openstack.V(2, 91), openstack.V(2, 92), openstack.Microversion{}
	for _, c := range []struct {
		v          openstack.Microversion
		name, want string
	}{
		{old, "a b", ""}, {old, "-", ""}, {old, "a.b", expected}, {old, "..", expected}, {old, "a\n", spaces},
		{old, "\ufeff", spaces}, {old, "\u00a0a", spaces}, {old, "\u2028", spaces}, {old, "\uffff", spaces}, {old, "😀", spaces},
		{old, "a\u00a0b", expected}, {old, "a\tb", spaces}, {old, strings.Repeat("a", 255), ""},
		{current, "user@host.example", ""}, {current, "a+b", expected}, {current, ".", dots}, {current, "..", dots}, {current, "...", ""},
		{v2, "  한글/x ", ""}, {v2, " ", legacy}, {v2, "a\tb", legacy}, {v2, "\ta", legacy}, {v2, "😀", legacy}, {v2, ".", ""},
	} {
		body, err := schema.Decode([]byte(`{"keypair": {"public_key": "x", "name": ` + jsonText(t, c.name) + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		var e *fault.Error
		if errors.As(schema.Validate(KeyPairCreate(c.v), body), &e) {
			got = e.Msg
		}
		if c.want == "" && got != "" || c.want != "" && !strings.HasPrefix(got, badName+c.want) {
			t.Errorf("%q at %v: %s", c.name, c.v, got)
		}
	}
	if got := LegacyName("  한글/x\u00a0"); got != "한글/x" {
		t.Errorf("legacy name %q", got)
	}
}

func jsonText(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLegacyDropsWhatItDoesNotKnow(t *testing.T) {
	body, err := schema.Decode([]byte(`{"extra": 1, "keypair": {"name": "k", "type": 5, "user_id": null, "public_key": "x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(KeyPairCreate(openstack.Microversion{}), body); err != nil {
		t.Error(err)
	}
	if err := schema.Validate(KeyPairCreate(openstack.V(2, 1)), body); err == nil {
		t.Error("2.1 took an unknown member")
	}
}
