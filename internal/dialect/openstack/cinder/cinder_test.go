package cinder

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

const (
	demo   = "24fa3f47f61d430ca700b103c5fbbca2"
	alt    = "a0000000000000000000000000000001"
	admins = "ad000000000000000000000000000001"
	debian = "23f9618e-da6a-4b82-b750-0e773cc0ee0b"
)

func people() openstacktest.Tokens {
	return openstacktest.Tokens{
		"<token alice>":   openstacktest.InProject("alice", demo, identity.RoleMember),
		"<token rita>":    openstacktest.InProject("rita", demo, identity.RoleReader),
		"<token carol>":   openstacktest.InProject("carol", alt, identity.RoleMember),
		"<token admin>":   openstacktest.InProject("admin", admins, identity.RoleAdmin),
		"<token nowhere>": {User: identity.User{ID: "alice"}, Region: "one"},
	}
}

// shelf has volumes and machines in words only.
type shelf struct {
	compute.Driver
	openstacktest.Volumes
}

func (shelf) Info() compute.DriverInfo {
	return compute.DriverInfo{Name: "shelf", Network: netip.MustParsePrefix("10.77.0.0/16"), SSHPort: 22, Zones: []string{"nova"}}
}
func (shelf) Create(context.Context, compute.Spec) error { return nil }
func (shelf) Start(context.Context, compute.Spec) error  { return nil }

type cloud struct {
	*testing.T
	db      *store.DB
	compute *compute.Service
	handler http.Handler
	clock   time.Time
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{T: t, db: sqlitetest.Open(t), clock: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)}
	c.compute = compute.New(c.db.Compute(), shelf{}, compute.Options{
		Now: func() time.Time { c.clock = c.clock.Add(time.Second); return c.clock }, NewID: uuid.NewString, Node: "node-1",
		NewMAC: func() string { return "fa:16:3e:00:00:01" },
		Quota:  compute.Usage{Instances: 9, VCPUs: 9, RAMMiB: -1}, VolumeQuota: compute.VolumeUsage{Volumes: 4, Snapshots: 2, GiB: 20},
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
	if said, _ := e["message"].(string); e == nil || !strings.Contains(said, text) || e["code"] != float64(status) {
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
	openstacktest.Work(c, c.db, c.compute, c.clock.Add(time.Hour))
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
