package nova

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// call sends one request as somebody at a microversion; both may be empty.
func (c *cloud) call(t *testing.T, who, version, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := openstacktest.Request(t, who, method, target, body)
	if version != "" {
		r.Header.Set("OpenStack-API-Version", "compute "+version)
	}
	return openstacktest.Answer(c.handler, r)
}

// header returns the first value of a header, however its name is spelled.
func header(w *httptest.ResponseRecorder, name string) string {
	for n, values := range w.Header() {
		if strings.EqualFold(n, name) {
			return values[0]
		}
	}
	return ""
}

// message returns the text of an error in Nova's form, and the element it stands in.
func message(t *testing.T, w *httptest.ResponseRecorder) (element, text string) {
	t.Helper()
	var body map[string]struct{ Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body) != 1 {
		t.Fatalf("%d %s: no error in Nova's form", w.Code, w.Body)
	}
	for element, e := range body {
		return element, e.Message
	}
	return "", ""
}

func TestEveryRouteDeclaresWhoMayCall(t *testing.T) {
	c := newCloud(t)
	for _, rt := range c.dialect.Routes() {
		if rt.Access == 0 || rt.Access != identity.Public && rt.Rule == "" {
			t.Errorf("%s %s has access %v and rule %q", rt.Method, rt.Pattern, rt.Access, rt.Rule)
		}
		target := strings.NewReplacer("{name}", "k", "{project}", demo, "{alias}", "os-keypairs",
			"{id}", "1", "{key}", "k", "{tag}", "t", "{port}", "p", "{label}", "l", "{request}", "r", "{volume}", "v", "{class}", "default").Replace(rt.Pattern)
		w := c.call(t, "", "", rt.Method, target, "")
		switch {
		case strings.Contains(target, "{"):
			t.Errorf("%s: this test does not know a parameter", rt.Pattern)
		case rt.Access == identity.Public && w.Code != http.StatusOK:
			t.Errorf("%s %s is public and answered %d", rt.Method, target, w.Code)
		case rt.Access != identity.Public && w.Code != http.StatusUnauthorized:
			t.Errorf("%s %s answered %d without a token", rt.Method, target, w.Code)
		}
	}
}

// TestEveryFault walks the domain's faults through a route.
func TestEveryFault(t *testing.T) {
	c := newCloud(t)
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 403, fault.Forbidden: 403,
		fault.Unauthenticated: 401, fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 400,
		fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500,
	}
	for _, kind := range fault.Kinds() {
		rt := openstack.Route{Access: identity.Public, Pattern: "/v2.1/x", Rule: "os_compute_api:x", Handle: func(http.ResponseWriter, *openstack.Call) error {
			return &fault.Error{Kind: kind, Resource: "key pair", Name: "k", Err: io.ErrUnexpectedEOF}
		}}
		w := httptest.NewRecorder()
		c.dialect.serve(rt)(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2.1/x", nil))
		if w.Code != want[kind] || !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), "EOF") {
			t.Errorf("%v: %d %s", kind, w.Code, w.Body)
		}
		if kind == fault.Forbidden && !strings.Contains(w.Body.String(), "Policy doesn't allow os_compute_api:x to be performed.") {
			t.Errorf("%v names no rule: %s", kind, w.Body)
		}
	}
}

