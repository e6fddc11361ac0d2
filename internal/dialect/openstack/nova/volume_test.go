package nova

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

// withVolumes is a fakeDriver that has volumes, in words only.
type withVolumes struct {
	*fakeDriver
	openstacktest.Volumes
}

// newShelves is newMachines with volumes.
func newShelves(t *testing.T) *machines {
	t.Helper()
	m := newMachines(t)
	now := func() time.Time { m.clock = m.clock.Add(time.Second); return m.clock }
	macs := 0
	m.compute = compute.New(m.db.Compute(), withVolumes{fakeDriver: m.driver}, compute.Options{
		Now: now, NewID: uuid.NewString, Node: "node-1",
		NewMAC: func() string { macs++; return fmt.Sprintf("fa:16:3e:01:%02x:%02x", macs>>8, macs&255) },
		Quota:  compute.Usage{Instances: 20, VCPUs: 20, RAMMiB: 51200}, VolumeQuota: compute.VolumeUsage{Volumes: 9, Snapshots: 3, GiB: 40},
	})
	m.dialect.opt.Compute = m.compute
	return m
}

func (m *machines) volume(t *testing.T, req compute.VolumeRequest) string {
	t.Helper()
	v, err := m.compute.CreateVolume(t.Context(), people()["<token alice>"], req)
	if err != nil {
		t.Fatal(err)
	}
	m.work(t)
	return v.ID
}

// server makes one and returns its id.
func (m *machines) server(t *testing.T, version, more string) string {
	t.Helper()
	made := body[struct{ Server struct{ ID string } }](t, m.create(t, "alice", version, more), http.StatusAccepted)
	m.work(t)
	return made.Server.ID
}

