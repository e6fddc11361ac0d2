package sim

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var _ compute.VolumeSnapshotter = (*Driver)(nil)

// snapshotsFolder is where snapshots of volumes lie, each in a folder of its
// own with the disk as it was.
const snapshotsFolder = "volume-snapshots"

func snapshotFolder(id string) string { return snapshotsFolder + "/" + id }

// SnapshotVolume copies the volume's disk into a folder of another name, which
// gets its own when it is whole.
func (d *Driver) SnapshotVolume(_ context.Context, id, volumeID string) error {
	if !validID(id) {
		return notID(id)
	}
	if _, err := d.dir.Stat(snapshotFolder(id)); err == nil {
		return nil
	}
	temp := snapshotFolder(makingPrefix + id)
	err := d.dir.RemoveAll(temp)
	if err == nil {
		err = d.dir.MkdirAll(temp, 0o700)
	}
	if err == nil {
		err = d.within(temp, func(dir *os.Root) error { return errors.Join(d.copyVolume(dir, volumeID), syncDir(dir)) })
	}
	if err == nil {
		err = d.dir.Rename(temp, snapshotFolder(id))
	}
	if err == nil {
		err = errors.Join(d.within(snapshotsFolder, syncDir), syncDir(d.dir))
	}
	if err != nil {
		_ = d.dir.RemoveAll(temp) // else New or the next attempt does
	}
	return fault.Wrap(err, "make a snapshot of simulated volume "+volumeID)
}

// DeleteVolumeSnapshot removes the snapshot's folder.
func (d *Driver) DeleteVolumeSnapshot(_ context.Context, id string) error {
	if !validID(id) {
		return nil
	}
	return fault.Wrap(d.dir.RemoveAll(snapshotFolder(id)), "delete snapshot "+id)
}

// copySnapshot begins a disk as a copy of a snapshot. Faults: NotFound.
func (d *Driver) copySnapshot(dir *os.Root, id string) error {
	if _, err := d.dir.Stat(snapshotFolder(id)); errors.Is(err, fs.ErrNotExist) {
		return fault.Missing("snapshot", id)
	}
	return d.copyDisk(dir, snapshotFolder(id))
}
