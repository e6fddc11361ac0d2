package openstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

const bob = "9debdf60291b47428320eaea44cb16d6"

// failures says which error of ours stands for each recorded failure.
var failures = map[string]error{
	"errors 0":          invalidBody(`{}`),
	"errors 1":          invalidBody(`{"keypair": null}`),
	"errors 9":          invalidBody(`{"keypair": {"name": "k", "foo": 1}}`),
	"errors 20":         invalidBody(`null`),
	"errors 22":         invalidBody(`{nope`),
	"errors 25":         fmt.Errorf("create: %w", ErrMediaType),
	"errors 42":         &fault.Error{Kind: fault.NotFound, Msg: "Keypair dup2 not found for user " + bob},
	"errors 45":         &fault.Error{Kind: fault.Unauthenticated, Msg: "no such token"},
	"servers 3":         fault.Missing("image", "cirros"),
	"servers 5":         &fault.Error{Kind: fault.Unauthenticated},
	"servers 9":         fault.Missing("network", "shared"),
	"servers 19":        fault.Missing("flavor", "m1.tiny"),
	"servers 49":        fmt.Errorf("show: %w", fault.Missing("instance", "b110313c-f813-4294-8e21-a9604f25521c")),
	"servers 73":        &fault.Error{Kind: fault.Conflict, Msg: "Cannot 'start' instance b110313c-f813-4294-8e21-a9604f25521c while it is in vm_state active"},
	"servers 97":        Denied("os_compute_api:os-server-diagnostics"),
	"quota 5":           UnderRule(&fault.Error{Kind: fault.Forbidden, Msg: "another project"}, "os_compute_api:limits:other_project"),
	"quota 20":          &fault.Error{Kind: fault.Quota, Resource: "key pair", Msg: "the limit of 2 is reached"},
	"keystone 11":       &fault.Error{Kind: fault.Unauthenticated},
	"keystone 15":       &fault.Error{Kind: fault.NotFound, Msg: "Could not recognize Fernet token"},
	"keystone 20":       &AuthMethodError{Message: "Error authenticating with application credential: Application credentials cannot request a scope."},
	"keystone 22":       Denied("Using method 'application_credential' is not allowed for managing additional application credentials."),
	"keystone 33":       Denied("identity:get_user"),
	"keystone 36":       Denied("identity:list_projects"),
	"keystone 40":       &fault.Error{Kind: fault.Unauthenticated},
	"keystone 41":       &fault.Error{Kind: fault.Unauthenticated, Resource: "user", Name: "alice", Msg: "wrong password"},
	"keystone 42":       &fault.Error{Kind: fault.Unauthenticated, Resource: "user", Name: "nobody", Msg: "unknown user"},
	"keystone 43":       &fault.Error{Kind: fault.Unauthenticated, Resource: "project", Name: "nope"},
	"keystone 44":       &fault.Error{Kind: fault.Unauthenticated, Resource: "project", Name: "alt"},
	"keystone 45":       Expecting("domain", "user"),
	"keystone 48":       Expecting("auth", "request body"),
	"keystone 49":       invalidBody(`{`),
	"keystone 51":       Expecting("application/json", "Content-Type header"),
	"keystone 54":       &fault.Error{Kind: fault.Unauthenticated},
	"identity_admin 10": fault.Missing("project", "demo"),
	"identity_admin 14": fault.Missing("user", "alice"),
}

// invalidBody is what reading and checking a body gives.
func invalidBody(text string) error {
	r, _ := http.NewRequest(http.MethodPost, "/", strings.NewReader(text))
	v, err := ReadBody(r)
	if err != nil {
		return err
	}
	return schema.Validate(schema.Object{
		Properties: []schema.Property{schema.Prop("keypair", schema.Object{
			Properties: []schema.Property{schema.Prop("name", schema.String{Min: 1})},
			Required:   []string{"name"}, Closed: true,
		})},
		Required: []string{"keypair"}, Closed: true,
	}, v)
}

