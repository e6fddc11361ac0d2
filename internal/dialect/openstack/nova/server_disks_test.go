package nova

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestDisksOfSnapshots: servers boot from snapshots of volumes, said in either
// way, and get them as further disks.
func TestDisksOfSnapshots(t *testing.T) {
	m := newShelves(t)
	alice := people()["<token alice>"]
	take := func(volume string) string {
		t.Helper()
		n, err := m.compute.CreateVolumeSnapshot(t.Context(), alice, compute.VolumeSnapshotRequest{VolumeID: volume})
		if err != nil {
			t.Fatal(err)
		}
		m.work(t)
		return n.ID
	}
	root := take(m.volume(t, compute.VolumeRequest{SizeGiB: 2, ImageID: cirros}))
	blank := take(m.volume(t, compute.VolumeRequest{SizeGiB: 1}))
	for _, c := range []struct {
		disks string
		sizes map[string]int // by device
	}{
		{`"block_device_mapping_v2": [{"boot_index": 0, "source_type": "snapshot", "destination_type": "volume", "uuid": "` + root + `", "delete_on_termination": true}]`, map[string]int{"/dev/vda": 2}},
		{`"block_device_mapping_v2": [{"boot_index": 0, "source_type": "snapshot", "uuid": "` + root + `", "volume_size": 3}, {"boot_index": -1, "source_type": "snapshot", "uuid": "` + blank + `"}]`, map[string]int{"/dev/vda": 3, "/dev/vdb": 1}},
		{`"block_device_mapping": [{"device_name": "vda", "snapshot_id": "` + root + `"}]`, map[string]int{"/dev/vda": 2}},
	} {
		made := body[struct{ Server struct{ ID string } }](t, m.call(t, "alice", "", "POST", "/v2.1/servers",
			`{"server": {"name": "s", "flavorRef": "1", "networks": [{"uuid": "`+sharedNet+`"}], `+c.disks+`}}`), http.StatusAccepted)
		m.work(t)
		i, err := m.compute.Instance(t.Context(), alice, made.Server.ID)
		if err != nil || i.State.VM != compute.Active || len(i.Volumes) != len(c.sizes) {
			t.Fatalf("%s: %+v, %v", c.disks, i, err)
		}
		for _, v := range i.Volumes {
			if v.SizeGiB != c.sizes[v.Device] {
				t.Errorf("%s: %+v", c.disks, v)
			}
		}
	}
	const none = "99999999-0000-4000-8000-000000000001"
	for disks, want := range map[string]string{
		`"block_device_mapping_v2": [{"boot_index": 0, "source_type": "snapshot", "uuid": "` + none + `"}]`:                   "Block Device Mapping is Invalid: failed to get snapshot " + none + ".",
		`"block_device_mapping_v2": [{"boot_index": 0, "source_type": "snapshot", "uuid": "` + blank + `"}]`:                  "Block Device " + blank + " is not bootable.",
		`"block_device_mapping": [{"device_name": "vda", "snapshot_id": "` + none + `"}]`:                                     "Block Device Mapping is Invalid: failed to get snapshot " + none + ".",
		`"block_device_mapping": [{"device_name": "vda", "snapshot_id": "x"}]`:                                                "Block Device Mapping is Invalid: failed to get snapshot x.",
		`"block_device_mapping_v2": [{"boot_index": 0, "source_type": "snapshot", "uuid": "` + root + `", "volume_size": 1}]`: "cannot be smaller than the snapshot size 2 GB",
	} {
		w := m.call(t, "alice", "", "POST", "/v2.1/servers", `{"server": {"name": "s", "flavorRef": "1", "networks": [{"uuid": "`+sharedNet+`"}], `+disks+`}}`)
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", disks, w.Code, w.Body)
		}
	}
}
