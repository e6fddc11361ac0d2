package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func volumeID() string { return fmt.Sprintf("70100000-0000-4000-8000-%012x", addresses.Add(1)) }

func putVolume(t testing.TB, d *Driver, name string, sizeGiB int) compute.PluggedVolume {
	t.Helper()
	id := volumeID()
	must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: id, Name: name, SizeGiB: sizeGiB}))
	return compute.PluggedVolume{ID: id, Name: name, Device: "/dev/vdb", SizeGiB: sizeGiB}
}

func attach(t testing.TB, d *Driver, spec *compute.Spec, v compute.PluggedVolume) {
	t.Helper()
	for range 2 { // again, as after a crash
		device, err := d.Attach(ctx, spec.ID, v)
		must(t, err)
		if device != v.Device {
			t.Fatalf("attached at %s, want %s", device, v.Device)
		}
	}
	spec.Volumes = append(spec.Volumes, v)
}

// TestVolumeMoves: an attached volume is in the guest at once, keeps its files
// over restarts of guest and process and on another guest, and goes when it is
// detached.
func TestVolumeMoves(t *testing.T) {
	dir, k := t.TempDir(), newKey(t)
	d := newDriver(t, dir)
	first, second := create(t, d, newSpec(k.line)), create(t, d, newSpec(k.line))
	v := putVolume(t, d, "my data/1", 10)

	// Somebody is logged in while it comes.
	there, err := dial(d, first, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer there.Close()
	attach(t, d, &first, v)
	out := guestRun(t, d, first, k, "lsblk; mount | grep vdb; df -h | tail -1; grep vdb /proc/mounts; ls -ld /dev/vdb", "")
	for _, want := range []string{"vdb    254:16   0  10G  0 disk /mnt/my-data-1\n", "/dev/vdb on /mnt/my-data-1 type simfs", " /mnt/my-data-1\n", "/dev/vdb /mnt/my-data-1 simfs"} {
		if !strings.Contains(out, want) {
			t.Fatalf("no %q in\n%s", want, out)
		}
	}
	if out := guestRun(t, d, first, k, "cd /mnt/my-data-1 && echo hello > f && mkdir sub && mv ~/.ssh/authorized_keys sub/k && cat sub/k > ~/.ssh/authorized_keys && cp f ~/copy && mv ~/copy sub && cat sub/copy && ls ~; rmdir /mnt/my-data-1", ""); !strings.Contains(out, "hello\n") || !strings.Contains(out, "resource busy") {
		t.Fatalf("got %q", out)
	}
	if _, err := d.Attach(ctx, second.ID, v); !fault.Is(err, fault.Conflict) {
		t.Fatalf("two guests got one volume: %v", err)
	}
	if err := d.DeleteVolume(ctx, v.ID); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a volume in use was deleted: %v", err)
	}

	must(t, d.Reboot(ctx, first, false))
	if out := guestRun(t, d, first, k, "cat /mnt/my-data-1/f; ls -l /mnt | cut -d' ' -f3,4", ""); out != "hello\n\ndebian debian\n" {
		t.Fatalf("after a reboot: %q", out)
	}
	must(t, d.Close())
	d = newDriver(t, dir)
	if _, err := d.Attach(ctx, second.ID, v); !fault.Is(err, fault.Conflict) {
		t.Fatalf("after a restart two guests got one volume: %v", err)
	}
	must(t, d.Start(ctx, first))
	must(t, d.Start(ctx, second))
	if out := guestRun(t, d, first, k, "cat /mnt/my-data-1/f", ""); out != "hello\n" {
		t.Fatalf("after a restart: %q", out)
	}

	for range 2 {
		must(t, d.Detach(ctx, first.ID, v.ID))
	}
	if out := guestRun(t, d, first, k, "lsblk | grep vdb; ls /mnt /dev", ""); out != "/mnt:\n\n/dev:\nnull\nvda\nvda1\n" {
		t.Fatalf("after it was detached: %q", out)
	}
	attach(t, d, &second, v)
	if out := guestRun(t, d, second, k, "cat /mnt/my-data-1/f /mnt/my-data-1/sub/copy", ""); out != "hello\nhello\n" {
		t.Fatalf("on the other guest: %q", out)
	}

	// A guest that is gone leaves it.
	must(t, d.Delete(ctx, second.ID))
	must(t, d.Detach(ctx, second.ID, v.ID))
	for range 2 {
		must(t, d.DeleteVolume(ctx, v.ID))
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "volumes")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if _, err := d.Attach(ctx, first.ID, v); !fault.Is(err, fault.NotFound) {
		t.Errorf("attaching a volume that is gone: %v", err)
	}
}

