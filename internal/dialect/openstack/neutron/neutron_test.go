package neutron

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
	demo      = "24fa3f47f61d430ca700b103c5fbbca2"
	owner     = "81714fe475c94e1b81f6daa10c1f6427"
	sharedNet = "0ad0d055-c4fa-4c30-bda5-ff0258edc9d9"
	sharedSub = "a0fcce73-ce52-4c35-be5c-2d91eb6806d5"
	hiddenNet = "11111111-0000-4000-8000-000000000001"
)

var made = time.Date(2026, 11, 22, 0, 33, 4, 0, time.UTC)

func inProject(projectID string, roles ...identity.Role) identity.Caller {
	return identity.Caller{Region: "one", Project: identity.Project{ID: projectID, CreatedAt: made}, Roles: roles,
		Scope: identity.Scope{Kind: identity.ProjectScope, ID: projectID}}
}

// service has two networks, of which one is shared, and the servers web-0 to
// web-2 of demo and other of another project.
func service(t *testing.T) *Dialect {
	t.Helper()
	db := sqlitetest.Open(t)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, n := range []compute.Network{
			{ID: sharedNet, Name: "shared", Shared: true, ProjectID: owner, CreatedAt: made, UpdatedAt: made,
				Subnet: &compute.Subnet{ID: sharedSub, Range: netip.MustParsePrefix("10.77.0.0/16"), DHCP: true}},
			{ID: hiddenNet, Name: "hidden", ProjectID: owner, CreatedAt: made, UpdatedAt: made,
				Subnet: &compute.Subnet{ID: "11111111-0000-4000-8000-000000000002", Range: netip.MustParsePrefix("10.78.0.0/16"), DHCP: true}},
		} {
			if err := tx.InsertNetwork(t.Context(), n); err != nil {
				return err
			}
		}
		for k, id := range []string{"web-0", "web-1", "web-2", "other"} {
			project, vm := demo, compute.Active
			if id == "other" {
				project = owner
			}
			if id == "web-2" {
				vm = compute.Stopped
			}
			i := compute.Instance{
				ID: id, Region: "one", ProjectID: project, Name: id, Zone: "nova", State: compute.State{VM: vm},
				CreatedAt: made.Add(time.Duration(k) * time.Second), UpdatedAt: made,
				NICs: []compute.NIC{{
					PortID: "port-" + id, NetworkID: sharedNet, Network: "shared", MAC: "fa:16:3e:00:00:0" + string(rune('0'+k)),
					Addr: netip.AddrFrom4([4]byte{10, 77, 0, byte(k + 1)}), Prefix: netip.MustParsePrefix("10.77.0.0/16"),
				}},
			}
			if err := tx.InsertInstance(t.Context(), i); err != nil {
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
			"<token alice>": inProject(demo, identity.RoleReader, identity.RoleMember),
			"<token admin>": inProject("ad000000000000000000000000000001", identity.RoleReader, identity.RoleMember, identity.RoleAdmin),
			"<token none>":  {Region: "one"},
		},
		Compute: compute.New(db.Compute(), openstacktest.Idle{}, compute.Options{
			Now: func() time.Time { return made }, NewID: uuid.NewString, NewMAC: func() string { return "fa:16:3e:11:22:33" },
		}),
	})
}

func get(t *testing.T, d *Dialect, who, target string) *httptest.ResponseRecorder {
	t.Helper()
	return openstacktest.Answer(openstacktest.Serve(d), openstacktest.Request(t, who, http.MethodGet, target, ""))
}

// volatile is what is different in each cloud.
var volatile = openstacktest.Masks{
	{Shape: regexp.MustCompile(`"2026-11-22T00:33:\d\dZ"`), As: `"a time"`},
	{Shape: regexp.MustCompile(`"revision_number": ?\d+`), As: `"revision_number": 0`},
	{Shape: regexp.MustCompile(`"standard_attr_id": ?\d+`), As: `"standard_attr_id": 0`},
}

