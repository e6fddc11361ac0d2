package nova

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// step is one call on a server and what it comes to.
type step struct {
	who, version, body string
	status             int
	holds              string // of the answer
	now                string // the server's status at once
	then               string // its status when the jobs are done
}

func (m *machines) walk(t *testing.T, id string, steps []step) {
	t.Helper()
	status := func() string {
		return body[struct{ Server struct{ Status string } }](t, m.call(t, "admin", "", "GET", "/v2.1/servers/"+id, ""), 200).Server.Status
	}
	for _, s := range steps {
		w := m.call(t, s.who, s.version, http.MethodPost, "/v2.1/servers/"+id+"/action", s.body)
		now := status()
		m.work(t)
		then := status()
		if w.Code != s.status || !strings.Contains(w.Body.String(), s.holds) || now != s.now || then != s.then {
			t.Errorf("%s at %s: %d %s, %s and %s; want %d %s, %s and %s",
				s.body, s.version, w.Code, w.Body, now, then, s.status, s.holds, s.now, s.then)
		}
	}
}

func TestResizeAction(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	m.walk(t, id, []step{
		{"alice", "", `{"resize": {"flavorRef": "1"}}`, 400, "When resizing, instances must change flavor!", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"resize": {"flavorRef": "9"}}`, 400, "Flavor 9 could not be found.", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"resize": {}}`, 400, "'flavorRef' is a required property", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"resize": {"flavorRef": "2", "x": 1}}`, 400, "Additional properties are not allowed", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"confirmResize": null}`, 409, "Cannot 'confirmResize' instance " + id + " while it is in vm_state active", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"resize": {"flavorRef": 2, "OS-DCF:diskConfig": "AUTO"}}`, 202, "", "RESIZE", "VERIFY_RESIZE"},
		{"alice", "", `{"os-stop": null}`, 409, "while it is in vm_state resized", "VERIFY_RESIZE", "VERIFY_RESIZE"},
		{"alice", "", `{"revertResize": null}`, 202, "", "REVERT_RESIZE", "ACTIVE"},
		{"alice", "", `{"resize": {"flavorRef": "2"}}`, 202, "", "RESIZE", "VERIFY_RESIZE"},
		{"alice", "", `{"confirmResize": null}`, 204, "", "ACTIVE", "ACTIVE"},
		{"rita", "", `{"resize": {"flavorRef": "1"}}`, 403, "Policy doesn't allow os_compute_api:servers:resize to be performed.", "ACTIVE", "ACTIVE"},
		{"carol", "", `{"resize": {"flavorRef": "1"}}`, 404, "could not be found", "ACTIVE", "ACTIVE"},
	})
	s := body[struct{ Server doc }](t, m.call(t, "alice", "", "GET", "/v2.1/servers/"+id, ""), 200).Server
	if s["flavor"].(doc)["id"] != "2" || s["OS-DCF:diskConfig"] != "AUTO" || m.driver.machines[id].spec.RAMMiB != 1024 {
		t.Errorf("in the end: %v, machine %+v", s, m.driver.machines[id].spec)
	}
}

func TestRebuildAction(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	id := m.boot(t, "", `{"name": "web", "key_name": "sk", "metadata": {"a": "b"}}`)
	m.work(t)
	m.walk(t, id, []step{
		{"alice", "", `{"rebuild": {}}`, 400, "'imageRef' is a required property", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"rebuild": {"imageRef": "x"}}`, 400, "'x' is not a 'uuid'", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"rebuild": {"imageRef": "11111111-0000-4000-8000-00000000ffff"}}`, 400, "Cannot find image for rebuild", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"rebuild": {"imageRef": "11111111-0000-4000-8000-000000000001"}}`, 400, "Flavor's memory is too small for requested image.", "ACTIVE", "ACTIVE"},
		{"alice", "2.57", `{"rebuild": {"imageRef": "` + cirros + `", "personality": []}}`, 400, "('personality' was unexpected)", "ACTIVE", "ACTIVE"},
		{"alice", "2.56", `{"rebuild": {"imageRef": "` + cirros + `", "personality": [{"path": "/x", "contents": "aGk="}], "adminPass": "given"}}`, 202, `"adminPass": "given"`, "REBUILD", "ACTIVE"},
		{"bob", "2.54", `{"rebuild": {"imageRef": "` + cirros + `", "key_name": "sk2"}}`, 400, "Invalid key_name provided.", "ACTIVE", "ACTIVE"},
		{"bob", "2.54", `{"rebuild": {"imageRef": "` + cirros + `"}}`, 202, `"key_name": "sk"`, "REBUILD", "ACTIVE"},
		{"alice", "2.53", `{"rebuild": {"imageRef": "` + cirros + `", "name": "other", "metadata": {"c": "d"}, "description": null}}`, 202, `"metadata": {"c": "d"}`, "REBUILD", "ACTIVE"},
		{"alice", "2.93", `{"rebuild": {"imageRef": "` + cirrosAlt + `", "key_name": "sk2", "user_data": "aGk=", "hostname": "h1"}}`, 202, `"user_data": "aGk="`, "REBUILD", "ACTIVE"},
		{"alice", "2.93", `{"rebuild": {"imageRef": "` + cirrosAlt + `", "trusted_image_certificates": ["x"]}}`, 400, "Image signatures are not checked here.", "ACTIVE", "ACTIVE"},
	})
	s := body[struct{ Server doc }](t, m.call(t, "alice", "2.93", "GET", "/v2.1/servers/"+id, ""), 200).Server
	if s["name"] != "other" || s["key_name"] != "sk2" || s["image"].(doc)["id"] != cirrosAlt || s["OS-EXT-SRV-ATTR:hostname"] != "h1" || s["description"] != nil {
		t.Errorf("in the end: %v", s)
	}
	if spec := m.driver.machines[id].spec; string(spec.UserData) != "hi" || spec.Hostname != "h1" || len(spec.Files) != 0 {
		t.Errorf("the machine: %+v", spec)
	}
	w := m.call(t, "alice", "2.75", http.MethodPost, "/v2.1/servers/"+id+"/action", `{"rebuild": {"imageRef": "`+cirros+`"}}`)
	whole := body[struct{ Server doc }](t, w, 202).Server
	if whole["OS-EXT-STS:task_state"] != "rebuilding" || len(whole["adminPass"].(string)) != 12 || w.Header().Get("Location") != "http://cloud.example/v2.1/servers/"+id {
		t.Errorf("at 2.75: %v", whole)
	}
	m.work(t)
	// Administrators see the user data under one name: Nova's for this answer.
	w = m.call(t, "admin", "2.93", http.MethodPost, "/v2.1/servers/"+id+"/action", `{"rebuild": {"imageRef": "`+cirros+`"}}`)
	whole = body[struct{ Server doc }](t, w, 202).Server
	if _, twice := whole["OS-EXT-SRV-ATTR:user_data"]; twice || whole["user_data"] != "aGk=" || whole["OS-EXT-SRV-ATTR:host"] != "node-1" || whole["server_groups"] == nil || whole["security_groups"] == nil {
		t.Errorf("for an administrator: %v", whole)
	}
	w = m.call(t, "admin", "2.75", http.MethodPut, "/v2.1/servers/"+id, `{"server": {}}`)
	if whole = body[struct{ Server doc }](t, w, 200).Server; whole["OS-EXT-SRV-ATTR:user_data"] != "aGk=" {
		t.Errorf("an update for an administrator: %v", whole)
	}
}