func same(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if json.Unmarshal(got, &g) != nil || json.Unmarshal([]byte(want), &w) != nil || fmt.Sprint(g) != fmt.Sprint(w) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestVolumeAttachments(t *testing.T) {
	m := newShelves(t)
	id := m.server(t, "", `{}`)
	volume := m.volume(t, compute.VolumeRequest{Name: "data", SizeGiB: 1})
	all := "/v2.1/servers/" + id + "/os-volume_attachments"
	one := all + "/" + volume
	ask := func(who, version, method, path, text string, status int, want string) {
		t.Helper()
		w := m.call(t, who, version, method, path, text)
		if w.Code != status {
			t.Errorf("%s %s as %s at %s: %d, want %d: %s", method, path, who, version, w.Code, status, w.Body)
			return
		}
		if status >= 400 {
			if _, text := message(t, w); !strings.HasSuffix(text, want) {
				t.Errorf("%s %s as %s at %s:\n got %s\nwant %s", method, path, who, version, text, want)
			}
		} else if want != "" {
			same(t, w.Body.Bytes(), want)
		}
	}
	attach := `{"volumeAttachment": {"volumeId": "` + volume + `"}}`
	ask("alice", "", "GET", all, "", 200, `{"volumeAttachments": []}`)
	ask("alice", "", "GET", one, "", 404, "Instance "+id+" is not attached to volume "+volume)
	ask("alice", "", "DELETE", one, "", 404, "Instance "+id+" is not attached to volume "+volume)
	ask("rita", "", "POST", all, attach, 403, "Policy doesn't allow os_compute_api:os-volumes-attachments:create to be performed.")
	ask("carol", "", "POST", all, attach, 404, "Instance "+id+" could not be found.")
	ask("alice", "2.48", "POST", all, `{"volumeAttachment": {"volumeId": "`+volume+`", "tag": "t"}}`, 400,
		"Additional properties are not allowed ('tag' was unexpected)")
	ask("alice", "", "POST", all, `{"volumeAttachment": {"volumeId": "`+cirros+`"}}`, 404, "Volume "+cirros+" could not be found.")
	ask("alice", "", "POST", all, `{"volumeAttachment": {"volumeId": "`+volume+`", "device": "/dev/vda"}}`, 409, "The supplied device path (/dev/vda) is in use.")
	ask("alice", "2.79", "POST", all, `{"volumeAttachment": {"volumeId": "`+volume+`", "tag": "t", "device": null}}`, 200,
		`{"volumeAttachment": {"id": "`+volume+`", "serverId": "`+id+`", "volumeId": "`+volume+`", "device": "/dev/vdb", "tag": "t", "delete_on_termination": false}}`)
	ask("alice", "", "DELETE", one, "", 400, "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.")
	m.work(t)
	ask("alice", "", "POST", all, attach, 400, "Invalid input received: Invalid volume: Volume "+volume+" status must be available or downloading to reserve, but the current status is in-use.")

	base := `"serverId": "` + id + `", "volumeId": "` + volume + `", "device": "/dev/vdb"`
	ask("rita", "2.1", "GET", one, "", 200, `{"volumeAttachment": {"id": "`+volume+`", `+base+`}}`)
	ask("alice", "2.70", "GET", all, "", 200, `{"volumeAttachments": [{"id": "`+volume+`", `+base+`, "tag": "t"}]}`)
	ask("alice", "2.79", "GET", all+"?limit=1&offset=1", "", 200, `{"volumeAttachments": []}`)
	ask("alice", "2.79", "GET", one, "", 200, `{"volumeAttachment": {"id": "`+volume+`", `+base+`, "tag": "t", "delete_on_termination": false}}`)
	var newest struct{ VolumeAttachment map[string]any }
	if err := json.Unmarshal(m.call(t, "alice", "2.89", "GET", one, "").Body.Bytes(), &newest); err != nil {
		t.Fatal(err)
	}
	if a := newest.VolumeAttachment; a["id"] != nil || a["attachment_id"] == nil || a["bdm_uuid"] == nil || a["volumeId"] != volume {
		t.Errorf("at 2.89: %v", a)
	}
	for version, want := range map[string]string{
		"2.1": `[{"id": "` + volume + `"}]`, "2.3": `[{"id": "` + volume + `", "delete_on_termination": false}]`,
	} {
		got := body[struct{ Server map[string]json.RawMessage }](t, m.call(t, "alice", version, "GET", "/v2.1/servers/"+id, ""), 200)
		same(t, got.Server["os-extended-volumes:volumes_attached"], want)
	}

	// PUT decides whether it goes with the server; swapping is another matter.
	put := func(more string) string { return `{"volumeAttachment": {"volumeId": "` + volume + `"` + more + `}}` }
	ask("alice", "2.84", "PUT", one, put(""), 403, "Policy doesn't allow os_compute_api:os-volumes-attachments:swap to be performed.")
	ask("admin", "2.84", "PUT", one, put(""), 400, "Volumes cannot be swapped here.")
	ask("admin", "2.84", "PUT", one[:strings.LastIndex(one, "/")]+"/11111111-0000-4000-8000-00000000ffff", put(""), 404, "is not attached to volume 11111111-0000-4000-8000-00000000ffff")
	ask("alice", "2.85", "PUT", one, put(`, "device": "/dev/vdc"`), 400, "The device cannot be changed.")
	ask("alice", "2.85", "PUT", one, put(`, "delete_on_termination": true`), 202, "")
	ask("alice", "2.79", "GET", one, "", 200, `{"volumeAttachment": {"id": "`+volume+`", `+base+`, "tag": "t", "delete_on_termination": true}}`)

	ask("alice", "", "DELETE", one, "", 202, "")
	m.work(t)
	ask("alice", "", "GET", all, "", 200, `{"volumeAttachments": []}`)
}

func TestAttachmentOfBusyServer(t *testing.T) {
	m := newShelves(t)
	made := body[struct{ Server struct{ ID string } }](t, m.create(t, "alice", "", `{}`), http.StatusAccepted)
	v, err := m.compute.CreateVolume(t.Context(), people()["<token alice>"], compute.VolumeRequest{SizeGiB: 1})
	if err != nil {
		t.Fatal(err)
	}
	w := m.call(t, "alice", "", "POST", "/v2.1/servers/"+made.Server.ID+"/os-volume_attachments", `{"volumeAttachment": {"volumeId": "`+v.ID+`"}}`)
	if _, text := message(t, w); w.Code != 409 || text != "Cannot 'attach_volume' instance "+made.Server.ID+" while it is in vm_state building" {
		t.Errorf("%d %s", w.Code, text)
	}
}

// TestBlockDevices: what clients send for disks, and what becomes of it.
func TestBlockDevices(t *testing.T) {
	m := newShelves(t)
	plain := m.volume(t, compute.VolumeRequest{SizeGiB: 1})
	bootable := m.volume(t, compute.VolumeRequest{SizeGiB: 1, ImageID: cirros})
	local := `{"uuid": "` + cirros + `", "boot_index": 0, "source_type": "image", "destination_type": "local", "delete_on_termination": true}`
	for _, c := range []struct {
		version, more string
		image         bool
		devices       string
	}{
		// The client's --volume, --boot-from-volume, --block-device and Terraform's block_device.
		{"", `{"imageRef": "", "block_device_mapping_v2": [{"uuid": "` + bootable + `", "boot_index": 0, "source_type": "volume", "destination_type": "volume"}]}`, false, "/dev/vda"},
		{"", `{"imageRef": "", "block_device_mapping_v2": [{"uuid": "` + cirros + `", "boot_index": "0", "source_type": "image", "destination_type": "volume", "volume_size": 3, "delete_on_termination": true}]}`, false, "/dev/vda"},
		{"2.67", `{"block_device_mapping_v2": [` + local + `, {"boot_index": -1, "source_type": "blank", "destination_type": "volume", "volume_size": "2", "volume_type": "HDD", "delete_on_termination": true}]}`, true, "/dev/vdb"},
		{"2.42", `{"block_device_mapping_v2": [` + local + `, {"boot_index": null, "uuid": "` + plain + `", "source_type": "volume", "destination_type": "volume", "device_name": "vdc", "tag": "t"}]}`, true, "/dev/vdc"},
		{"", `{"block_device_mapping": [{"device_name": "/dev/vdb", "volume_id": "` + plain + `", "delete_on_termination": false}]}`, true, "/dev/vdb"},
		{"", `{"imageRef": "", "block_device_mapping": [{"device_name": "vda", "volume_id": "` + bootable + `"}]}`, false, "/dev/vda"},
		{"", `{"block_device_mapping_v2": [` + local + `, {"no_device": true, "source_type": "blank"}]}`, true, ""},
	} {
		id := m.server(t, c.version, c.more)
		got := body[struct{ Server doc }](t, m.call(t, "alice", c.version, "GET", "/v2.1/servers/"+id, ""), 200).Server
		if got["status"] != "ACTIVE" || (got["image"] != "") != c.image {
			t.Errorf("%s: %v, image %v", c.more, got["status"], got["image"])
		}
		list := body[struct{ VolumeAttachments []struct{ Device string } }](t, m.call(t, "alice", "", "GET", "/v2.1/servers/"+id+"/os-volume_attachments", ""), 200)
		var devices []string
		for _, a := range list.VolumeAttachments {
			devices = append(devices, a.Device)
		}
		if strings.Join(devices, " ") != c.devices {
			t.Errorf("%s: volumes at %v, want %s", c.more, devices, c.devices)
		}
		if c.devices == "/dev/vda" {
			w := m.call(t, "alice", "", "DELETE", "/v2.1/servers/"+id+"/os-volume_attachments/"+attachedTo(t, m, id), "")
			if _, text := message(t, w); w.Code != 400 || text != "Cannot detach a root device volume" {
				t.Errorf("detaching the root volume: %d %s", w.Code, text)
			}
		}
		if w := m.call(t, "alice", "", "DELETE", "/v2.1/servers/"+id, ""); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		m.work(t)
	}
	left, err := m.compute.Volumes(t.Context(), people()["<token alice>"], false)
	if err != nil || len(left) != 2 || left[0].Status != compute.VolumeAvailable || left[1].Status != compute.VolumeAvailable {
		t.Errorf("what went with its server and what stayed: %+v, %v", left, err)
	}
}

func attachedTo(t *testing.T, m *machines, id string) string {
	t.Helper()
	i, err := m.compute.Instance(t.Context(), people()["<token alice>"], id)
	if err != nil {
		t.Fatal(err)
	}
	return i.Volumes[0].VolumeID
}

func TestBadBlockDevices(t *testing.T) {
	m := newShelves(t)
	plain := m.volume(t, compute.VolumeRequest{SizeGiB: 1})
	local := `{"uuid": "` + cirros + `", "boot_index": 0, "source_type": "image", "destination_type": "local"}`
	const invalid = "Block Device Mapping is Invalid: "
	const sequence = invalid + "Boot sequence for the instance and image/block device mapping combination is not valid."
	missing := "99999999-0000-4000-8000-000000000001"
	for _, c := range []struct {
		version, disks string
		status         int
		want           string
	}{
		{"", `{"uuid": "` + plain + `", "source_type": "volume", "destination_type": "volume"}`, 400, sequence},
		{"", `{"uuid": "` + plain + `", "boot_index": 1, "source_type": "volume", "destination_type": "volume"}`, 400, sequence},
		{"", local + `, ` + local, 400, sequence},
		{"", `{"uuid": "` + plain + `", "boot_index": 0, "source_type": "volume", "destination_type": "volume"}`, 400, "Block Device " + plain + " is not bootable."},
		{"", local + `, {"uuid": "` + missing + `", "source_type": "volume", "destination_type": "volume"}`, 400, invalid + "failed to get volume " + missing + "."},
		{"", `{"uuid": "` + missing + `", "boot_index": 0, "source_type": "image", "destination_type": "volume", "volume_size": 1}`, 400, invalid + "failed to get image " + missing + "."},
		{"", `{"uuid": "` + missing + `", "boot_index": 0, "source_type": "snapshot", "destination_type": "volume", "volume_size": 1}`, 400, invalid + "failed to get snapshot " + missing + "."},
		{"", `{"uuid": "` + cirros + `", "boot_index": 0, "source_type": "image", "destination_type": "volume"}`, 400, "Images with destination_type 'volume' need to have a non-zero size specified"},
		{"", `{"uuid": "11111111-0000-4000-8000-000000000002", "boot_index": 0, "source_type": "image", "destination_type": "volume", "volume_size": 2}`, 400,
			"Volume is smaller than the minimum size specified in image metadata. Volume size is 2147483648 bytes, minimum size is 10737418240 bytes."},
		{"", local + `, {"source_type": "blank", "destination_type": "volume"}`, 400, "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"},
		{"", local + `, {"uuid": "` + missing + `", "source_type": "blank", "destination_type": "volume", "volume_size": 1}`, 400, invalid + "Invalid device UUID."},
		{"", local + `, {"source_type": "volume", "destination_type": "volume"}`, 400, invalid + "Missing device UUID."},
		{"", local + `, {"uuid": "` + cirros + `", "boot_index": 1, "source_type": "image", "destination_type": "local"}`, 400, invalid + "Mapping image to local is not supported."},
		{"", local + `, {"source_type": "blank", "destination_type": "local", "guest_format": "swap"}`, 400, "Swap drive requested is larger than instance type allows."},
		{"2.67", local + `, {"uuid": "` + plain + `", "source_type": "volume", "destination_type": "volume", "volume_type": "SSD"}`, 400, invalid + "Specifying volume type to existing volume is not supported."},
		{"2.67", local + `, {"source_type": "blank", "destination_type": "volume", "volume_size": 1, "volume_type": "gold"}`, 400, "Volume type gold could not be found."},
		{"", local + `, {"source_type": "blank", "destination_type": "volume", "volume_size": 99}`, 403, "Quota exceeded for gigabytes: Requested 99, but already used 1 of 40 gigabytes"},
	} {
		w := m.create(t, "alice", c.version, `{"block_device_mapping_v2": [`+c.disks+`]}`)
		if _, text := message(t, w); w.Code != c.status || text != c.want {
			t.Errorf("%s:\n got %d %s\nwant %d %s", c.disks, w.Code, text, c.status, c.want)
		}
	}
	for more, want := range map[string]string{
		`{"imageRef": "", "block_device_mapping_v2": [` + local + `]}`:                                                                                       invalid + "Mapping image to local is not supported.",
		`{"max_count": 2, "block_device_mapping": [{"device_name": "vdb", "volume_id": "` + plain + `"}]}`:                                                   "Cannot attach one or more volumes to multiple instances",
		`{"block_device_mapping_v2": [` + local + `], "block_device_mapping": [{"device_name": "vdb", "volume_id": "` + plain + `"}]}`:                       "Using different block_device_mapping syntaxes is not allowed in the same request.",
		`{"imageRef": "", "block_device_mapping": [{"device_name": "vdb", "volume_id": "` + plain + `"}]}`:                                                   sequence,
		`{"block_device_mapping": [{"device_name": "vdb", "snapshot_id": "s"}]}`:                                                                             invalid + "failed to get snapshot s.",
		`{"block_device_mapping": [{"device_name": "vdb"}]}`:                                                                                                 invalid + "Missing device UUID.",
		`{"imageRef": "` + cirros + `", "block_device_mapping": [{"device_name": "vdb", "volume_id": "x"}]}`:                                                 invalid + "failed to get volume x.",
		`{"imageRef": "", "block_device_mapping_v2": [{"boot_index": 0, "source_type": "volume", "destination_type": "volume", "uuid": "` + missing + `"}]}`: invalid + "failed to get volume " + missing + ".",
	} {
		w := m.create(t, "alice", "", more)
		if _, text := message(t, w); w.Code != 400 || text != want {
			t.Errorf("%s:\n got %d %s\nwant %s", more, w.Code, text, want)
		}
	}
	if list, err := m.compute.Volumes(t.Context(), people()["<token alice>"], false); err != nil || len(list) != 1 || list[0].Status != compute.VolumeAvailable {
		t.Errorf("refused requests left %+v, %v", list, err)
	}
}