// TestRecorded asks what a real Neutron was asked.
func TestRecorded(t *testing.T) {
	handler := openstacktest.Serve(service(t))
	recording := openstacktest.Recording(t, "testdata/recorded/neutron.jsonl")
	for _, x := range recording {
		x.Compare(t, x.Ask(t, handler), func(body string) any {
			v := openstacktest.Decode(t, volatile.Hide(body))
			if strings.Contains(x.Name, "security-groups") {
				// Here the default group lets in SSH, too.
				return shapes(v.(map[string]any))
			}
			return v
		})
	}
	if len(recording) < 4 {
		t.Errorf("only %d answers were compared", len(recording))
	}
}

// shapes forgets ids and the rule that lets SSH in, and sorts rules by what
// they are about.
func shapes(v map[string]any) map[string]any {
	for _, g := range v["security_groups"].([]any) {
		group := g.(map[string]any)
		id := group["id"]
		group["id"] = "an id"
		rules := slices.DeleteFunc(group["security_group_rules"].([]any), func(r any) bool { return r.(map[string]any)["protocol"] == "tcp" })
		for _, r := range rules {
			rule := r.(map[string]any)
			if rule["remote_group_id"] == id {
				rule["remote_group_id"] = "the group's"
			}
			rule["id"], rule["security_group_id"] = "an id", "an id"
		}
		slices.SortFunc(rules, func(a, b any) int { return strings.Compare(about(a), about(b)) })
		group["security_group_rules"] = rules
	}
	return v
}

func about(rule any) string {
	r := rule.(map[string]any)
	return r["direction"].(string) + r["ethertype"].(string)
}

func ids(t *testing.T, w *httptest.ResponseRecorder, collection string) string {
	t.Helper()
	var got map[string]json.RawMessage
	var list []struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(got[collection], &list); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	var out []string
	for _, one := range list {
		out = append(out, one.ID)
	}
	return strings.Join(out, " ")
}