func TestPauseLockAndImageActions(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	locked := "Instance " + id + " is locked"
	m.walk(t, id, []step{
		{"alice", "", `{"unpause": null}`, 409, "Cannot 'unpause' instance " + id + " while it is in vm_state active", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"pause": null}`, 202, "", "ACTIVE", "PAUSED"},
		{"alice", "", `{"createImage": {"name": "a"}}`, 202, "", "PAUSED", "PAUSED"},
		{"alice", "", `{"changePassword": {"adminPass": "p"}}`, 409, "Cannot 'changePassword' instance " + id + " while it is in vm_state paused", "PAUSED", "PAUSED"},
		{"alice", "", `{"unpause": null}`, 202, "", "PAUSED", "ACTIVE"},
		{"alice", "", `{"changePassword": {"adminPass": "p"}}`, 202, "", "PASSWORD", "ACTIVE"},
		{"alice", "", `{"changePassword": {}}`, 400, "'adminPass' is a required property", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"restore": null}`, 409, "Cannot 'restore' instance " + id + " while it is in vm_state active", "ACTIVE", "ACTIVE"},
		{"alice", "2.72", `{"lock": {"locked_reason": 5}}`, 202, "", "ACTIVE", "ACTIVE"}, // not looked at yet
		{"alice", "2.73", `{"lock": {"locked_reason": 5}}`, 400, "5 is not of type 'string'", "ACTIVE", "ACTIVE"},
		{"alice", "2.73", `{"lock": {"locked_reason": "mine"}}`, 202, "", "ACTIVE", "ACTIVE"},
		{"bob", "", `{"os-stop": null}`, 409, locked, "ACTIVE", "ACTIVE"},
		{"alice", "", `{"forceDelete": null}`, 409, locked, "ACTIVE", "ACTIVE"},
		{"alice", "2.45", `{"createImage": {"name": "b", "metadata": {"k": "v"}}}`, 202, `{"image_id": "`, "ACTIVE", "ACTIVE"},
		{"admin", "", `{"reboot": {"type": "HARD"}}`, 202, "", "HARD_REBOOT", "ACTIVE"},
		{"alice", "", `{"unlock": null}`, 202, "", "ACTIVE", "ACTIVE"},
		{"admin", "", `{"lock": null}`, 202, "", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"unlock": null}`, 403, "os_compute_api:os-lock-server:unlock:unlock_override", "ACTIVE", "ACTIVE"},
		{"admin", "", `{"unlock": null}`, 202, "", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"os-resetState": {"state": "error"}}`, 403, "os_compute_api:os-admin-actions:reset_state", "ACTIVE", "ACTIVE"},
		{"admin", "", `{"os-resetState": {"state": "gone"}}`, 400, "'gone' is not one of ['active', 'error']", "ACTIVE", "ACTIVE"},
		{"admin", "", `{"os-resetState": {"state": "error"}}`, 202, "", "ERROR", "ERROR"},
		{"alice", "", `{"createImage": {"name": "c"}}`, 409, "Cannot 'createImage' instance " + id + " while it is in vm_state error", "ERROR", "ERROR"},
		{"alice", "", `{"suspend": null}`, 400, "There is no such action: suspend", "ERROR", "ERROR"},
	})
	if a := m.driver.machines[id].spec.Access; !compute.PasswordFits(a.PasswordHash, "p") {
		t.Error("the guest did not get the password")
	}
	if w := m.call(t, "alice", "", "POST", "/v2.1/servers/"+id+"/action", `{"lock": null}`); w.Code != 202 {
		t.Fatalf("lock: %d", w.Code)
	}
	for path, b := range map[string]string{"": `{"server": {"name": "x"}}`, "/metadata": `{"metadata": {}}`} {
		if w := m.call(t, "alice", "", "PUT", "/v2.1/servers/"+id+path, b); w.Code != 409 || !strings.Contains(w.Body.String(), locked) {
			t.Errorf("PUT %s of a locked server: %d %s", path, w.Code, w.Body)
		}
	}
	if w := m.call(t, "alice", "", "DELETE", "/v2.1/servers/"+id, ""); w.Code != 409 {
		t.Errorf("DELETE of a locked server: %d %s", w.Code, w.Body)
	}
	s := body[struct{ Server doc }](t, m.call(t, "alice", "2.73", "GET", "/v2.1/servers/"+id, ""), 200).Server
	if s["locked"] != true || s["locked_reason"] != nil {
		t.Errorf("locked %v, %v", s["locked"], s["locked_reason"])
	}
	if got := m.names(t, "alice", "2.73", "?locked=true"); len(got) != 1 {
		t.Errorf("locked servers: %v", got)
	}
}

