package cinder

import (
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

func TestResetAndForce(t *testing.T) {
	c := newCloud(t)
	id := c.create(`{"size": 1}`)
	act := "/volumes/" + id + "/action"
	status := func() any { return c.show(id, "")["status"] }
	reset := func(status string) string { return `{"os-reset_status": {"status": "` + status + `"}}` }

	c.refused("alice", "", "POST", act, reset("error"), 403, "forbidden", "Policy doesn't allow volume_extension:volume_admin_actions:reset_status to be performed.")
	c.refused("alice", "", "POST", act, `{"os-force_delete": {}}`, 403, "forbidden", "volume_admin_actions:force_delete")
	for _, s := range []string{"error", "error_extending", "maintenance", "available"} {
		c.ask("admin", "", "POST", act, reset(s), 202)
		if status() != s {
			t.Errorf("after a reset to %s it is %v", s, status())
		}
	}
	c.ask("admin", "", "POST", act, reset("maintenance"), 202)
	c.refused("alice", "", "DELETE", "/volumes/"+id, "", 400, "badRequest", "Volume status must be available or error")
	for _, s := range []string{"in-use", "creating", "deleting", "gone"} {
		c.refused("admin", "", "POST", act, reset(s), 400, "badRequest", "not to '"+s+"'")
	}
	c.refused("admin", "", "POST", act, `{"os-reset_status": {"attach_status": "attached"}}`, 400, "badRequest", "is detached. Servers attach and detach it.")
	c.refused("admin", "", "POST", act, `{"os-reset_status": {"migration_status": "migrating"}}`, 400, "badRequest", "stays on its host")
	c.refused("admin", "", "POST", act, `{"os-reset_status": {}}`, 400, "badRequest", "")
	c.ask("admin", "", "POST", act, `{"os-reset_status": {"attach_status": "detached"}}`, 202)
	if status() != "maintenance" {
		t.Errorf("it is %v", status())
	}

	c.refused("alice", "", "POST", "/snapshots", `{"snapshot": {"volume_id": "`+id+`", "force": true}}`, 400, "badRequest", "current status is: maintenance")
	c.ask("admin", "", "POST", act, reset("available"), 202)
	snapshot := c.ask("alice", "", "POST", "/snapshots", `{"snapshot": {"volume_id": "`+id+`"}}`, 202)["snapshot"].(map[string]any)["id"].(string)
	still := "/snapshots/" + snapshot + "/action"
	c.refused("admin", "", "POST", still, reset("error"), 400, "badRequest", "cannot be reset while it is creating")
	c.work()
	c.refused("alice", "", "POST", still, reset("error"), 403, "forbidden", "snapshot_admin_actions:reset_status")
	c.refused("alice", "", "POST", still, `{"os-force_delete": {}}`, 403, "forbidden", "snapshot_admin_actions:force_delete")
	c.refused("admin", "", "POST", still, reset("creating"), 400, "badRequest", "not to 'creating'")
	c.ask("admin", "", "POST", still, reset("error"), 202)
	if got := c.ask("alice", "", "GET", "/snapshots/"+snapshot, "", 200)["snapshot"].(map[string]any)["status"]; got != "error" {
		t.Errorf("the snapshot is %v", got)
	}
	c.refused("admin", "", "POST", act, `{"os-force_delete": {}}`, 400, "badRequest", "have snapshots")
	c.ask("admin", "", "POST", still, `{"os-force_delete": {}}`, 202)
	c.work()
	c.refused("alice", "", "GET", "/snapshots/"+snapshot, "", 404, "itemNotFound", "could not be found")
	c.ask("admin", "", "POST", act, reset("maintenance"), 202)
	c.ask("admin", "", "POST", act, `{"os-force_delete": {}}`, 202)
	c.work()
	c.refused("alice", "", "GET", "/volumes/"+id, "", 404, "itemNotFound", "could not be found")

	// One that is being made goes, too.
	w := c.ask("alice", "", "POST", "/volumes", `{"volume": {"size": 1}}`, 202)["volume"].(map[string]any)["id"].(string)
	c.refused("admin", "", "POST", "/volumes/"+w+"/action", reset("available"), 400, "badRequest", "cannot be reset while it is creating")
	c.ask("admin", "", "POST", "/volumes/"+w+"/action", `{"os-force_delete": {}}`, 202)
	c.work()
	c.refused("alice", "", "GET", "/volumes/"+w, "", 404, "itemNotFound", "could not be found")
}

func TestImageMetadata(t *testing.T) {
	c := newCloud(t)
	for _, body := range []string{`{"size": 1}`, `{"size": 2, "imageRef": "` + debian + `"}`} {
		id := c.create(body)
		act := "/volumes/" + id + "/action"
		got := c.ask("alice", "", "POST", act, `{"os-set_image_metadata": {"metadata": {"image_name": "mine", "hw_a": "b"}}}`, 200)["metadata"].(map[string]any)
		if got["image_name"] != "mine" || got["hw_a"] != "b" {
			t.Errorf("%s: %v", body, got)
		}
		if shown := c.show(id, "")["volume_image_metadata"]; fmt.Sprint(shown) != fmt.Sprint(got) {
			t.Errorf("%s: shown %v, said %v", body, shown, got)
		}
		if same := c.ask("rita", "", "POST", act, `{"os-show_image_metadata": {}}`, 403); same == nil {
			t.Error("no reason")
		}
		if same := c.ask("alice", "", "POST", act, `{"os-show_image_metadata": {}}`, 200)["metadata"]; fmt.Sprint(same) != fmt.Sprint(got) {
			t.Errorf("%s: %v", body, same)
		}
		c.ask("alice", "", "POST", act, `{"os-unset_image_metadata": {"key": "hw_a"}}`, 200)
		c.refused("alice", "", "POST", act, `{"os-unset_image_metadata": {"key": "hw_a"}}`, 404, "itemNotFound", "Metadata item was not found")
		c.refused("alice", "", "POST", act, `{"os-set_image_metadata": {"metadata": {"os_admin_user": "me"}}}`, 400, "badRequest", "belongs to the volume's disk")
		c.refused("alice", "", "POST", act, `{"os-set_image_metadata": {}}`, 400, "badRequest", "'metadata' is a required property")
	}
}

func TestRefusedActions(t *testing.T) {
	c := newCloud(t)
	id := c.create(`{"size": 1}`)
	for name := range refusedActions {
		c.refused("alice", "", "POST", "/volumes/"+id+"/action", `{"`+name+`": {}}`, 400, "badRequest", "Invalid input received: "+name+": ")
	}
	act := "/volumes/" + id + "/action"
	c.refused("alice", "", "POST", act, `{"os-update_readonly_flag": {"readonly": true}}`, 400, "badRequest", "none is read-only here")
	c.ask("alice", "", "POST", act, `{"os-update_readonly_flag": {"readonly": "False"}}`, 202)
	c.refused("carol", "", "POST", act, `{"os-attach": {}}`, 404, "itemNotFound", "Volume "+id+" could not be found.")
	c.refused("alice", "", "POST", act, `{"os-dance": {}}`, 400, "badRequest", "There is no such action: os-dance")
	if got := c.show(id, ""); got["status"] != string(compute.VolumeAvailable) || got["volume_type"] != "SSD" {
		t.Errorf("it is %v", got)
	}
}

func TestSummary(t *testing.T) {
	c := newCloud(t)
	c.create(`{"size": 1, "metadata": {"a": "1", "b": "2"}}`)
	c.create(`{"size": 3, "metadata": {"a": "0", "b": "2"}}`)
	for version, want := range map[string]string{
		"3.12": "map[volume-summary:map[total_count:2 total_size:4]]",
		"3.36": "map[volume-summary:map[metadata:map[a:[0 1] b:[2]] total_count:2 total_size:4]]",
	} {
		if got := fmt.Sprint(c.ask("rita", version, "GET", "/volumes/summary", "", 200)); got != want {
			t.Errorf("%s: %s", version, got)
		}
	}
	if got := fmt.Sprint(c.ask("admin", "3.12", "GET", "/volumes/summary?all_tenants=1", "", 200)); got != "map[volume-summary:map[total_count:2 total_size:4]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(c.ask("carol", "3.12", "GET", "/volumes/summary?all_tenants=1", "", 200)); got != "map[volume-summary:map[total_count:0 total_size:0]]" {
		t.Error(got)
	}
	c.refused("alice", "3.11", "GET", "/volumes/summary", "", 404, "itemNotFound", "Volume summary could not be found.")
}

