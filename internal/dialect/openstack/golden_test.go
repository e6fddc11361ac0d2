package openstack

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// The recorded services stood on ports of their own; here each has a prefix.
var prefixes = strings.NewReplacer(
	"http://127.0.0.1:31774", "http://cloud.test/compute",
	"http://127.0.0.1:31500", "http://cloud.test/identity",
	"http://127.0.0.1:31292", "http://cloud.test/image",
	"http://127.0.0.1:31696", "http://cloud.test/network",
)

const testID = "req-6dd0ff9a-0a1b-4bb8-8a58-0a7a2f2d8c11"

func id(context.Context) string { return testID }

var (
	identityBase = Base{Prefix: "/identity"}
	nova         = NovaStyle{Versions: ComputeVersions, RequestID: id, Identity: identityBase}
	keystone     = KeystoneStyle{RequestID: id, Base: identityBase}
	glance       = GlanceStyle{RequestID: id, Identity: identityBase}
	neutron      = NeutronStyle{RequestID: id, Identity: identityBase}
)

// answer has handle answer one request over a real connection, so that the
// headers are those that a client receives.
func answer(t *testing.T, handle http.HandlerFunc) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "cloud.test"
		handle(w, r)
	}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// compare holds an answer against the recorded one: status, body byte for
// byte, and every header but request ids, whose presence counts.
func compare(t *testing.T, r openstacktest.Exchange, handle http.HandlerFunc) {
	t.Helper()
	resp, body := answer(t, handle)
	name := r.Section + ": " + r.Name
	if resp.StatusCode != r.Response.Status {
		t.Errorf("%s: status %d, want %d", name, resp.StatusCode, r.Response.Status)
	}
	if want := prefixes.Replace(r.Response.Body); body != want {
		t.Errorf("%s:\n got %q\nwant %q", name, body, want)
	}
	wanted := map[string]bool{"Date": true, "Content-Length": true}
	for _, pair := range r.Response.Headers {
		key := http.CanonicalHeaderKey(pair[0])
		wanted[key] = true
		got, want := resp.Header.Values(key), r.Header(key)
		for i := range want {
			want[i] = prefixes.Replace(want[i])
		}
		switch {
		case key == "Content-Length": // net/http checks it against the body
		case strings.HasSuffix(key, "Request-Id"):
			got, want = got[:min(1, len(got))], []string{testID}
		}
		if key != "Content-Length" && !slices.Equal(got, want) {
			t.Errorf("%s: header %s is %q, want %q", name, key, got, want)
		}
	}
	for key := range resp.Header {
		if !wanted[key] {
			t.Errorf("%s: header %s is not sent by the real service", name, key)
		}
	}
}

func TestRecordedDiscovery(t *testing.T) {
	identity := func(status int, doc func(string) Fields) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if status == http.StatusMultipleChoices {
				w.Header().Set("Location", identityBase.URL(r)+"/v3/")
			}
			keystone.Document(w, r, status, doc(identityBase.URL(r)))
		}
	}
	compute, image := Base{Prefix: "/compute"}, Base{Prefix: "/image"}
	choices := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			WriteJSON(w, http.StatusMultipleChoices, ComputeChoices(compute.URL(r), path))
		}
	}
	handlers := map[string]http.HandlerFunc{
		"http://127.0.0.1:31774/": func(w http.ResponseWriter, r *http.Request) {
			WriteJSON(w, http.StatusOK, ComputeRoot(compute.URL(r)))
		},
		"http://127.0.0.1:31774/v3/":    choices("/v3/"),
		"http://127.0.0.1:31774/nosuch": choices("/nosuch"),
		"http://127.0.0.1:31292/": func(w http.ResponseWriter, r *http.Request) {
			WriteJSON(w, http.StatusMultipleChoices, ImageRoot(image.URL(r)))
		},
		"http://127.0.0.1:31500/":    identity(http.StatusMultipleChoices, IdentityRoot),
		"http://127.0.0.1:31500/v3":  identity(http.StatusOK, IdentityVersion),
		"http://127.0.0.1:31500/v3/": identity(http.StatusOK, IdentityVersion),
	}
	compared := 0
	for _, rec := range openstacktest.Recording(t, "testdata/discovery.jsonl") {
		handle := handlers[rec.Request.URL]
		switch strings.TrimSuffix(rec.Request.URL, "/") {
		case "http://127.0.0.1:31774/v2.1":
			handle = func(w http.ResponseWriter, r *http.Request) {
				v, err := ComputeVersions.Negotiate(rec.RequestHeader())
				if err != nil {
					nova.Error(w, r, v, err)
					return
				}
				doc, _ := ComputeVersion(compute.URL(r), "v2.1")
				nova.JSON(w, r, v, http.StatusOK, doc)
			}
		case "http://127.0.0.1:31774/v2.1/nosuch", "http://127.0.0.1:31774/v2.1/healthcheck":
			handle = func(w http.ResponseWriter, r *http.Request) {
				if rec.Request.Headers["X-Auth-Token"] == "" {
					nova.Error(w, r, Microversion{}, &fault.Error{Kind: fault.Unauthenticated})
					return
				}
				nova.UnknownRoute(w, r)
			}
		}
		if handle == nil {
			continue // extensions: the compute service's own
		}
		compare(t, rec, handle)
		compared++
	}
	if compared < 14 {
		t.Errorf("only %d records were compared", compared)
	}
}

// TestRecordedVersions holds the negotiation against a real Nova's answers to
// the same headers.
func TestRecordedVersions(t *testing.T) {
	for _, rec := range openstacktest.Recording(t, "testdata/versions.jsonl") {
		compare(t, rec, func(w http.ResponseWriter, r *http.Request) {
			v, err := ComputeVersions.Negotiate(rec.RequestHeader())
			if err != nil {
				nova.Error(w, r, v, err)
				return
			}
			nova.JSON(w, r, v, http.StatusOK, Fields{F("keypairs", []string{})})
		})
	}
}

func TestReadBody(t *testing.T) {
	for _, c := range []struct {
		body string
		kind fault.Kind
		want string
	}{
		{"", 0, "None"},
		{`{"a": 1}`, 0, "{'a': 1}"},
		{"{nope", fault.Invalid, "Malformed request body"},
		{" ", fault.Invalid, "Malformed request body"},
		{"\"\xff\"", fault.Invalid, "Malformed request body"},
		{`"` + strings.Repeat("a", MaxBody-1) + `"`, fault.TooLarge, "Request is too large. Larger than max_request_body_size (114688)."},
		{`"` + strings.Repeat("a", MaxBody-2) + `"`, 0, strings.Repeat("a", MaxBody-2)},
	} {
		for _, chunked := range []bool{false, true} {
			r := httptest.NewRequest("POST", "/", bytes.NewReader([]byte(c.body)))
			if chunked {
				r.ContentLength = -1
			}
			v, err := ReadBody(r)
			if fault.KindOf(err) != c.kind {
				t.Errorf("%.20q: %v", c.body, err)
				continue
			}
			got := v.String()
			if err != nil {
				got = asFault(err).Msg
			} else if len(c.body) > 30 {
				got = v.Text()
			}
			if got != c.want {
				t.Errorf("%.20q: got %.80s, want %.80s", c.body, got, c.want)
			}
		}
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("a", 100)))
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 10)
	if _, err := ReadBody(r); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a smaller limit in front: %v", err)
	}
}