func TestImageAddressBefore245(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	w := m.call(t, "alice", "2.44", "POST", "/v2.1/servers/"+id+"/action", `{"createImage": {"name": "a"}}`)
	at := w.Header().Get("Location")
	if w.Code != 202 || w.Body.Len() != 0 || !strings.HasPrefix(at, "http://cloud.example/image/images/") {
		t.Errorf("%d, %q at %s", w.Code, w.Body, at)
	}
}

func TestServerGroupCalls(t *testing.T) {
	m := newMachines(t)
	made := body[struct {
		Group doc `json:"server_group"`
	}](t, m.call(t, "alice", "2.64", "POST", "/v2.1/os-server-groups", `{"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}}}`), 200).Group
	id := made["id"].(string)
	server := m.boot(t, "", `{"name": "web"}`)
	hinted := `{"server": {"name": "n", "flavorRef": "1", "imageRef": "` + cirros + `", "networks": [{"uuid": "` + sharedNet + `"}]}, "os:scheduler_hints": {"group": "` + id + `"}}`
	for range 2 {
		if w := m.call(t, "alice", "2.71", "POST", "/v2.1/servers", hinted); w.Code != 202 {
			t.Fatalf("a member: %d %s", w.Code, w.Body)
		}
	}
	m.work(t)
	for _, c := range []struct {
		who, version, method, path, body string
		status                           int
		holds                            string
	}{
		{"alice", "2.71", "POST", "/servers", hinted, 400, "No valid host was found."},
		{"alice", "2.71", "POST", "/servers", strings.Replace(hinted, id, cirros, 1), 400, "Instance group " + cirros + " could not be found."},
		{"alice", "2.71", "POST", "/servers", strings.Replace(hinted, id, "g", 1), 400, "'g' is not a 'uuid'"},
		{"alice", "2.64", "GET", "/os-server-groups/" + id, "", 200, `"policy": "anti-affinity", "rules": {"max_server_per_host": 2}, "members": ["`},
		{"alice", "2.12", "GET", "/os-server-groups/" + id, "", 200, `"policies": ["anti-affinity"], "members": ["`},
		{"alice", "2.13", "GET", "/os-server-groups", "", 200, `"metadata": {}, "project_id": "` + demo + `", "user_id": "` + alice + `"}]`},
		{"alice", "", "GET", "/os-server-groups?all_projects=1", "", 403, "os-server-groups:index:all_projects"},
		{"admin", "", "GET", "/os-server-groups?all_projects=1", "", 200, id},
		{"admin", "", "GET", "/os-server-groups", "", 200, `{"server_groups": []}`},
		{"alice", "", "GET", "/os-server-groups?offset=1", "", 200, `{"server_groups": []}`},
		{"carol", "", "GET", "/os-server-groups/" + id, "", 404, "Instance group " + id + " could not be found."},
		{"rita", "", "DELETE", "/os-server-groups/" + id, "", 403, "os-server-groups:delete"},
		{"alice", "2.14", "POST", "/os-server-groups", `{"server_group": {"name": "s", "policies": ["soft-affinity"]}}`, 400, "'soft-affinity' is not one of ['anti-affinity', 'affinity']"},
		{"alice", "2.15", "POST", "/os-server-groups", `{"server_group": {"name": "s", "policies": ["soft-affinity"]}}`, 200, `"policies": ["soft-affinity"]`},
		{"alice", "2.15", "POST", "/os-server-groups", `{"server_group": {"name": "s", "policies": []}}`, 400, "[] is too short"},
		{"alice", "2.64", "POST", "/os-server-groups", `{"server_group": {"name": "s", "policy": "affinity", "rules": {"max_server_per_host": 2}}}`, 400, "Only anti-affinity policy supports rules."},
		{"alice", "", "GET", "/os-quota-sets/" + demo + "/detail", "", 200, `"server_groups": {"limit": 10, "in_use": 2, "reserved": 0}`},
		{"alice", "", "DELETE", "/os-server-groups/" + id, "", 204, ""},
		{"alice", "", "DELETE", "/os-server-groups/" + id, "", 404, "could not be found"},
		{"alice", "2.71", "GET", "/servers/" + server, "", 200, `"server_groups": []`},
	} {
		w := m.call(t, c.who, c.version, c.method, "/v2.1"+c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.who, c.method, c.path, w.Code, w.Body, c.status, c.holds)
		}
	}
}