// TestOrderOfChecks has requests with several things wrong.
func TestOrderOfChecks(t *testing.T) {
	c := newCloud(t)
	c.put(t, alice, "taken", "ssh", ed25519Key)
	const other = "00000000000000000000000000000001"
	for _, x := range []struct {
		who, version, method, target, body string
		status                             int
		holds                              string
	}{
		{"", "9.9", "GET", "/v2.1/nosuch", "", 401, ""},
		{"", "9.9", "GET", "/v2.1/os-keypairs", "", 401, ""},
		{"nobody", "", "GET", "/v2.1/os-keypairs", "", 401, "The request you have made requires authentication."},
		{"alice", "9.9", "GET", "/v2.1/nosuch", "", 404, "The resource could not be found."},
		{"alice", "9.9", "GET", "/v2.1/" + other + "/os-keypairs", "", 406, "Version 9.9 is not supported"},
		{"alice", "x", "GET", "/v2.1/" + other + "/os-keypairs", "", 400, "of invalid format"},
		{"alice", "2.10", "POST", "/v2.1/" + other + "/os-keypairs", "{", 400, "URL's project_id '" + other + "' doesn't match Context's project_id '" + demo + "'"},
		{"alice unscoped", "2.10", "GET", "/v2.1/" + other + "/os-keypairs", "", 400, "doesn't match Context's project_id 'None'"},
		{"alice", "2.10", "POST", "/v2.1/os-keypairs", "{", 400, "Malformed request body"},
		{"alice", "2.10", "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "a.b", "user_id": "x", "public_key": ""}}`, 400, "Only expected characters"},
		{"alice", "2.10", "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "taken", "user_id": "x", "public_key": ""}}`, 403, "os_compute_api:os-keypairs:create"},
		{"alice", "2.10", "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "taken", "public_key": ""}}`, 400, "Keypair data is invalid"},
		{"alice", "2.10", "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "taken", "public_key": ` + jsonText(t, ed25519Key) + `}}`, 409, "Key pair 'taken' already exists."},
		{"alice", "2.75", "GET", "/v2.1/os-keypairs/taken?foo=1&user_id=" + bob, "", 400, "Additional properties"},
		{"alice", "2.75", "GET", "/v2.1/os-keypairs/nope?user_id=" + bob, "", 403, "os_compute_api:os-keypairs:show"},
		{"bob", "2.75", "GET", "/v2.1/os-keypairs/taken", "", 404, "Keypair taken not found for user " + bob},
	} {
		w := c.call(t, x.who, x.version, x.method, x.target, x.body)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.holds) {
			t.Errorf("%s %s as %q at %q: %d %s, want %d %s", x.method, x.target, x.who, x.version, w.Code, w.Body, x.status, x.holds)
		}
	}
}

func TestPaths(t *testing.T) {
	c := newCloud(t)
	c.put(t, alice, "k", "ssh", ed25519Key)
	for _, x := range []struct {
		method, target string
		status         int
	}{
		{"GET", "/v2.1/os-keypairs/k", 200},
		{"GET", "/v2.1/" + demo + "/os-keypairs/k", 200},
		{"GET", "/v2/os-keypairs/k", 200},
		{"GET", "/v2/" + demo + "/os-keypairs/k", 200},
		{"GET", "//v2.1//os-keypairs///k", 200},
		{"GET", "/v2.1/os-keypairs/", 404},
		{"GET", "/v2.1/os-keypairs/k/", 404},
		{"GET", "/v2.1/OS-KEYPAIRS", 404},
		{"GET", "/v2.1/os-keypairs.json", 404},
		{"HEAD", "/v2.1/os-keypairs/k", 404},
		{"PUT", "/v2.1/os-keypairs/k", 404},
		{"PATCH", "/v2.1/os-keypairs", 404},
		{"GET", "/v2.1/" + demo, 404},
		{"GET", "/v2.1/" + demo + "/", 404},
		{"GET", "/v2.1/" + demo + "/" + demo + "/os-keypairs", 404},
		{"GET", "/v2.1/project-x/os-keypairs", 404},
		{"GET", "/v2.1%2Fos-keypairs", 300},
		{"GET", "/v2.10/os-keypairs", 300},
		{"POST", "/nosuch", 300},
		{"HEAD", "/", 200},
		{"PUT", "/v2.1", 404},
		{"PUT", "/v2/", 404},
		{"GET", "/v2.1/os-keypairs/%ff", 404},
		{"GET", "/v2.1/os-keypairs/%00", 404},
		{"DELETE", "/v2.1/os-keypairs/%00%01", 404},
		{"GET", "/v2.1/os-keypairs/" + strings.Repeat("a", 4000), 404},
		{"GET", "/v2.1/os-keypairs?marker=%00", 200},
		{"GET", "/v2.1/os-keypairs?marker=%ff", 400},
		{"GET", "/v2.1/limits?tenant_id=%00", 403},
		{"OPTIONS", "/v2.1/os-keypairs", 200},
		{"OPTIONS", "/nosuch", 200},
	} {
		if w := c.call(t, "alice", "", x.method, x.target, ""); w.Code != x.status {
			t.Errorf("%s %s: %d %s, want %d", x.method, x.target, w.Code, w.Body, x.status)
		} else if w.Header().Get("Location") != "" {
			t.Errorf("%s %s redirects to %s", x.method, x.target, w.Header().Get("Location"))
		}
	}
}

// TestLegacyHasNoVersions holds headers against what /v2 has and reads.
func TestLegacyHasNoVersions(t *testing.T) {
	c := newCloud(t)
	for _, target := range []string{"/v2", "/v2/", "/v2/os-keypairs", "/v2/os-keypairs/nope"} {
		w := c.call(t, "alice", "9.9", http.MethodGet, target, "")
		if w.Code == http.StatusNotAcceptable || header(w, "OpenStack-API-Version") != "" || w.Header()["Vary"] != nil {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
		if header(w, "x-compute-request-id") == "" {
			t.Errorf("%s has no request id", target)
		}
	}
	if w := c.call(t, "", "", http.MethodGet, "/v2/", ""); !strings.Contains(w.Body.String(), `"id": "v2.0"`) || !strings.Contains(w.Body.String(), "http://cloud.example/v2/") {
		t.Errorf("/v2/: %s", w.Body)
	}
}

// TestBodyOverLimit sends a body with and without its length told.
func TestBodyOverLimit(t *testing.T) {
	c := newCloud(t)
	body := `{"keypair": {"name": "` + strings.Repeat("a", openstack.MaxBody) + `"}}`
	for _, chunked := range []bool{false, true} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v2.1/os-keypairs", strings.NewReader(body))
		r.Header.Set("X-Auth-Token", "<token alice>")
		if chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "Larger than max_request_body_size (114688).") || w.Header()["Vary"] != nil {
			t.Errorf("chunked %v: %d %s %v", chunked, w.Code, w.Body, w.Header())
		}
	}
}

// TestNothingSecretIsLogged generates a key pair, and pastes a private key.
func TestNothingSecretIsLogged(t *testing.T) {
	c := newCloud(t)
	var log bytes.Buffer
	c.handler = wire.Wrap(c.dialect.Surface(), wire.Instruments{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}, c.dialect.Handler())
	w := c.call(t, "alice", "2.10", http.MethodPost, "/v2.1/os-keypairs?secret=querytext", `{"keypair": {"name": "gen"}}`)
	var made struct {
		KeyPair struct {
			Private string `json:"private_key"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || !strings.HasPrefix(made.KeyPair.Private, "-----BEGIN RSA PRIVATE KEY-----\n") {
		t.Fatalf("%d %v", w.Code, err)
	}
	pasted := c.call(t, "alice", "2.10", http.MethodPost, "/v2.1/os-keypairs", `{"keypair": {"name": "paste", "public_key": `+jsonText(t, made.KeyPair.Private)+`}}`)
	if pasted.Code != http.StatusBadRequest {
		t.Fatalf("%d %s", pasted.Code, pasted.Body)
	}
	line := strings.Split(made.KeyPair.Private, "\n")[1]
	entries, err := c.db.AuditEntries(t.Context(), audit.Query{Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d audit entries, %v", len(entries), err)
	}
	kept, err := json.Marshal(map[string]any{"pairs": c.pairs(t, alice), "audit": entries})
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{log.String(), pasted.Body.String(), string(kept)} {
		if strings.Contains(where, line) || strings.Contains(where, "PRIVATE KEY") {
			t.Error("a private key was kept or told")
		}
	}
	if !strings.Contains(log.String(), "user="+alice) || strings.Contains(log.String(), "<token") || strings.Contains(log.String(), "querytext") {
		t.Errorf("the log holds what it should not, or nothing: %s", log.String())
	}
}
