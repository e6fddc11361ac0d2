package guest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// Volume is a further disk of the machine.
type Volume struct {
	Device  string // "vdb"
	SizeGiB int
	Folder  string // where it is mounted, or empty
	Disk    *disk.Disk
}

// Volumes are the machine's further disks, by device.
func (g *Guest) Volumes() []Volume {
	if all := g.volumes.Load(); all != nil {
		return *all
	}
	return nil
}

// Plug gives the machine a volume and mounts it at /mnt/name. Where the guest's
// disk is full, or somebody made something else of that place, it is there but
// not mounted, and the error says why.
func (g *Guest) Plug(device, name string, sizeGiB int, d *disk.Disk) error {
	v := Volume{Device: device, SizeGiB: sizeGiB, Folder: g.folderFor(device, name), Disk: d}
	err := g.mountVolume(v)
	if err != nil {
		v.Folder = ""
	}
	all := append(slices.Clone(g.Volumes()), v)
	slices.SortFunc(all, func(a, b Volume) int { return strings.Compare(a.Device, b.Device) })
	g.volumes.Store(&all)
	g.mountDevices()
	return err
}

func (g *Guest) mountVolume(v Volume) error {
	for _, dir := range []string{"/mnt", v.Folder} {
		if err := lay(g.Root(), entry{path: dir, dir: true}); err != nil {
			return fmt.Errorf("make %s: %w", dir, err)
		}
	}
	if err := g.Disk.MountDisk(v.Folder, v.Disk); err != nil {
		return fmt.Errorf("mount %s: %w", v.Folder, err)
	}
	// A fresh one belongs to who logs in, so that scp reaches it, too.
	if _, _, files, _ := v.Disk.Usage(); files == 1 {
		if a, ok := g.Account(g.User); ok {
			return g.Root().Chown(v.Folder, int(a.UID), int(a.GID), true)
		}
	}
	return nil
}

// Unplug takes a volume away, whoever uses it. The folder where it was mounted
// goes too, unless there is something else in it.
func (g *Guest) Unplug(device string) {
	all := slices.Clone(g.Volumes())
	k := slices.IndexFunc(all, func(v Volume) bool { return v.Device == device })
	if k < 0 {
		return
	}
	v := all[k]
	g.Disk.Unmount(v.Disk)
	if v.Folder != "" {
		_ = g.Root().Rmdir(v.Folder) // what is in it stays
	}
	all = slices.Delete(all, k, k+1)
	g.volumes.Store(&all)
	g.mountDevices()
}

// Grow says that a volume is larger now.
func (g *Guest) Grow(device string, sizeGiB int) {
	all := slices.Clone(g.Volumes())
	for k := range all {
		if all[k].Device == device {
			all[k].SizeGiB = sizeGiB
		}
	}
	g.volumes.Store(&all)
}

// folderFor is /mnt and the volume's name, as far as that is a name for a
// folder, else the device's. Of two volumes with one name, the later has its
// device behind it.
func (g *Guest) folderFor(device, name string) string {
	name = strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', strings.ContainsRune("._-", r), r >= 0xa0:
			return r
		}
		return '-'
	}, name), ".-")
	if name == "" || len(name) > 200 {
		name = device
	}
	folder := "/mnt/" + name
	if slices.ContainsFunc(g.Volumes(), func(v Volume) bool { return v.Folder == folder }) {
		folder += "-" + device
	}
	return folder
}

// mounts are the volumes' lines of /proc/mounts.
func (g *Guest) mounts() string {
	var b strings.Builder
	for _, v := range g.Volumes() {
		if v.Folder != "" {
			fmt.Fprintf(&b, "/dev/%s %s simfs rw,relatime 0 0\n", v.Device, v.Folder)
		}
	}
	return b.String()
}

// mountDevices shows /dev.
func (g *Guest) mountDevices() {
	devices := []disk.Generated{
		{Path: "null", Mode: 0o666, Sink: true},
		{Path: "vda", Mode: 0o600}, {Path: "vda1", Mode: 0o600},
	}
	for _, v := range g.Volumes() {
		devices = append(devices, disk.Generated{Path: v.Device, Mode: 0o600})
	}
	g.Disk.Mount("dev", devices)
}
