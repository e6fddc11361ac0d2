package cinder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

const (
	demo   = "24fa3f47f61d430ca700b103c5fbbca2"
	alt    = "a0000000000000000000000000000001"
	admins = "ad000000000000000000000000000001"
	debian = "23f9618e-da6a-4b82-b750-0e773cc0ee0b"
)

func inProject(userID, projectID string, role identity.Role) identity.Caller {
	roles := role.Implied()
	slices.Reverse(roles)
	return identity.Caller{
		User: identity.User{ID: userID}, Region: "one", Project: identity.Project{ID: projectID},
		Scope: identity.Scope{Kind: identity.ProjectScope, ID: projectID}, Roles: roles,
	}
}

func people() openstacktest.Tokens {
	return openstacktest.Tokens{
		"<token alice>":   inProject("alice", demo, identity.RoleMember),
		"<token rita>":    inProject("rita", demo, identity.RoleReader),
		"<token carol>":   inProject("carol", alt, identity.RoleMember),
		"<token admin>":   inProject("admin", admins, identity.RoleAdmin),
		"<token nowhere>": {User: identity.User{ID: "alice"}, Region: "one"},
	}
}

// shelf has volumes and machines in words only.
type shelf struct{ compute.Driver }

func (shelf) Info() compute.DriverInfo {
	return compute.DriverInfo{Name: "shelf", Network: netip.MustParsePrefix("10.77.0.0/16"), SSHPort: 22, Zones: []string{"nova"}}
}
func (shelf) Create(context.Context, compute.Spec) error          { return nil }
func (shelf) Start(context.Context, compute.Spec) error           { return nil }
func (shelf) PutVolume(context.Context, compute.VolumeSpec) error { return nil }
func (shelf) DeleteVolume(context.Context, string) error          { return nil }
func (shelf) Detach(context.Context, string, string) error        { return nil }
func (shelf) Attach(_ context.Context, _ string, v compute.PluggedVolume) (string, error) {
	return v.Device, nil
}

type cloud struct {
	*testing.T
	db      *store.DB
	compute *compute.Service
	handler http.Handler
	clock   time.Time
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{T: t, db: openstacktest.OpenStore(t), clock: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)}
	c.compute = compute.New(c.db.Compute(), shelf{}, compute.Options{
		Now: func() time.Time { c.clock = c.clock.Add(time.Second); return c.clock }, NewID: uuid.NewString, Node: "node-1",
		NewMAC: func() string { return "fa:16:3e:00:00:01" },
		Quota:  compute.Usage{Instances: 9, VCPUs: 9, RAMMiB: -1}, VolumeQuota: compute.VolumeUsage{Volumes: 4, GiB: 20},
	})
	if err := c.compute.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := c.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertImage(t.Context(), compute.Image{ID: debian, Name: "test", OSType: compute.Linux, AdminUser: "debian", MinDiskGiB: 2, SizeBytes: 1024, Public: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	c.handler = openstacktest.Serve(New(Options{Identity: people(), Compute: c.compute}))
	return c
}

// call asks for path below /v3/PROJECT of who.
func (c *cloud) call(who, version, method, path, body string) *httptest.ResponseRecorder {
	c.Helper()
	project := people()["<token "+who+">"].ProjectID()
	r := openstacktest.Request(c, who, method, "/v3/"+project+path, body)
	if version != "" {
		r.Header.Set("OpenStack-API-Version", "volume "+version)
	}
	return openstacktest.Answer(c.handler, r)
}

// ask calls and wants the status; it returns the body.
func (c *cloud) ask(who, version, method, path, body string, status int) map[string]any {
	c.Helper()
	w := c.call(who, version, method, path, body)
	if w.Code != status {
		c.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, w.Code, status, w.Body)
	}
	if w.Body.Len() == 0 {
		return nil
	}
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		c.Fatalf("%s: %v", w.Body, err)
	}
	return got
}