func TestRecordedErrors(t *testing.T) {
	compared := 0
	for _, rec := range openstacktest.Recording(t, "testdata/errors.jsonl") {
		key := fmt.Sprint(rec.Section, " ", rec.Seq)
		if key == "keystone 46" {
			continue // its text holds a dump of Keystone's schema
		}
		err, known := failures[key]
		if rec.Name == "suffix .json" {
			compare(t, rec, nova.UnknownRoute)
			compared++
			continue
		}
		if !known {
			t.Errorf("no error stands for %s: %s", key, rec.Name)
			continue
		}
		compared++
		compare(t, rec, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasPrefix(rec.Request.URL, "http://127.0.0.1:31500"):
				keystone.Error(w, r, err)
			case strings.HasPrefix(rec.Request.URL, "http://127.0.0.1:31292"):
				glance.Error(w, r, err)
			case strings.HasPrefix(rec.Request.URL, "http://127.0.0.1:31696"):
				neutron.Error(w, r, err)
			default:
				v, wrong := ComputeVersions.Negotiate(rec.RequestHeader())
				if wrong != nil {
					t.Error(wrong)
				}
				nova.Error(w, r, v, err)
			}
		})
	}
	if compared < 30 {
		t.Errorf("only %d records were compared", compared)
	}
}

// told is an error's body in whichever style.
type told struct {
	Code    json.Number
	Title   string
	Message string
	Type    string
	Detail  *string
}

func tell(t *testing.T, write func(http.ResponseWriter, *http.Request)) (*http.Response, string, told) {
	t.Helper()
	resp, body := answer(t, write)
	var element map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &element); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	name := ""
	inner := []byte(body)
	if len(element) == 1 {
		for name, inner = range element {
		}
	}
	var said told
	if err := json.Unmarshal(inner, &said); err != nil && name != "" {
		t.Fatalf("%s: %v", body, err)
	}
	return resp, name, said
}

// TestEveryKindInEveryStyle walks the kinds of faults through every service:
// each has a row of its own, the status of that row, a text, and nothing of an
// internal error's cause.
func TestEveryKindInEveryStyle(t *testing.T) {
	status := map[string]map[fault.Kind]int{
		"nova": {fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 403, fault.Forbidden: 403, fault.Unauthenticated: 401,
			fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 400, fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500},
		"keystone": {fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 403, fault.Forbidden: 403, fault.Unauthenticated: 401,
			fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 503, fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500},
		"glance": {fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 413, fault.Forbidden: 403, fault.Unauthenticated: 401,
			fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 413, fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500},
		"neutron": {fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 409, fault.Forbidden: 403, fault.Unauthenticated: 401,
			fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 409, fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500},
	}
	styles := map[string]func(http.ResponseWriter, *http.Request, error){
		"nova":     func(w http.ResponseWriter, r *http.Request, err error) { nova.Error(w, r, V(2, 10), err) },
		"keystone": keystone.Error, "glance": glance.Error, "neutron": neutron.Error,
	}
	for style, write := range styles {
		for _, kind := range fault.Kinds() {
			for _, e := range []*fault.Error{
				{Kind: kind},
				{Kind: kind, Resource: "key pair", Name: "web-1", Field: "name", Msg: "a sentence", Err: errors.New("secret cause")},
			} {
				resp, element, said := tell(t, func(w http.ResponseWriter, r *http.Request) { write(w, r, e) })
				name := fmt.Sprintf("%s: %v", style, e)
				if resp.StatusCode != status[style][kind] {
					t.Errorf("%s: status %d, want %d", name, resp.StatusCode, status[style][kind])
				}
				if len(strings.TrimSpace(said.Message)) < 10 {
					t.Errorf("%s: says %q in %s", name, said.Message, element)
				}
				if strings.Contains(said.Message, "secret cause") || kind == fault.Internal && strings.Contains(said.Message, "sentence") {
					t.Errorf("%s: tells the client %q", name, said.Message)
				}
				if (resp.Header.Get("Retry-After") != "") != (kind == fault.Unavailable) {
					t.Errorf("%s: Retry-After is %q", name, resp.Header.Get("Retry-After"))
				}
				if (resp.Header.Get("Www-Authenticate") != "") != (kind == fault.Unauthenticated) {
					t.Errorf("%s: WWW-Authenticate is %q", name, resp.Header.Get("Www-Authenticate"))
				}
			}
		}
		// An error of no kind, and a kind of the future, are internal and silent.
		for _, err := range []error{errors.New("secret cause"), &fault.Error{Kind: 200, Msg: "secret cause"}} {
			resp, _, said := tell(t, func(w http.ResponseWriter, r *http.Request) { write(w, r, err) })
			if resp.StatusCode != http.StatusInternalServerError || strings.Contains(said.Message, "secret") {
				t.Errorf("%s: %v is %d %q", style, err, resp.StatusCode, said.Message)
			}
		}
	}
}