// TestBootFollowsSpec: the volumes of a boot are those of its Spec.
func TestBootFollowsSpec(t *testing.T) {
	d, k := newDriver(t, t.TempDir()), newKey(t)
	spec := create(t, d, newSpec(k.line))
	a, b := putVolume(t, d, "data", 1), putVolume(t, d, "data", 2)
	b.Device = "/dev/vdc"
	spec.Volumes = []compute.PluggedVolume{a, b}
	must(t, d.Reboot(ctx, spec, true))
	if out := guestRun(t, d, spec, k, "ls /mnt; echo x > /mnt/data/f; ls /mnt/data-vdc", ""); out != "data\ndata-vdc\n" {
		t.Fatalf("got %q", out)
	}
	spec.Volumes = []compute.PluggedVolume{b}
	must(t, d.Reboot(ctx, spec, true))
	if out := guestRun(t, d, spec, k, "lsblk | tail -1", ""); !strings.HasPrefix(out, "vdc ") {
		t.Fatalf("got %q", out)
	}
	must(t, d.DeleteVolume(ctx, a.ID)) // it is free again
	spec.Volumes = append(spec.Volumes, a)
	if err := d.Reboot(ctx, spec, true); !fault.Is(err, fault.NotFound) {
		t.Fatalf("booting with a volume that is gone: %v", err)
	}
}

func TestVolumeSize(t *testing.T) {
	d, k := newDriver(t, t.TempDir()), newKey(t)
	spec := create(t, d, newSpec(k.line))
	v := putVolume(t, d, "data", 1)
	attach(t, d, &spec, v)
	// The host gives 4 MiB to each disk, whatever it claims to be.
	if out := guestRun(t, d, spec, k, "cat > /mnt/data/a", strings.Repeat("x", 5<<20)); !strings.Contains(out, "No space left on device") {
		t.Fatalf("five MiB on a disk of four: %q", out)
	}
	if out := guestRun(t, d, spec, k, "cat > a && echo fits", strings.Repeat("x", 2<<20)); out != "fits\n" {
		t.Fatalf("the full volume keeps the root disk from being written: %q", out)
	}
	for range 2 {
		must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: v.ID, Name: "data", SizeGiB: 30}))
	}
	if out := guestRun(t, d, spec, k, "lsblk | tail -1", ""); !strings.Contains(out, " 30G ") {
		t.Fatalf("after it grew: %q", out)
	}
	must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: v.ID, SizeGiB: 2}))
	if out := guestRun(t, d, spec, k, "lsblk | tail -1", ""); !strings.Contains(out, " 30G ") {
		t.Fatalf("it shrank: %q", out)
	}
	if got := d.volumeLimits(1).Bytes; got != 4<<20 {
		t.Errorf("a volume holds %d bytes", got)
	}
}