func TestAbsent(t *testing.T) {
	c := newCloud(t)
	for _, a := range absences {
		for _, list := range []string{a.path, a.path + "/detail"} {
			if got := fmt.Sprint(c.ask("admin", "3.66", "GET", list, "", 200)); got != "map["+a.member+":[]]" {
				t.Errorf("%s: %s", list, got)
			}
		}
		c.refused("admin", "3.66", "GET", a.path+"/x", "", 404, "itemNotFound", " x could not be found.")
		c.refused("admin", "3.66", "DELETE", a.path+"/x", "", 404, "itemNotFound", " x could not be found.")
		c.refused("admin", "3.66", "POST", a.path+"/x/action", `{}`, 404, "itemNotFound", " x could not be found.")
		c.refused("admin", "3.66", "POST", a.path, `{}`, 400, "badRequest", "cannot be made: there are none here.")
		if a.since.AtLeast(openstack.V(3, 1)) {
			c.refused("admin", "3.0", "GET", a.path, "", 404, "itemNotFound", "The resource could not be found.")
			c.refused("admin", "3.0", "POST", a.path, `{}`, 404, "itemNotFound", "The resource could not be found.")
		}
		if a.admin {
			c.refused("alice", "3.66", "GET", a.path, "", 403, "forbidden", string(a.rule))
		}
	}
}