func TestEveryKindHasItsRow(t *testing.T) {
	for _, kind := range fault.Kinds() {
		if _, ok := novaFaults[kind]; !ok {
			t.Errorf("Nova has no row for %v", kind)
		}
		if _, ok := keystoneFaults[kind]; !ok {
			t.Errorf("Keystone has no row for %v", kind)
		}
		if _, ok := glanceFaults[kind]; !ok {
			t.Errorf("Glance has no row for %v", kind)
		}
		if _, ok := neutronFaults[kind]; !ok {
			t.Errorf("Neutron has no row for %v", kind)
		}
	}
}

func TestNovaTexts(t *testing.T) {
	say := nova
	say.Say = func(e *fault.Error) string {
		if e.Resource == "image" {
			return "Can not find requested image"
		}
		return ""
	}
	for _, c := range []struct {
		err           error
		element, want string
	}{
		{fault.Taken("key pair", "dup"), "conflictingRequest", "Key pair 'dup' already exists."},
		{fault.Missing("image", "x"), "itemNotFound", "Can not find requested image"},
		{&fault.Error{Kind: fault.Internal, Resource: "image"}, "computeFault", serverErred},
		{&fault.Error{Kind: fault.Unavailable}, "serviceUnavailable", "The service is busy. Try again in a moment."},
		{&fault.Error{Kind: fault.Unsupported, Msg: "no snapshots here"}, "notImplemented", "no snapshots here"},
		{Denied("os_compute_api:os-keypairs:create"), "forbidden", "Policy doesn't allow os_compute_api:os-keypairs:create to be performed."},
		{UnderRule(Denied("first"), "second"), "forbidden", "Policy doesn't allow first to be performed."},
	} {
		_, element, said := tell(t, func(w http.ResponseWriter, r *http.Request) { say.Error(w, r, V(2, 1), c.err) })
		if element != c.element || said.Message != c.want {
			t.Errorf("%v: %s %q, want %s %q", c.err, element, said.Message, c.element, c.want)
		}
	}
}

func TestTooLargeCarriesNoVersion(t *testing.T) {
	resp, body := answer(t, func(w http.ResponseWriter, r *http.Request) { nova.Error(w, r, V(2, 10), tooLarge(nil)) })
	const want = `{"message": "Request is too large. Larger than max_request_body_size (114688).<br /><br />\n\n\n", "code": "413 Request Entity Too Large", "title": "Request Entity Too Large"}`
	if body != want || resp.Header.Get("Vary") != "" || resp.Header.Get(versionHeader) != "" {
		t.Errorf("%v\n got %s\nwant %s", resp.Header, body, want)
	}
}

func TestKeystoneSchemaFault(t *testing.T) {
	_, _, said := tell(t, func(w http.ResponseWriter, r *http.Request) {
		keystone.Error(w, r, invalidBody(`{"keypair": {"name": 5}}`))
	})
	if want := "Invalid input for field 'keypair/name': 5 is not of type 'string'"; said.Message != want || said.Title != "Bad Request" {
		t.Errorf("got %q (%s), want %q", said.Message, said.Title, want)
	}
}

func TestUnderRuleLeavesOthers(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), fault.Missing("image", "x")} {
		if got := UnderRule(err, "rule"); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}
