package storetest

import (
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

func testVolumeSnapshots(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	bare := compute.VolumeSnapshot{
		ID: "n1", Region: "r1", ProjectID: "p1", UserID: "u1", VolumeID: "v1", SizeGiB: 3, Type: "SSD", Zone: "nova", Node: "n1",
		Status: compute.VolumeCreating, CreatedAt: epoch, UpdatedAt: epoch,
	}
	full := bare
	full.ID, full.Name, full.Description, full.Bootable, full.Image, full.Fault = "n2", "n", "d", true, image("1"), "f"
	full.Metadata, full.CreatedAt = map[string]string{"a": "b"}, epoch.Add(time.Second)
	other := bare
	other.ID, other.Region, other.ProjectID, other.VolumeID = "n3", "r2", "p2", "v2"
	made := volume("v3", epoch)
	made.SnapshotID = "n1"
	write(t, db, func(tx *store.Tx) error {
		for _, v := range []compute.Volume{volume("v1", epoch), volume("v2", epoch), made} {
			if err := tx.InsertVolume(ctx, v); err != nil {
				return err
			}
		}
		for _, n := range []compute.VolumeSnapshot{bare, full, other} {
			if err := tx.InsertVolumeSnapshot(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	want := func(q compute.VolumeSnapshotQuery, w ...compute.VolumeSnapshot) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.VolumeSnapshots(ctx, q)
			same(t, got, w)
			return err
		})
	}
	want(compute.VolumeSnapshotQuery{}, full, other, bare)
	want(compute.VolumeSnapshotQuery{Region: "r1", ProjectID: "p1"}, full, bare)
	want(compute.VolumeSnapshotQuery{VolumeID: "v2"}, other)
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.VolumeSnapshot(ctx, "n2")
		same(t, got, full)
		if err != nil {
			return err
		}
		of, err := tx.Volumes(ctx, compute.VolumeQuery{SnapshotID: "n1"})
		same(t, of, []compute.Volume{made})
		if err != nil {
			return err
		}
		u, err := tx.VolumeUsage(ctx, "p1")
		same(t, u, compute.VolumeUsage{Volumes: 3, Snapshots: 2, GiB: 15})
		return err
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertVolumeSnapshot(ctx, bare) }), fault.Exists)
	if err := db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteVolume(ctx, "v1") }); err == nil {
		t.Error("a volume went and left its snapshots")
	}

	changed := full
	changed.Name, changed.Description, changed.Status, changed.Metadata, changed.Fault, changed.UpdatedAt = "m", "", compute.VolumeAvailable, nil, "", epoch.Add(time.Hour)
	write(t, db, func(tx *store.Tx) error { return tx.UpdateVolumeSnapshot(ctx, changed) })
	want(compute.VolumeSnapshotQuery{Region: "r1"}, changed, bare)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteVolumeSnapshot(ctx, "n1") })
	want(compute.VolumeSnapshotQuery{Region: "r1"}, changed)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteVolumeSnapshot(ctx, "n1") }), fault.NotFound)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateVolumeSnapshot(ctx, bare) }), fault.NotFound)
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.VolumeSnapshot(ctx, "n1"); return err }), fault.NotFound)
}
