package compute

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// MaxVolumeGiB is the largest volume, more than any storage has.
const MaxVolumeGiB = 1 << 20

// VolumeRequest is a volume to be made.
type VolumeRequest struct {
	Name        string
	Description string
	// SizeGiB is 1 to [MaxVolumeGiB]; 0 is the size of the source volume or snapshot.
	SizeGiB int
	Type    string // name or id; empty: [defaultVolumeType], or that of the source
	Zone    string // empty: the first one
	ImageID string // what it begins with, or empty
	// SourceID is the volume, and SnapshotID the snapshot that it begins as a copy
	// of; at most one is not empty.
	SourceID, SnapshotID string

	Metadata map[string]string
}

// volumes returns the driver's part for volumes. Faults: Unsupported.
func (s *Service) volumes() (VolumeDriver, error) {
	if d, ok := s.driver.(VolumeDriver); ok {
		return d, nil
	}
	return nil, &fault.Error{Kind: fault.Unsupported, Resource: "volume", Msg: "this deployment has no volumes"}
}

// CreateVolume makes a volume. It returns when the wish is on record; a job
// does the work.
//
// Faults: Forbidden (a reader, or no project), Unsupported (the driver has no
// volumes), Invalid (size, zone), NotFound (volume type, image, volume, snapshot),
// Conflict with a [WrongVolumeStatus] or [WrongSnapshotStatus] (the source),
// Quota with a [QuotaExceeded].
func (s *Service) CreateVolume(ctx context.Context, c identity.Caller, req VolumeRequest) (Volume, error) {
	if err := mayChange(c); err != nil {
		return Volume{}, err
	}
	if c.ProjectID() == "" {
		return Volume{}, &fault.Error{Kind: fault.Forbidden, Resource: "volume", Msg: "a volume needs a project"}
	}
	if _, err := s.volumes(); err != nil {
		return Volume{}, err
	}
	var v Volume
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if v, err = s.newVolume(ctx, tx, c, req); err != nil {
			return err
		}
		if err := s.reserveVolumes(ctx, tx, v.ProjectID, VolumeUsage{Volumes: 1, GiB: v.SizeGiB}); err != nil {
			return err
		}
		if err := tx.InsertVolume(ctx, v); err != nil {
			return err
		}
		if err := tx.EnqueueJob(ctx, s.volumeJob(v, v.ID, volumeCreate)); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.auditVolume(c, audit.Create, v, ""))
	})
	if err == nil {
		s.opt.Wake()
	}
	return v, err
}

// newVolume makes a volume that is being created out of a request.
func (s *Service) newVolume(ctx context.Context, tx Tx, c identity.Caller, req VolumeRequest) (Volume, error) {
	now, zones := s.now(), s.driver.Info().Zones
	v := Volume{
		ID: s.opt.NewID(), Region: c.Region, ProjectID: c.ProjectID(), UserID: c.User.ID,
		Name: req.Name, Description: req.Description, SizeGiB: req.SizeGiB, Status: VolumeCreating,
		Zone: req.Zone, Node: s.opt.Node, Metadata: maps.Clone(req.Metadata), CreatedAt: now, UpdatedAt: now,
	}
	if req.SourceID != "" {
		src, err := visibleVolume(ctx, tx, c, req.SourceID)
		if err != nil {
			return v, err
		}
		if err := src.mustBe("copy", VolumeAvailable, VolumeInUse); err != nil {
			return v, err
		}
		v.SourceID, v.Bootable, v.Image, v.Node = src.ID, src.Bootable, src.Image, src.Node
		if req.Zone == "" {
			v.Zone = src.Zone
		}
		if req.Type == "" {
			req.Type = src.Type
		}
		if v.SizeGiB == 0 {
			v.SizeGiB = src.SizeGiB
		}
		if v.SizeGiB < src.SizeGiB {
			return v, fault.Invalidf("size", "Volume size '%d' GB cannot be smaller than original volume size %d GB. They must be >= original volume size.", v.SizeGiB, src.SizeGiB)
		}
	}
	if req.SnapshotID != "" {
		if err := s.ofSnapshot(ctx, tx, c, &v, &req); err != nil {
			return v, err
		}
	}
	if v.SizeGiB < 1 || v.SizeGiB > MaxVolumeGiB {
		return v, fault.Invalidf("size", "a volume has 1 to %d GiB", MaxVolumeGiB)
	}
	if err := s.fitsOne(ctx, tx, v.ProjectID, v.SizeGiB); err != nil {
		return v, err
	}
	t, err := volumeType(req.Type)
	if err != nil {
		return v, err
	}
	v.Type = t.Name
	if v.Zone == "" {
		v.Zone = zones[0]
	} else if !slices.Contains(zones, v.Zone) {
		return v, fault.Invalidf("availability_zone", "Availability zone '%s' is invalid.", v.Zone)
	}
	if req.ImageID != "" {
		if v.Image, err = visibleImage(ctx, tx, c, req.ImageID); err != nil {
			return v, err
		}
		if err := v.Image.mustBeActive(); err != nil {
			return v, err
		}
		if v.Image.Node != "" {
			v.Node = v.Image.Node // where its files are
		}
		v.Bootable = true
		if v.SizeGiB < v.Image.MinDiskGiB {
			return v, fault.Invalidf("size", "Volume size %dGB cannot be smaller than the image minDisk size %dGB.", v.SizeGiB, v.Image.MinDiskGiB)
		}
	}
	return v, nil
}