func TestUsageReports(t *testing.T) {
	m := newMachines(t)
	gone, there := m.boot(t, "", `{"name": "gone"}`), m.boot(t, "", `{"name": "there", "flavorRef": "2"}`)
	m.work(t)
	if w := m.call(t, "alice", "", "DELETE", "/v2.1/servers/"+gone, ""); w.Code != 204 {
		t.Fatal(w.Code)
	}
	m.work(t)
	const at = "/v2.1/os-simple-tenant-usage"
	const month = "start=2026-11-01T00:00:00&end=2026-12-01T00:00:00.000000"
	type report struct {
		Tenant  string  `json:"tenant_id"`
		Hours   float64 `json:"total_hours"`
		Servers []doc   `json:"server_usages"`
	}
	one := body[struct {
		Usage report `json:"tenant_usage"`
	}](t, m.call(t, "alice", "", "GET", at+"/"+demo+"?"+month, ""), 200).Usage
	if one.Tenant != demo || one.Hours <= 0 || len(one.Servers) != 2 || one.Servers[0]["state"] != "terminated" || one.Servers[0]["ended_at"] == nil ||
		one.Servers[1]["instance_id"] != there || one.Servers[1]["state"] != "active" || one.Servers[1]["flavor"] != "m1.small" {
		t.Errorf("usage: %+v", one)
	}
	all := body[struct {
		Usages []report `json:"tenant_usages"`
	}](t, m.call(t, "admin", "", "GET", at+"?"+month, ""), 200).Usages
	if len(all) != 1 || all[0].Servers != nil || all[0].Hours <= 0 {
		t.Errorf("everybody's: %+v", all)
	}
	for _, c := range []struct {
		who, version, query string
		status              int
		holds               string
	}{
		{"alice", "2.40", "/" + demo + "?limit=1&" + month, 200, `"tenant_usage_links": [{"rel": "next", "href": "http://cloud.example` + at + "/" + demo + "?end="},
		{"alice", "2.40", "/" + demo + "?marker=" + there + "&" + month, 200, `{"tenant_usage": {}}`},
		{"alice", "2.40", "/" + demo + "?marker=x&" + month, 400, "marker [x] not found"},
		{"alice", "", "/" + demo + "?start=yesterday", 400, "Datetime is in invalid format"},
		{"alice", "", "/" + demo + "?start=2026-12-01T00:00:00&end=2026-11-01T00:00:00", 400, "Invalid start time."},
		{"alice", "", "/" + demo + "?start=2025-01-01T00:00:00&end=2025-02-01T00:00:00", 200, `{"tenant_usage": {}}`},
		{"alice", "", "", 403, "os-simple-tenant-usage:list"},
		{"carol", "", "/" + demo, 403, "os-simple-tenant-usage:show"},
	} {
		w := m.call(t, c.who, c.version, "GET", at+c.query, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s %s: %d %s, want %d %s", c.who, c.query, w.Code, w.Body, c.status, c.holds)
		}
	}
}