// refused wants an error of that element and text.
func (c *cloud) refused(who, version, method, path, body string, status int, element, text string) {
	c.Helper()
	got := c.ask(who, version, method, path, body, status)
	e, _ := got[element].(map[string]any)
	if said, _ := e["message"].(string); e == nil || !strings.HasSuffix(said, text) || e["code"] != float64(status) {
		c.Errorf("%s %s %s:\n got %v\nwant %s %s", method, path, body, got, element, text)
	}
}

func (c *cloud) create(body string) string {
	c.Helper()
	got := c.ask("alice", "", "POST", "/volumes", `{"volume": `+body+`}`, http.StatusAccepted)["volume"].(map[string]any)
	if got["status"] != "creating" {
		c.Errorf("a new volume is %v", got["status"])
	}
	c.work()
	return got["id"].(string)
}

func (c *cloud) show(id, version string) map[string]any {
	c.Helper()
	return c.ask("alice", version, "GET", "/volumes/"+id, "", 200)["volume"].(map[string]any)
}

// work does all jobs that are due.
func (c *cloud) work() {
	c.Helper()
	for {
		j, ok, err := c.db.ClaimJob(c.Context(), "node-1", "test", c.clock.Add(time.Hour), time.Minute)
		if err != nil {
			c.Fatal(err)
		}
		if !ok {
			return
		}
		run := c.compute.RunJob
		if j.Kind == compute.VolumeJobKind {
			run = c.compute.RunVolumeJob
		}
		if err := errors.Join(run(c.Context(), j), c.db.FinishJob(c.Context(), j.ID, "test")); err != nil {
			c.Fatal(err)
		}
	}
}

