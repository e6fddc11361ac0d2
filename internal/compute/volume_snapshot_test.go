package compute_test

import (
	"context"
	"errors"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

func (d *shelf) SnapshotVolume(_ context.Context, id, volumeID string) error {
	if err := d.fail["snapshot volume"]; err != nil {
		return err
	}
	d.snapshots[id] = volumeID
	return nil
}

func (d *shelf) DeleteVolumeSnapshot(_ context.Context, id string) error {
	delete(d.snapshots, id)
	return nil
}

func (r *storeRoom) snapshot(volumeID string, inUse bool) compute.VolumeSnapshot {
	r.Helper()
	n, err := r.service.CreateVolumeSnapshot(r.Context(), r.caller, compute.VolumeSnapshotRequest{
		VolumeID: volumeID, InUse: inUse, VolumeSnapshotLabels: compute.VolumeSnapshotLabels{Name: "n", Metadata: map[string]string{"a": "b"}}})
	if err != nil {
		r.Fatal(err)
	}
	if n.Status != compute.VolumeCreating {
		r.Errorf("a new snapshot is %s", n.Status)
	}
	r.done()
	if n, err = r.service.VolumeSnapshot(r.Context(), r.caller, n.ID); err != nil || n.Status != compute.VolumeAvailable {
		r.Fatalf("%+v, %v", n, err)
	}
	return n
}

func TestVolumeSnapshotLife(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	images, err := r.service.Images(ctx, r.caller)
	if err != nil {
		t.Fatal(err)
	}
	image := images[0]
	for _, i := range images {
		if i.OSType == compute.Linux {
			image = i
		}
	}
	v := r.volume(compute.VolumeRequest{Name: "data", SizeGiB: 20, Type: "HDD", ImageID: image.ID})
	_, err = r.service.CreateVolumeSnapshot(ctx, r.caller, compute.VolumeSnapshotRequest{VolumeID: v.ID, InUse: true})
	var wrong *compute.WrongVolumeStatus
	if !errors.As(err, &wrong) || wrong.Verb != "snapshot" || wrong.Status != compute.VolumeCreating {
		t.Errorf("a snapshot of a volume in the making: %v", err)
	}
	r.done()
	n := r.snapshot(v.ID, false)
	if n.SizeGiB != 20 || n.Type != "HDD" || !n.Bootable || n.Image.ID != image.ID || n.VolumeID != v.ID || r.shelf.snapshots[n.ID] != v.ID {
		t.Errorf("the snapshot is %+v", n)
	}

	// The volume cannot go before it.
	_, err = r.service.DeleteVolume(ctx, r.caller, v.ID)
	if !errors.As(err, &wrong) || !wrong.Snapshots {
		t.Errorf("a volume went before its snapshot: %v", err)
	}

	// A volume made of it is what the volume was, and stays when it goes.
	w := r.volume(compute.VolumeRequest{SnapshotID: n.ID})
	err = r.service.DeleteVolumeSnapshot(ctx, r.caller, n.ID)
	var copying *compute.WrongSnapshotStatus
	if !errors.As(err, &copying) || !copying.Copying {
		t.Errorf("a snapshot went while a volume was being made of it: %v", err)
	}
	r.done()
	w = r.is(w.ID, compute.VolumeAvailable, "", "")
	if w.SizeGiB != 20 || w.Type != "HDD" || !w.Bootable || w.Image.ID != image.ID || w.SnapshotID != n.ID || r.shelf.volumes[w.ID].SnapshotID != n.ID {
		t.Errorf("the volume of the snapshot is %+v", w)
	}
	_, err = r.service.CreateVolume(ctx, r.caller, compute.VolumeRequest{SnapshotID: n.ID, SizeGiB: 19})
	r.refused(err, fault.Invalid)

	if n, err = r.service.EditVolumeSnapshot(ctx, r.caller, n.ID, func(l *compute.VolumeSnapshotLabels) error {
		l.Name, l.Description = "m", "d"
		delete(l.Metadata, "a")
		return nil
	}); err != nil || n.Name != "m" || n.Description != "d" || len(n.Metadata) != 0 {
		t.Errorf("%+v, %v", n, err)
	}
	for range 2 { // asking twice is asking once
		if err := r.service.DeleteVolumeSnapshot(ctx, r.caller, n.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = r.service.CreateVolume(ctx, r.caller, compute.VolumeRequest{SnapshotID: n.ID})
	r.refused(err, fault.Conflict)
	r.done()
	_, err = r.service.VolumeSnapshot(ctx, r.caller, n.ID)
	r.refused(err, fault.NotFound)
	if len(r.shelf.snapshots) != 0 {
		t.Error("the driver keeps it")
	}

	// With its snapshots a volume goes when it is asked to.
	r.snapshot(v.ID, false)
	r.snapshot(v.ID, false)
	if err := r.service.DeleteVolumeAndSnapshots(ctx, r.caller, v.ID); err != nil {
		t.Fatal(err)
	}
	r.done()
	_, err = r.service.Volume(ctx, r.caller, v.ID)
	r.refused(err, fault.NotFound)
	if all, err := r.service.VolumeSnapshots(ctx, r.caller, false); err != nil || len(all) != 0 || len(r.shelf.snapshots) != 0 {
		t.Errorf("left: %v %v", all, err)
	}
}

// TestVolumeSnapshotInUse: an instance's volume has snapshots when that is said,
// and an instance boots from one; the volume outlives its instance then.
func TestVolumeSnapshotInUse(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	root := r.volume(compute.VolumeRequest{SizeGiB: 20, ImageID: r.create().Image.ID})
	r.done()
	boot := func(d compute.Disk) compute.Instance {
		t.Helper()
		made, err := r.service.Create(ctx, r.caller, compute.CreateRequest{Name: "b", FlavorID: "2", Disks: []compute.Disk{d}})
		if err != nil {
			t.Fatal(err)
		}
		r.done()
		return made[0]
	}
	i := boot(compute.Disk{VolumeID: root.ID, Boot: true, DeleteOnTermination: true})
	_, err := r.service.CreateVolumeSnapshot(ctx, r.caller, compute.VolumeSnapshotRequest{VolumeID: root.ID})
	r.refused(err, fault.Conflict)
	n := r.snapshot(root.ID, true)

	second := boot(compute.Disk{SnapshotID: n.ID, Boot: true, DeleteOnTermination: true})
	got, err := r.service.Instance(ctx, r.caller, second.ID)
	if err != nil || len(got.Volumes) != 1 || got.Volumes[0].SizeGiB != 20 || got.Image.ID != root.Image.ID || got.State.VM != compute.Active {
		t.Fatalf("the instance of the snapshot: %+v, %v", got, err)
	}
	var bad *compute.BadDisk
	if _, err = r.service.Create(ctx, r.caller, compute.CreateRequest{Name: "b", FlavorID: "2", Disks: []compute.Disk{{SnapshotID: "x", Boot: true}}}); !errors.As(err, &bad) || bad.Disk.SnapshotID != "x" {
		t.Errorf("a snapshot that is not there: %v", err)
	}
	for _, id := range []string{i.ID, second.ID} {
		if _, err := r.service.Act(ctx, r.caller, id, compute.ActionDelete); err != nil {
			t.Fatal(err)
		}
	}
	r.done()
	r.is(root.ID, compute.VolumeAvailable, "", "")
	_, err = r.service.Volume(ctx, r.caller, got.Volumes[0].VolumeID)
	r.refused(err, fault.NotFound)
}

func TestVolumeSnapshotRefusals(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	v := r.volume(compute.VolumeRequest{SizeGiB: 40})
	r.done()
	if err := r.db.Write(ctx, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p", compute.QuotaSnapshots, 2) }); err != nil {
		t.Fatal(err)
	}
	ask := func(c identity.Caller) error {
		_, err := r.service.CreateVolumeSnapshot(ctx, c, compute.VolumeSnapshotRequest{VolumeID: v.ID})
		return err
	}
	n := r.snapshot(v.ID, false)
	var q *compute.QuotaExceeded
	if err := ask(r.caller); !errors.As(err, &q) || *q != (compute.QuotaExceeded{Resource: "gigabytes", Requested: 40, Used: 80, Limit: 100}) {
		t.Errorf("a snapshot over the gigabytes: %v", err)
	}
	if err := r.db.Write(ctx, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p", compute.QuotaGigabytes, -1) }); err != nil {
		t.Fatal(err)
	}
	r.snapshot(v.ID, false)
	if err := ask(r.caller); !errors.As(err, &q) || q.Resource != "snapshots" || q.Limit != 2 {
		t.Errorf("one too many: %v", err)
	}
	if err := r.db.Write(ctx, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p", compute.QuotaPerVolume, 41) }); err != nil {
		t.Fatal(err)
	}
	if _, err := r.service.ExtendVolume(ctx, r.caller, v.ID, 42, false); !errors.As(err, &q) || *q != (compute.QuotaExceeded{Resource: "per_volume_gigabytes", Requested: 42, Limit: 41}) {
		t.Errorf("a volume over the limit of one: %v", err)
	}

	stranger, reader := r.caller, r.caller
	stranger.Project.ID, stranger.Scope.ID = "other", "other"
	reader.Roles = []identity.Role{identity.RoleReader}
	r.refused(ask(stranger), fault.NotFound)
	r.refused(ask(reader), fault.Forbidden)
	r.refused(r.service.DeleteVolumeSnapshot(ctx, stranger, n.ID), fault.NotFound)
	r.refused(r.service.DeleteVolumeSnapshot(ctx, reader, n.ID), fault.Forbidden)
	_, err := r.service.VolumeSnapshots(ctx, stranger, true)
	r.refused(err, fault.Forbidden)
	if all, err := r.service.VolumeSnapshots(ctx, stranger, false); err != nil || len(all) != 0 {
		t.Errorf("a stranger lists %v, %v", all, err)
	}
	if all, err := r.service.VolumeSnapshots(ctx, reader, false); err != nil || len(all) != 2 {
		t.Errorf("a reader lists %v, %v", all, err)
	}
	_, err = r.service.CreateVolume(ctx, stranger, compute.VolumeRequest{SnapshotID: n.ID})
	r.refused(err, fault.NotFound)
}

// TestVolumeSnapshotFails: one that could not be made says why, and can be deleted.
func TestVolumeSnapshotFails(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	v := r.volume(compute.VolumeRequest{SizeGiB: 1})
	r.done()
	r.driver.fail["snapshot volume"] = &fault.Error{Kind: fault.NoCapacity, Msg: "the disk is full"}
	n, err := r.service.CreateVolumeSnapshot(ctx, r.caller, compute.VolumeSnapshotRequest{VolumeID: v.ID})
	if err != nil {
		t.Fatal(err)
	}
	r.done()
	if n, err = r.service.VolumeSnapshot(ctx, r.caller, n.ID); err != nil || n.Status != compute.VolumeError || n.Fault == "" {
		t.Errorf("%+v, %v", n, err)
	}
	if err := r.service.DeleteVolumeSnapshot(ctx, r.caller, n.ID); err != nil {
		t.Fatal(err)
	}
	r.done()
	if _, err := r.service.DeleteVolume(ctx, r.caller, v.ID); err != nil {
		t.Error(err)
	}
}
