package glance

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

const (
	cirros    = "23f9618e-da6a-4b82-b750-0e773cc0ee0b"
	cirrosAlt = "4c0e888c-4a62-4438-b60b-f01500c83fb8"
	secret    = "11111111-0000-4000-8000-000000000001"
	owner     = "81714fe475c94e1b81f6daa10c1f6427"
)

func inProject(projectID string, roles ...identity.Role) identity.Caller {
	return identity.Caller{Region: "one", Project: identity.Project{ID: projectID}, Roles: roles,
		Scope: identity.Scope{Kind: identity.ProjectScope, ID: projectID}}
}

func service(t *testing.T) *Dialect {
	t.Helper()
	db := sqlitetest.Open(t)
	made := time.Date(2026, 11, 22, 0, 33, 3, 0, time.UTC)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for k, i := range []compute.Image{
			{ID: cirros, Name: "cirros", Public: true},
			{ID: cirrosAlt, Name: "cirros-alt", Public: true},
			{ID: secret, Name: "secret", OSType: compute.Linux, OSDistro: "debian", AdminUser: "debian", MinRAMMiB: 64, MinDiskGiB: 2,
				Properties: map[string]string{"hw_qemu_guest_agent": "yes", "status": "no member"}},
		} {
			i.SizeBytes, i.ProjectID = 1024, owner
			i.CreatedAt = made.Add(time.Duration(k) * time.Second)
			i.UpdatedAt = i.CreatedAt
			if err := tx.InsertImage(t.Context(), i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{
		Identity: openstacktest.Tokens{
			"<token alice>": inProject("24fa3f47f61d430ca700b103c5fbbca2", identity.RoleReader),
			"<token owner>": inProject(owner, identity.RoleReader, identity.RoleMember),
			"<token carol>": inProject("a0000000000000000000000000000001", identity.RoleReader, identity.RoleMember),
			"<token root>":  inProject("ad000000000000000000000000000001", identity.RoleReader, identity.RoleMember, identity.RoleAdmin),
			"<token none>":  {Region: "one"},
		},
		Compute:      compute.New(db.Compute(), openstacktest.Idle{}, compute.Options{Now: time.Now, NewID: uuid.NewString}),
		IdentityBase: openstack.Base{Fixed: "http://127.0.0.1:31500"},
	})
}

func get(t *testing.T, d *Dialect, who, target string) *httptest.ResponseRecorder {
	t.Helper()
	return openstacktest.Answer(openstacktest.Serve(d), openstacktest.Request(t, who, http.MethodGet, target, ""))
}

// different is what a real image says of its data, which is not known here, and
// the times.
var different = openstacktest.Masks{
	{Shape: regexp.MustCompile(`"(checksum|os_hash_algo|os_hash_value|virtual_size)": ("[^"]*"|\d+|null)`), As: `"$1": "unknown"`},
	{Shape: regexp.MustCompile(`"2026-11-22T00:33:0\dZ"`), As: `"a time"`},
}

// TestRecorded asks what a real Glance was asked.
func TestRecorded(t *testing.T) {
	handler := openstacktest.Serve(service(t))
	recording := openstacktest.Recording(t, "testdata/recorded/glance.jsonl")
	for _, x := range recording {
		x.Compare(t, x.Ask(t, handler), func(body string) any { return openstacktest.Decode(t, different.Hide(body)) })
	}
	if len(recording) < 6 {
		t.Errorf("only %d answers were compared", len(recording))
	}
}

func TestLists(t *testing.T) {
	d := service(t)
	for _, c := range []struct{ who, query, want string }{
		{"owner", "", "secret cirros-alt cirros"},
		{"alice", "", "cirros-alt cirros"},
		{"alice", "?name=secret", ""},
		{"owner", "?id=in:" + cirros + "," + secret, "secret cirros"},
		{"owner", `?name=in:"cirros",secret`, "secret cirros"},
		{"owner", "?visibility=private", "secret"},
		{"owner", "?visibility=all", "secret cirros-alt cirros"},
		{"owner", "?status=active&owner=" + owner, "secret cirros-alt cirros"},
		{"owner", "?status=queued", ""},
		{"owner", "?os_distro=debian", "secret"},
		{"owner", "?protected=False&os_hidden=false", "secret cirros-alt cirros"},
		{"owner", "?min_ram=64", "secret"},
		{"owner", "?size_min=1025", ""},
		{"owner", "?size_max=1025", "secret cirros-alt cirros"},
		{"owner", "?tag=x", ""},
		{"owner", "?created_at=gte:2026-11-22T00:33:04Z", "secret cirros-alt"},
		{"owner", "?created_at=gt:2026-11-22T00:33:04Z", "secret"},
		{"owner", "?created_at=lt:2026-11-22T00:33:04", "cirros"},
		{"owner", "?created_at=2026-11-22T00:33:04Z", "cirros-alt"},
		{"owner", "?created_at=neq:2026-11-22T00:33:04Z", "secret cirros"},
		{"owner", "?updated_at=lte:2026-11-22", ""},
		{"owner", "?updated_at=gte:2026-11-22", "secret cirros-alt cirros"},
		{"owner", "?nothing=x", ""},
		{"owner", "?sort=name:asc", "cirros cirros-alt secret"},
		{"owner", "?sort_key=name&sort_dir=desc", "secret cirros-alt cirros"},
		{"owner", "?limit=0", ""},
		{"owner", "?limit=2", "secret cirros-alt"},
		{"owner", "?limit=2&marker=" + cirrosAlt, "cirros"},
	} {
		w := get(t, d, c.who, "/v2/images"+c.query)
		var got struct{ Images []struct{ Name string } }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Errorf("%s: %d %s", c.query, w.Code, w.Body)
			continue
		}
		var names []string
		for _, i := range got.Images {
			names = append(names, i.Name)
		}
		if strings.Join(names, " ") != c.want {
			t.Errorf("%s: %s lists %v", c.query, c.who, names)
		}
	}
	if w := get(t, d, "owner", "/v2/images?limit=1&name=in:cirros,secret"); !strings.Contains(w.Body.String(), `"next": "/v2/images?limit=1&name=in%3Acirros%2Csecret&marker=`+secret+`"`) {
		t.Errorf("next: %s", w.Body)
	}
	for query, want := range map[string]string{
		"limit=x": "limit param must be an integer", "limit=-1": "limit param must be positive",
		"marker=x": "No image found with ID x", "visibility=x": "Invalid visibility value: x", "sort=x": "Invalid sort key: x.",
		"sort=name:up": "Invalid sort direction: up", "size_min=x": "Invalid filter value x", "sort=name&sort_key=id": "cannot be combined",
	} {
		if w := get(t, d, "alice", "/v2/images?"+query); w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestShow(t *testing.T) {
	d := service(t)
	w := get(t, d, "owner", "/v2/images/"+secret)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"os_type": "linux", "os_distro": "debian", "os_admin_user": "debian", "hw_qemu_guest_agent": "yes", "status": "active",
		"visibility": "private", "min_ram": 64.0, "min_disk": 2.0, "owner": owner,
	} {
		if got[name] != want {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	for who, status := range map[string]int{"alice": 404, "": 401, "none": 403} {
		if w := get(t, d, who, "/v2/images/"+secret); w.Code != status {
			t.Errorf("%q: %d %s", who, w.Code, w.Body)
		}
	}
	if w := get(t, d, "alice", "/v2/nothing"); w.Code != 404 || !strings.Contains(w.Body.String(), "The resource could not be found.") {
		t.Errorf("unknown route: %d %s", w.Code, w.Body)
	}
}

// TestSchema holds the document about images against an image.
func TestSchema(t *testing.T) {
	d := service(t)
	var doc struct {
		Name       string
		Properties map[string]struct {
			Type any
			Enum []any
		}
	}
	if err := json.Unmarshal(get(t, d, "none", "/v2/schemas/image").Body.Bytes(), &doc); err != nil || doc.Name != "image" {
		t.Fatal(err, doc.Name)
	}
	var image map[string]any
	if err := json.Unmarshal(get(t, d, "alice", "/v2/images/"+cirros).Body.Bytes(), &image); err != nil {
		t.Fatal(err)
	}
	for name, value := range image {
		p, ok := doc.Properties[name]
		if !ok {
			t.Errorf("%s is not in the schema", name)
			continue
		}
		kind := map[bool]string{true: "null"}[value == nil]
		switch value.(type) {
		case string:
			kind = "string"
		case float64:
			kind = "integer"
		case bool:
			kind = "boolean"
		case []any:
			kind = "array"
		}
		types, several := p.Type.([]any)
		if !several {
			types = []any{p.Type}
		}
		if !slices.Contains(types, any(kind)) || p.Enum != nil && !slices.Contains(p.Enum, value) {
			t.Errorf("%s: %v does not fit %v %v", name, value, p.Type, p.Enum)
		}
	}
	for name := range doc.Properties {
		if _, ok := image[name]; !ok {
			t.Errorf("images have no %s", name)
		}
	}
	if w := get(t, d, "alice", "/v2/schemas/images"); !strings.Contains(w.Body.String(), `"name": "images"`) {
		t.Errorf("%s", w.Body)
	}
}

func TestEveryFault(t *testing.T) {
	d := service(t)
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 413, fault.Forbidden: 403, fault.Unauthenticated: 401,
		fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 413, fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500,
	}
	for _, kind := range fault.Kinds() {
		s := d.service
		s.Routes = []openstack.Route{{Method: "GET", Pattern: "/x", Access: identity.Public, Handle: func(http.ResponseWriter, *openstack.Call) error {
			return &fault.Error{Kind: kind, Resource: "image", Name: "x"}
		}}}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil))
		if w.Code != want[kind] || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
}
