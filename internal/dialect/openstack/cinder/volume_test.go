package cinder

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

func TestVolumeShape(t *testing.T) {
	c := newCloud(t)
	id := c.create(`{"size": 2, "name": "data", "description": "d", "metadata": {"k": "v"}, "imageRef": "` + debian + `"}`)
	base := []string{"id", "status", "size", "availability_zone", "created_at", "updated_at", "name", "description", "volume_type",
		"snapshot_id", "source_volid", "metadata", "links", "user_id", "bootable", "encrypted", "replication_status", "consistencygroup_id",
		"multiattach", "attachments", "volume_image_metadata", "os-vol-tenant-attr:tenant_id"}
	steps := []struct {
		version, user, admin string
	}{
		{"3.0", "", "migration_status os-vol-host-attr:host os-vol-mig-status-attr:migstat os-vol-mig-status-attr:name_id"},
		{"3.13", "group_id", ""}, {"3.21", "", "provider_id"}, {"3.48", "service_uuid shared_targets", ""},
		{"3.61", "", "cluster_name"}, {"3.63", "volume_type_id", ""}, {"3.65", "consumes_quota", ""},
	}
	want, all := base, slices.Clone(base)
	for _, s := range steps {
		want = append(want, strings.Fields(s.user)...)
		all = append(all, strings.Fields(s.user+" "+s.admin)...)
		if got := names(c.show(id, s.version)); !slices.Equal(got, sortedNames(want)) {
			t.Errorf("at %s: %v", s.version, got)
		}
		got := c.ask("admin", s.version, "GET", "/volumes/"+id, "", 200)["volume"].(map[string]any)
		if n := names(got); !slices.Equal(n, sortedNames(all)) {
			t.Errorf("at %s for administrators: %v", s.version, n)
		}
	}
	// What is made or changed is shown without what extensions add to reading.
	short := base[:len(base)-2]
	for _, change := range []struct {
		method, path, body string
		status             int
	}{{"POST", "/volumes", `{"volume": {"size": 2, "imageRef": "` + debian + `"}}`, 202}, {"PUT", "/volumes/" + id, `{"volume": {"name": "data"}}`, 200}} {
		got := c.ask("alice", "3.0", change.method, change.path, change.body, change.status)["volume"].(map[string]any)
		if n := names(got); !slices.Equal(n, sortedNames(short)) {
			t.Errorf("%s shows %v", change.method, n)
		}
	}
	v := c.show(id, "3.63")
	for name, want := range map[string]any{
		"status": "available", "size": 2.0, "name": "data", "description": "d", "volume_type": "SSD", "bootable": "true", "multiattach": false,
		"availability_zone": "nova", "user_id": "alice", "os-vol-tenant-attr:tenant_id": demo, "volume_type_id": c.compute.VolumeTypes()[0].ID,
	} {
		if v[name] != want {
			t.Errorf("%s is %v, want %v", name, v[name], want)
		}
	}
	if image := v["volume_image_metadata"].(map[string]any); image["image_id"] != debian || image["min_disk"] != "2" || image["os_admin_user"] != "debian" {
		t.Errorf("image metadata %v", image)
	}
	links := v["links"].([]any)
	if got := links[0].(map[string]any)["href"]; got != "http://cloud.example/v3/"+demo+"/volumes/"+id {
		t.Errorf("self is %v", got)
	}
	if got := links[1].(map[string]any)["href"]; got != "http://cloud.example/"+demo+"/volumes/"+id {
		t.Errorf("bookmark is %v", got)
	}
	bare := c.show(c.create(`{"size": "1"}`), "")
	if bare["bootable"] != "false" || bare["volume_image_metadata"] != nil || bare["description"] != nil || fmt.Sprint(bare["attachments"]) != "[]" {
		t.Errorf("a blank volume: %v", bare)
	}
}

func names(m map[string]any) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	return sortedNames(out)
}

