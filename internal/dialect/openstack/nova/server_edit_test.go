package nova

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/audit"
)

// TestEdits changes what people write on a server.
func TestEdits(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web", "metadata": {"a": "1"}}`)
	m.work(t)
	at := "/v2.1/servers/" + id
	long := strings.Repeat("x", 61)
	for _, c := range []struct {
		who, version, method, path, body string
		status                           int
		want                             string // the body, or what an error says
	}{
		{"alice", "", "POST", "/metadata", `{"metadata": {"b": "2"}}`, 200, `{"metadata": {"a": "1", "b": "2"}}`},
		{"alice", "", "PUT", "/metadata/c", `{"meta": {"c": "3"}}`, 200, `{"meta": {"c": "3"}}`},
		{"alice", "", "PUT", "/metadata/c", `{"meta": {"d": "3"}}`, 400, "Request body and URI mismatch"},
		{"alice", "", "PUT", "/metadata/c", `{"meta": {"c": "3", "d": "4"}}`, 400, "too many properties"},
		{"alice", "", "GET", "/metadata/c", ``, 200, `{"meta": {"c": "3"}}`},
		{"alice", "", "DELETE", "/metadata/a", ``, 204, ""},
		{"alice", "", "DELETE", "/metadata/a", ``, 404, "Metadata item was not found"},
		{"alice", "", "GET", "/metadata/a", ``, 404, "Metadata item was not found"},
		{"alice", "", "GET", "/metadata", ``, 200, `{"metadata": {"b": "2", "c": "3"}}`},
		{"rita", "", "GET", "/metadata", ``, 200, `{"metadata": {"b": "2", "c": "3"}}`},
		{"alice", "", "PUT", "/metadata", `{"metadata": {}}`, 200, `{"metadata": {}}`},
		{"alice", "", "POST", "/metadata", `{"meta": {}}`, 400, "'metadata' is a required property"},
		{"rita", "", "POST", "/metadata", `{"metadata": {}}`, 403, "os_compute_api:server-metadata:create"},
		{"carol", "", "GET", "/metadata", ``, 404, "could not be found"},
		{"alice", "2.25", "GET", "/tags", ``, 404, "The resource could not be found."},
		{"alice", "2.26", "GET", "/tags", ``, 200, `{"tags": []}`},
		{"alice", "2.26", "PUT", "/tags/x", ``, 201, ""},
		{"alice", "2.26", "PUT", "/tags/x", ``, 204, ""},
		{"alice", "2.26", "PUT", "/tags/" + long, ``, 400, "Tag '" + long + "' is invalid."},
		{"alice", "2.26", "GET", "/tags/x", ``, 204, ""},
		{"alice", "2.26", "GET", "/tags/y", ``, 404, "Server " + id + " has no tag 'y'"},
		{"alice", "2.26", "PUT", "/tags", `{"tags": ["p", "q", "p"]}`, 200, `{"tags": ["p", "q"]}`},
		{"alice", "2.26", "DELETE", "/tags/p", ``, 204, ""},
		{"alice", "2.26", "DELETE", "/tags/p", ``, 404, "has no tag"},
		{"alice", "2.26", "GET", "/tags", ``, 200, `{"tags": ["q"]}`},
		{"alice", "2.26", "DELETE", "/tags", ``, 204, ""},
		{"alice", "2.26", "GET", "/tags", ``, 200, `{"tags": []}`},
		{"alice", "", "PUT", "", `{"server": {"description": "d"}}`, 400, "Additional properties are not allowed"},
		{"alice", "", "PUT", "", `{"server": {"accessIPv6": "1.2.3.4"}}`, 400, "is not a 'ipv6'"},
		{"alice", "2.89", "PUT", "", `{"server": {"hostname": "h2"}}`, 400, "Additional properties are not allowed"},
		{"rita", "", "PUT", "", `{"server": {"name": "r"}}`, 403, "os_compute_api:servers:update"},
	} {
		w := m.call(t, c.who, c.version, c.method, at+c.path, c.body)
		ok := w.Body.String() == c.want
		if w.Code >= 400 {
			_, text := message(t, w)
			ok = strings.Contains(text, c.want)
		}
		if w.Code != c.status || !ok {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, w.Code, w.Body)
		}
	}
	short := body[struct{ Server doc }](t, m.call(t, "alice", "2.74", "PUT", at, `{"server": {"name": "renamed", "description": "d"}}`), 200).Server
	if _, ok := short["key_name"]; ok || short["name"] != "renamed" || short["description"] != "d" {
		t.Errorf("PUT at 2.74: %v", short)
	}
	whole := body[struct{ Server doc }](t, m.call(t, "alice", "2.75", "PUT", at, `{"server": {"description": null}}`), 200).Server
	said := body[struct{ Server doc }](t, m.call(t, "alice", "2.90", "PUT", at, `{"server": {"accessIPv4": "1.2.3.4", "accessIPv6": "0:0:0:0:0:0:0:1", "hostname": "other", "OS-DCF:diskConfig": "AUTO"}}`), 200).Server
	if said["accessIPv4"] != "1.2.3.4" || said["accessIPv6"] != "::1" || said["OS-EXT-SRV-ATTR:hostname"] != "other" || said["OS-DCF:diskConfig"] != "AUTO" {
		t.Errorf("what the owner says: %v", said)
	}
	if _, ok := whole["key_name"]; !ok || whole["name"] != "renamed" || whole["description"] != nil {
		t.Errorf("PUT at 2.75: %v", whole)
	}
	entries, err := m.db.AuditEntries(t.Context(), audit.Query{Name: id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	updates := 0
	for _, e := range entries {
		if e.Action == audit.Update {
			updates++
		}
	}
	if updates < 8 {
		t.Errorf("%d changes are in the audit log", updates)
	}
}

// TestTagLocation leads to a new tag, whatever characters it has: the client
// gets a header that it can read, and an address that works.
func TestTagLocation(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	for _, tag := range []string{"plain", "a%00b", "a%0D%0Ab", "a%20b%3F%23%25", "%ED%82%A4"} {
		w := m.call(t, "alice", "2.26", "PUT", "/v2.1/servers/"+id+"/tags/"+tag, "")
		_, at, _ := strings.Cut(w.Header().Get("Location"), "/v2.1/")
		if w.Code != 201 || at != "servers/"+id+"/tags/"+tag {
			t.Errorf("PUT %s: %d, Location %q", tag, w.Code, w.Header().Get("Location"))
		}
		if w := m.call(t, "alice", "2.26", "GET", "/v2.1/"+at, ""); w.Code != 204 {
			t.Errorf("GET %s: %d %s", at, w.Code, w.Body)
		}
	}
}

// TestParts reads what hangs on a server.
func TestParts(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	at := "/v2.1/servers/" + id
	ports := body[struct {
		All []struct {
			Port string `json:"port_id"`
			Tag  any    `json:"tag"`
		} `json:"interfaceAttachments"`
	}](t, m.call(t, "alice", "2.70", "GET", at+"/os-interface", ""), 200)
	if len(ports.All) != 1 {
		t.Fatalf("interfaces %v", ports)
	}
	for _, c := range []struct {
		who, version, path string
		status             int
		want               string
	}{
		{"alice", "", "/os-interface/" + ports.All[0].Port, 200, `"subnet_id": "` + sharedSub + `"`},
		{"alice", "2.70", "/os-interface/" + ports.All[0].Port, 200, `"tag": null`},
		{"alice", "", "/os-interface/x", 404, "Port x could not be found."},
		{"alice", "", "/ips/shared", 200, `{"shared": [{"version": 4, "addr": "10.77.`},
		{"alice", "", "/ips/other", 404, "Instance is not a member of specified network"},
		{"alice", "", "/os-volume_attachments", 200, `{"volumeAttachments": []}`},
		{"alice", "", "/os-server-password", 200, `{"password": ""}`},
		{"alice", "", "/diagnostics", 403, "os_compute_api:os-server-diagnostics"},
		{"admin", "", "/diagnostics", 200, `"state": "running"`},
		{"admin", "2.47", "/diagnostics", 200, `"driver": "fake"`},
		{"admin", "2.48", "/diagnostics", 200, `"num_cpus": 1`},
		{"admin", "2.48", "/diagnostics", 200, `"driver": "libvirt", "hypervisor": "fake"`},
		{"carol", "", "/os-interface", 404, "could not be found"},
		{"carol", "", "/os-volume_attachments", 404, "could not be found"},
		{"carol", "", "/os-instance-actions", 404, "could not be found"},
	} {
		w := m.call(t, c.who, c.version, "GET", at+c.path, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s", c.who, c.path, w.Code, w.Body)
		}
	}
	if w := m.call(t, "alice", "", "GET", "/v2.1/os-availability-zone/detail", ""); w.Code != 403 || !strings.Contains(w.Body.String(), "os-availability-zone:detail") {
		t.Errorf("zones in detail for a member: %d %s", w.Code, w.Body)
	}
	if w := m.call(t, "admin", "", "GET", "/v2.1/os-availability-zone/detail", ""); !strings.Contains(w.Body.String(), `"hosts": {"node-1": {"nova-compute": {"available": true`) {
		t.Errorf("zones in detail: %d %s", w.Code, w.Body)
	}
	done := body[struct {
		All []doc `json:"instanceActions"`
	}](t, m.call(t, "alice", "2.58", "GET", at+"/os-instance-actions", ""), 200).All
	if len(done) != 1 || done[0]["action"] != "create" || done[0]["user_id"] != alice || done[0]["updated_at"] == nil {
		t.Fatalf("actions %v", done)
	}
	one := m.call(t, "alice", "2.51", "GET", at+"/os-instance-actions/"+fmt.Sprint(done[0]["request_id"]), "")
	if !strings.Contains(one.Body.String(), `"events": [{"event": "compute__do_build_and_run_instance", "start_time": "2026-`) ||
		!strings.Contains(one.Body.String(), `"result": "Success", "traceback": null}]`) {
		t.Errorf("action: %d %s", one.Code, one.Body)
	}
	if w := m.call(t, "alice", "", "GET", at+"/os-instance-actions/999", ""); w.Code != 404 || !strings.Contains(w.Body.String(), "Action 999 not found") {
		t.Errorf("unknown action: %d %s", w.Code, w.Body)
	}
}

func TestFlavors(t *testing.T) {
	m := newMachines(t)
	for _, c := range []struct {
		who, version, path string
		status             int
		want               string
	}{
		{"alice unscoped", "2.93", "/flavors/1", 200, `{"flavor": {"id": "1", "name": "m1.tiny", "ram": 512, "disk": 1, "swap": 0, "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "vcpus": 1, "os-flavor-access:is_public": true, "rxtx_factor": 1.0, "links": [{"rel": "self", "href": "http://cloud.example/v2.1/flavors/1"}, {"rel": "bookmark", "href": "http://cloud.example/flavors/1"}], "description": null, "extra_specs": {}}}`},
		{"alice", "", "/flavors/1/os-extra_specs", 200, `{"extra_specs": {}}`},
		{"alice", "", "/flavors/1/os-extra_specs/hw", 404, "Flavor 1 has no extra specs with key hw."},
		{"alice", "", "/flavors/9/os-extra_specs", 404, "Flavor 9 could not be found."},
		{"alice", "", "/flavors?minRam=x", 400, "Invalid minRam filter [x]"},
		{"admin", "", "/flavors?is_public=x", 400, "Invalid is_public filter [x]"},
		{"admin", "", "/flavors?is_public=False", 200, `{"flavors": []}`},
		{"alice", "", "/flavors?marker=9", 400, "marker [9] not found"},
		{"alice", "2.75", "/flavors?x=1", 400, "Additional properties are not allowed ('x' was unexpected)"},
	} {
		w := m.call(t, c.who, c.version, "GET", "/v2.1"+c.path, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s", c.who, c.path, w.Code, w.Body)
		}
	}
	for query, want := range map[string]string{
		"": "1 2 3", "?minRam=600": "2 3", "?minDisk=2": "", "?limit=1": "1", "?marker=1&limit=1": "2", "?is_public=False": "1 2 3",
		"?sort_key=memory_mb&sort_dir=desc": "3 2 1", "?limit=0": "",
	} {
		got := body[struct{ Flavors []struct{ ID string } }](t, m.call(t, "alice", "", "GET", "/v2.1/flavors"+query, ""), 200)
		var ids []string
		for _, f := range got.Flavors {
			ids = append(ids, f.ID)
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%s: %v", query, ids)
		}
	}
	w := m.call(t, "alice", "", "GET", "/v2.1/flavors/detail?limit=2", "")
	if !strings.Contains(w.Body.String(), `"flavors_links": [{"rel": "next", "href": "http://cloud.example/v2.1/flavors/detail?limit=2&marker=2"}]`) {
		t.Errorf("links: %s", w.Body)
	}
}
