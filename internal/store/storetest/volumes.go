package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

func volume(id string, at time.Time) compute.Volume {
	return compute.Volume{
		ID: id, Region: "r1", ProjectID: "p1", UserID: "u1", Name: "data", SizeGiB: 3, Status: compute.VolumeAvailable,
		Type: "SSD", Zone: "nova", Node: "n1", CreatedAt: at, UpdatedAt: at,
	}
}

func attachment(instanceID, device string) *compute.Attachment {
	return &compute.Attachment{ID: uuid.NewString(), InstanceID: instanceID, Device: device, DeleteOnTermination: true, Tag: "t", At: epoch}
}

func testVolumes(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	full := volume("v1", epoch.Add(time.Second))
	full.Description, full.Bootable, full.Image, full.SourceID, full.Fault = "d", true, image("1"), "v0", "f"
	full.Metadata = map[string]string{"a": "b"}
	full.Attachment = attachment("i1", "/dev/vdb")
	bare := volume("v0", epoch)
	full.Status = compute.VolumeInUse
	i1 := instance("i1", epoch, nic("n1", "127.8.0.1"), nic("n2", "127.8.0.1"))
	i1.Bindings = []compute.Binding{binding("one"), binding("two")}
	write(t, db, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertInstance(ctx, i1), tx.InsertInstance(ctx, instance("i2", epoch)),
			tx.InsertVolume(ctx, full), tx.InsertVolume(ctx, bare),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	want := func(q compute.VolumeQuery, w ...compute.Volume) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Volumes(ctx, q)
			same(t, got, w)
			return err
		})
	}
	want(compute.VolumeQuery{}, full, bare)
	want(compute.VolumeQuery{Region: "r1", ProjectID: "p1"}, full, bare)
	want(compute.VolumeQuery{InstanceID: "i1"}, full)
	want(compute.VolumeQuery{ProjectID: "p2"})
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Volume(ctx, "v1")
		same(t, got, full)
		return err
	})

	// What is written on an image is a volume's own, on that of none, too.
	noted := bare
	noted.Image.Properties = map[string]string{"k": "v"}
	for _, v := range []compute.Volume{noted, bare} {
		write(t, db, func(tx *store.Tx) error { return tx.UpdateVolume(ctx, v) })
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Volume(ctx, "v0")
			same(t, got, v)
			return err
		})
	}

	// The instance knows it, each once, whatever NICs and bindings there are.
	second := volume("v2", epoch)
	second.Attachment = attachment("i1", "/dev/vda")
	write(t, db, func(tx *store.Tx) error { return tx.InsertVolume(ctx, second) })
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Instance(ctx, "i1")
		same(t, got.Volumes, []compute.AttachedVolume{
			{VolumeID: "v2", Name: "data", SizeGiB: 3, Type: "SSD", Status: compute.VolumeAvailable, Attachment: *second.Attachment},
			{VolumeID: "v1", Name: "data", SizeGiB: 3, Type: "SSD", Status: compute.VolumeInUse, Attachment: *full.Attachment},
		})
		if len(got.NICs) != 2 || len(got.Bindings) != 2 {
			t.Errorf("%d NICs, %d bindings", len(got.NICs), len(got.Bindings))
		}
		return err
	})

	// One place has one volume; an instance does not go before its volumes.
	third := volume("v3", epoch)
	third.Attachment = attachment("i1", "/dev/vdb")
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertVolume(ctx, third) }), fault.Exists)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertVolume(ctx, volume("v1", epoch)) }), fault.Exists)
	if err := db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") }); err == nil {
		t.Error("an instance went and left its volumes attached to nothing")
	}

	changed := full
	changed.Name, changed.Description, changed.SizeGiB, changed.Status, changed.Bootable = "n", "", 9, compute.VolumeDetaching, false
	changed.Metadata, changed.Fault, changed.UpdatedAt = nil, "", epoch.Add(time.Hour)
	changed.Attachment = attachment("i2", "/dev/vdb")
	write(t, db, func(tx *store.Tx) error { return tx.UpdateVolume(ctx, changed) })
	want(compute.VolumeQuery{InstanceID: "i2"}, changed)
	changed.Attachment = nil
	write(t, db, func(tx *store.Tx) error { return tx.UpdateVolume(ctx, changed) })
	want(compute.VolumeQuery{InstanceID: "i2"})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateVolume(ctx, volume("v9", epoch)) }), fault.NotFound)
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Volume(ctx, "v9"); return err }), fault.NotFound)

	read(t, db, func(tx *store.Tx) error {
		u, err := tx.VolumeUsage(ctx, "p1")
		same(t, u, compute.VolumeUsage{Volumes: 3, GiB: 15})
		if err != nil {
			return err
		}
		u, err = tx.VolumeUsage(ctx, "p2")
		same(t, u, compute.VolumeUsage{})
		return err
	})
	write(t, db, func(tx *store.Tx) error { return tx.DeleteVolume(ctx, "v2") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteVolume(ctx, "v2") }), fault.NotFound)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") })
}

// shelfDriver has volumes and is never asked to do anything.
type shelfDriver struct {
	stillDriver
	compute.VolumeDriver
}

// testVolumeRace: many in two processes make volumes and attach one of them at
// once; the quota holds, and one instance gets it.
func testVolumeRace(t *testing.T, s suite) {
	ctx := t.Context()
	var svc []*compute.Service
	var db *store.DB
	for range 2 {
		db = s.open(t)
		svc = append(svc, compute.New(db.Compute(), shelfDriver{}, compute.Options{
			Now: time.Now, NewID: uuid.NewString, Node: "n1", VolumeQuota: compute.VolumeUsage{Volumes: -1, GiB: 30},
		}))
	}
	c := caller("u1", "p1")
	kinds := race(12, func(i int) error {
		_, err := svc[i%2].CreateVolume(ctx, c, compute.VolumeRequest{SizeGiB: 4})
		return err
	})
	same(t, kinds, map[fault.Kind]int{0: 7, fault.Quota: 5})

	v := volume("shared", epoch)
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertVolume(ctx, v); err != nil {
			return err
		}
		for n := range 6 {
			i := instance(fmt.Sprint("i", n), epoch)
			i.State = compute.State{VM: compute.Active}
			if err := tx.InsertInstance(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	kinds = race(6, func(i int) error {
		_, err := svc[i%2].AttachVolume(ctx, c, fmt.Sprint("i", i), compute.AttachRequest{VolumeID: "shared"})
		return err
	})
	same(t, kinds, map[fault.Kind]int{0: 1, fault.Conflict: 5})
}