func TestDiscovery(t *testing.T) {
	c := newCloud(t)
	const want = `{"versions": [{"id": "v3.0", "status": "CURRENT", "version": "3.66", "min_version": "3.0", "updated": "2021-09-16T00:00:00Z", ` +
		`"links": [{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"}, {"rel": "self", "href": "http://cloud.example/v3/"}], ` +
		`"media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}]}]}`
	for path, status := range map[string]int{"/": 300, "/v3": 200, "/v3/": 200} {
		w := openstacktest.Answer(c.handler, openstacktest.Request(t, "", "GET", path, ""))
		if w.Code != status || w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := openstacktest.Answer(c.handler, openstacktest.Request(t, "", "GET", "/v3/"+demo+"/nothing", ""))
	if w.Code != 401 {
		t.Errorf("an unknown path without a token: %d", w.Code)
	}
	c.ask("alice", "", "GET", "/nothing", "", 404)
	w = c.call("alice", "3.42", "GET", "/volumes", "")
	if got := w.Header()["OpenStack-API-Version"]; len(got) != 1 || got[0] != "volume 3.42" { //nolint:staticcheck // as OpenStack writes it
		t.Errorf("version header %v", got)
	}
	c.refused("alice", "3.99", "GET", "/volumes", "", 406, "computeFault", "Version 3.99 is not supported by the API. Minimum is 3.0 and maximum is 3.66.")
}

func TestVolumeShape(t *testing.T) {
	c := newCloud(t)
	id := c.create(`{"size": 2, "name": "data", "description": "d", "metadata": {"k": "v"}, "imageRef": "` + debian + `"}`)
	base := []string{"id", "status", "size", "availability_zone", "created_at", "updated_at", "name", "description", "volume_type",
		"snapshot_id", "source_volid", "metadata", "links", "user_id", "bootable", "encrypted", "replication_status", "consistencygroup_id",
		"multiattach", "attachments", "volume_image_metadata", "os-vol-tenant-attr:tenant_id"}
	steps := []struct {
		version, user, admin string
	}{
		{"3.0", "", "migration_status os-vol-host-attr:host os-vol-mig-status-attr:migstat os-vol-mig-status-attr:name_id"},
		{"3.13", "group_id", ""}, {"3.21", "", "provider_id"}, {"3.48", "service_uuid shared_targets", ""},
		{"3.61", "", "cluster_name"}, {"3.63", "volume_type_id", ""}, {"3.65", "consumes_quota", ""},
	}
	want, all := base, slices.Clone(base)
	for _, s := range steps {
		want = append(want, strings.Fields(s.user)...)
		all = append(all, strings.Fields(s.user+" "+s.admin)...)
		if got := names(c.show(id, s.version)); !slices.Equal(got, sortedNames(want)) {
			t.Errorf("at %s: %v", s.version, got)
		}
		got := c.ask("admin", s.version, "GET", "/volumes/"+id, "", 200)["volume"].(map[string]any)
		if n := names(got); !slices.Equal(n, sortedNames(all)) {
			t.Errorf("at %s for administrators: %v", s.version, n)
		}
	}
	// What is made or changed is shown without what extensions add to reading.
	short := base[:len(base)-2]
	for _, change := range []struct {
		method, path, body string
		status             int
	}{{"POST", "/volumes", `{"volume": {"size": 2, "imageRef": "` + debian + `"}}`, 202}, {"PUT", "/volumes/" + id, `{"volume": {"name": "data"}}`, 200}} {
		got := c.ask("alice", "3.0", change.method, change.path, change.body, change.status)["volume"].(map[string]any)
		if n := names(got); !slices.Equal(n, sortedNames(short)) {
			t.Errorf("%s shows %v", change.method, n)
		}
	}
	v := c.show(id, "3.63")
	for name, want := range map[string]any{
		"status": "available", "size": 2.0, "name": "data", "description": "d", "volume_type": "SSD", "bootable": "true", "multiattach": false,
		"availability_zone": "nova", "user_id": "alice", "os-vol-tenant-attr:tenant_id": demo, "volume_type_id": c.compute.VolumeTypes()[0].ID,
	} {
		if v[name] != want {
			t.Errorf("%s is %v, want %v", name, v[name], want)
		}
	}
	if image := v["volume_image_metadata"].(map[string]any); image["image_id"] != debian || image["min_disk"] != "2" || image["os_admin_user"] != "debian" {
		t.Errorf("image metadata %v", image)
	}
	links := v["links"].([]any)
	if got := links[0].(map[string]any)["href"]; got != "http://cloud.example/v3/"+demo+"/volumes/"+id {
		t.Errorf("self is %v", got)
	}
	if got := links[1].(map[string]any)["href"]; got != "http://cloud.example/"+demo+"/volumes/"+id {
		t.Errorf("bookmark is %v", got)
	}
	bare := c.show(c.create(`{"size": "1"}`), "")
	if bare["bootable"] != "false" || bare["volume_image_metadata"] != nil || bare["description"] != nil || fmt.Sprint(bare["attachments"]) != "[]" {
		t.Errorf("a blank volume: %v", bare)
	}
}

func names(m map[string]any) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	return sortedNames(out)
}

