package sim

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// imagePrefix is what the folders of images begin with, before the image's id.
// A folder holds one file, a disk.
const imagePrefix = ".image-"

// Snapshot implements [compute.Snapshotter].
func (d *Driver) Snapshot(_ context.Context, id string, image compute.Image) (int64, error) {
	if !validID(image.ID) {
		return 0, fault.Invalidf("image", "%q is not a UUID in lower case", image.ID)
	}
	m, err := d.machine(id)
	if err != nil {
		return 0, err
	}
	m.op.Lock()
	defer m.op.Unlock()
	g, release, err := m.acquire()
	if err != nil {
		return 0, err
	}
	defer release()
	temp := makingPrefix + "image-" + image.ID
	size, err := d.copyOut(temp, g)
	if err == nil {
		err = d.dir.RemoveAll(imagePrefix + image.ID)
	}
	if err == nil {
		err = d.dir.Rename(temp, imagePrefix+image.ID)
	}
	if err == nil {
		err = syncDir(d.dir)
	}
	if err != nil {
		_ = d.dir.RemoveAll(temp) // else New or the next attempt does
		return 0, fault.Wrap(err, "make an image of simulated instance "+id)
	}
	return size, nil
}

func (d *Driver) copyOut(folder string, g *guest.Guest) (size int64, err error) {
	if err := d.dir.RemoveAll(folder); err != nil {
		return 0, err
	}
	if err := d.dir.Mkdir(folder, 0o700); err != nil {
		return 0, err
	}
	return size, d.within(folder, func(dir *os.Root) error {
		f, err := dir.OpenFile(diskFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		size, err = g.Disk.Export(f)
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// DeleteImage implements [compute.Snapshotter].
func (d *Driver) DeleteImage(_ context.Context, imageID string) error {
	if !validID(imageID) {
		return nil
	}
	return fault.Wrap(d.dir.RemoveAll(imagePrefix+imageID), "delete image "+imageID)
}

// unpack puts the disk of the Spec's image into a new instance's folder, and
// tells whether there was one: the images that every deployment has are made up
// by [guest.Guest.Install]. Faults: NotFound.
func (d *Driver) unpack(image compute.Image, dir *os.Root) (bool, error) {
	if image.Node == "" {
		return false, nil
	}
	from, err := d.dir.Open(imagePrefix + image.ID + "/" + diskFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fault.Missing("image", image.ID)
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = from.Close() }()
	to, err := dir.OpenFile(diskFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(to, from)
	return true, errors.Join(err, to.Sync(), to.Close())
}

// makingFault keeps what is meant for the owner: a file that cannot be put on
// the disk, an image that is gone.
func makingFault(err error, id string) error {
	if k := fault.KindOf(err); k == fault.Invalid || k == fault.NotFound {
		return err
	}
	return fault.Wrap(err, "make simulated instance "+id)
}
