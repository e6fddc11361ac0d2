package nova

import (
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// TestFlavorChanges tells administrators what they did, and everybody else what
// they may not, in Nova's words.
func TestFlavorChanges(t *testing.T) {
	m := newMachines(t)
	long := strings.Repeat("x", 256)
	flavor := func(more string) string {
		return `{"flavor": {"name": "big", "ram": 64, "vcpus": 1, "disk": 2` + more + `}}`
	}
	for _, c := range []struct {
		who, version, method, path, body string
		status                           int
		want                             string // what the answer contains
	}{
		{"alice", "", "POST", "", flavor(""), 403, "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."},
		{"alice", "", "POST", "", `{"flavor": {}}`, 400, "'name' is a required property"},
		{"admin", "2.54", "POST", "", flavor(`, "description": "d"`), 400, "Additional properties are not allowed ('description' was unexpected)"},
		{"admin", "", "POST", "", flavor(`, "id": " 9"`), 400, "' 9' does not match"},
		{"admin", "", "POST", "", flavor(`, "id": "` + long + `"`), 400, "is too long"},
		{"admin", "", "POST", "", flavor(`, "id": true`), 400, "True is not of type 'string', 'number', 'null'"},
		{"admin", "", "POST", "", flavor(`, "swap": -1`), 400, "-1 is less than the minimum of 0"},
		{"admin", "", "POST", "", flavor(`, "rxtx_factor": 0`), 400, "0 is less than or equal to the minimum of 0"},
		{"admin", "", "POST", "", flavor(`, "rxtx_factor": "a"`), 400, "'a' does not match"},
		{"admin", "", "POST", "", flavor(`, "os-flavor-access:is_public": "perhaps"`), 400, "'perhaps' is not one of"},
		{"admin", "", "POST", "", `{"flavor": {"name": "b", "ram": 0, "vcpus": 1, "disk": 0}}`, 400, "0 is less than the minimum of 1"},
		{"admin", "", "POST", "", `{"flavor": {"name": "b", "ram": 1, "vcpus": "2147483648", "disk": 0}}`, 400, "is greater than the maximum of 2147483647"},
		{"admin", "", "POST", "", flavor(`, "id": 9`), 200, `{"flavor": {"id": "9", "name": "big", "ram": 64, "disk": 2, "swap": "", "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "vcpus": 1, "os-flavor-access:is_public": true, "rxtx_factor": 1.0, "links": [`},
		{"admin", "", "POST", "", flavor(`, "id": "9"`), 409, "Flavor with ID 9 already exists."},
		{"admin", "", "POST", "", flavor(``), 409, "Flavor with name big already exists."},
		{"admin", "2.75", "POST", "", `{"flavor": {"name": "p", "id": "p 1", "ram": "64", "vcpus": "1", "disk": "0", "swap": "7", "OS-FLV-EXT-DATA:ephemeral": 3, "rxtx_factor": "2.5", "os-flavor-access:is_public": "no", "description": "d"}}`, 200,
			`"ram": 64, "disk": 0, "swap": 7, "OS-FLV-EXT-DATA:ephemeral": 3, "OS-FLV-DISABLED:disabled": false, "vcpus": 1, "os-flavor-access:is_public": false, "rxtx_factor": 2.5, "links"`},
		{"admin", "2.61", "GET", "/p%201", "", 200, `"description": "d", "extra_specs": {}`},
		{"admin", "2.54", "PUT", "/9", `{"flavor": {"description": "e"}}`, 404, "The resource could not be found."},
		{"admin", "2.55", "PUT", "/9", `{"flavor": {"description": "e"}}`, 200, `"description": "e"`},
		{"admin", "2.55", "PUT", "/9", `{"flavor": {"name": "e"}}`, 400, "'description' is a required property"},
		{"alice", "2.55", "PUT", "/9", `{"flavor": {"description": "f"}}`, 403, "os_compute_api:os-flavor-manage:update"},
		{"alice", "2.55", "GET", "", "", 200, `"description": "e"`},
		{"admin", "2.55", "PUT", "/9", `{"flavor": {"description": null}}`, 200, `"description": null`},
		{"admin", "2.55", "PUT", "/8", `{"flavor": {"description": null}}`, 404, "Flavor 8 could not be found."},

		{"alice", "", "POST", "/9/os-extra_specs", `{"extra_specs": {"a": "b"}}`, 403, "os_compute_api:os-flavor-extra-specs:create"},
		{"admin", "", "POST", "/9/os-extra_specs", `{"extra_specs": {"a": "b", "n": 1.50, "hw:cpu_policy": "x"}}`, 200, `{"extra_specs": {"a": "b", "n": 1.5, "hw:cpu_policy": "x"}}`},
		{"admin", "", "POST", "/9/os-extra_specs", `{"extra_specs": {"a/b": "c"}}`, 400, "'a/b' does not match any of the regexes"},
		{"admin", "", "POST", "/9/os-extra_specs", `{"extra_specs": {"a": 1e400}}`, 400, "inf is too large"},
		{"admin", "", "PUT", "/9/os-extra_specs/a", `{"a": -1e400}`, 400, "-inf is too large"},
		{"admin", "", "POST", "/9/os-extra_specs", `{"extra_specs": {"a": null}}`, 400, "None is not of type 'string', 'number'"},
		{"admin", "", "POST", "/9/os-extra_specs", `{"extra_specs": {"a": "` + long + `"}}`, 400, "is too long"},
		{"admin", "", "POST", "/8/os-extra_specs", `{"extra_specs": {"a": "b"}}`, 404, "Flavor 8 could not be found."},
		{"alice", "", "GET", "/9/os-extra_specs", ``, 200, `{"extra_specs": {"a": "b", "hw:cpu_policy": "x", "n": "1.5"}}`},
		{"admin", "", "PUT", "/9/os-extra_specs/a", `{"a": "c"}`, 200, `{"a": "c"}`},
		{"admin", "", "PUT", "/9/os-extra_specs/b", `{"a": "c"}`, 400, "Request body and URI mismatch"},
		{"admin", "", "PUT", "/9/os-extra_specs/a", `{}`, 400, "{} does not have enough properties"},
		{"admin", "", "PUT", "/9/os-extra_specs/a", `{"a": "c", "b": "d"}`, 400, "has too many properties"},
		{"alice", "", "PUT", "/9/os-extra_specs/a", `{"a": "d"}`, 403, "os_compute_api:os-flavor-extra-specs:update"},
		{"alice", "", "GET", "/9/os-extra_specs/a", ``, 200, `{"a": "c"}`},
		{"alice", "", "DELETE", "/9/os-extra_specs/a", ``, 403, "os_compute_api:os-flavor-extra-specs:delete"},
		{"admin", "", "DELETE", "/9/os-extra_specs/a", ``, 200, ""},
		{"admin", "", "DELETE", "/9/os-extra_specs/a", ``, 404, "Flavor 9 has no extra specs with key a."},
		{"admin", "2.86", "POST", "/9/os-extra_specs", `{"extra_specs": {"hw:cpu_policy": "shared", "foo:bar": "baz"}}`, 200, `"foo:bar": "baz"`},
		{"admin", "2.86", "PUT", "/9/os-extra_specs/hw:cpu_policy", `{"hw:cpu_policy": "x"}`, 400, "Validation failed; 'x' is not one of: dedicated, shared, mixed."},

		{"alice", "", "DELETE", "/9", "", 403, "os_compute_api:os-flavor-manage:delete"},
		{"admin", "", "DELETE", "/9", "", 202, ""},
		{"admin", "", "DELETE", "/9", "", 404, "Flavor 9 could not be found."},
	} {
		w := m.call(t, c.who, c.version, c.method, "/v2.1/flavors"+c.path, c.body)
		text := w.Body.String()
		if w.Code >= 400 {
			_, text = message(t, w)
		}
		if w.Code != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s %s: %d %s", c.who, c.method, c.path, c.body, w.Code, w.Body)
		}
	}
	entries, err := m.db.AuditEntries(t.Context(), audit.Query{Resource: "flavor", Name: "9", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	for _, e := range entries {
		done = append(done, string(e.Action))
	}
	if want := "delete update update update update update update create"; strings.Join(done, " ") != want {
		t.Errorf("the audit log says %q, want %q", done, want)
	}
}

// TestFlavorAccess shows a private flavor to those who were let in, and to
// administrators who ask for it.
func TestFlavorAccess(t *testing.T) {
	m := newMachines(t)
	m.write(t, func(tx *store.Tx) error {
		account := identity.Account{ID: "default", Name: "Default", Enabled: true}
		if err := tx.InsertAccount(t.Context(), account); err != nil {
			return err
		}
		return tx.InsertProject(t.Context(), identity.Project{ID: demo, AccountID: account.ID, Name: "demo", Enabled: true})
	})
	call := func(who, version, method, path, body string, status int, want string) {
		t.Helper()
		w := m.call(t, who, version, method, "/v2.1"+path, body)
		text := w.Body.String()
		if w.Code >= 400 {
			_, text = message(t, w)
		}
		if w.Code != status || !strings.Contains(text, want) {
			t.Errorf("%s %s %s %s: %d %s", who, method, path, body, w.Code, w.Body)
		}
	}
	sees := func(who, query string, want bool) {
		t.Helper()
		list := body[struct{ Flavors []struct{ ID string } }](t, m.call(t, who, "", "GET", "/v2.1/flavors"+query, ""), 200)
		got := slices.ContainsFunc(list.Flavors, func(f struct{ ID string }) bool { return f.ID == "p" })
		if got != want {
			t.Errorf("%s sees it in the list %q: %v", who, query, got)
		}
	}
	server := `{"server": {"name": "web", "imageRef": "` + cirros + `", "flavorRef": "p", "networks": [{"uuid": "` + sharedNet + `"}]}}`
	add, remove := `{"addTenantAccess": {"tenant": "`+demo+`"}}`, `{"removeTenantAccess": {"tenant": "`+demo+`"}}`
	listed := `{"flavor_access": [{"flavor_id": "p", "tenant_id": "` + demo + `"}]}`

	call("admin", "", "POST", "/flavors", `{"flavor": {"name": "p", "id": "p", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": false}}`, 200, "")
	call("alice", "", "GET", "/flavors/p", "", 404, "Flavor p could not be found.")
	call("alice", "", "GET", "/flavors/p/os-extra_specs", "", 404, "Flavor p could not be found.")
	call("alice", "", "POST", "/servers", server, 400, "Flavor p could not be found.")
	call("admin", "", "GET", "/flavors/p", "", 200, `"os-flavor-access:is_public": false`)
	for query, want := range map[string]bool{"": false, "?is_public=true": false, "?is_public=None": true, "?is_public=f": true} {
		sees("admin", query, want)
		sees("alice", query, false)
	}
	call("admin", "", "GET", "/flavors/p/os-flavor-access", "", 200, `{"flavor_access": []}`)
	call("admin", "", "GET", "/flavors/1/os-flavor-access", "", 404, "Access list not available for public flavors.")
	call("alice", "", "GET", "/flavors/p/os-flavor-access", "", 403, "Policy doesn't allow os_compute_api:os-flavor-access to be performed.")
	call("alice", "", "POST", "/flavors/p/action", add, 403, "os_compute_api:os-flavor-access:add_tenant_access")
	call("alice", "", "POST", "/flavors/p/action", remove, 403, "os_compute_api:os-flavor-access:remove_tenant_access")
	call("admin", "", "POST", "/flavors/p/action", `{"addTenantAccess": {}}`, 400, "'tenant' is a required property")
	call("admin", "", "POST", "/flavors/p/action", `{"reboot": {}}`, 400, "There is no such action: reboot")
	call("admin", "", "POST", "/flavors/p/action", `{"addTenantAccess": {"tenant": "nobody"}}`, 400, "Project ID nobody is not a valid project.")
	call("admin", "2.7", "POST", "/flavors/1/action", add, 409, "Can not add access to a public flavor.")
	call("admin", "2.6", "POST", "/flavors/1/action", add, 200, `"flavor_id": "1"`)
	call("admin", "", "POST", "/flavors/p/action", add, 200, listed)
	call("admin", "", "POST", "/flavors/p/action", add, 409, "Flavor access already exists for flavor p and project "+demo+" combination.")

	sees("alice", "", true)
	sees("carol", "", false)
	sees("admin", "", false)
	call("alice", "", "GET", "/flavors/p", "", 200, `"id": "p"`)
	call("alice", "", "POST", "/servers", server, 202, "")

	call("admin", "", "POST", "/flavors/p/action", remove, 200, `{"flavor_access": []}`)
	call("admin", "", "POST", "/flavors/p/action", remove, 404, "Flavor access not found for p / "+demo+" combination.")
	call("alice", "", "GET", "/flavors/p", "", 404, "")
}

// TestDeletedFlavor leaves the servers that have it as they are.
func TestDeletedFlavor(t *testing.T) {
	m := newMachines(t)
	id := m.boot(t, "", `{"name": "web", "flavorRef": "2"}`)
	other := m.boot(t, "", `{"name": "other", "flavorRef": "1"}`)
	m.work(t)
	if w := m.call(t, "admin", "", "DELETE", "/v2.1/flavors/2", ""); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for version, want := range map[string]string{
		"2.1":  `"flavor": {"id": "2", "links": [`,
		"2.47": `"flavor": {"vcpus": 1, "ram": 1024, "disk": 1, "ephemeral": 0, "swap": 0, "original_name": "m1.small", "extra_specs": {}}`,
	} {
		if w := m.call(t, "alice", version, "GET", "/v2.1/servers/"+id, ""); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("at %s: %d %s", version, w.Code, w.Body)
		}
	}
	for at, body := range map[string]string{
		"/v2.1/servers/" + other + "/action": `{"resize": {"flavorRef": "2"}}`,
		"/v2.1/servers":                      `{"server": {"name": "x", "imageRef": "` + cirros + `", "flavorRef": "2"}}`,
	} {
		if w := m.call(t, "alice", "", "POST", at, body); w.Code != 400 || !strings.Contains(w.Body.String(), "Flavor 2 could not be found.") {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
		}
	}
	if w := m.call(t, "alice", "", "POST", "/v2.1/servers/"+id+"/action", `{"reboot": {"type": "SOFT"}}`); w.Code != 202 {
		t.Errorf("reboot: %d %s", w.Code, w.Body)
	}
}

// TestDisklessFlavor boots from an image for administrators alone.
func TestDisklessFlavor(t *testing.T) {
	m := newMachines(t)
	m.write(t, func(tx *store.Tx) error {
		return tx.InsertFlavor(t.Context(), compute.Flavor{ID: "d", Name: "diskless", VCPUs: 1, RAMMiB: 64, RXTXFactor: 1})
	})
	server := `{"server": {"name": "x", "imageRef": "` + cirros + `", "flavorRef": "d", "networks": [{"uuid": "` + sharedNet + `"}]}}`
	if w := m.call(t, "alice", "", "POST", "/v2.1/servers", server); w.Code != 403 ||
		!strings.Contains(w.Body.String(), `"message": "Only volume-backed servers are allowed for flavors with zero disk."`) {
		t.Errorf("a member: %d %s", w.Code, w.Body)
	}
	if w := m.call(t, "admin", "", "POST", "/v2.1/servers", server); w.Code != 202 {
		t.Errorf("an administrator: %d %s", w.Code, w.Body)
	}
	id := m.boot(t, "", `{"name": "web"}`)
	m.work(t)
	if w := m.call(t, "admin", "", "POST", "/v2.1/servers/"+id+"/action", `{"resize": {"flavorRef": "d"}}`); w.Code != 400 ||
		!strings.Contains(w.Body.String(), "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.") {
		t.Errorf("resize: %d %s", w.Code, w.Body)
	}
}