// ofSnapshot makes a new volume, and what else is asked of it, one that begins
// as a copy of the snapshot, which stays until the volume is there.
func (s *Service) ofSnapshot(ctx context.Context, tx Tx, c identity.Caller, v *Volume, req *VolumeRequest) error {
	if err := tx.Lock(ctx, "snapshot "+req.SnapshotID); err != nil {
		return err
	}
	n, err := visibleSnapshot(ctx, tx, c, req.SnapshotID)
	if err != nil {
		return err
	}
	if n.Status != VolumeAvailable {
		return (&WrongSnapshotStatus{Verb: "copy", ID: n.ID, Status: n.Status}).fault()
	}
	v.SnapshotID, v.Bootable, v.Image, v.Node = n.ID, n.Bootable, n.Image, n.Node
	v.Zone = cmp.Or(req.Zone, n.Zone)
	req.Type = cmp.Or(req.Type, n.Type)
	v.SizeGiB = cmp.Or(v.SizeGiB, n.SizeGiB)
	if v.SizeGiB < n.SizeGiB {
		return fault.Invalidf("size", "Volume size '%d' GB cannot be smaller than the snapshot size %d GB. They must be >= original snapshot size.", v.SizeGiB, n.SizeGiB)
	}
	return nil
}

// Volume returns a volume of the caller's project, or any for administrators.
// Faults: NotFound.
func (s *Service) Volume(ctx context.Context, c identity.Caller, id string) (Volume, error) {
	return read(ctx, s.store, func(tx Tx) (Volume, error) { return visibleVolume(ctx, tx, c, id) })
}

func visibleVolume(ctx context.Context, tx Tx, c identity.Caller, id string) (Volume, error) {
	v, err := tx.Volume(ctx, id)
	return visible(v, err, v.visible(c), "volume", id)
}

// Volumes lists the volumes of the caller's project, or every project's for
// administrators who ask, newest first. Faults: Forbidden.
func (s *Service) Volumes(ctx context.Context, c identity.Caller, allProjects bool) ([]Volume, error) {
	q := VolumeQuery{Region: c.Region, ProjectID: c.ProjectID()}
	switch {
	case allProjects && !c.Admin():
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "volume", Msg: "only administrators list all projects"}
	case allProjects:
		q.ProjectID = ""
	case q.ProjectID == "":
		return nil, nil
	}
	return read(ctx, s.store, func(tx Tx) ([]Volume, error) { return tx.Volumes(ctx, q) })
}

// VolumeLabels are what people call a volume and write on it.
type VolumeLabels struct {
	Name        string
	Description string
	Metadata    map[string]string
	Bootable    bool
	// ImageProperties are what is written on its image, as the volume has it.
	ImageProperties map[string]string
}

// EditVolume lets edit change a volume's labels in one transaction. edit may
// run more than once; its error ends the edit and is returned. A guest that has
// the volume follows its name when it boots next.
//
// Faults: Forbidden (a reader), NotFound, and what edit says.
func (s *Service) EditVolume(ctx context.Context, c identity.Caller, id string, edit func(*VolumeLabels) error) (Volume, error) {
	return s.changeVolume(ctx, c, id, audit.Update, func(_ Tx, v *Volume) error {
		l := VolumeLabels{
			Name: v.Name, Description: v.Description, Metadata: map[string]string{}, Bootable: v.Bootable, ImageProperties: map[string]string{},
		}
		maps.Copy(l.Metadata, v.Metadata)
		maps.Copy(l.ImageProperties, v.Image.Properties)
		if err := edit(&l); err != nil {
			return err
		}
		v.Name, v.Description, v.Metadata, v.Bootable = l.Name, l.Description, l.Metadata, l.Bootable
		v.Image.Properties = l.ImageProperties
		return nil
	})
}