func TestLists(t *testing.T) {
	d := service(t)
	group := compute.DefaultGroupID(demo)
	for _, c := range []struct{ who, path, collection, want string }{
		{"alice", "networks", "networks", sharedNet},
		{"admin", "networks?sort_key=name&sort_dir=asc", "networks", hiddenNet + " " + sharedNet},
		{"admin", "networks?sort_key=name&sort_dir=desc&limit=1", "networks", sharedNet},
		{"admin", "networks?sort_key=name&marker=" + hiddenNet, "networks", sharedNet},
		{"alice", "networks?name=hidden", "networks", ""},
		{"alice", "networks?shared=True&router:external=False&name=shared&name=x", "networks", sharedNet},
		{"alice", "networks?router:external=True", "networks", ""},
		{"alice", "networks?subnets=" + sharedSub, "networks", sharedNet},
		{"alice", "networks?nothing=x", "networks", sharedNet},
		{"alice", "subnets", "subnets", sharedSub},
		{"alice", "subnets?network_id=x", "subnets", ""},
		{"alice", "subnets?ip_version=4", "subnets", sharedSub},
		{"alice", "ports", "ports", "port-web-2 port-web-1 port-web-0"},
		{"admin", "ports", "ports", "port-other port-web-2 port-web-1 port-web-0"},
		{"alice", "ports?device_id=web-1&device_id=other", "ports", "port-web-1"},
		{"admin", "ports?device_id=other", "ports", "port-other"},
		{"alice", "ports?status=DOWN", "ports", "port-web-2"},
		{"alice", "ports?fixed_ips=ip_address=10.77.0.2", "ports", "port-web-1"},
		{"alice", "ports?fixed_ips=subnet_id=" + sharedSub + "&limit=2", "ports", "port-web-2 port-web-1"},
		{"alice", "ports?network_id=" + hiddenNet, "ports", ""},
		{"alice", "security-groups", "security_groups", group},
		{"alice", "security-groups?tenant_id=" + owner, "security_groups", ""},
		{"admin", "security-groups?tenant_id=" + demo + "&name=default", "security_groups", group},
		{"admin", "security-groups", "security_groups", compute.DefaultGroupID("ad000000000000000000000000000001") + " " + group},
		{"alice", "floatingips", "floatingips", ""},
		{"alice", "routers", "routers", ""},
	} {
		if got := ids(t, get(t, d, c.who, "/v2.0/"+c.path), c.collection); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.who, c.path, got, c.want)
		}
	}
	if w := get(t, d, "alice", "/v2.0/ports?limit=1"); !strings.Contains(w.Body.String(), `"ports_links":[{"rel":"next","href":"http://cloud.example/v2.0/ports?limit=1&marker=port-web-2"}]`) {
		t.Errorf("links: %s", w.Body)
	}
	if w := get(t, d, "alice", "/v2.0/networks?fields=id&fields=name"); w.Body.String() != `{"networks":[{"id":"`+sharedNet+`","name":"shared"}]}` {
		t.Errorf("fields: %s", w.Body)
	}
	for query, want := range map[string]string{
		"limit=-1": "Limit must be an integer 0 or greater", "marker=x": "marker x was not found", "sort_key=id&sort_dir=up": "up is invalid value for sort_dirs",
		"sort_key=id&sort_key=name&sort_dir=asc": "The number of sort_keys and sort_dirs must be same",
	} {
		if w := get(t, d, "alice", "/v2.0/networks?"+query); w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestShow(t *testing.T) {
	d := service(t)
	for _, c := range []struct {
		who, path string
		status    int
		want      string
	}{
		{"alice", "/v2.0/networks/" + sharedNet, 200, `{"network":{"id":"` + sharedNet},
		{"alice", "/v2.0/networks/" + hiddenNet, 404, `"type": "NetworkNotFound", "message": "Network ` + hiddenNet + ` could not be found."`},
		{"alice", "/v2.0/subnets/" + sharedSub, 200, `"allocation_pools":[{"start":"10.77.0.1","end":"10.77.255.254"}]`},
		{"alice", "/v2.0/subnets/x", 404, `"type": "SubnetNotFound"`},
		{"alice", "/v2.0/ports/port-web-0", 200, `"fixed_ips":[{"subnet_id":"` + sharedSub + `","ip_address":"10.77.0.1"}]`},
		{"alice", "/v2.0/ports/port-other", 404, `"type": "PortNotFound"`},
		{"admin", "/v2.0/ports/port-other", 200, `"device_owner":"compute:nova"`},
		{"alice", "/v2.0/security-groups/" + compute.DefaultGroupID(demo), 200, `"name":"default"`},
		{"alice", "/v2.0/security-groups/default", 404, `"type": "SecurityGroupNotFound"`},
		{"alice", "/v2.0/routers/x", 404, `"type": "RouterNotFound"`},
		{"alice", "/v2.0/extensions/security-group", 200, `{"extension":{"name":"security-group","alias":"security-group"`},
		{"alice", "/v2.0/extensions/x", 404, `"type": "ExtensionNotFound"`},
		{"alice", "/v2.0/extensions", 200, `"alias":"quotas"`},
		{"alice", "/v2.0/quotas/" + demo, 200, `{"quota":{"network":100,`},
		{"alice", "/v2.0/quotas/" + owner, 403, `get_quota is disallowed by policy`},
		{"admin", "/v2.0/quotas/" + owner, 200, `"floatingip":50`},
		{"", "/", 200, `{"versions": [{"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": "http://cloud.example/v2.0/"}]}]}`},
		{"none", "/v2.0/", 200, `{"links":[{"rel":"self","href":"http://cloud.example/v2.0/security-groups"}],"name":"security_group","collection":"security_groups"}`},
		{"", "/v2.0/", 401, `"code": 401`},
		{"", "/v2.0/networks", 401, `"The request you have made requires authentication."`},
		{"none", "/v2.0/networks", 403, `get_network is disallowed by policy`},
		{"alice", "/v2.0/nothing", 404, `"type": "HTTPNotFound"`},
		{"", "/v2.0/nothing", 401, `"code": 401`},
	} {
		w := get(t, d, c.who, c.path)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%q %s: %d %s", c.who, c.path, w.Code, w.Body)
		}
	}
}

func TestEveryFault(t *testing.T) {
	d := service(t)
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 409, fault.Forbidden: 403, fault.Unauthenticated: 401,
		fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 409, fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500,
	}
	for _, kind := range fault.Kinds() {
		s := d.service
		s.Routes = []openstack.Route{{Method: "GET", Pattern: "/x", Access: identity.Public, Handle: func(http.ResponseWriter, *openstack.Call) error {
			return &fault.Error{Kind: kind, Resource: "network", Name: "x"}
		}}}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil))
		if w.Code != want[kind] || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
}
