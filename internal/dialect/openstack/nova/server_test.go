package nova

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// body decodes an answer that has to be of one status.
func body[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (v T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("%d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return v
}

type doc = map[string]any

// TestServerFields walks a server's members through the microversions, for
// members and for administrators.
func TestServerFields(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	id := m.boot(t, "2.52", `{"name": "web", "key_name": "sk", "description": "d", "tags": ["a"], "user_data": "aGk="}`)
	m.work(t)
	base := []string{"id", "name", "status", "tenant_id", "user_id", "metadata", "hostId", "image", "flavor", "created",
		"updated", "addresses", "accessIPv4", "accessIPv6", "links", "OS-DCF:diskConfig", "progress",
		"OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
		"security_groups", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state", "os-extended-volumes:volumes_attached"}
	const attr = "OS-EXT-SRV-ATTR:"
	steps := []struct {
		version           string
		everyone, admin   []string
		onlyShown, hidden []string
	}{
		{version: "2.1", everyone: base, admin: []string{attr + "host", attr + "instance_name", attr + "hypervisor_hostname"}},
		{version: "2.3", admin: []string{attr + "reservation_id", attr + "launch_index", attr + "hostname", attr + "kernel_id", attr + "ramdisk_id", attr + "root_device_name", attr + "user_data"}},
		{version: "2.9", everyone: []string{"locked"}},
		{version: "2.16", admin: []string{"host_status"}},
		{version: "2.19", everyone: []string{"description"}},
		{version: "2.26", everyone: []string{"tags"}},
		{version: "2.63", everyone: []string{"trusted_image_certificates"}},
		{version: "2.71", onlyShown: []string{"server_groups"}},
		{version: "2.73", everyone: []string{"locked_reason"}},
		{version: "2.90", everyone: []string{attr + "hostname"}},
		{version: "2.93"},
	}
	everyone, admin, shown := map[string]bool{}, map[string]bool{}, map[string]bool{}
	add := func(to map[string]bool, names []string) {
		for _, n := range names {
			to[n] = true
		}
	}
	for _, s := range steps {
		add(everyone, s.everyone)
		add(admin, slices.Concat(s.everyone, s.admin))
		add(shown, s.onlyShown)
		for _, who := range []string{"alice", "admin"} {
			want := everyone
			if who == "admin" {
				want = admin
			}
			listed := slices.Sorted(maps.Keys(want))
			all := maps.Clone(want)
			maps.Copy(all, shown)
			one := body[struct{ Server doc }](t, m.call(t, who, s.version, "GET", "/v2.1/servers/"+id, ""), 200).Server
			if diff := cmp.Diff(slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(one))); diff != "" {
				t.Errorf("%s at %s (-want +got)\n%s", who, s.version, diff)
			}
			list := body[struct{ Servers []doc }](t, m.call(t, who, s.version, "GET", "/v2.1/servers/detail?all_tenants="+fmt.Sprint(who == "admin"), ""), 200).Servers
			if len(list) != 1 {
				t.Fatalf("%s at %s lists %d", who, s.version, len(list))
			}
			if diff := cmp.Diff(listed, slices.Sorted(maps.Keys(list[0]))); diff != "" {
				t.Errorf("%s lists at %s (-want +got)\n%s", who, s.version, diff)
			}
		}
	}
	one := body[struct{ Server doc }](t, m.call(t, "admin", "2.93", "GET", "/v2.1/servers/"+id, ""), 200).Server
	for name, want := range (doc{
		"description": "d", "tags": []any{"a"}, attr + "user_data": "aGk=", attr + "hostname": "web", "locked": false,
		"flavor": doc{"vcpus": 1.0, "ram": 512.0, "disk": 1.0, "ephemeral": 0.0, "swap": 0.0, "original_name": "m1.tiny", "extra_specs": doc{}},
	}) {
		if diff := cmp.Diff(want, one[name]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestServerLinks: what was asked under a project id or under /v2 links there.
func TestServerLinks(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	for root, bookmark := range map[string]string{
		"/v2.1": "", "/v2": "", "/v2.1/" + demo: "/" + demo, "/v2/" + demo: "/" + demo,
	} {
		got := body[struct {
			Server struct{ Links []struct{ Rel, Href string } }
		}](t, m.call(t, "alice", "", "GET", root+"/servers/"+id, ""), 200)
		want := []struct{ Rel, Href string }{
			{"self", "http://cloud.example" + root + "/servers/" + id}, {"bookmark", "http://cloud.example" + bookmark + "/servers/" + id},
		}
		if diff := cmp.Diff(want, got.Server.Links); diff != "" {
			t.Errorf("%s (-want +got)\n%s", root, diff)
		}
	}
}

// TestCreateRefusals: what is wrong with a new server, and that nothing is made.
func TestCreateRefusals(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	long := strings.Repeat("k", 256)
	many := map[string]string{}
	for k := range 129 {
		many[fmt.Sprint("k", k)] = "v"
	}
	manyText, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version, more string
		status        int
		want          string
	}{
		{"", `{"flavorRef": "99", "imageRef": "00000000-0000-0000-0000-000000000000", "key_name": "nope"}`, 400, "Flavor 99 could not be found."},
		{"", `{"imageRef": "00000000-0000-0000-0000-000000000000", "key_name": "nope"}`, 400, "Can not find requested image"},
		{"", `{"imageRef": "11111111-0000-4000-8000-000000000001", "key_name": "nope"}`, 400, "Flavor's memory is too small for requested image."},
		{"", `{"imageRef": "11111111-0000-4000-8000-000000000002"}`, 400, "Flavor's disk is too small for requested image."},
		{"", `{"key_name": "nope", "networks": [{"uuid": "00000000-0000-0000-0000-000000000000"}]}`, 400, "Invalid key_name provided."},
		{"", `{"networks": [{"uuid": "00000000-0000-0000-0000-000000000000"}], "max_count": 11, "min_count": 11}`, 400, "Network 00000000-0000-0000-0000-000000000000 could not be found."},
		{"", `{"networks": [` + strings.Repeat(`{"uuid": "`+sharedNet+`"},`, 16) + `{"uuid": "` + sharedNet + `"}]}`, 400, "an instance has at most 16 networks"},
		{"", `{"networks": [{"uuid": "a-b-c"}]}`, 400, "Bad networks format: network uuid is not in proper format (a-b-c)"},
		{"2.37", `{"networks": [{"uuid": "a-b-c"}]}`, 400, "Invalid input for field/attribute networks. Value: [{'uuid': 'a-b-c'}]. [{'uuid': 'a-b-c'}] is not valid under any of the given schemas"},
		{"2.37", `{"networks": "some"}`, 400, "Invalid input for field/attribute networks. Value: some. 'some' is not valid under any of the given schemas"},
		{"", `{"networks": "auto"}`, 400, "Invalid input for field/attribute networks. Value: auto. 'auto' is not of type 'array'"},
		{"", `{"networks": [{"port": "00000000-0000-0000-0000-000000000000"}]}`, 400, "Port id 00000000-0000-0000-0000-000000000000 could not be found."},
		{"", `{"networks": [{"uuid": "` + sharedNet + `", "tag": "x"}]}`, 400, "Invalid input for field/attribute 0. Value: {'tag': 'x', 'uuid': '" + sharedNet + "'}. Additional properties are not allowed ('tag' was unexpected)"},
		{"", `{"security_groups": [{"name": "web"}]}`, 400, "Unable to find security_group with name or id 'web'"},
		{"", `{"min_count": 3, "max_count": 2}`, 400, "min_count must be <= max_count"},
		{"", `{"max_count": 0}`, 400, "Invalid input for field/attribute max_count. Value: 0. 0 is less than the minimum of 1"},
		{"", `{"min_count": 5000}`, 400, "min_count: one request makes at most 1000 servers."},
		{"", `{"min_count": 11}`, 403, "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances"},
		{"", `{"metadata": ` + string(manyText) + `}`, 403, "Maximum number of metadata items exceeds 128"},
		{"", `{"metadata": {"a": 1}}`, 400, "Invalid input for field/attribute a. Value: 1. 1 is not of type 'string'"},
		{"", `{"availability_zone": "moon"}`, 400, "The requested availability zone is not available"},
		{"", `{"name": " x"}`, 400, "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace."},
		{"", `{"name": "` + long + `"}`, 400, "Invalid input for field/attribute name. Value: " + long + ". '" + long + "' is too long"},
		{"", `{"user_data": "a"}`, 400, "Invalid input for field/attribute user_data. Value: a. 'a' is not a 'base64'"},
		{"", `{"imageRef": "x"}`, 400, "Invalid input for field/attribute imageRef. Value: x. 'x' is not valid under any of the given schemas"},
		{"", `{"imageRef": ""}`, 400, "Missing imageRef attribute"},
		{"2.18", `{"description": "d"}`, 400, "Additional properties are not allowed ('description' was unexpected)"},
		{"2.51", `{"tags": []}`, 400, "Additional properties are not allowed ('tags' was unexpected)"},
		{"2.52", `{"tags": ["a,b"]}`, 400, "Invalid input for field/attribute 0. Value: a,b. 'a,b' does not match '^[^,/]*$'"},
		{"2.57", `{"personality": []}`, 400, "Additional properties are not allowed ('personality' was unexpected)"},
		{"2.56", `{"personality": [{"path": "/x", "contents": "a"}]}`, 400, "Invalid input for field/attribute contents. Value: a. 'a' is not a 'base64'"},
		{"2.56", `{"personality": [{"path": "/1"}, {"path": "/2"}, {"path": "/3"}, {"path": "/4"}, {"path": "/5"}, {"path": "/6"}]}`, 403, "Personality file limit exceeded"},
		{"2.56", `{"personality": [{"path": "/` + long + `", "contents": ""}]}`, 403, "Personality file path exceeds maximum 255"},
		{"2.56", `{"personality": [{"path": "/x", "contents": "` + strings.Repeat("AAAA", 3414) + `"}]}`, 403, "Personality file content exceeds maximum 10240"},
		{"", `{"adminPass": "` + long + `"}`, 400, "a password has at most 255 bytes"},
		{"2.63", `{"trusted_image_certificates": ["x"]}`, 400, "Image signatures are not checked here. Leave trusted_image_certificates out."},
		{"2.74", `{"host": "h"}`, 403, "Policy doesn't allow compute:servers:create:requested_destination to be performed."},
		{"2.90", `{"name": "web", "hostname": "o_o"}`, 400, "Invalid input for field/attribute hostname. Value: o_o. 'o_o' does not match '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'"},
		{"", `{"accessIPv4": "1.1"}`, 400, "Invalid input for field/attribute accessIPv4. Value: 1.1. '1.1' is not a 'ipv4'"},
		{"", `{"block_device_mapping_v2": [{"boot_index": 0, "source_type": "volume", "uuid": "x"}]}`, 400, "Block Device Mapping is Invalid: failed to get volume x."},
		{"", `{"block_device_mapping_v2": [{"boot_index": 0, "source_type": "image", "destination_type": "local", "uuid": "` + cirrosAlt + `"}]}`, 400, "Block Device Mapping is Invalid: the boot disk's image is not imageRef."},
	} {
		w := m.create(t, "alice", c.version, c.more)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", c.more, w.Code, w.Body)
			continue
		}
		if _, text := message(t, w); !strings.HasSuffix(text, c.want) {
			t.Errorf("%.200s:\n got %s\nwant %s", c.more, text, c.want)
		}
	}
	if _, text := message(t, m.create(t, "rita", "", `{}`)); text != "Policy doesn't allow os_compute_api:servers:create to be performed." {
		t.Errorf("a reader is told %s", text)
	}
	if w := m.call(t, "alice", "2.37", "POST", "/v2.1/servers", `{"server": {"name": "n", "flavorRef": "1"}}`); !strings.Contains(w.Body.String(), "'networks' is a required property") {
		t.Errorf("no networks at 2.37: %s", w.Body)
	}
	if got := body[struct{ Servers []doc }](t, m.call(t, "admin", "", "GET", "/v2.1/servers?all_tenants=1", ""), 200); len(got.Servers) != 0 {
		t.Errorf("refused requests made %v", got.Servers)
	}
}

// create asks for a server; more is what the request says beside or instead of
// the usual.
func (m *machines) create(t *testing.T, who, version, more string) *httptest.ResponseRecorder {
	t.Helper()
	server := doc{"name": "n", "imageRef": cirros, "flavorRef": "1", "networks": []any{doc{"uuid": sharedNet}}}
	if err := json.Unmarshal([]byte(more), &server); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(doc{"server": server})
	if err != nil {
		t.Fatal(err)
	}
	return m.call(t, who, version, http.MethodPost, "/v2.1/servers", string(text))
}

func TestCreate(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	for _, c := range []struct{ version, more string }{
		{"", `{"flavorRef": 2, "user_data": "", "config_drive": false, "security_groups": [{"name": "default"}]}`},
		{"2.37", `{"networks": "none"}`},
		{"2.93", `{"name": "web", "hostname": "web", "trusted_image_certificates": null, "description": null, "min_count": "1",
			"block_device_mapping_v2": [{"uuid": "` + cirros + `", "boot_index": 0, "source_type": "image", "destination_type": "local", "delete_on_termination": true}]}`},
		{"2.93", `{"block_device_mapping_v2": [{"uuid": "` + cirros + `", "boot_index": "0", "source_type": "image"}]}`},
	} {
		w := m.create(t, "alice", c.version, c.more)
		made := body[struct {
			Server struct{ ID, AdminPass string }
		}](t, w, http.StatusAccepted).Server
		if !regexp.MustCompile(`^[a-zA-Z0-9]{12}$`).MatchString(made.AdminPass) {
			t.Errorf("password %q", made.AdminPass)
		}
		if at := w.Result().Header.Get("Location"); at != "http://cloud.example/v2.1/servers/"+made.ID {
			t.Errorf("location %q", at)
		}
		m.work(t)
		got := body[struct{ Server doc }](t, m.call(t, "alice", "2.93", "GET", "/v2.1/servers/"+made.ID, ""), 200).Server
		if got["status"] != "ACTIVE" {
			t.Errorf("%s: %v", c.more, got)
		}
		if addresses := got["addresses"].(doc); (len(addresses) == 0) != strings.Contains(c.more, "none") {
			t.Errorf("%s has addresses %v", c.more, addresses)
		}
	}
	w := m.create(t, "alice", "", `{"name": "many", "min_count": 2, "max_count": 9, "return_reservation_id": true}`)
	made := body[doc](t, w, http.StatusAccepted)
	if r, _ := made["reservation_id"].(string); len(made) != 1 || !regexp.MustCompile(`^r-[0-9a-z]{8}$`).MatchString(r) {
		t.Errorf("reservation %v", made)
	}
	if got := m.names(t, "alice", "", "?name=^many-"); len(got) != 6 {
		t.Errorf("6 of 10 were free, and %v were made", got)
	}
	if w := m.call(t, "alice", "", "POST", "/v2/servers", `{"server": {"name": "  old ", "flavorRef": "1", "imageRef": "`+cirros+`", "networks": [{"uuid": "`+sharedNet+`", "x": 1}], "foo": 1}}`); w.Code != 403 {
		t.Errorf("under /v2: %d %s", w.Code, w.Body)
	}
}

// Old clients name a flavor by its address.
func TestFlavorByItsAddress(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	w := m.create(t, "alice", "", `{"flavorRef": "http://cloud.example/v2.1/flavors/2"}`)
	made := body[struct{ Server struct{ ID string } }](t, w, http.StatusAccepted).Server
	got := body[struct {
		Server struct{ Flavor struct{ ID string } }
	}](t, m.call(t, "alice", "", "GET", "/v2.1/servers/"+made.ID, ""), 200).Server
	if got.Flavor.ID != "2" {
		t.Errorf("the flavor is %q", got.Flavor.ID)
	}
	const refusal = `{"badRequest": {"code": 400, "message": "Flavor 99 could not be found."}}`
	if w := m.create(t, "alice", "", `{"flavorRef": "http://cloud.example/v2.1/flavors/99"}`); w.Code != 400 || w.Body.String() != refusal {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// names lists servers by name.
func (m *machines) names(t *testing.T, who, version, query string) []string {
	t.Helper()
	got := body[struct{ Servers []struct{ Name string } }](t, m.call(t, who, version, "GET", "/v2.1/servers"+query, ""), 200)
	out := []string{}
	for _, s := range got.Servers {
		out = append(out, s.Name)
	}
	return out
}

func TestFailedServerTellsWhy(t *testing.T) {
	m := newMachines(t)
	m.driver.refuse = &fault.Error{Kind: fault.NoCapacity, Msg: "node-1 is full"}
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	for who, details := range map[string]bool{"alice": false, "admin": true} {
		s := body[struct {
			Server struct {
				Status string
				Fault  doc
			}
		}](t, m.call(t, who, "", "GET", "/v2.1/servers/"+id, ""), 200).Server
		_, told := s.Fault["details"]
		if s.Status != "ERROR" || s.Fault["message"] != "No valid host was found." || s.Fault["code"] != 500.0 || told != details {
			t.Errorf("%s sees %+v", who, s)
		}
	}
}

func TestActions(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web"}`)
	act := func(who, body string) *httptest.ResponseRecorder {
		return m.call(t, who, "", "POST", "/v2.1/servers/"+id+"/action", body)
	}
	status := func() string {
		return body[struct{ Server struct{ Status string } }](t, m.call(t, "alice", "", "GET", "/v2.1/servers/"+id, ""), 200).Server.Status
	}
	for _, c := range []struct {
		who, body string
		status    int
		text      string // of the error
		after     string // the server's status, at once
	}{
		{"alice", `{"os-getConsoleOutput": {}}`, 409, "Instance " + id + " is not ready", "BUILD"},
		{"alice", `{"os-stop": null}`, 409, "Cannot 'stop' instance " + id + " while it is in vm_state building", "BUILD"},
		{"alice", `{"work": null}`, 400, "There is no such action: work", "BUILD"},
		{"alice", `{"os-start": null}`, 409, "Cannot 'start' instance " + id + " while it is in vm_state active", "ACTIVE"},
		{"alice", `{"reboot": {"type": "X"}}`, 400, "Invalid input for field/attribute type. Value: X. 'X' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']", "ACTIVE"},
		{"alice", `{"reboot": {}}`, 400, "Invalid input for field/attribute reboot. Value: {}. 'type' is a required property", "ACTIVE"},
		{"alice", `{"reboot": {"type": "Soft"}}`, 202, "", "REBOOT"},
		{"alice", `{"reboot": {"type": "SOFT"}}`, 409, "Cannot 'reboot' instance " + id + " while it is in task_state rebooting", "REBOOT"},
		{"alice", `{"reboot": {"type": "HARD"}}`, 202, "", "HARD_REBOOT"}, // whatever the guest was asked before
		{"alice", `{"work": null}`, 400, "There is no such action: work", "HARD_REBOOT"},
		{"bob", `{"reboot": {"type": "HARD"}}`, 202, "", "HARD_REBOOT"},
		{"alice", `{"work": null}`, 400, "There is no such action: work", "HARD_REBOOT"},
		{"alice", `{"os-stop": {}}`, 202, "", "ACTIVE"},
		{"alice", `{"work": null}`, 400, "There is no such action: work", "ACTIVE"},
		{"alice", `{"os-start": null}`, 202, "", "SHUTOFF"},
		{"alice", `{"work": null}`, 400, "There is no such action: work", "SHUTOFF"},
		{"carol", `{"os-stop": null}`, 404, "Instance " + id + " could not be found.", "ACTIVE"},
		{"rita", `{"os-stop": null}`, 403, "Policy doesn't allow os_compute_api:servers:stop to be performed.", "ACTIVE"},
		{"rita", `{"lock": null}`, 403, "Policy doesn't allow os_compute_api:os-lock-server:lock to be performed.", "ACTIVE"},
		{"rita", `{"work": null}`, 400, "There is no such action: work", "ACTIVE"},
		{"rita", `{"reboot": {"type": "X"}}`, 400, "Invalid input for field/attribute type. Value: X. 'X' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']", "ACTIVE"},
		{"rita", `{"os-stop": null, "os-start": null}`, 400, "Malformed request body", "ACTIVE"},
		{"alice", `[]`, 400, "Malformed request body", "ACTIVE"},
	} {
		w := act(c.who, c.body)
		text := ""
		if w.Code >= 400 {
			_, text = message(t, w)
		}
		if got := status(); w.Code != c.status || text != c.text || got != c.after {
			t.Errorf("%s %s: %d %s and %s", c.who, c.body, w.Code, text, got)
		}
		if strings.Contains(c.body, "work") {
			m.work(t)
		}
	}
	for length, want := range map[string]string{`{}`: "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE", `{"length": 1}`: "LAST LINE",
		`{"length": "2"}`: "ANOTHER\nLAST LINE", `{"length": 0}`: "", `{"length": null}`: "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE", `{"length": -1}`: "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE"} {
		got := body[struct{ Output string }](t, act("alice", `{"os-getConsoleOutput": `+length+`}`), 200)
		if got.Output != want {
			t.Errorf("console %s: %q", length, got.Output)
		}
	}
	// What stands after the last newline is a line, too.
	m.driver.console = "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE\n"
	for length, want := range map[string]string{`{}`: m.driver.console, `{"length": 1}`: "", `{"length": 2}`: "LAST LINE\n",
		`{"length": 3}`: "ANOTHER\nLAST LINE\n", `{"length": 4}`: m.driver.console, `{"length": 5}`: m.driver.console} {
		got := body[struct{ Output string }](t, act("alice", `{"os-getConsoleOutput": `+length+`}`), 200)
		if got.Output != want {
			t.Errorf("console %s: %q", length, got.Output)
		}
	}
	if w := act("alice", `{"forceDelete": null}`); w.Code != 202 {
		t.Errorf("forceDelete: %d %s", w.Code, w.Body)
	}
	if w := m.call(t, "alice", "", "DELETE", "/v2.1/servers/"+id, ""); w.Code != 204 {
		t.Errorf("a second deletion: %d", w.Code)
	}
	m.work(t)
	if w := m.call(t, "alice", "", "GET", "/v2.1/servers/"+id, ""); w.Code != 404 || len(m.driver.machines) != 0 {
		t.Errorf("after the deletion: %d, %d machines", w.Code, len(m.driver.machines))
	}
}