// ExtendVolume makes a volume larger; one that an instance has only when inUse
// is set. Faults: Forbidden, NotFound, Conflict with a [WrongVolumeStatus],
// Invalid (size), Quota with a [QuotaExceeded].
func (s *Service) ExtendVolume(ctx context.Context, c identity.Caller, id string, sizeGiB int, inUse bool) (Volume, error) {
	return s.changeVolume(ctx, c, id, audit.Update, func(tx Tx, v *Volume) error {
		allowed := []VolumeStatus{VolumeAvailable, VolumeErrorExtending}
		if inUse {
			allowed = append(allowed, VolumeInUse)
		}
		if err := v.mustBe("extend", allowed...); err != nil {
			return err
		}
		if sizeGiB <= v.SizeGiB || sizeGiB > MaxVolumeGiB {
			return fault.Invalidf("size", "Invalid input received: New size for extend must be greater than current size. (current: %d, extended: %d).", v.SizeGiB, sizeGiB)
		}
		if err := s.fitsOne(ctx, tx, v.ProjectID, sizeGiB); err != nil {
			return err
		}
		if err := s.reserveVolumes(ctx, tx, v.ProjectID, VolumeUsage{GiB: sizeGiB - v.SizeGiB}); err != nil {
			return err
		}
		v.SizeGiB, v.Status = sizeGiB, VolumeExtending
		subject := v.ID
		if v.Attachment != nil {
			subject = v.Attachment.InstanceID
		}
		return tx.EnqueueJob(ctx, s.volumeJob(*v, subject, volumeExtend))
	})
}

// DeleteVolume deletes a volume that no instance has and that has no snapshots.
// Deleting one that is being deleted changes nothing. Faults: Forbidden, NotFound, Conflict with a
// [WrongVolumeStatus].
func (s *Service) DeleteVolume(ctx context.Context, c identity.Caller, id string) (Volume, error) {
	return s.changeVolume(ctx, c, id, audit.Delete, func(tx Tx, v *Volume) error {
		if v.Status == VolumeDeleting {
			return nil
		}
		if err := v.kept(ctx, tx); err != nil {
			return err
		}
		return s.dropVolume(ctx, tx, v)
	})
}

// dropVolume puts the end of a volume on record, after what else is to be done
// to it.
func (s *Service) dropVolume(ctx context.Context, tx Tx, v *Volume) error {
	if v.Status == VolumeDeleting {
		return nil
	}
	if err := v.mustBe("delete", VolumeAvailable, VolumeError, VolumeErrorExtending); err != nil {
		return err
	}
	if v.Attachment != nil {
		v.Status = VolumeInUse
		return v.mustBe("delete", VolumeAvailable)
	}
	v.Status = VolumeDeleting
	return tx.EnqueueJob(ctx, s.volumeJob(*v, v.ID, volumeDelete))
}

// changeVolume reads, changes and writes a volume under its lock, with the
// entry in the log.
func (s *Service) changeVolume(ctx context.Context, c identity.Caller, id string, a audit.Action, change func(Tx, *Volume) error) (Volume, error) {
	if err := mayChange(c); err != nil {
		return Volume{}, err
	}
	var v Volume
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if err := tx.Lock(ctx, "volume "+id); err != nil {
			return err
		}
		if v, err = visibleVolume(ctx, tx, c, id); err != nil {
			return err
		}
		if err := change(tx, &v); err != nil {
			return err
		}
		v.UpdatedAt = s.now()
		if err := tx.UpdateVolume(ctx, v); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.auditVolume(c, a, v, ""))
	})
	if err == nil {
		s.opt.Wake()
	}
	return v, err
}

func (s *Service) auditVolume(c identity.Caller, a audit.Action, v Volume, detail string) audit.Entry {
	e := c.Audit(a, "volume", v.ID)
	e.At, e.OwnerID, e.Detail = s.now(), v.ProjectID, v.Name
	if detail != "" {
		e.Detail += "; " + detail
	}
	return e
}
