package compute_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// shelf is a scripted driver with volumes.
type shelf struct {
	*scripted
	volumes map[string]compute.VolumeSpec
	plugged map[string]string // by volume: the instance
	// snapshots are by their id the volume that they are of.
	snapshots map[string]string
}

func (d *shelf) Start(ctx context.Context, s compute.Spec) error {
	if err := d.scripted.Start(ctx, s); err != nil {
		return err
	}
	for _, v := range s.Volumes {
		if _, ok := d.volumes[v.ID]; !ok {
			return fault.Missing("volume", v.ID)
		}
		d.plugged[v.ID] = s.ID
	}
	return nil
}

func (d *shelf) Delete(ctx context.Context, id string) error {
	for v, i := range d.plugged {
		if i == id {
			delete(d.plugged, v)
		}
	}
	return d.scripted.Delete(ctx, id)
}

func (d *shelf) PutVolume(_ context.Context, v compute.VolumeSpec) error {
	if err := d.fail["put"]; err != nil {
		return err
	}
	d.volumes[v.ID] = v
	return nil
}

func (d *shelf) DeleteVolume(_ context.Context, id string) error {
	if err := d.fail["delete volume"]; err != nil {
		return err
	}
	if d.plugged[id] != "" {
		return errors.New("it is plugged in")
	}
	delete(d.volumes, id)
	return nil
}

func (d *shelf) Attach(_ context.Context, instanceID string, v compute.PluggedVolume) (string, error) {
	if err := d.fail["attach"]; err != nil {
		return "", err
	}
	if other := d.plugged[v.ID]; other != "" && other != instanceID {
		return "", &fault.Error{Kind: fault.Conflict, Msg: "another instance has it"}
	}
	d.plugged[v.ID] = instanceID
	return v.Device, nil
}

func (d *shelf) Detach(_ context.Context, _, volumeID string) error {
	if err := d.fail["detach"]; err != nil {
		return err
	}
	delete(d.plugged, volumeID)
	return nil
}

// storeRoom is a yard whose driver has volumes.
type storeRoom struct {
	*yard
	shelf *shelf
}

func newStoreRoom(t *testing.T) *storeRoom {
	t.Helper()
	y := newYard(t)
	r := &storeRoom{y, &shelf{y.driver, map[string]compute.VolumeSpec{}, map[string]string{}, map[string]string{}}}
	y.service = r.open(compute.VolumeUsage{Volumes: 10, Snapshots: 10, GiB: 100})
	return r
}

func (r *storeRoom) open(quota compute.VolumeUsage) *compute.Service {
	macs := 0
	return compute.New(r.db.Compute(), r.shelf, compute.Options{
		Now: func() time.Time { r.now = r.now.Add(time.Second); return r.now }, NewID: uuid.NewString,
		NewMAC: func() string { macs++; return "fa:16:3e:00:01:" + strconv.Itoa(10+macs) },
		Node:   "node", Quota: compute.Usage{Instances: -1, VCPUs: -1, RAMMiB: -1}, VolumeQuota: quota,
	})
}

// work does all jobs that are due, of both kinds, and returns the first failure.
func (r *storeRoom) work() error {
	r.Helper()
	for {
		j, ok, err := r.db.ClaimJob(r.Context(), "node", "test", r.now.Add(time.Hour), time.Minute)
		if err != nil {
			r.Fatal(err)
		}
		if !ok {
			return nil
		}
		run := r.service.RunJob
		switch j.Kind {
		case compute.VolumeJobKind:
			run = r.service.RunVolumeJob
		case compute.VolumeSnapshotJobKind:
			run = r.service.RunVolumeSnapshotJob
		}
		if err := run(r.Context(), j); err != nil {
			if err := r.db.RetryJob(r.Context(), j.ID, "test", r.now, err.Error()); err != nil {
				r.Fatal(err)
			}
			return err
		}
		if err := r.db.FinishJob(r.Context(), j.ID, "test"); err != nil {
			r.Fatal(err)
		}
	}
}

func (r *storeRoom) done() {
	r.Helper()
	if err := r.work(); err != nil {
		r.Fatal(err)
	}
}

func (r *storeRoom) volume(req compute.VolumeRequest) compute.Volume {
	r.Helper()
	v, err := r.service.CreateVolume(r.Context(), r.caller, req)
	if err != nil {
		r.Fatal(err)
	}
	return v
}

