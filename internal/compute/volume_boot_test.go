package compute_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func (r *storeRoom) boot(disks ...compute.Disk) (compute.Instance, error) {
	made, err := r.service.Create(r.Context(), r.caller, compute.CreateRequest{Name: "i", FlavorID: "1", Disks: disks})
	if err != nil {
		return compute.Instance{}, err
	}
	return made[0], nil
}

func TestBootFromVolume(t *testing.T) {
	r := newStoreRoom(t)
	ctx := t.Context()
	images, err := r.service.Images(ctx, r.caller)
	if err != nil {
		t.Fatal(err)
	}
	image := images[slices.IndexFunc(images, func(i compute.Image) bool { return i.Name == "debian-13" })]
	kept := r.volume(compute.VolumeRequest{Name: "kept", SizeGiB: 1})
	r.done()

	i, err := r.boot(
		compute.Disk{ImageID: image.ID, SizeGiB: 7, Boot: true, DeleteOnTermination: true},
		compute.Disk{VolumeID: kept.ID},
		compute.Disk{SizeGiB: 2, DeleteOnTermination: true, Type: "HDD"},
	)
	if err != nil {
		t.Fatal(err)
	}
	r.done()
	i, err = r.service.Instance(ctx, r.caller, i.ID)
	if err != nil || i.State.VM != compute.Active {
		t.Fatalf("%v: %+v", err, i.Fault)
	}
	var devices []string
	for _, v := range i.Volumes {
		devices = append(devices, v.Device)
		if v.Status != compute.VolumeInUse || r.shelf.plugged[v.VolumeID] != i.ID {
			t.Errorf("volume at %s is %s", v.Device, v.Status)
		}
	}
	if !slices.Equal(devices, []string{"/dev/vda", "/dev/vdb", "/dev/vdc"}) || i.RootGiB() != 7 || i.Image.AdminUser != "debian" {
		t.Fatalf("devices %v, root of %d GiB, user %s", devices, i.RootGiB(), i.Image.AdminUser)
	}
	root := i.Volumes[0].VolumeID
	_, err = r.service.DetachVolume(ctx, r.caller, i.ID, root)
	if !errors.Is(err, compute.ErrRootVolume) {
		t.Errorf("detaching the root volume: %v", err)
	}
	if _, err := r.service.KeepVolume(ctx, r.caller, i.ID, root, true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.service.Act(ctx, r.caller, i.ID, compute.ActionDelete); err != nil {
		t.Fatal(err)
	}
	r.done()
	r.is(kept.ID, compute.VolumeAvailable, "", "")
	bootable := r.is(root, compute.VolumeAvailable, "", "")
	if !bootable.Bootable || bootable.Image.ID != image.ID {
		t.Errorf("the root volume is %+v", bootable)
	}
	_, err = r.service.Volume(ctx, r.caller, i.Volumes[2].VolumeID)
	r.refused(err, fault.NotFound) // it went with the instance

	// What was kept boots another one, which no other image takes the place of.
	if i, err = r.boot(compute.Disk{VolumeID: root, Boot: true}); err != nil {
		t.Fatal(err)
	}
	r.done()
	r.is(root, compute.VolumeInUse, i.ID, "/dev/vda")
	_, err = r.service.Rebuild(ctx, r.caller, i.ID, compute.RebuildRequest{ImageID: images[0].ID})
	r.refused(err, fault.Invalid)

	for name, disk := range map[string]compute.Disk{
		"in use":       {VolumeID: root, Boot: true},
		"not bootable": {VolumeID: kept.ID, Boot: true},
		"not there":    {VolumeID: "x", Boot: true},
		"no size":      {ImageID: image.ID, Boot: true},
		"no image":     {ImageID: "x", SizeGiB: 5, Boot: true},
	} {
		_, err := r.boot(disk)
		var bad *compute.BadDisk
		if !fault.Is(err, fault.Invalid) || name != "no size" && (!errors.As(err, &bad) || bad.Disk != disk) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = r.boot(compute.Disk{ImageID: image.ID, SizeGiB: 99, Boot: true})
	r.refused(err, fault.Quota)
	if list, err := r.service.Instances(ctx, r.caller, compute.ListRequest{Limit: -1}); err != nil || len(list) != 1 {
		t.Errorf("refused requests made instances: %d, %v", len(list), err)
	}
}

// TestFailedBootFromVolume: an instance that cannot be run leaves volumes that
// its deletion clears away or frees.
func TestFailedBootFromVolume(t *testing.T) {
	r := newStoreRoom(t)
	images, err := r.service.Images(t.Context(), r.caller)
	if err != nil {
		t.Fatal(err)
	}
	kept := r.volume(compute.VolumeRequest{SizeGiB: 1})
	r.done()
	r.shelf.fail["put"] = errors.New("full")
	i, err := r.boot(compute.Disk{ImageID: images[0].ID, SizeGiB: 20, Boot: true, DeleteOnTermination: true}, compute.Disk{VolumeID: kept.ID})
	if err != nil {
		t.Fatal(err)
	}
	r.done()
	i, err = r.service.Instance(t.Context(), r.caller, i.ID)
	if err != nil || i.State.VM != compute.Error {
		t.Fatalf("%v, %v", i.State, err)
	}
	r.is(i.Volumes[0].VolumeID, compute.VolumeError, i.ID, "/dev/vda")
	r.is(kept.ID, compute.VolumeInUse, i.ID, "/dev/vdb")
	if _, err := r.service.Act(t.Context(), r.caller, i.ID, compute.ActionDelete); err != nil {
		t.Fatal(err)
	}
	r.done()
	r.is(kept.ID, compute.VolumeAvailable, "", "")
	if _, used, err := r.service.VolumeQuotas(t.Context(), r.caller, "p"); err != nil || used["volumes"] != 1 || used["gigabytes"] != 1 {
		t.Errorf("left over: %+v, %v", used, err)
	}
}