func TestEventPages(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	m.walk(t, id, []step{
		{"alice", "", `{"lock": null}`, 202, "", "ACTIVE", "ACTIVE"},
		{"alice", "", `{"unlock": null}`, 202, "", "ACTIVE", "ACTIVE"},
	})
	at := "/v2.1/servers/" + id + "/os-instance-actions"
	type page struct {
		Actions []struct {
			Action  string
			Request string `json:"request_id"`
		} `json:"instanceActions"`
		Links []struct{ Href string }
	}
	first := body[page](t, m.call(t, "alice", "2.58", "GET", at+"?limit=2", ""), 200)
	if len(first.Actions) != 2 || first.Actions[0].Action != "unlock" || len(first.Links) != 1 {
		t.Fatalf("first page: %+v", first)
	}
	second := body[page](t, m.call(t, "alice", "2.58", "GET", strings.TrimPrefix(first.Links[0].Href, "http://cloud.example"), ""), 200)
	if len(second.Actions) != 1 || second.Actions[0].Action != "create" || len(second.Links) != 0 {
		t.Errorf("second page: %+v", second)
	}
	for query, n := range map[string]int{
		"?changes-since=2026-11-22T00:00:00Z": 3, "?changes-since=2027-01-01T00:00:00Z": 0, "?changes-before=2026-11-22T00:00:00Z": 0,
	} {
		if got := body[page](t, m.call(t, "alice", "2.66", "GET", at+query, ""), 200); len(got.Actions) != n {
			t.Errorf("%s: %+v", query, got)
		}
	}
	for query, text := range map[string]string{"?marker=x": "could not be found", "?changes-since=x": "is not a 'date-time'", "?foo=1": "'foo' was unexpected"} {
		if w := m.call(t, "alice", "2.66", "GET", at+query, ""); w.Code != 400 || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	lock := m.call(t, "alice", "2.84", "GET", at+"/"+first.Actions[0].Request, "").Body.String()
	if !strings.Contains(lock, `"events": []`) {
		t.Errorf("unlock has parts: %s", lock)
	}
	made := m.call(t, "admin", "2.84", "GET", at+"/"+second.Actions[0].Request, "").Body.String()
	if !strings.Contains(made, `"host": "node-1", "details": null}`) {
		t.Errorf("create for an administrator: %s", made)
	}
}

// TestEventsOfGoneServers holds on to what was done to a server that is gone,
// for those who could see it while it was there.
func TestEventsOfGoneServers(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	at := "/v2.1/servers/" + id + "/os-instance-actions"
	m.answers(t, "alice", "", "DELETE", "/v2.1/servers/"+id, "", 204)
	m.work(t)
	m.answers(t, "alice", "2.93", "GET", "/v2.1/servers/"+id, "", 404)
	list := body[struct {
		All []struct {
			Action, Message string
			Request         string `json:"request_id"`
		} `json:"instanceActions"`
	}](t, m.call(t, "alice", "2.21", "GET", at, ""), 200).All
	if len(list) != 2 || list[0].Action != "delete" || list[1].Action != "create" {
		t.Fatalf("actions of a server that is gone: %+v", list)
	}
	for _, e := range list {
		m.answers(t, "admin", "2.62", "GET", at+"/"+e.Request, "", 200, `"result": "Success"`, `"host": "node-1"`, `"hostId": "`+hostOf(demo, "node-1"))
	}
	gone := `"message": "Instance ` + id + ` could not be found."`
	for _, c := range []struct{ who, version, path string }{
		{"alice", "", at}, {"alice", "2.20", at}, {"alice", "2.20", at + "/" + list[0].Request},
		{"carol", "2.93", at}, {"carol", "2.93", at + "/" + list[0].Request},
	} {
		m.answers(t, c.who, c.version, "GET", c.path, "", 404, gone)
	}
	m.answers(t, "alice", "2.21", "GET", "/v2.1/servers/11111111-0000-4000-8000-00000000ffff/os-instance-actions", "", 404)
}
