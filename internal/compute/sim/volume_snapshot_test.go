package sim

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// TestVolumeSnapshot: a snapshot keeps what the volume held, whatever becomes of
// the volume and of the process, and a volume made of it has that.
func TestVolumeSnapshot(t *testing.T) {
	dir, k := t.TempDir(), newKey(t)
	d := newDriver(t, dir)
	guest := create(t, d, newSpec(k.line))
	v := putVolume(t, d, "data", 1)
	attach(t, d, &guest, v)
	guestRun(t, d, guest, k, "echo first > /mnt/data/f", "")
	snapshot := volumeID()
	must(t, d.SnapshotVolume(ctx, snapshot, v.ID))
	guestRun(t, d, guest, k, "echo second > /mnt/data/f", "")
	must(t, d.SnapshotVolume(ctx, snapshot, v.ID)) // again, as after a crash: it stays what it was
	must(t, d.Detach(ctx, guest.ID, v.ID))
	must(t, d.DeleteVolume(ctx, v.ID))
	must(t, d.Close())

	// A kill in the middle of another leaves nothing.
	must(t, os.MkdirAll(filepath.Join(dir, snapshotsFolder, makingPrefix+"x"), 0o700))
	d = newDriver(t, dir)
	if left, err := os.ReadDir(filepath.Join(dir, snapshotsFolder)); err != nil || len(left) != 1 || left[0].Name() != snapshot {
		t.Errorf("left: %v %v", left, err)
	}
	again := compute.PluggedVolume{ID: volumeID(), Name: "data", Device: "/dev/vdb", SizeGiB: 2}
	must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: again.ID, Name: "data", SizeGiB: 2, SnapshotID: snapshot}))
	for range 2 {
		must(t, d.DeleteVolumeSnapshot(ctx, snapshot))
	}
	guest.Volumes = nil
	must(t, d.Start(ctx, guest))
	attach(t, d, &guest, again)
	if out := guestRun(t, d, guest, k, "cat /mnt/data/f", ""); out != "first\n" {
		t.Errorf("of the snapshot there is %q", out)
	}

	for name, err := range map[string]error{
		"a volume of a snapshot that is gone":  d.PutVolume(ctx, compute.VolumeSpec{ID: volumeID(), SizeGiB: 1, SnapshotID: snapshot}),
		"a snapshot of a volume that is gone":  d.SnapshotVolume(ctx, volumeID(), v.ID),
		"a snapshot of a volume of a bad name": d.SnapshotVolume(ctx, volumeID(), "../x"),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.SnapshotVolume(ctx, "../x", again.ID); !fault.Is(err, fault.Invalid) {
		t.Errorf("a snapshot of a bad name: %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, snapshotsFolder)); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
