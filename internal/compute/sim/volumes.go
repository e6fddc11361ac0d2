package sim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var _ compute.VolumeDriver = (*Driver)(nil)

// Volumes lie in a folder of the driver's, each in one of its own with its
// disk and what is known of it.
const (
	volumesFolder = "volumes"
	volumeFile    = "volume.json"
)

// volumeState is what the driver remembers of a volume, as it lies in
// volume.json.
type volumeState struct {
	SizeGiB int `json:"size_gib"`
}

func volumeFolder(id string) string { return volumesFolder + "/" + id }

// clearAway removes what a kill left half done in a folder of volumes or
// snapshots.
func (d *Driver) clearAway(folder string) error {
	entries, err := fs.ReadDir(d.dir.FS(), folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, "list simulated "+folder)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, makingPrefix) || strings.HasPrefix(name, deletingPrefix) {
			if err := d.dir.RemoveAll(folder + "/" + name); err != nil {
				return fault.Wrap(err, "clear away "+name)
			}
		}
	}
	return nil
}

// volume reads what is known of a volume. Faults: NotFound.
func (d *Driver) volume(id string) (volumeState, error) {
	var s volumeState
	if !validID(id) {
		return s, fault.Missing("volume", id)
	}
	text, err := d.dir.ReadFile(volumeFolder(id) + "/" + volumeFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fault.Missing("volume", id)
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, fault.Wrap(err, "read simulated volume "+id)
}

// PutVolume makes the volume's folder under another name, and gives it its own
// when it is whole; or it makes the volume larger, for a guest at once.
func (d *Driver) PutVolume(_ context.Context, v compute.VolumeSpec) error {
	for _, id := range []string{v.SourceID, v.SnapshotID} {
		if id != "" && !validID(id) {
			return notID(id)
		}
	}
	if !validID(v.ID) {
		return notID(v.ID)
	}
	was, err := d.volume(v.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		return d.makeVolume(v)
	case err != nil:
		return err
	case v.SizeGiB > was.SizeGiB:
		if err := d.within(volumeFolder(v.ID), volumeState{v.SizeGiB}.save); err != nil {
			return fault.Wrap(err, "make simulated volume "+v.ID+" larger")
		}
	}
	// A crash may have come between the volume and the instance that has it.
	if m := d.holder(v.ID); m != nil {
		return m.grow(v.ID, max(v.SizeGiB, was.SizeGiB))
	}
	return nil
}

func (d *Driver) makeVolume(v compute.VolumeSpec) error {
	temp := volumeFolder(makingPrefix + v.ID)
	err := d.dir.RemoveAll(temp)
	if err == nil {
		err = d.dir.MkdirAll(temp, 0o700)
	}
	if err == nil {
		err = d.within(temp, func(dir *os.Root) error {
			var err error
			switch {
			case v.SourceID != "":
				err = d.copyVolume(dir, v.SourceID)
			case v.SnapshotID != "":
				err = d.copySnapshot(dir, v.SnapshotID)
			default:
				_, err = d.unpack(v.Image, dir)
			}
			if err != nil {
				return err
			}
			return volumeState{v.SizeGiB}.save(dir)
		})
	}
	if err == nil {
		err = d.dir.Rename(temp, volumeFolder(v.ID))
	}
	if err == nil {
		err = errors.Join(d.within(volumesFolder, syncDir), syncDir(d.dir))
	}
	if err != nil {
		_ = d.dir.RemoveAll(temp) // else New or the next attempt does
	}
	return fault.Wrap(err, "make simulated volume "+v.ID)
}

func notID(id string) error { return fault.Invalidf("id", "%q is not a UUID in lower case", id) }

func (d *Driver) copyVolume(dir *os.Root, sourceID string) error {
	if _, err := d.volume(sourceID); err != nil {
		return err
	}
	return d.copyDisk(dir, volumeFolder(sourceID))
}

// copyDisk copies the log of the disk in a folder. While a guest writes to it
// the copy ends somewhere in the log, as a power cut would have it.
func (d *Driver) copyDisk(dir *os.Root, folder string) error {
	from, err := d.dir.Open(folder + "/" + diskFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nobody has used it yet
	}
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := dir.OpenFile(diskFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

func (s volumeState) save(dir *os.Root) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := writeFile(dir, volumeFile, append(text, '\n')); err != nil {
		return err
	}
	return syncDir(dir)
}

// DeleteVolume removes the volume's folder.
func (d *Driver) DeleteVolume(_ context.Context, id string) error {
	if !validID(id) {
		return nil
	}
	if m := d.holder(id); m != nil {
		return heldFault(id, m.id)
	}
	// Under its other name it is gone for good, whenever the rest happens.
	gone := volumeFolder(deletingPrefix + id)
	err := d.dir.Rename(volumeFolder(id), gone)
	if errors.Is(err, fs.ErrNotExist) {
		// A former attempt may have left the rest.
		return fault.Wrap(d.dir.RemoveAll(gone), "delete simulated volume "+id)
	}
	if err != nil {
		return fault.Wrap(err, "delete simulated volume "+id)
	}
	return fault.Wrap(errors.Join(d.within(volumesFolder, syncDir), d.dir.RemoveAll(gone)), "delete simulated volume "+id)
}

// Attach plugs a volume into an instance: its guest sees it at once.
func (d *Driver) Attach(_ context.Context, instanceID string, v compute.PluggedVolume) (string, error) {
	m, err := d.machine(instanceID)
	if err != nil {
		return "", err
	}
	m.op.Lock()
	defer m.op.Unlock()
	plugged := m.current().Volumes
	if slices.ContainsFunc(plugged, func(p pluggedState) bool { return p.ID == v.ID }) {
		return v.Device, m.replug()
	}
	next := append(slices.Clone(plugged), plugOf(v))
	if err := d.claim(instanceID, next); err != nil {
		return "", err
	}
	if err := m.update(func(s *state) error { s.Volumes = next; return nil }); err != nil {
		return "", errors.Join(err, d.claim(instanceID, plugged))
	}
	return v.Device, m.replug()
}

// Detach unplugs a volume from an instance, whoever in the guest uses it.
func (d *Driver) Detach(_ context.Context, instanceID, volumeID string) error {
	m := d.lookUp(instanceID)
	if m == nil {
		return nil
	}
	m.op.Lock()
	defer m.op.Unlock()
	has := func(p pluggedState) bool { return p.ID == volumeID }
	next := slices.DeleteFunc(slices.Clone(m.current().Volumes), has)
	if !slices.ContainsFunc(m.current().Volumes, has) {
		return d.claim(instanceID, next)
	}
	// The guest takes the folder away where the volume was, if its disk can be
	// read at all.
	if _, release, err := m.acquire(); err == nil {
		defer release()
	}
	if err := m.update(func(s *state) error { s.Volumes = next; return nil }); err != nil {
		return err
	}
	if err := m.replug(); err != nil {
		return err
	}
	return d.claim(instanceID, next)
}

// claim makes the volumes those that the instance has, and no others. Two
// guests that wrote to one log would destroy it. Faults: NotFound, Conflict.
func (d *Driver) claim(instanceID string, volumes []pluggedState) error {
	for _, v := range volumes {
		if _, err := d.volume(v.ID); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range volumes {
		if other, ok := d.holders[v.ID]; ok && other != instanceID {
			return heldFault(v.ID, other)
		}
	}
	for id, holder := range d.holders {
		if holder == instanceID {
			delete(d.holders, id)
		}
	}
	for _, v := range volumes {
		d.holders[v.ID] = instanceID
	}
	return nil
}

func heldFault(volumeID, instanceID string) error {
	return &fault.Error{Kind: fault.Conflict, Resource: "volume", Name: volumeID, Msg: "instance " + instanceID + " has it"}
}

// holder is the machine that has the volume, or nil.
func (d *Driver) holder(volumeID string) *machine {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.machines[d.holders[volumeID]]
}

// openVolume opens a volume's disk. What it keeps open is given back by close.
func (d *Driver) openVolume(id string) (_ *disk.Disk, closeDisk func() error, err error) {
	s, err := d.volume(id)
	if err != nil {
		return nil, nil, err
	}
	dir, err := d.dir.OpenRoot(volumeFolder(id))
	if err != nil {
		return nil, nil, err
	}
	v, err := disk.Open(dir, diskFile, d.volumeLimits(s.SizeGiB), d.opt.Now)
	if err != nil {
		return nil, nil, errors.Join(err, dir.Close())
	}
	return v, func() error { return errors.Join(v.Close(), dir.Close()) }, nil
}

// volumeLimits are those of a volume's disk: what it claims to hold, and never
// more than a guest's own disk really does.
func (d *Driver) volumeLimits(sizeGiB int) disk.Limits {
	l := d.limits()
	l.Bytes = min(int64(sizeGiB)<<30, l.Bytes)
	return l
}
