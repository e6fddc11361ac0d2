package nova

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhoSeesLimits asks for one's own project, for another's and for none's.
func TestWhoSeesLimits(t *testing.T) {
	c := newCloud(t)
	const other = "a0000000000000000000000000000001"
	c.setQuota(t, other, 7)
	c.put(t, alice, "k", "ssh", ed25519Key)
	for _, x := range []struct {
		who, version, target string
		status               int
		holds                string
	}{
		{"rita", "", "/v2.1/os-quota-sets/" + demo, 200, `"key_pairs": 100`},
		{"alice", "", "/v2.1/os-quota-sets/" + other, 403, "os_compute_api:os-quota-sets:show"},
		{"alice", "", "/v2.1/os-quota-sets/" + other + "/detail", 403, "os_compute_api:os-quota-sets:detail"},
		{"alice unscoped", "", "/v2.1/os-quota-sets/" + demo, 403, "os_compute_api:os-quota-sets:show"},
		{"alice", "", "/v2.1/os-quota-sets/" + other + "/defaults", 200, `{"quota_set": {"id": "` + other + `", "cores": 20, `},
		{"alice", "", "/v2.1/os-quota-sets/" + other + "/defaults", 200, `"key_pairs": 100`},
		{"admin", "", "/v2.1/os-quota-sets/" + other, 200, `"key_pairs": 7`},
		{"carol", "", "/v2.1/os-quota-sets/" + other, 200, `"key_pairs": 7`},
		{"carol", "", "/v2.1/limits", 200, `"maxTotalKeypairs": 7`},
		{"alice", "", "/v2.1/limits?tenant_id=" + demo, 200, `"maxTotalKeypairs": 100`},
		{"admin", "", "/v2.1/limits?tenant_id=" + other, 200, `"maxTotalKeypairs": 7`},
		{"alice unscoped", "", "/v2.1/limits", 200, `"maxTotalKeypairs": 100`},
		{"alice", "", "/v2.1/os-quota-sets/" + demo + "/detail", 200, `"key_pairs": {"limit": 100, "in_use": 1, "reserved": 0}`},
		{"alice", "", "/v2.1/os-quota-sets/" + demo + "/detail?user_id=" + bob, 403, "os_compute_api:os-quota-sets:detail"},
		{"admin", "", "/v2.1/os-quota-sets/" + demo + "/detail?user_id=" + alice, 200, `"key_pairs": {"limit": 100, "in_use": 1, "reserved": 0}`},
		{"alice", "2.75", "/v2.1/limits?reserved=1", 400, "Additional properties are not allowed ('reserved' was unexpected)"},
		{"alice", "2.75", "/v2.1/os-quota-sets/" + demo + "?foo=1", 400, "Additional properties are not allowed ('foo' was unexpected)"},
	} {
		w := c.call(t, x.who, x.version, http.MethodGet, x.target, "")
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.holds) {
			t.Errorf("%s as %s: %d %s, want %d %s", x.target, x.who, w.Code, w.Body, x.status, x.holds)
		}
	}
}

// TestLimitsByMicroversion counts what each version dropped.
func TestLimitsByMicroversion(t *testing.T) {
	c := newCloud(t)
	for version, gone := range map[string]struct{ limits, quotas []string }{
		"2.35": {},
		"2.36": {[]string{"maxTotalFloatingIps", "maxSecurityGroups", "totalFloatingIpsUsed"}, []string{"fixed_ips", "floating_ips", "security_groups", "security_group_rules"}},
		"2.38": {[]string{"maxTotalFloatingIps"}, []string{"fixed_ips"}},
		"2.39": {[]string{"maxImageMeta"}, []string{"fixed_ips"}},
		"2.57": {[]string{"maxImageMeta", "maxPersonality"}, []string{"injected_files", "injected_file_path_bytes"}},
	} {
		limits := c.call(t, "alice", version, http.MethodGet, "/v2.1/limits", "").Body.String()
		quotas := c.call(t, "alice", version, http.MethodGet, "/v2.1/os-quota-sets/"+demo, "").Body.String()
		for _, name := range gone.limits {
			if strings.Contains(limits, name) {
				t.Errorf("limits at %s: %s", version, limits)
			}
		}
		for _, name := range gone.quotas {
			if strings.Contains(quotas, name) {
				t.Errorf("quotas at %s: %s", version, quotas)
			}
		}
		if version == "2.38" && !strings.Contains(limits, "maxImageMeta") {
			t.Errorf("at %s maxImageMeta is missing: %s", version, limits)
		}
		if version == "2.35" && (!strings.Contains(limits, "maxTotalFloatingIps") || !strings.Contains(quotas, "injected_files")) {
			t.Errorf("at %s something is missing: %s %s", version, limits, quotas)
		}
	}
}

// TestExtensionsAreServed expects the list to tell of no more than there is.
func TestExtensionsAreServed(t *testing.T) {
	c := newCloud(t)
	list := c.call(t, "alice", "", http.MethodGet, "/v2.1/extensions", "").Body.String()
	for _, e := range extensionsKnown {
		served := c.dialect.serves(e.route)
		one := c.call(t, "alice", "", http.MethodGet, "/v2.1/extensions/"+e.alias, "")
		if strings.Contains(list, `"alias": "`+e.alias+`"`) != served || (one.Code == http.StatusOK) != served {
			t.Errorf("%s: %d, served %v", e.alias, one.Code, served)
		}
	}
	if !c.dialect.serves("/os-keypairs") || !strings.Contains(list, `"os-quota-sets"`) {
		t.Error(list)
	}
	if w := c.call(t, "alice", "", http.MethodGet, "/v2.1/extensions/nope", ""); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
