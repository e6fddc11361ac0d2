package compute

import (
	"context"
	"errors"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Disk is a volume that a new instance gets: one that is there, or a new one.
type Disk struct {
	VolumeID string // one that is there; all but it belongs to a new one then
	// ImageID, SourceID and SnapshotID are what a new one begins with; it is blank
	// without all.
	ImageID    string
	SourceID   string
	SnapshotID string
	SizeGiB    int // 0: of the source or the snapshot
	Type       string

	Boot                bool   // it is the root disk; at most one is
	Device              string // where the guest should see it, or empty
	Tag                 string
	DeleteOnTermination bool
}

// ErrNotBootable is the detail of an Invalid fault: there is no system on the
// volume.
var ErrNotBootable = errors.New("the volume is not bootable")

// BadDisk is the detail of an Invalid fault: which disk of a request cannot be had.
type BadDisk struct {
	Disk Disk
	Err  error
}

// Error names the disk and why.
func (e *BadDisk) Error() string {
	return "block device " + e.Disk.VolumeID + e.Disk.ImageID + e.Disk.SourceID + e.Disk.SnapshotID + ": " + e.Err.Error()
}

// Unwrap returns why.
func (e *BadDisk) Unwrap() error { return e.Err }

func badDisk(d Disk, err error) error {
	var f *fault.Error
	if errors.As(err, &f) && (f.Kind == fault.Unavailable || f.Kind == fault.Internal || f.Kind == fault.Quota) {
		return err
	}
	return &fault.Error{Kind: fault.Invalid, Field: "disks", Msg: err.Error(), Err: &BadDisk{d, err}}
}

// bootDisk returns the disk of the request that instances boot from.
func (req CreateRequest) bootDisk() (Disk, bool) {
	for _, d := range req.Disks {
		if d.Boot {
			return d, true
		}
	}
	return Disk{}, false
}

// ErrDiskless is the Forbidden fault about an instance whose flavor has no disk
// and which does not boot from a volume: the flavor sets no bound to its disk,
// so only administrators make such ones.
var ErrDiskless = &fault.Error{Kind: fault.Forbidden, Resource: "flavor", Msg: "Only volume-backed servers are allowed for flavors with zero disk."}

// bootImage is the image of the instances' root disk, be it on a volume, and
// the size of that disk.
func (s *Service) bootImage(ctx context.Context, tx Tx, c identity.Caller, req CreateRequest, flavor Flavor) (Image, int, error) {
	d, ok := req.bootDisk()
	if !ok {
		i, err := visibleImage(ctx, tx, c, req.ImageID)
		if err == nil && flavor.DiskGiB == 0 && !c.Admin() {
			err = ErrDiskless
		}
		return i, i.rootGiB(flavor), err
	}
	if d.VolumeID+d.SourceID+d.SnapshotID == "" {
		i, err := visibleImage(ctx, tx, c, d.ImageID)
		if fault.Is(err, fault.NotFound) {
			err = badDisk(d, err)
		}
		return i, d.SizeGiB, err
	}
	v, err := diskSource(ctx, tx, c, d)
	if err != nil {
		return Image{}, 0, badDisk(d, err)
	}
	if !v.Bootable {
		return Image{}, 0, badDisk(d, ErrNotBootable)
	}
	if v.Image.ID == "" {
		// Somebody says that it is bootable, and nobody which system it has.
		v.Image = Image{OSType: Linux, AdminUser: "root"}
	}
	return v.Image, max(v.SizeGiB, d.SizeGiB), nil
}

// diskSource is the volume that a disk is or begins as a copy of; of a snapshot
// it has what the snapshot has of its volume.
func diskSource(ctx context.Context, tx Tx, c identity.Caller, d Disk) (Volume, error) {
	if d.SnapshotID == "" {
		return visibleVolume(ctx, tx, c, d.VolumeID+d.SourceID)
	}
	n, err := visibleSnapshot(ctx, tx, c, d.SnapshotID)
	return Volume{Bootable: n.Bootable, Image: n.Image, SizeGiB: n.SizeGiB}, err
}

// plugDisks gives a new instance, which is not written yet, the volumes of the
// request. The volumes are written after it, by the caller.
func (s *Service) plugDisks(ctx context.Context, tx Tx, c identity.Caller, i *Instance, disks []Disk) ([]Volume, error) {
	if len(disks) == 0 {
		return nil, nil
	}
	if _, err := s.volumes(); err != nil {
		return nil, err
	}
	var out []Volume
	var fresh VolumeUsage
	for _, d := range disks {
		at := AttachRequest{Device: d.Device, Tag: d.Tag, DeleteOnTermination: d.DeleteOnTermination}
		if d.Boot {
			at.Device = rootDevice
		} else if at.Device == rootDevice || at.Device == "vda" {
			at.Device = ""
		}
		v, err := s.diskVolume(ctx, tx, c, i, d)
		if err != nil {
			return nil, err
		}
		if d.VolumeID != "" {
			err = s.plug(i, &v, at)
		} else {
			fresh.Volumes++
			fresh.GiB += v.SizeGiB
			err = s.place(i, &v, at)
		}
		if err != nil {
			return nil, badDisk(d, err)
		}
		out = append(out, v)
	}
	if fresh.Volumes == 0 {
		return out, nil
	}
	return out, s.reserveVolumes(ctx, tx, i.ProjectID, fresh)
}

// diskVolume finds or makes the volume of a disk.
func (s *Service) diskVolume(ctx context.Context, tx Tx, c identity.Caller, i *Instance, d Disk) (Volume, error) {
	if d.VolumeID != "" {
		if err := tx.Lock(ctx, "volume "+d.VolumeID); err != nil {
			return Volume{}, err
		}
		v, err := visibleVolume(ctx, tx, c, d.VolumeID)
		if err != nil {
			return v, badDisk(d, err)
		}
		if len(i.Volumes) == 0 {
			i.Node = v.Node // an instance runs where its disk lies
		}
		return v, nil
	}
	v, err := s.newVolume(ctx, tx, c, VolumeRequest{SizeGiB: d.SizeGiB, Type: d.Type, Zone: i.Zone, ImageID: d.ImageID, SourceID: d.SourceID, SnapshotID: d.SnapshotID})
	if err != nil {
		return v, badDisk(d, err)
	}
	switch {
	case d.SourceID+d.SnapshotID == "" && v.Image.Node == "":
		v.Node = i.Node
	case len(i.Volumes) == 0:
		i.Node = v.Node // it begins with what lies there
	case v.Node != i.Node:
		return v, badDisk(d, fault.Invalidf("node", "the server's disks lie on different hosts"))
	}
	return v, nil
}

// writeDisks writes the volumes of an instance that has been written.
func (s *Service) writeDisks(ctx context.Context, tx Tx, disks []Disk, volumes []Volume) error {
	for k, v := range volumes {
		write := tx.InsertVolume
		if disks[k].VolumeID != "" {
			write = tx.UpdateVolume
		}
		v.UpdatedAt = s.now()
		if err := write(ctx, v); err != nil {
			return err
		}
	}
	return nil
}