// TestBootFromVolume: an instance whose root disk is a volume; the volume
// outlives it and boots the next one.
func TestBootFromVolume(t *testing.T) {
	dir, k := t.TempDir(), newKey(t)
	d := newDriver(t, dir)
	root := putVolume(t, d, "root", 7)
	root.Device, root.Boot = "/dev/vda", true
	spec := newSpec(k.line)
	spec.Volumes, spec.DiskGiB = []compute.PluggedVolume{root}, 7
	create(t, d, spec)
	if out := guestRun(t, d, spec, k, "echo kept > /home/debian/f; lsblk | head -2 | tail -1; hostname", ""); !strings.Contains(out, " 7G ") || !strings.HasSuffix(out, spec.Hostname+"\n") {
		t.Fatalf("got %q", out)
	}
	other := newSpec(k.line)
	other.Volumes = spec.Volumes
	if err := d.Create(ctx, other); !fault.Is(err, fault.Conflict) {
		t.Fatalf("two guests boot from one volume: %v", err)
	}
	must(t, d.Close())
	d = newDriver(t, dir)
	must(t, d.Start(ctx, spec))
	if out := guestRun(t, d, spec, k, "cat f", ""); out != "kept\n" {
		t.Fatalf("after a restart: %q", out)
	}

	// A copy of it while it runs, and itself when its instance is gone.
	copied := volumeID()
	must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: copied, SizeGiB: 8, SourceID: root.ID}))
	if err := d.PutVolume(ctx, compute.VolumeSpec{ID: volumeID(), SizeGiB: 8, SourceID: volumeID()}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a copy of nothing: %v", err)
	}
	must(t, d.Delete(ctx, spec.ID))
	for _, id := range []string{root.ID, copied} {
		k2 := newKey(t)
		next := newSpec(k2.line)
		next.Volumes = []compute.PluggedVolume{{ID: id, Name: "root", Device: "/dev/vda", SizeGiB: 7, Boot: true}}
		create(t, d, next)
		if out := guestRun(t, d, next, k2, "cat f; hostname", ""); out != "kept\n"+next.Hostname+"\n" {
			t.Fatalf("on the next instance: %q", out)
		}
	}
}

// TestHalfMadeVolumeIsClearedAway: what a kill left behind is no volume.
func TestHalfMadeVolumeIsClearedAway(t *testing.T) {
	dir := t.TempDir()
	id := volumeID()
	for _, name := range []string{".making-" + id, ".deleting-" + volumeID()} {
		must(t, os.MkdirAll(filepath.Join(dir, "volumes", name, "x"), 0o700))
	}
	d := newDriver(t, dir)
	if left, _ := os.ReadDir(filepath.Join(dir, "volumes")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: id, SizeGiB: 1}))
	for _, bad := range []string{"", "..", "../x", "70100000-0000-4000-8000-00000000000A"} {
		if err := d.PutVolume(ctx, compute.VolumeSpec{ID: bad, SizeGiB: 1}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is taken for an id: %v", bad, err)
		}
		must(t, d.DeleteVolume(ctx, bad))
	}
	must(t, d.DeleteVolume(ctx, id))
}

// TestVolumeFromSnapshot: a volume made from the image of an instance has that
// one's files, and boots them.
func TestVolumeFromSnapshot(t *testing.T) {
	d, k := newDriver(t, t.TempDir()), newKey(t)
	spec := create(t, d, newSpec(k.line))
	guestRun(t, d, spec, k, "echo kept > f", "")
	image := compute.Image{ID: volumeID(), Node: "here", OSType: compute.Linux}
	_, err := d.Snapshot(ctx, spec.ID, image)
	must(t, err)
	id := volumeID()
	must(t, d.PutVolume(ctx, compute.VolumeSpec{ID: id, SizeGiB: 2, Image: image}))
	k2 := newKey(t)
	next := newSpec(k2.line)
	next.Image.ID, next.Image.Node = image.ID, image.Node
	next.Volumes = []compute.PluggedVolume{{ID: id, Device: "/dev/vda", SizeGiB: 2, Boot: true}}
	create(t, d, next)
	if out := guestRun(t, d, next, k2, "cat f; hostname", ""); out != "kept\n"+next.Hostname+"\n" {
		t.Fatalf("got %q", out)
	}
	// An image of it has what is on the volume.
	again := compute.Image{ID: volumeID(), Node: "here", OSType: compute.Linux}
	_, err = d.Snapshot(ctx, next.ID, again)
	must(t, err)
	k3 := newKey(t)
	third := newSpec(k3.line)
	third.Image.ID, third.Image.Node = again.ID, again.Node
	create(t, d, third)
	if out := guestRun(t, d, third, k3, "cat f", ""); out != "kept\n" {
		t.Fatalf("got %q", out)
	}
	if err := d.PutVolume(ctx, compute.VolumeSpec{ID: volumeID(), SizeGiB: 2, Image: compute.Image{ID: volumeID(), Node: "here"}}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a volume from an image that is gone: %v", err)
	}
}
