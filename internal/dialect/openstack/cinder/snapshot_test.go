package cinder

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

func (c *cloud) snapshot(body string) string {
	c.Helper()
	got := c.ask("alice", "", "POST", "/snapshots", `{"snapshot": `+body+`}`, http.StatusAccepted)["snapshot"].(map[string]any)
	if got["status"] != "creating" {
		c.Errorf("a new snapshot is %v", got["status"])
	}
	c.work()
	return got["id"].(string)
}

func TestSnapshotShape(t *testing.T) {
	c := newCloud(t)
	volume := c.create(`{"size": 2, "name": "data"}`)
	id := c.snapshot(`{"volume_id": "` + volume + `", "name": "s", "description": "d", "metadata": {"k": "v"}, "force": null}`)
	base := []string{"id", "name", "description", "volume_id", "status", "size", "created_at", "updated_at", "metadata"}
	more := []string{"os-extended-snapshot-attributes:project_id", "os-extended-snapshot-attributes:progress"}
	for _, s := range []struct{ version, adds string }{{"3.0", ""}, {"3.14", "group_snapshot_id"}, {"3.41", "user_id"}, {"3.65", "consumes_quota"}} {
		base = append(base, strings.Fields(s.adds)...)
		one := c.ask("alice", s.version, "GET", "/snapshots/"+id, "", 200)["snapshot"].(map[string]any)
		if got, want := names(one), sortedNames(append(slices.Clone(base), more...)); !slices.Equal(got, want) {
			t.Errorf("at %s: %v", s.version, got)
		}
		listed := c.ask("alice", s.version, "GET", "/snapshots", "", 200)["snapshots"].([]any)[0].(map[string]any)
		if got := names(listed); !slices.Equal(got, sortedNames(base)) {
			t.Errorf("in short at %s: %v", s.version, got)
		}
		changed := c.ask("alice", s.version, "PUT", "/snapshots/"+id, `{"snapshot": {"name": "s"}}`, 200)["snapshot"].(map[string]any)
		if got := names(changed); !slices.Equal(got, sortedNames(base)) {
			t.Errorf("changed at %s: %v", s.version, got)
		}
	}
	one := c.ask("alice", "3.41", "GET", "/snapshots/"+id, "", 200)["snapshot"].(map[string]any)
	for name, want := range map[string]any{
		"status": "available", "size": 2.0, "name": "s", "description": "d", "volume_id": volume, "user_id": "alice", "group_snapshot_id": nil,
		"os-extended-snapshot-attributes:project_id": demo, "os-extended-snapshot-attributes:progress": "100%",
	} {
		if one[name] != want {
			t.Errorf("%s is %v, want %v", name, one[name], want)
		}
	}
	if fmt.Sprint(one["metadata"]) != "map[k:v]" {
		t.Errorf("metadata %v", one["metadata"])
	}
}

func TestSnapshotLife(t *testing.T) {
	c := newCloud(t)
	volume := c.create(`{"size": 2, "imageRef": "` + debian + `", "volume_type": "HDD"}`)
	id := c.snapshot(`{"volume_id": "` + volume + `", "display_name": "s"}`)
	one := "/snapshots/" + id
	c.refused("carol", "", "GET", one, "", 404, "itemNotFound", "Snapshot "+id+" could not be found.")
	c.refused("carol", "", "DELETE", one, "", 404, "itemNotFound", "Snapshot "+id+" could not be found.")
	c.refused("rita", "", "DELETE", one, "", 403, "forbidden", "Policy doesn't allow volume:delete_snapshot to be performed.")
	c.refused("alice", "", "DELETE", "/volumes/"+volume, "", 400, "badRequest", notDeletable)
	c.refused("alice", "", "PUT", one, `{"snapshot": {}}`, 400, "badRequest", "Missing required element 'snapshot' in request body.")
	got := c.ask("alice", "", "PUT", one, `{"snapshot": {"name": "new", "description": "d"}}`, 200)["snapshot"].(map[string]any)
	if got["name"] != "new" || got["description"] != "d" {
		t.Errorf("after PUT: %v", got)
	}
	for _, x := range []struct{ method, path, body, want string }{
		{"POST", "/metadata", `{"metadata": {"a": "1", "b": "2"}}`, "map[metadata:map[a:1 b:2]]"},
		{"PUT", "/metadata/b", `{"meta": {"b": "3"}}`, "map[meta:map[b:3]]"},
		{"GET", "/metadata/b", "", "map[meta:map[b:3]]"},
		{"DELETE", "/metadata/a", "", "map[]"},
		{"GET", "/metadata", "", "map[metadata:map[b:3]]"},
		{"PUT", "/metadata", `{"metadata": {"z": "9"}}`, "map[metadata:map[z:9]]"},
	} {
		if got := fmt.Sprint(c.ask("alice", "", x.method, one+x.path, x.body, 200)); got != x.want {
			t.Errorf("%s %s: %s, want %s", x.method, x.path, got, x.want)
		}
	}

	// A volume of it.
	c.refused("alice", "", "POST", "/volumes", `{"volume": {"size": 1, "snapshot_id": "`+id+`"}}`, 400, "badRequest",
		"Volume size '1' GB cannot be smaller than the snapshot size 2 GB. They must be >= original snapshot size.")
	c.refused("alice", "", "POST", "/volumes", `{"volume": {"source_volid": "`+volume+`", "snapshot_id": "`+id+`"}}`, 400, "badRequest", "cannot be given together.")
	made := c.ask("alice", "", "POST", "/volumes", `{"volume": {"size": null, "snapshot_id": "`+id+`"}}`, 202)["volume"].(map[string]any)
	if made["size"] != 2.0 || made["snapshot_id"] != id || made["bootable"] != "true" || made["volume_type"] != "HDD" {
		t.Errorf("a volume of a snapshot: %v", made)
	}
	c.refused("alice", "", "DELETE", one, "", 400, "badRequest", "Snapshot "+id+" cannot be deleted while a volume is being created from it.")
	c.work()
	if w := c.call("alice", "", "DELETE", one, ""); w.Code != 202 || w.Body.Len() != 0 {
		t.Errorf("delete: %d %s", w.Code, w.Body)
	}
	c.refused("alice", "", "POST", "/volumes", `{"volume": {"snapshot_id": "`+id+`"}}`, 400, "badRequest", id+" is deleting.")
	c.work()
	c.refused("alice", "", "GET", one, "", 404, "itemNotFound", "Snapshot "+id+" could not be found.")

	// A volume goes with its snapshots when that is said.
	c.snapshot(`{"volume_id": "` + volume + `"}`)
	c.ask("alice", "", "DELETE", "/volumes/"+volume+"?cascade=True", "", 202)
	c.work()
	c.refused("alice", "", "GET", "/volumes/"+volume, "", 404, "itemNotFound", "Volume "+volume+" could not be found.")
}

