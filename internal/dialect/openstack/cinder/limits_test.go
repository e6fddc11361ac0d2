package cinder

import (
	"fmt"
	"testing"
)

func TestBeside(t *testing.T) {
	c := newCloud(t)
	c.create(`{"size": 5}`)
	types := c.ask("alice", "", "GET", "/types", "", 200)["volume_types"].([]any)
	first := types[0].(map[string]any)
	if len(types) != 2 || first["name"] != "SSD" || first["is_public"] != true {
		t.Errorf("types %v", types)
	}
	for _, path := range []string{"/types/default", "/types/" + first["id"].(string)} {
		if got := c.ask("alice", "", "GET", path, "", 200)["volume_type"].(map[string]any); got["id"] != first["id"] {
			t.Errorf("%s: %v", path, got)
		}
	}
	c.ask("alice", "", "GET", "/types/"+first["id"].(string)+"/extra_specs", "", 200)
	c.refused("alice", "", "GET", "/types/SSD", "", 404, "itemNotFound", "Volume type SSD could not be found.")
	for path, want := range map[string]string{
		"/os-availability-zone":  "map[availabilityZoneInfo:[map[zoneName:nova zoneState:map[available:true]]]]",
		"/os-quota-sets/" + demo: "map[quota_set:map[backup_gigabytes:0 backups:0 gigabytes:20 groups:0 id:" + demo + " per_volume_gigabytes:-1 snapshots:2 volumes:4]]",
	} {
		if got := fmt.Sprint(c.ask("alice", "", "GET", path, "", 200)); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	absolute := c.ask("alice", "", "GET", "/limits", "", 200)["limits"].(map[string]any)["absolute"].(map[string]any)
	if absolute["maxTotalVolumes"] != 4.0 || absolute["totalVolumesUsed"] != 1.0 || absolute["totalGigabytesUsed"] != 5.0 || absolute["maxTotalVolumeGigabytes"] != 20.0 {
		t.Errorf("limits %v", absolute)
	}
	usage := c.ask("admin", "", "GET", "/os-quota-sets/"+demo+"?usage=True", "", 200)["quota_set"].(map[string]any)
	if fmt.Sprint(usage["gigabytes"]) != "map[in_use:5 limit:20 reserved:0]" {
		t.Errorf("usage %v", usage)
	}
	c.ask("alice", "", "GET", "/os-quota-sets/"+demo+"/defaults", "", 200)
	c.refused("carol", "", "GET", "/os-quota-sets/"+demo, "", 403, "forbidden", "Policy doesn't allow volume_extension:quotas:show to be performed.")

	// Administrators set them, and take that back.
	one := "/os-quota-sets/" + demo
	set := c.ask("admin", "", "PUT", one, `{"quota_set": {"volumes": 9, "gigabytes": -1, "per_volume_gigabytes": "6", "tenant_id": "x"}}`, 200)["quota_set"].(map[string]any)
	if set["volumes"] != 9.0 || set["gigabytes"] != -1.0 || set["per_volume_gigabytes"] != 6.0 || set["id"] != nil {
		t.Errorf("a quota set: %v", set)
	}
	c.refused("alice", "", "POST", "/volumes", `{"volume": {"size": 7}}`, 413, "overLimit", "Requested volume size 7G is larger than maximum allowed limit 6G.")
	c.refused("alice", "", "PUT", one, `{"quota_set": {"volumes": 9}}`, 403, "forbidden", "Policy doesn't allow volume_extension:quotas:update to be performed.")
	c.refused("admin", "", "PUT", one, `{"quota_set": {"volumes": -2}}`, 400, "badRequest", "to 2147483647.")
	c.refused("admin", "", "PUT", one, `{"quota_set": {"apples": 1}}`, 400, "badRequest", "Bad key(s) in quota set: apples")
	c.refused("admin", "", "PUT", one, `{}`, 400, "badRequest", "Missing required element 'quota_set' in request body.")
	c.ask("admin", "", "DELETE", one, "", 200)
	if set = c.ask("alice", "", "GET", one, "", 200)["quota_set"].(map[string]any); set["volumes"] != 4.0 || set["gigabytes"] != 20.0 {
		t.Errorf("after it was deleted: %v", set)
	}
}