func sortedNames(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

func TestCreateRefusals(t *testing.T) {
	c := newCloud(t)
	src := c.create(`{"size": 3, "name": "src"}`)
	const none = "99999999-0000-4000-8000-000000000001"
	for _, x := range []struct {
		body    string
		status  int
		element string
		text    string
	}{
		{`{}`, 400, "badRequest", "'volume' is a required property"},
		{`{"volume": {}}`, 400, "badRequest", "Volume size 'None' must be an integer and greater than 0"},
		{`{"volume": {"size": 0}}`, 400, "badRequest", "Volume size '0' must be an integer and greater than 0"},
		{`{"volume": {"size": -1}}`, 400, "badRequest", "Volume size '-1' must be an integer and greater than 0"},
		{`{"volume": {"size": "x"}}`, 400, "badRequest", "'x' does not match '^[0-9]+$'"},
		{`{"volume": {"size": 9223372036854775807}}`, 400, "badRequest", "must be an integer and greater than 0"},
		{`{"volume": {"size": 1, "name": "` + strings.Repeat("a", 256) + `"}}`, 400, "badRequest", "is too long"},
		{`{"volume": {"size": 1, "metadata": {"a": 1}}}`, 400, "badRequest", "1 is not of type 'string'"},
		{`{"volume": {"size": 1, "volume_type": "gold"}}`, 404, "itemNotFound", "Volume type gold could not be found."},
		{`{"volume": {"size": 1, "availability_zone": "moon"}}`, 400, "badRequest", "Availability zone 'moon' is invalid."},
		{`{"volume": {"size": 1, "imageRef": "` + none + `"}}`, 400, "badRequest", "Invalid image identifier or unable to access requested image."},
		{`{"volume": {"size": 1, "imageRef": "` + debian + `"}}`, 400, "badRequest", "Volume size 1GB cannot be smaller than the image minDisk size 2GB."},
		{`{"volume": {"size": 1, "snapshot_id": "` + none + `"}}`, 404, "itemNotFound", "Snapshot " + none + " could not be found."},
		{`{"volume": {"source_volid": "` + none + `"}}`, 404, "itemNotFound", "Volume " + none + " could not be found."},
		{`{"volume": {"size": 2, "source_volid": "` + src + `"}}`, 400, "badRequest", "Volume size '2' GB cannot be smaller than original volume size 3 GB. They must be >= original volume size."},
		{`{"volume": {"size": 1, "group_id": "` + none + `"}}`, 400, "badRequest", "groups and backups of volumes are not offered here."},
		{`{"volume": {"size": 1, "multiattach": true}}`, 400, "badRequest", "a volume is attached to one server at a time here."},
		{`{"volume": {"size": 18}}`, 413, "overLimit", "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 18G, quota is 20G and 3G has been consumed."},
	} {
		c.refused("alice", "", "POST", "/volumes", x.body, x.status, x.element, x.text)
	}
	for range 3 {
		c.create(`{"size": null, "source_volid": "` + src + `"}`)
	}
	c.refused("alice", "", "POST", "/volumes", `{"volume": {"size": 1}}`, 413, "overLimit", "VolumeLimitExceeded: Maximum number of volumes allowed (4) exceeded for quota 'volumes'.")
	c.refused("rita", "", "POST", "/volumes", `{"volume": {"size": 1}}`, 403, "forbidden", "Policy doesn't allow volume:create to be performed.")
	copied := c.ask("alice", "", "GET", "/volumes/detail?limit=1", "", 200)["volumes"].([]any)[0].(map[string]any)
	if copied["source_volid"] != src || copied["size"] != 3.0 {
		t.Errorf("a copy: %v", copied)
	}
	// Another's project in the path.
	r := openstacktest.Request(t, "alice", "GET", "/v3/"+alt+"/volumes", "")
	if w := openstacktest.Answer(c.handler, r); w.Code != 400 || !strings.Contains(w.Body.String(), "Malformed request url") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestVolumeLife(t *testing.T) {
	c := newCloud(t)
	id := c.create(`{"size": 1, "display_name": "old", "display_description": "d"}`)
	one := "/volumes/" + id
	c.refused("carol", "", "GET", one, "", 404, "itemNotFound", "Volume "+id+" could not be found.")
	c.refused("carol", "", "DELETE", one, "", 404, "itemNotFound", "Volume "+id+" could not be found.")
	c.refused("rita", "", "DELETE", one, "", 403, "forbidden", "Policy doesn't allow volume:delete to be performed.")
	c.refused("rita", "", "POST", one+"/action", `{"os-extend": {"new_size": 2}}`, 403, "forbidden", "to be performed.")

	got := c.ask("alice", "", "PUT", one, `{"volume": {"name": "new", "description": null, "metadata": {"a": "b"}}}`, 200)["volume"].(map[string]any)
	if got["name"] != "new" || got["description"] != nil || fmt.Sprint(got["metadata"]) != "map[a:b]" {
		t.Errorf("after PUT: %v", got)
	}
	c.refused("alice", "", "PUT", one, `{"volume": {}}`, 400, "badRequest", "Missing required element 'volume' in request body.")

	if w := c.call("alice", "", "POST", one+"/action", `{"os-extend": {"new_size": 3}}`); w.Code != 202 || w.Body.Len() != 0 {
		t.Errorf("extend: %d %s", w.Code, w.Body)
	}
	c.refused("alice", "", "DELETE", one, "", 400, "badRequest", notDeletable)
	c.work()
	if v := c.show(id, ""); v["size"] != 3.0 || v["status"] != "available" {
		t.Errorf("after it was extended: %v", v)
	}
	c.refused("alice", "", "POST", one+"/action", `{"os-extend": {"new_size": 3}}`, 400, "badRequest", "New size for extend must be greater than current size. (current: 3, extended: 3).")
	c.refused("alice", "", "POST", one+"/action", `{"os-extend": {"new_size": 99}}`, 413, "overLimit", "Requested 96G, quota is 20G and 3G has been consumed.")
	c.refused("alice", "", "POST", one+"/action", `{"os-fly": {}}`, 400, "badRequest", "There is no such action: os-fly")
	c.refused("alice", "", "POST", one+"/action", `{"os-extend": {}, "os-set_bootable": {}}`, 400, "badRequest", "Malformed request body")
	c.ask("alice", "", "POST", one+"/action", `{"os-set_bootable": {"bootable": true}}`, 200)
	if v := c.show(id, ""); v["bootable"] != "true" {
		t.Errorf("bootable is %v", v["bootable"])
	}

	// On a server.
	made, err := c.compute.Create(t.Context(), people()["<token alice>"], compute.CreateRequest{Name: "i", FlavorID: "2", ImageID: debian})
	if err != nil {
		t.Fatal(err)
	}
	c.work()
	if _, err := c.compute.AttachVolume(t.Context(), people()["<token alice>"], made[0].ID, compute.AttachRequest{VolumeID: id}); err != nil {
		t.Fatal(err)
	}
	if v := c.show(id, ""); v["status"] != "attaching" || fmt.Sprint(v["attachments"]) != "[]" {
		t.Errorf("on its way: %v", v)
	}
	c.work()
	a := c.show(id, "")["attachments"].([]any)[0].(map[string]any)
	if a["server_id"] != made[0].ID || a["device"] != "/dev/vdb" || a["volume_id"] != id || a["id"] != id || a["host_name"] != nil || a["attachment_id"] == nil {
		t.Errorf("attachment %v", a)
	}
	if a = c.ask("admin", "", "GET", one, "", 200)["volume"].(map[string]any)["attachments"].([]any)[0].(map[string]any); a["host_name"] != "node-1" {
		t.Errorf("administrators see %v", a)
	}
	c.refused("alice", "", "DELETE", one, "", 400, "badRequest", notDeletable)
	c.refused("alice", "3.41", "POST", one+"/action", `{"os-extend": {"new_size": 4}}`, 400, "badRequest", "Volume "+id+" status must be 'available' to extend, currently in-use.")
	c.ask("alice", "3.42", "POST", one+"/action", `{"os-extend": {"new_size": 4}}`, 202)
	c.work()
	if _, err := c.compute.DetachVolume(t.Context(), people()["<token alice>"], made[0].ID, id); err != nil {
		t.Fatal(err)
	}
	c.work()
	c.ask("alice", "", "DELETE", one, "", 202)
	if v := c.show(id, ""); v["status"] != "deleting" {
		t.Errorf("status %v", v["status"])
	}
	c.work()
	c.refused("alice", "", "GET", one, "", 404, "itemNotFound", "Volume "+id+" could not be found.")
}