func TestSnapshotRefusals(t *testing.T) {
	c := newCloud(t)
	volume := c.create(`{"size": 2}`)
	const none = "99999999-0000-4000-8000-000000000001"
	for _, x := range []struct {
		version, body string
		status        int
		element       string
		text          string
	}{
		{"", `{}`, 400, "badRequest", "'snapshot' is a required property"},
		{"", `{"snapshot": {}}`, 400, "badRequest", "'volume_id' is a required property"},
		{"", `{"snapshot": {"volume_id": null}}`, 404, "itemNotFound", "Volume None could not be found."},
		{"", `{"snapshot": {"volume_id": "x"}}`, 400, "badRequest", "'x' is not a 'uuid'"},
		{"", `{"snapshot": {"volume_id": "` + volume + `", "force": "maybe"}}`, 400, "badRequest", "is not valid under any of the given schemas"},
		{"", `{"snapshot": {"volume_id": "` + none + `"}}`, 404, "itemNotFound", "Volume " + none + " could not be found."},
		{"3.66", `{"snapshot": {"volume_id": "` + volume + `", "force": false}}`, 400, "badRequest", "leave force out."},
	} {
		got := c.ask("alice", x.version, "POST", "/snapshots", x.body, x.status)
		if said := fmt.Sprint(got[x.element]); !strings.Contains(said, x.text) {
			t.Errorf("%s: %v", x.body, got)
		}
	}

	// One that a server has.
	made, err := c.compute.Create(t.Context(), people()["<token alice>"], compute.CreateRequest{Name: "i", FlavorID: "2", ImageID: debian,
		Disks: []compute.Disk{{VolumeID: volume}}})
	if err != nil {
		t.Fatal(err)
	}
	c.work()
	if v := c.show(volume, ""); v["status"] != "in-use" {
		t.Fatalf("the volume of %s: %v", made[0].ID, v)
	}
	c.refused("alice", "3.65", "POST", "/snapshots", `{"snapshot": {"volume_id": "`+volume+`"}}`, 400, "badRequest",
		"Volume "+volume+" status must be available, but current status is: in-use.")
	c.snapshot(`{"volume_id": "` + volume + `", "force": true}`)
	c.ask("alice", "3.66", "POST", "/snapshots", `{"snapshot": {"volume_id": "`+volume+`"}}`, 202)
	c.work()
	c.refused("alice", "3.66", "POST", "/snapshots", `{"snapshot": {"volume_id": "`+volume+`"}}`, 413, "overLimit",
		"SnapshotLimitExceeded: Maximum number of snapshots allowed (2) exceeded")
}

func TestSnapshotLists(t *testing.T) {
	c := newCloud(t)
	c.ask("admin", "", "PUT", "/os-quota-sets/"+demo, `{"quota_set": {"snapshots": 9}}`, 200)
	first, second := c.create(`{"size": 1}`), c.create(`{"size": 2}`)
	ids := map[string]string{}
	for name, volume := range map[string]string{"b": first, "a": second} {
		ids[name] = c.snapshot(`{"volume_id": "` + volume + `", "name": "` + name + `", "metadata": {"n": "` + name + `"}}`)
	}
	list := func(who, query string) string {
		t.Helper()
		var out []string
		for _, n := range c.ask(who, "3.31", "GET", "/snapshots/detail"+query, "", 200)["snapshots"].([]any) {
			out = append(out, n.(map[string]any)["name"].(string))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"?sort=name:asc": "a b", "?sort_key=name&sort_dir=desc": "b a", "?name=a": "a", "?volume_id=" + first: "b", "?status=error": "",
		"?metadata={'n':'a'}": "a", "?sort=name:asc&limit=1": "a", "?sort=name:asc&marker=" + ids["a"]: "b", "?sort=volume_size:desc": "a b",
	} {
		if got := list("alice", query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := list("admin", "?all_tenants=1&sort=name:asc"); got != "a b" {
		t.Errorf("an administrator lists %q", got)
	}
	if got := list("admin", "") + list("carol", "?all_tenants=1"); got != "" {
		t.Errorf("others list %q", got)
	}
	c.refused("alice", "", "GET", "/snapshots?marker=x", "", 404, "itemNotFound", "Snapshot x could not be found.")
	page := c.ask("alice", "3.45", "GET", "/snapshots?sort=name:asc&limit=1&with_count=1", "", 200)
	next := page["snapshots_links"].([]any)[0].(map[string]any)["href"]
	if page["count"] != 2.0 || next != "http://cloud.example/v3/"+demo+"/snapshots?limit=1&sort=name%3Aasc&with_count=1&marker="+ids["a"] {
		t.Errorf("page %v", page)
	}
}
