package nova

import (
	"net/http"
	"strings"
	"testing"
)

// TestUserQuotas sets limits of single users, reads them, holds people to them
// and takes them away.
func TestUserQuotas(t *testing.T) {
	m := newMachines(t)
	const set = "/v2.1/os-quota-sets/" + demo
	key := strings.TrimSpace(ed25519Key)
	server := `{"server": {"name": "s", "flavorRef": "1", "imageRef": "` + cirros + `", "networks": [{"uuid": "` + sharedNet + `"}]}}`
	pair := func(name string) string { return `{"keypair": {"name": "` + name + `", "public_key": "` + key + `"}}` }
	for _, x := range []struct {
		who, method, target, body string
		status                    int
		holds                     string
	}{
		{"alice", "PUT", set + "?user_id=" + alice, `{"quota_set": {"cores": 1}}`, 403, "os_compute_api:os-quota-sets:update"},
		{"alice", "DELETE", set + "?user_id=" + alice, "", 403, "os_compute_api:os-quota-sets:delete"},
		{"admin", "PUT", set + "?user_id=" + alice, `{"quota_set": {"cores": 21}}`, 400, "Quota limit 21 for cores must be less than or equal to 20."},
		{"admin", "PUT", set + "?user_id=" + alice, `{"quota_set": {"key_pairs": 101}}`, 400, "Quota limit 101 for key_pairs must be less than or equal to 100."},
		{"admin", "PUT", set + "?user_id=" + alice, `{"quota_set": {"cores": 21, "force": true}}`, 200, `"cores": 21`},
		{"admin", "PUT", set + "?user_id=" + alice, `{"quota_set": {"instances": "1", "key_pairs": 1, "cores": 9}}`, 200, `{"quota_set": {"cores": 9, `},
		{"alice", "GET", set + "?user_id=" + alice, "", 200, `"instances": 1, "key_pairs": 1, `},
		{"bob", "GET", set + "?user_id=" + bob, "", 200, `"instances": 10, "key_pairs": 100, `},
		{"alice", "GET", set, "", 200, `"instances": 10, "key_pairs": 100, `},
		{"alice", "GET", "/v2.1/limits", "", 200, `"maxTotalInstances": 10`},
		{"alice", "GET", set + "/defaults?user_id=" + alice, "", 200, `"instances": 10, "key_pairs": 100, `},

		{"bob", "POST", "/v2.1/servers", server, 202, ""},
		{"alice", "POST", "/v2.1/servers", server, 202, ""},
		{"alice", "POST", "/v2.1/servers", server, 403, "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances"},
		{"bob", "POST", "/v2.1/servers", server, 202, ""},
		{"alice", "POST", "/v2.1/os-keypairs", pair("a"), 200, ""},
		{"alice", "POST", "/v2.1/os-keypairs", pair("b"), 403, "Quota exceeded, too many key pairs."},
		{"bob", "POST", "/v2.1/os-keypairs", pair("a"), 200, ""},
		{"bob", "POST", "/v2.1/os-keypairs", pair("b"), 200, ""},
		{"alice", "GET", set + "/detail?user_id=" + alice, "", 200, `"instances": {"limit": 1, "in_use": 1, "reserved": 0}, "key_pairs": {"limit": 1, "in_use": 1, "reserved": 0}`},
		{"alice", "GET", set + "/detail", "", 200, `"instances": {"limit": 10, "in_use": 3, "reserved": 0}`},
		{"admin", "PUT", set + "?user_id=" + alice, `{"quota_set": {"instances": 0}}`, 400, "Quota limit 0 for instances must be greater than or equal to already used and reserved 1."},

		{"admin", "DELETE", set + "?user_id=" + alice, "", 202, ""},
		{"alice", "GET", set + "?user_id=" + alice, "", 200, `"instances": 10, "key_pairs": 100, `},
		{"alice", "POST", "/v2.1/os-keypairs", pair("b"), 200, ""},
		// With the project's own limits its users' go, too.
		{"admin", "PUT", set + "?user_id=" + bob, `{"quota_set": {"instances": 3}}`, 200, `"instances": 3`},
		{"admin", "DELETE", set, "", 202, ""},
		{"bob", "GET", set + "?user_id=" + bob, "", 200, `"instances": 10, `},
	} {
		w := m.call(t, x.who, "", x.method, x.target, x.body)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.holds) {
			t.Errorf("%s %s %s as %s: %d %s, want %d %s", x.method, x.target, x.body, x.who, w.Code, w.Body, x.status, x.holds)
		}
	}
	if w := m.call(t, "admin", "2.75", http.MethodPut, set+"?user=x", `{"quota_set": {}}`); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown parameter: %d", w.Code)
	}
}