func (r *storeRoom) is(id string, status compute.VolumeStatus, instance, device string) compute.Volume {
	r.Helper()
	v, err := r.service.Volume(r.Context(), r.caller, id)
	if err != nil {
		r.Fatal(err)
	}
	got := ""
	if v.Attachment != nil {
		got = v.Attachment.InstanceID + v.Attachment.Device
	}
	if v.Status != status || got != instance+device {
		r.Fatalf("volume is %s at %q, want %s at %q", v.Status, got, status, instance+device)
	}
	return v
}

func (r *storeRoom) refused(err error, kind fault.Kind) {
	r.Helper()
	if !fault.Is(err, kind) {
		r.Fatalf("got %v, want %s", err, kind)
	}
}

func TestVolumeLife(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	v := r.volume(compute.VolumeRequest{Name: "data", SizeGiB: 2, Metadata: map[string]string{"a": "b"}})
	if v.Status != compute.VolumeCreating || v.Type != "SSD" || v.Zone != "nova" || v.Bootable {
		t.Fatalf("new volume: %+v", v)
	}
	_, err := r.service.DeleteVolume(ctx, r.caller, v.ID)
	r.refused(err, fault.Conflict)
	r.done()
	r.is(v.ID, compute.VolumeAvailable, "", "")
	if got := r.shelf.volumes[v.ID]; got.SizeGiB != 2 || got.Name != "data" {
		t.Errorf("the driver has %+v", got)
	}

	i := r.create()
	_, err = r.service.AttachVolume(ctx, r.caller, i.ID, compute.AttachRequest{VolumeID: v.ID})
	var wrong *compute.WrongState
	if !errors.As(err, &wrong) || wrong.Error() != "Cannot 'attach_volume' instance "+i.ID+" while it is in vm_state building" {
		t.Fatalf("attaching to an instance in the making: %v", err)
	}
	r.done()
	if _, err := r.service.AttachVolume(ctx, r.caller, i.ID, compute.AttachRequest{VolumeID: v.ID, Device: "auto", Tag: "t"}); err != nil {
		t.Fatal(err)
	}
	r.is(v.ID, compute.VolumeAttaching, i.ID, "/dev/vdb")
	r.done()
	r.is(v.ID, compute.VolumeInUse, i.ID, "/dev/vdb")
	if r.shelf.plugged[v.ID] != i.ID {
		t.Error("the driver was not told")
	}
	got, err := r.service.Instance(ctx, r.caller, i.ID)
	if err != nil || len(got.Volumes) != 1 || got.Volumes[0].VolumeID != v.ID || got.Volumes[0].Tag != "t" || got.RootGiB() != got.Flavor.DiskGiB {
		t.Fatalf("the instance has %+v, %v", got.Volumes, err)
	}

	// What is attached is not deleted, attached elsewhere, or made larger unasked.
	_, err = r.service.DeleteVolume(ctx, r.caller, v.ID)
	r.refused(err, fault.Conflict)
	_, err = r.service.AttachVolume(ctx, r.caller, i.ID, compute.AttachRequest{VolumeID: v.ID})
	r.refused(err, fault.Conflict)
	_, err = r.service.ExtendVolume(ctx, r.caller, v.ID, 3, false)
	r.refused(err, fault.Conflict)
	if _, err = r.service.ExtendVolume(ctx, r.caller, v.ID, 3, true); err != nil {
		t.Fatal(err)
	}
	_, err = r.service.DetachVolume(ctx, r.caller, i.ID, v.ID)
	r.refused(err, fault.Conflict) // until it is done
	r.done()
	r.is(v.ID, compute.VolumeInUse, i.ID, "/dev/vdb")
	if r.shelf.volumes[v.ID].SizeGiB != 3 {
		t.Error("the driver did not make it larger")
	}

	// A lock keeps its volumes, too.
	if err := r.service.Lock(ctx, r.caller, i.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err = r.service.DetachVolume(ctx, r.caller, i.ID, v.ID)
	var locked *compute.Locked
	if !errors.As(err, &locked) {
		t.Fatalf("a locked instance gave its volume away: %v", err)
	}
	if err := r.service.Unlock(ctx, r.caller, i.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.service.DetachVolume(ctx, r.caller, i.ID, v.ID); err != nil {
		t.Fatal(err)
	}
	r.is(v.ID, compute.VolumeDetaching, i.ID, "/dev/vdb")
	r.done()
	r.is(v.ID, compute.VolumeAvailable, "", "")
	_, err = r.service.DetachVolume(ctx, r.caller, i.ID, v.ID)
	r.refused(err, fault.NotFound)
	for range 2 { // asking twice is asking once
		if _, err := r.service.DeleteVolume(ctx, r.caller, v.ID); err != nil {
			t.Fatal(err)
		}
	}
	r.done()
	_, err = r.service.Volume(ctx, r.caller, v.ID)
	r.refused(err, fault.NotFound)
	if len(r.shelf.volumes) != 0 {
		t.Error("the driver keeps it")
	}
}

func TestVolumeRefusals(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	images, err := r.service.Images(ctx, r.caller)
	if err != nil {
		t.Fatal(err)
	}
	src := r.volume(compute.VolumeRequest{SizeGiB: 4})
	windows := images[slices.IndexFunc(images, func(i compute.Image) bool { return i.OSType == compute.Windows })]
	for _, c := range []struct {
		req  compute.VolumeRequest
		kind fault.Kind
	}{
		{compute.VolumeRequest{}, fault.Invalid},
		{compute.VolumeRequest{SizeGiB: -1}, fault.Invalid},
		{compute.VolumeRequest{SizeGiB: compute.MaxVolumeGiB + 1}, fault.Invalid},
		{compute.VolumeRequest{SizeGiB: 1, Type: "gold"}, fault.NotFound},
		{compute.VolumeRequest{SizeGiB: 1, Zone: "moon"}, fault.Invalid},
		{compute.VolumeRequest{SizeGiB: 1, ImageID: "x"}, fault.NotFound},
		{compute.VolumeRequest{SizeGiB: 1, ImageID: windows.ID}, fault.Invalid},
		{compute.VolumeRequest{SizeGiB: 1, SourceID: "x"}, fault.NotFound},
		{compute.VolumeRequest{SizeGiB: 5, SourceID: src.ID}, fault.Conflict}, // it is being created
		{compute.VolumeRequest{SizeGiB: 97}, fault.Quota},
	} {
		_, err := r.service.CreateVolume(ctx, r.caller, c.req)
		if !fault.Is(err, c.kind) {
			t.Errorf("%+v: %v, want %s", c.req, err, c.kind)
		}
	}
	r.done()
	_, err = r.service.CreateVolume(ctx, r.caller, compute.VolumeRequest{SizeGiB: 3, SourceID: src.ID})
	r.refused(err, fault.Invalid)
	var q *compute.QuotaExceeded
	_, err = r.service.ExtendVolume(ctx, r.caller, src.ID, 101, true)
	if !errors.As(err, &q) || *q != (compute.QuotaExceeded{Resource: "gigabytes", Requested: 97, Used: 4, Limit: 100}) {
		t.Errorf("extending over the quota: %v", err)
	}
	if err := r.db.Write(ctx, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p", compute.QuotaVolumes, 1) }); err != nil {
		t.Fatal(err)
	}
	_, err = r.service.CreateVolume(ctx, r.caller, compute.VolumeRequest{SizeGiB: 1})
	if !errors.As(err, &q) || q.Resource != "volumes" {
		t.Errorf("one too many: %v", err)
	}

	stranger, reader := r.caller, r.caller
	stranger.Project.ID, stranger.Scope.ID = "other", "other"
	reader.Roles = []identity.Role{identity.RoleReader}
	_, err = r.service.Volume(ctx, stranger, src.ID)
	r.refused(err, fault.NotFound)
	_, err = r.service.DeleteVolume(ctx, stranger, src.ID)
	r.refused(err, fault.NotFound)
	_, err = r.service.DeleteVolume(ctx, reader, src.ID)
	r.refused(err, fault.Forbidden)
	if list, err := r.service.Volumes(ctx, stranger, false); err != nil || len(list) != 0 {
		t.Errorf("a stranger lists %v, %v", list, err)
	}
	_, err = r.service.Volumes(ctx, stranger, true)
	r.refused(err, fault.Forbidden)
	if list, err := r.service.Volumes(ctx, reader, false); err != nil || len(list) != 1 {
		t.Errorf("a reader lists %v, %v", list, err)
	}
}

// TestVolumeFailures: what the driver cannot do leaves the volume in a state
// from which its owner can go on.
func TestVolumeFailures(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	broken := errors.New("no disk")
	i := r.create()
	r.done()
	r.shelf.fail["put"] = broken
	v := r.volume(compute.VolumeRequest{SizeGiB: 1})
	r.done()
	if got := r.is(v.ID, compute.VolumeError, "", ""); got.Fault == "" {
		t.Error("nothing says why")
	}
	delete(r.shelf.fail, "put")
	if _, err := r.service.DeleteVolume(ctx, r.caller, v.ID); err != nil {
		t.Fatal(err)
	}
	r.done()

	v = r.volume(compute.VolumeRequest{SizeGiB: 1})
	r.done()
	r.shelf.fail["attach"] = broken
	if _, err := r.service.AttachVolume(ctx, r.caller, i.ID, compute.AttachRequest{VolumeID: v.ID}); err != nil {
		t.Fatal(err)
	}
	r.done()
	r.is(v.ID, compute.VolumeAvailable, "", "")
	// Busy is tried again.
	r.shelf.fail["attach"] = &fault.Error{Kind: fault.Unavailable, Msg: "busy"}
	if _, err := r.service.AttachVolume(ctx, r.caller, i.ID, compute.AttachRequest{VolumeID: v.ID}); err != nil {
		t.Fatal(err)
	}
	if err := r.work(); err == nil {
		t.Fatal("a busy driver counted as done")
	}
	r.is(v.ID, compute.VolumeAttaching, i.ID, "/dev/vdb")
	delete(r.shelf.fail, "attach")
	r.done()
	r.is(v.ID, compute.VolumeInUse, i.ID, "/dev/vdb")

	r.shelf.fail["detach"] = broken
	if _, err := r.service.DetachVolume(ctx, r.caller, i.ID, v.ID); err != nil {
		t.Fatal(err)
	}
	r.done()
	r.is(v.ID, compute.VolumeInUse, i.ID, "/dev/vdb")
	delete(r.shelf.fail, "detach")

	// The instance goes; the volume stays, without it.
	if _, err := r.service.Act(ctx, r.caller, i.ID, compute.ActionDelete); err != nil {
		t.Fatal(err)
	}
	r.done()
	r.is(v.ID, compute.VolumeAvailable, "", "")
}

func TestDevices(t *testing.T) {
	r := newStoreRoom(t)
	r.service = r.open(compute.VolumeUsage{Volumes: -1, GiB: -1})
	i := r.create()
	r.done()
	attach := func(device string) (compute.Volume, error) {
		v := r.volume(compute.VolumeRequest{SizeGiB: 1})
		r.done()
		return r.service.AttachVolume(t.Context(), r.caller, i.ID, compute.AttachRequest{VolumeID: v.ID, Device: device})
	}
	for _, c := range []struct{ wanted, want string }{
		{"", "/dev/vdb"}, {"/dev/vdz", "/dev/vdz"}, {"vdd", "/dev/vdd"}, {"/dev/sdb", "/dev/vdc"}, {"", "/dev/vde"},
	} {
		v, err := attach(c.wanted)
		if err != nil || v.Attachment.Device != c.want {
			t.Errorf("%q: %+v, %v; want %s", c.wanted, v.Attachment, err, c.want)
		}
	}
	for _, taken := range []string{"/dev/vdb", "/dev/vda", "vda"} {
		_, err := attach(taken)
		r.refused(err, fault.Exists)
	}
	for range 26 - 6 {
		if _, err := attach(""); err != nil {
			t.Fatal(err)
		}
	}
	_, err := attach("")
	r.refused(err, fault.NoCapacity)
}

func TestNoVolumes(t *testing.T) {
	y := newYard(t) // whose driver has none
	_, err := y.service.CreateVolume(t.Context(), y.caller, compute.VolumeRequest{SizeGiB: 1})
	if !fault.Is(err, fault.Unsupported) {
		t.Errorf("got %v", err)
	}
	_, err = y.service.Create(t.Context(), y.caller, compute.CreateRequest{Name: "i", FlavorID: "1",
		ImageID: "x", Disks: []compute.Disk{{SizeGiB: 1}}})
	if err == nil {
		t.Error("an instance got a disk that nobody has")
	}
}
