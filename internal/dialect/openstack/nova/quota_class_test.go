package nova

import (
	"net/http"
	"strings"
	"testing"
)

// TestQuotaClasses changes what holds for projects that have no limit of their
// own, and leaves alone those that have.
func TestQuotaClasses(t *testing.T) {
	c := newCloud(t)
	const other, class = "a0000000000000000000000000000001", "/v2.1/os-quota-class-sets/"
	c.setQuota(t, other, 7)
	key := strings.TrimSpace(ed25519Key)
	first := `{"quota_class_set": {"id": "default", "cores": 20, "fixed_ips": -1, "floating_ips": -1, "injected_file_content_bytes": 10240, "injected_file_path_bytes": 255, ` +
		`"injected_files": 5, "instances": 10, "key_pairs": 100, "metadata_items": 128, "ram": 51200, "security_group_rules": -1, "security_groups": -1}}`
	for _, x := range []struct {
		who, version, method, target, body string
		status                             int
		holds                              string
	}{
		{"admin", "", "GET", class + "default", "", 200, first},
		{"admin", "2.49", "GET", class + "default", "", 200, first},
		{"admin", "2.50", "GET", class + "default", "", 200, `"injected_files": 5, "instances": 10, "key_pairs": 100, "metadata_items": 128, "ram": 51200, "server_group_members": 10, "server_groups": 10}}`},
		{"admin", "2.57", "GET", class + "default", "", 200, `{"quota_class_set": {"id": "default", "cores": 20, "instances": 10, "key_pairs": 100, `},
		{"alice", "", "GET", class + "default", "", 403, "os_compute_api:os-quota-class-sets:show"},
		{"alice", "", "PUT", class + "default", `{"quota_class_set": {"key_pairs": 1}}`, 403, "os_compute_api:os-quota-class-sets:update"},
		{"admin", "", "PUT", class + "default", `{"quota_class_set": {"key_pairs": 1, "foo": 2}}`, 400, "('foo' was unexpected)"},
		{"admin", "2.50", "PUT", class + "default", `{"quota_class_set": {"fixed_ips": 1}}`, 400, "('fixed_ips' was unexpected)"},
		{"admin", "2.57", "PUT", class + "default", `{"quota_class_set": {"injected_files": 1}}`, 400, "('injected_files' was unexpected)"},
		{"admin", "", "PUT", class + "default", `{"quota_class_set": {"ram": -2}}`, 400, "-2 is less than the minimum of -1"},
		{"admin", "", "PUT", class + "default", `{"quota_set": {}}`, 400, "'quota_class_set' is a required property"},

		{"admin", "2.57", "PUT", class + "default", `{"quota_class_set": {"key_pairs": "1", "cores": 3, "server_groups": 4, "metadata_items": -1}}`, 200,
			`{"quota_class_set": {"cores": 3, "instances": 10, "key_pairs": 1, "metadata_items": -1, "ram": 51200, "server_group_members": 10, "server_groups": 4}}`},
		{"admin", "2.57", "GET", class + "default", "", 200, `"cores": 3, "instances": 10, "key_pairs": 1, `},
		{"alice", "", "GET", "/v2.1/os-quota-sets/" + demo, "", 200, `"key_pairs": 1,`},
		{"alice", "", "GET", "/v2.1/os-quota-sets/" + demo + "/defaults", "", 200, `"key_pairs": 1,`},
		{"carol", "", "GET", "/v2.1/os-quota-sets/" + other, "", 200, `"key_pairs": 7,`},
		{"alice", "", "GET", "/v2.1/limits", "", 200, `"maxTotalCores": 3, `},
		{"alice", "", "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "a", "public_key": "` + key + `"}}`, 200, ""},
		{"alice", "", "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "b", "public_key": "` + key + `"}}`, 403, "Quota exceeded, too many key pairs."},
		{"admin", "", "DELETE", "/v2.1/os-quota-sets/" + other, "", 202, ""},
		{"carol", "", "GET", "/v2.1/os-quota-sets/" + other, "", 200, `"key_pairs": 1,`},

		// Other classes are kept and rule nobody.
		{"admin", "2.57", "PUT", class + "gold", `{"quota_class_set": {"cores": 99}}`, 200, `"cores": 99`},
		{"admin", "2.57", "GET", class + "gold", "", 200, `{"quota_class_set": {"id": "gold", "cores": 99, `},
		{"admin", "2.57", "GET", class + "default", "", 200, `"cores": 3, `},
		{"alice", "", "GET", "/v2.1/limits", "", 200, `"maxTotalCores": 3, `},
	} {
		w := c.call(t, x.who, x.version, x.method, x.target, x.body)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.holds) {
			t.Errorf("%s %s %s as %s at %s: %d %s, want %d %s", x.method, x.target, x.body, x.who, x.version, w.Code, w.Body, x.status, x.holds)
		}
	}
	if w := c.call(t, "admin", "", http.MethodDelete, class+"default", ""); w.Code != http.StatusNotFound {
		t.Errorf("a class is not deleted: %d", w.Code)
	}
}
