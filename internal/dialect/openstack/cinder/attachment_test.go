package cinder

import (
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

func TestAttachments(t *testing.T) {
	c := newCloud(t)
	c.create(`{"size": 1, "name": "spare"}`)
	id := c.create(`{"size": 1}`)
	alice := people()["<token alice>"]
	made, err := c.compute.Create(t.Context(), alice, compute.CreateRequest{Name: "i", FlavorID: "2", ImageID: debian})
	if err != nil {
		t.Fatal(err)
	}
	c.work()
	v, err := c.compute.AttachVolume(t.Context(), alice, made[0].ID, compute.AttachRequest{VolumeID: id})
	if err != nil {
		t.Fatal(err)
	}
	one := "/attachments/" + v.Attachment.ID
	if got := c.ask("alice", "3.27", "GET", one, "", 200)["attachment"].(map[string]any); got["status"] != "attaching" {
		t.Errorf("before it is there: %v", got)
	}
	c.work()
	want := fmt.Sprintf("map[id:%s instance:%s status:attached volume_id:%s]", v.Attachment.ID, made[0].ID, id)
	for query, shown := range map[string]bool{"": true, "?volume_id=" + id: true, "?instance_id=" + id: false, "?status=attached": true, "?status=error": false} {
		got := fmt.Sprint(c.ask("rita", "3.27", "GET", "/attachments"+query, "", 200))
		if expected := map[bool]string{true: "map[attachments:[" + want + "]]", false: "map[attachments:[]]"}[shown]; got != expected {
			t.Errorf("%s: %s, want %s", query, got, expected)
		}
	}
	got := c.ask("alice", "3.27", "GET", "/attachments/detail", "", 200)["attachments"].([]any)[0].(map[string]any)
	if got["attach_mode"] != "rw" || fmt.Sprint(got["connection_info"]) != "map[device:/dev/vdb]" {
		t.Errorf("in detail: %v", got)
	}
	c.refused("carol", "3.27", "GET", one, "", 404, "itemNotFound", "Attachment "+v.Attachment.ID+" could not be found.")
	c.ask("admin", "3.27", "GET", one, "", 200)
	c.refused("alice", "3.26", "GET", one, "", 404, "itemNotFound", "")
	for _, call := range [][2]string{{"POST", "/attachments"}, {"PUT", one}, {"DELETE", one}, {"POST", one + "/action"}} {
		c.refused("alice", "3.66", call[0], call[1], `{}`, 400, "badRequest", "volumes are attached and detached by the compute service here")
	}

	// What administrators may say of a volume that a server has.
	act := "/volumes/" + id + "/action"
	c.refused("admin", "", "POST", act, `{"os-reset_status": {"status": "available"}}`, 400, "badRequest", "that of this one to in-use")
	c.refused("admin", "", "POST", act, `{"os-force_delete": {}}`, 400, "badRequest", "must not be migrating, attached")
	c.ask("admin", "", "POST", act, `{"os-reset_status": {"status": "error"}}`, 202)
	c.refused("admin", "", "POST", act, `{"os-force_delete": {}}`, 400, "badRequest", "must not be migrating, attached")
	c.ask("admin", "", "POST", act, `{"os-reset_status": {"status": "in-use", "attach_status": "attached"}}`, 202)
	if got := c.show(id, "")["status"]; got != "in-use" {
		t.Errorf("it is %v", got)
	}
}