func sortedNames(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

func TestCreateRefusals(t *testing.T) {
	c := newCloud(t)
	src := c.create(`{"size": 3, "name": "src"}`)
	const none = "99999999-0000-4000-8000-000000000001"
	for _, x := range []struct {
		body    string
		status  int
		element string
		text    string
	}{
		{`{}`, 400, "badRequest", "'volume' is a required property"},
		{`{"volume": {}}`, 400, "badRequest", "Volume size 'None' must be an integer and greater than 0"},
		{`{"volume": {"size": 0}}`, 400, "badRequest", "Volume size '0' must be an integer and greater than 0"},
		{`{"volume": {"size": -1}}`, 400, "badRequest", "Volume size '-1' must be an integer and greater than 0"},
		{`{"volume": {"size": "x"}}`, 400, "badRequest", "'x' does not match '^[0-9]+$'"},
		{`{"volume": {"size": 9223372036854775807}}`, 400, "badRequest", "must be an integer and greater than 0"},
		{`{"volume": {"size": 1, "name": "` + strings.Repeat("a", 256) + `"}}`, 400, "badRequest", "is too long"},
		{`{"volume": {"size": 1, "metadata": {"a": 1}}}`, 400, "badRequest", "1 is not of type 'string'"},
		{`{"volume": {"size": 1, "volume_type": "gold"}}`, 404, "itemNotFound", "Volume type gold could not be found."},
		{`{"volume": {"size": 1, "availability_zone": "moon"}}`, 400, "badRequest", "Availability zone 'moon' is invalid."},
		{`{"volume": {"size": 1, "imageRef": "` + none + `"}}`, 400, "badRequest", "Invalid image identifier or unable to access requested image."},
		{`{"volume": {"size": 1, "imageRef": "` + debian + `"}}`, 400, "badRequest", "Volume size 1GB cannot be smaller than the image minDisk size 2GB."},
		{`{"volume": {"size": 1, "snapshot_id": "` + none + `"}}`, 404, "itemNotFound", "Snapshot " + none + " could not be found."},
		{`{"volume": {"source_volid": "` + none + `"}}`, 404, "itemNotFound", "Volume " + none + " could not be found."},
		{`{"volume": {"size": 2, "source_volid": "` + src + `"}}`, 400, "badRequest", "Volume size '2' GB cannot be smaller than original volume size 3 GB. They must be >= original volume size."},
		{`{"volume": {"size": 1, "group_id": "` + none + `"}}`, 400, "badRequest", "groups and backups of volumes are not offered here."},
		{`{"volume": {"size": 1, "multiattach": true}}`, 400, "badRequest", "a volume is attached to one server at a time here."},
		{`{"volume": {"size": 18}}`, 413, "overLimit", "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 18G, quota is 20G and 3G has been consumed."},
	} {
		c.refused("alice", "", "POST", "/volumes", x.body, x.status, x.element, x.text)
	}
	for range 3 {
		c.create(`{"size": null, "source_volid": "` + src + `"}`)
	}
	c.refused("alice", "", "POST", "/volumes", `{"volume": {"size": 1}}`, 413, "overLimit", "VolumeLimitExceeded: Maximum number of volumes allowed (4) exceeded for quota 'volumes'.")
	c.refused("rita", "", "POST", "/volumes", `{"volume": {"size": 1}}`, 403, "forbidden", "Policy doesn't allow volume:create to be performed.")
	copied := c.ask("alice", "", "GET", "/volumes/detail?limit=1", "", 200)["volumes"].([]any)[0].(map[string]any)
	if copied["source_volid"] != src || copied["size"] != 3.0 {
		t.Errorf("a copy: %v", copied)
	}
	// Another's project in the path.
	r := openstacktest.Request(t, "alice", "GET", "/v3/"+alt+"/volumes", "")
	if w := openstacktest.Answer(c.handler, r); w.Code != 400 || !strings.Contains(w.Body.String(), "Malformed request url") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestVolumeLife(t *testing.T) {
	c := newCloud(t)
	id := c.create(`{"size": 1, "display_name": "old", "display_description": "d"}`)
	one := "/volumes/" + id
	c.refused("carol", "", "GET", one, "", 404, "itemNotFound", "Volume "+id+" could not be found.")
	c.refused("carol", "", "DELETE", one, "", 404, "itemNotFound", "Volume "+id+" could not be found.")
	c.refused("rita", "", "DELETE", one, "", 403, "forbidden", "Policy doesn't allow volume:delete to be performed.")
	c.refused("rita", "", "POST", one+"/action", `{"os-extend": {"new_size": 2}}`, 403, "forbidden", "to be performed.")

	got := c.ask("alice", "", "PUT", one, `{"volume": {"name": "new", "description": null, "metadata": {"a": "b"}}}`, 200)["volume"].(map[string]any)
	if got["name"] != "new" || got["description"] != nil || fmt.Sprint(got["metadata"]) != "map[a:b]" {
		t.Errorf("after PUT: %v", got)
	}
	c.refused("alice", "", "PUT", one, `{"volume": {}}`, 400, "badRequest", "Missing required element 'volume' in request body.")

	if w := c.call("alice", "", "POST", one+"/action", `{"os-extend": {"new_size": 3}}`); w.Code != 202 || w.Body.Len() != 0 {
		t.Errorf("extend: %d %s", w.Code, w.Body)
	}
	c.refused("alice", "", "DELETE", one, "", 400, "badRequest", notDeletable)
	c.work()
	if v := c.show(id, ""); v["size"] != 3.0 || v["status"] != "available" {
		t.Errorf("after it was extended: %v", v)
	}
	c.refused("alice", "", "POST", one+"/action", `{"os-extend": {"new_size": 3}}`, 400, "badRequest", "New size for extend must be greater than current size. (current: 3, extended: 3).")
	c.refused("alice", "", "POST", one+"/action", `{"os-extend": {"new_size": 99}}`, 413, "overLimit", "Requested 96G, quota is 20G and 3G has been consumed.")
	c.refused("alice", "", "POST", one+"/action", `{"os-fly": {}}`, 400, "badRequest", "There is no such action: os-fly")
	c.refused("alice", "", "POST", one+"/action", `{"os-extend": {}, "os-set_bootable": {}}`, 400, "badRequest", "Malformed request body")
	c.ask("alice", "", "POST", one+"/action", `{"os-set_bootable": {"bootable": true}}`, 200)
	if v := c.show(id, ""); v["bootable"] != "true" {
		t.Errorf("bootable is %v", v["bootable"])
	}

	// On a server.
	made, err := c.compute.Create(t.Context(), people()["<token alice>"], compute.CreateRequest{Name: "i", FlavorID: "2", ImageID: debian})
	if err != nil {
		t.Fatal(err)
	}
	c.work()
	if _, err := c.compute.AttachVolume(t.Context(), people()["<token alice>"], made[0].ID, compute.AttachRequest{VolumeID: id}); err != nil {
		t.Fatal(err)
	}
	if v := c.show(id, ""); v["status"] != "attaching" || fmt.Sprint(v["attachments"]) != "[]" {
		t.Errorf("on its way: %v", v)
	}
	c.work()
	a := c.show(id, "")["attachments"].([]any)[0].(map[string]any)
	if a["server_id"] != made[0].ID || a["device"] != "/dev/vdb" || a["volume_id"] != id || a["id"] != id || a["host_name"] != nil || a["attachment_id"] == nil {
		t.Errorf("attachment %v", a)
	}
	if a = c.ask("admin", "", "GET", one, "", 200)["volume"].(map[string]any)["attachments"].([]any)[0].(map[string]any); a["host_name"] != "node-1" {
		t.Errorf("administrators see %v", a)
	}
	c.refused("alice", "", "DELETE", one, "", 400, "badRequest", notDeletable)
	c.refused("alice", "3.41", "POST", one+"/action", `{"os-extend": {"new_size": 4}}`, 400, "badRequest", "Volume "+id+" status must be 'available' to extend, currently in-use.")
	c.ask("alice", "3.42", "POST", one+"/action", `{"os-extend": {"new_size": 4}}`, 202)
	c.work()
	if _, err := c.compute.DetachVolume(t.Context(), people()["<token alice>"], made[0].ID, id); err != nil {
		t.Fatal(err)
	}
	c.work()
	c.ask("alice", "", "DELETE", one, "", 202)
	if v := c.show(id, ""); v["status"] != "deleting" {
		t.Errorf("status %v", v["status"])
	}
	c.work()
	c.refused("alice", "", "GET", one, "", 404, "itemNotFound", "Volume "+id+" could not be found.")
}

func TestMetadata(t *testing.T) {
	c := newCloud(t)
	path := "/volumes/" + c.create(`{"size": 1, "metadata": {"a": "1"}}`) + "/metadata"
	is := func(got map[string]any, want string) {
		t.Helper()
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	is(c.ask("rita", "", "GET", path, "", 200), "map[metadata:map[a:1]]")
	is(c.ask("alice", "", "POST", path, `{"metadata": {"b": "2"}}`, 200), "map[metadata:map[a:1 b:2]]")
	is(c.ask("alice", "", "PUT", path+"/b", `{"meta": {"b": "3"}}`, 200), "map[meta:map[b:3]]")
	is(c.ask("alice", "", "GET", path+"/b", "", 200), "map[meta:map[b:3]]")
	c.refused("alice", "", "PUT", path+"/b", `{"meta": {"c": "3"}}`, 400, "badRequest", "Request body and URI mismatch")
	c.ask("alice", "", "DELETE", path+"/a", "", 200)
	c.refused("alice", "", "DELETE", path+"/a", "", 404, "itemNotFound", "Metadata item was not found")
	c.refused("alice", "", "GET", path+"/a", "", 404, "itemNotFound", "Metadata item was not found")
	is(c.ask("alice", "", "PUT", path, `{"metadata": {"z": "9"}}`, 200), "map[metadata:map[z:9]]")
	many := map[string]string{}
	for n := range MaxMetadata + 1 {
		many[fmt.Sprint("k", n)] = "v"
	}
	text, _ := json.Marshal(map[string]any{"metadata": many})
	c.refused("alice", "", "PUT", path, string(text), 400, "badRequest", "a volume has at most 128 entries.")
	is(c.ask("alice", "", "GET", path, "", 200), "map[metadata:map[z:9]]")
}

func TestLists(t *testing.T) {
	c := newCloud(t)
	ids := map[string]string{}
	for n, name := range []string{"b", "a", "d", "c"} {
		ids[name] = c.create(fmt.Sprintf(`{"size": %d, "name": %q, "metadata": {"n": "%d"}}`, 1+n%2, name, n))
	}
	c.ask("carol", "", "POST", "/volumes", `{"volume": {"size": 1, "name": "other"}}`, 202)
	list := func(who, version, query string) (string, map[string]any) {
		t.Helper()
		got := c.ask(who, version, "GET", "/volumes/detail"+query, "", 200)
		var out []string
		for _, v := range got["volumes"].([]any) {
			out = append(out, v.(map[string]any)["name"].(string))
		}
		return strings.Join(out, " "), got
	}
	for query, want := range map[string]string{
		"": "c d a b", "?sort=name:asc": "a b c d", "?sort_key=size&sort_dir=asc": "d b c a", "?sort=size:desc,name": "c a d b",
		"?name=a": "a", "?status=available": "c d a b", "?status=error": "", "?size=2": "c a", "?metadata={'n':'2'}": "d", "?metadata={": "",
		"?bootable=True": "", "?limit=2": "c d", "?limit=2&marker=" + ids["d"]: "a b", "?offset=3": "b", "?limit=0": "",
		"?all_tenants=1": "c d a b", "?nothing=x": "c d a b", "?name~=c": "c",
	} {
		if got, _ := list("alice", "3.31", query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got, _ := list("admin", "", "?all_tenants=True"); got != "other c d a b" {
		t.Errorf("an administrator lists %q", got)
	}
	if got, _ := list("admin", "", "?all_tenants=True&project_id="+alt); got != "other" {
		t.Errorf("an administrator lists %q", got)
	}
	if got, _ := list("admin", "", ""); got != "" {
		t.Errorf("an administrator's own project has %q", got)
	}
	_, page := list("alice", "3.45", "?limit=3&with_count=true")
	next := page["volumes_links"].([]any)[0].(map[string]any)
	if next["rel"] != "next" || next["href"] != "http://cloud.example/v3/"+demo+"/volumes/detail?limit=3&with_count=true&marker="+ids["a"] || page["count"] != 4.0 {
		t.Errorf("page %v", page)
	}
	if _, last := list("alice", "3.44", "?with_count=true"); last["volumes_links"] != nil || last["count"] != nil {
		t.Errorf("the whole list has %v", names(last))
	}
	for query, want := range map[string]string{
		"?limit=x": "limit param must be an integer", "?offset=-1": "offset param must be positive",
		"?sort=nope": "Invalid sort key passed: nope.", "?sort=name:up": "Invalid sort direction up.",
	} {
		c.refused("alice", "", "GET", "/volumes"+query, "", 400, "badRequest", want)
	}
	c.refused("alice", "", "GET", "/volumes?marker=x", "", 404, "itemNotFound", "Volume x could not be found.")
	short := c.ask("alice", "", "GET", "/volumes?name=a", "", 200)["volumes"].([]any)[0].(map[string]any)
	if !slices.Equal(names(short), []string{"id", "links", "name"}) {
		t.Errorf("in short: %v", short)
	}
}

func TestBeside(t *testing.T) {
	c := newCloud(t)
	c.create(`{"size": 5}`)
	types := c.ask("alice", "", "GET", "/types", "", 200)["volume_types"].([]any)
	first := types[0].(map[string]any)
	if len(types) != 2 || first["name"] != "SSD" || first["is_public"] != true {
		t.Errorf("types %v", types)
	}
	for _, path := range []string{"/types/default", "/types/" + first["id"].(string)} {
		if got := c.ask("alice", "", "GET", path, "", 200)["volume_type"].(map[string]any); got["id"] != first["id"] {
			t.Errorf("%s: %v", path, got)
		}
	}
	c.ask("alice", "", "GET", "/types/"+first["id"].(string)+"/extra_specs", "", 200)
	c.refused("alice", "", "GET", "/types/SSD", "", 404, "itemNotFound", "Volume type SSD could not be found.")
	c.refused("alice", "", "GET", "/snapshots/x", "", 404, "itemNotFound", "Snapshot x could not be found.")
	for path, want := range map[string]string{
		"/snapshots": "map[snapshots:[]]", "/snapshots/detail": "map[snapshots:[]]",
		"/os-availability-zone":  "map[availabilityZoneInfo:[map[zoneName:nova zoneState:map[available:true]]]]",
		"/os-quota-sets/" + demo: "map[quota_set:map[backup_gigabytes:0 backups:0 gigabytes:20 groups:0 id:" + demo + " per_volume_gigabytes:1.048576e+06 snapshots:0 volumes:4]]",
	} {
		if got := fmt.Sprint(c.ask("alice", "", "GET", path, "", 200)); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	absolute := c.ask("alice", "", "GET", "/limits", "", 200)["limits"].(map[string]any)["absolute"].(map[string]any)
	if absolute["maxTotalVolumes"] != 4.0 || absolute["totalVolumesUsed"] != 1.0 || absolute["totalGigabytesUsed"] != 5.0 || absolute["maxTotalVolumeGigabytes"] != 20.0 {
		t.Errorf("limits %v", absolute)
	}
	usage := c.ask("admin", "", "GET", "/os-quota-sets/"+demo+"?usage=True", "", 200)["quota_set"].(map[string]any)
	if fmt.Sprint(usage["gigabytes"]) != "map[in_use:5 limit:20 reserved:0]" {
		t.Errorf("usage %v", usage)
	}
	c.ask("alice", "", "GET", "/os-quota-sets/"+demo+"/defaults", "", 200)
	c.refused("carol", "", "GET", "/os-quota-sets/"+demo, "", 403, "forbidden", "Policy doesn't allow volume_extension:quotas:show to be performed.")
}

// TestEveryFault walks the domain's faults through the service's errors.
func TestEveryFault(t *testing.T) {
	d := New(Options{Identity: people()})
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 413, fault.Forbidden: 403,
		fault.Unauthenticated: 401, fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 400,
		fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500,
	}
	for _, kind := range fault.Kinds() {
		w := httptest.NewRecorder()
		d.failing(&fault.Error{Kind: kind}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != want[kind] || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
}
