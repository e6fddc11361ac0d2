package nova

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLists(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	ids := map[string]string{}
	for k, more := range []string{`{"name": "a1", "key_name": "sk", "tags": ["x", "y"]}`, `{"name": "a2", "tags": ["x"]}`, `{"name": "b1", "flavorRef": "2"}`} {
		id := m.boot(t, "2.52", more)
		ids[[]string{"a1", "a2", "b1"}[k]] = id
		m.work(t)
	}
	m.call(t, "alice", "", "POST", "/v2.1/servers/"+ids["a2"]+"/action", `{"os-stop": null}`)
	m.work(t)
	for _, c := range []struct {
		who, version, query string
		want                []string
	}{
		{"alice", "", "", []string{"b1", "a2", "a1"}},
		{"carol", "", "", []string{}},
		{"admin", "", "", []string{}},
		{"admin", "", "?all_tenants", []string{"b1", "a2", "a1"}},
		{"admin", "", "?tenant_id=" + demo, []string{}},
		{"admin", "", "?project_id=" + demo, []string{}},
		{"admin", "", "?all_tenants=0&project_id=" + demo, []string{}},
		{"admin", "", "?all_tenants=1&tenant_id=" + demo, []string{"b1", "a2", "a1"}},
		{"admin", "", "?all_tenants&project_id=" + demo, []string{"b1", "a2", "a1"}},
		{"admin", "", "?all_tenants=1&tenant_id=x", []string{}},
		{"alice", "", "?all_tenants=0&tenant_id=x", []string{"b1", "a2", "a1"}},
		{"alice", "", "?name=A", []string{"a2", "a1"}},
		{"alice", "", "?name=^a2$&name=b", []string{"b1", "a2"}},
		{"alice", "", "?status=shutoff", []string{"a2"}},
		{"alice", "", "?status=ACTIVE&status=SHUTOFF", []string{"b1", "a2", "a1"}},
		{"alice", "2.37", "?status=x", []string{}},
		{"alice", "", "?flavor=2", []string{"b1"}},
		{"alice", "", "?image=" + cirrosAlt, []string{}},
		{"alice", "", "?ip=10.77", []string{"b1", "a2", "a1"}},
		{"alice", "2.5", "?ip6=10.77", []string{}},
		{"alice", "", "?key_name=sk", []string{"b1", "a2", "a1"}},
		{"alice", "2.83", "?key_name=sk", []string{"a1"}},
		{"admin", "", "?all_tenants=1&key_name=sk", []string{"a1"}},
		{"alice", "2.83", "?vm_state=stopped", []string{"a2"}},
		{"alice", "2.83", "?power_state=1", []string{"b1", "a1"}},
		{"alice", "2.26", "?tags=x,y", []string{"a1"}},
		{"alice", "2.26", "?tags-any=y,z,x", []string{"a2", "a1"}},
		{"alice", "2.26", "?not-tags=x,y", []string{"b1", "a2"}},
		{"alice", "2.26", "?not-tags-any=x,y", []string{"b1"}},
		{"alice", "2.25", "?tags=x,y", []string{"b1", "a2", "a1"}},
		{"alice", "2.73", "?locked=true", []string{}},
		{"alice", "", "?deleted=true", []string{"b1", "a2", "a1"}},
		{"admin", "", "?all_tenants=1&deleted=true", []string{}},
		{"alice", "", "?changes-since=2026-11-22T00:00:00Z", []string{"b1", "a2", "a1"}},
		{"alice", "", "?changes-since=2027-01-01", []string{}},
		{"alice", "2.66", "?changes-before=2026-11-22", []string{}},
		{"alice", "", "?sort_key=display_name&sort_dir=asc", []string{"a1", "a2", "b1"}},
		{"alice", "", "?sort_key=vm_state&sort_dir=desc&sort_key=display_name&sort_dir=asc", []string{"a2", "a1", "b1"}},
		{"alice", "", "?sort_key=display_name&sort_dir=asc&limit=1&marker=" + ids["a1"], []string{"a2"}},
		{"alice", "", "?limit=2", []string{"b1", "a2"}},
		{"alice", "", "?limit=0", []string{}},
		{"alice", "", "?marker=" + ids["a2"], []string{"a1"}},
		{"alice", "2.74", "?foo=bar", []string{"b1", "a2", "a1"}},
	} {
		if diff := cmp.Diff(c.want, m.names(t, c.who, c.version, c.query)); diff != "" {
			t.Errorf("%s at %s: %s (-want +got)\n%s", c.who, c.version, c.query, diff)
		}
	}
	for _, c := range []struct {
		who, version, query string
		status              int
		want                string
	}{
		{"alice", "", "?limit=-1", 400, "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"},
		{"alice", "", "?marker=nope", 400, "marker [nope] not found"},
		{"alice", "", "?sort_key=display_name&marker=nope", 400, "marker [nope] not found"},
		{"alice", "", "?changes-since=2011/01/01", 400, "Invalid input for query parameters changes-since. Value: 2011/01/01. '2011/01/01' is not a 'date-time'"},
		{"alice", "2.38", "?status=x", 400, "Invalid status value"},
		{"alice", "", "?name=[", 400, "Invalid input for query parameters name. Value: [. '[' is not a 'regex'"},
		{"alice", "2.75", "?foo=bar", 400, "Additional properties are not allowed ('foo' was unexpected)"},
		{"alice", "", "?all_tenants=1", 403, "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed."},
		{"alice", "", "?sort_dir=up", 400, "Unknown sort direction, must be one of: asc, desc"},
		{"alice unscoped", "", "", 403, "Policy doesn't allow os_compute_api:servers:index to be performed."},
	} {
		w := m.call(t, c.who, c.version, "GET", "/v2.1/servers"+c.query, "")
		if _, text := message(t, w); w.Code != c.status || text != c.want {
			t.Errorf("%s: %d %s", c.query, w.Code, text)
		}
	}
	page := body[struct {
		Servers []doc
		Links   []struct{ Rel, Href string } `json:"servers_links"`
	}](t, m.call(t, "alice", "", "GET", "/v2.1/servers/detail?limit=1&name=a", ""), 200)
	if len(page.Links) != 1 || page.Links[0].Href != "http://cloud.example/v2.1/servers/detail?limit=1&name=a&marker="+ids["a2"] {
		t.Errorf("links %v", page.Links)
	}
}
