package compute

import (
	"context"
	"maps"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// VolumeSnapshot is what a volume held at one moment. The volume cannot go
// before it; volumes can be made of it.
type VolumeSnapshot struct {
	ID          string // UUID
	Region      string
	ProjectID   string
	UserID      string // who made it
	VolumeID    string
	Name        string // up to 255 characters, may be empty
	Description string
	// SizeGiB, Type, Zone, Node, Bootable and Image are the volume's, as they were.
	SizeGiB  int
	Type     string
	Zone     string
	Node     string
	Bootable bool
	Image    Image
	// Status is [VolumeCreating], [VolumeAvailable], [VolumeDeleting] or [VolumeError].
	Status    VolumeStatus
	Metadata  map[string]string
	Fault     string // why it is in an error state
	CreatedAt time.Time
	UpdatedAt time.Time
}

// VolumeSnapshotRequest is a snapshot to be made.
type VolumeSnapshotRequest struct {
	VolumeID string
	VolumeSnapshotLabels
	// InUse takes one of a volume that an instance has, too: it holds what a power
	// cut at that moment would have left.
	InUse bool
}

// VolumeSnapshotLabels are what people call a snapshot and write on it.
type VolumeSnapshotLabels struct {
	Name        string
	Description string
	Metadata    map[string]string
}

// WrongSnapshotStatus is the detail of a Conflict fault about a snapshot: what
// was asked and what stands in its way.
type WrongSnapshotStatus struct {
	Verb   string // "copy", "delete", "reset"
	ID     string
	Status VolumeStatus
	// Copying is whether a volume is being made of it.
	Copying bool
}

// Error says it in a sentence.
func (e *WrongSnapshotStatus) Error() string {
	if e.Copying {
		return "cannot " + e.Verb + " snapshot " + e.ID + " while a volume is being made of it"
	}
	return "cannot " + e.Verb + " snapshot " + e.ID + " while it is " + string(e.Status)
}

func (e *WrongSnapshotStatus) fault() error {
	return &fault.Error{Kind: fault.Conflict, Resource: "snapshot", Name: e.ID, Msg: e.Error(), Err: e}
}

// snapshots returns the driver's part for snapshots of volumes. Faults:
// Unsupported.
func (s *Service) snapshots() (VolumeSnapshotter, error) {
	if d, ok := s.driver.(VolumeSnapshotter); ok {
		return d, nil
	}
	return nil, &fault.Error{Kind: fault.Unsupported, Resource: "snapshot", Msg: "this deployment has no snapshots of volumes"}
}

// CreateVolumeSnapshot takes a snapshot of a volume, in the volume's project.
// It returns when the wish is on record; a job does the work.
//
// Faults: Forbidden (a reader), Unsupported, NotFound (volume), Conflict with a
// [WrongVolumeStatus], Quota with a [QuotaExceeded].
func (s *Service) CreateVolumeSnapshot(ctx context.Context, c identity.Caller, req VolumeSnapshotRequest) (VolumeSnapshot, error) {
	if err := mayChange(c); err != nil {
		return VolumeSnapshot{}, err
	}
	if _, err := s.snapshots(); err != nil {
		return VolumeSnapshot{}, err
	}
	var n VolumeSnapshot
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "volume "+req.VolumeID); err != nil {
			return err
		}
		v, err := visibleVolume(ctx, tx, c, req.VolumeID)
		if err != nil {
			return err
		}
		allowed := []VolumeStatus{VolumeAvailable}
		if req.InUse {
			allowed = append(allowed, VolumeInUse)
		}
		if err := v.mustBe("snapshot", allowed...); err != nil {
			return err
		}
		if err := s.reserveVolumes(ctx, tx, v.ProjectID, VolumeUsage{Snapshots: 1, GiB: v.SizeGiB}); err != nil {
			return err
		}
		now := s.now()
		n = VolumeSnapshot{
			ID: s.opt.NewID(), Region: v.Region, ProjectID: v.ProjectID, UserID: c.User.ID, VolumeID: v.ID,
			Name: req.Name, Description: req.Description, Metadata: maps.Clone(req.Metadata), SizeGiB: v.SizeGiB, Type: v.Type,
			Zone: v.Zone, Node: v.Node, Bootable: v.Bootable, Image: v.Image, Status: VolumeCreating, CreatedAt: now, UpdatedAt: now,
		}
		if err := tx.InsertVolumeSnapshot(ctx, n); err != nil {
			return err
		}
		if err := tx.EnqueueJob(ctx, s.snapshotJob(n, v, snapshotCreate)); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.auditSnapshot(c, audit.Create, n))
	})
	if err == nil {
		s.opt.Wake()
	}
	return n, err
}

// VolumeSnapshot returns a snapshot of the caller's project, or any for
// administrators. Faults: NotFound.
func (s *Service) VolumeSnapshot(ctx context.Context, c identity.Caller, id string) (VolumeSnapshot, error) {
	return read(ctx, s.store, func(tx Tx) (VolumeSnapshot, error) { return visibleSnapshot(ctx, tx, c, id) })
}

func visibleSnapshot(ctx context.Context, tx Tx, c identity.Caller, id string) (VolumeSnapshot, error) {
	n, err := tx.VolumeSnapshot(ctx, id)
	return visible(n, err, sees(c, n.Region, n.ProjectID), "snapshot", id)
}

// VolumeSnapshots lists the snapshots of the caller's project, or every
// project's for administrators who ask, newest first. Faults: Forbidden.
func (s *Service) VolumeSnapshots(ctx context.Context, c identity.Caller, allProjects bool) ([]VolumeSnapshot, error) {
	q := VolumeSnapshotQuery{Region: c.Region, ProjectID: c.ProjectID()}
	switch {
	case allProjects && !c.Admin():
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "snapshot", Msg: "only administrators list all projects"}
	case allProjects:
		q.ProjectID = ""
	case q.ProjectID == "":
		return nil, nil
	}
	return read(ctx, s.store, func(tx Tx) ([]VolumeSnapshot, error) { return tx.VolumeSnapshots(ctx, q) })
}

// EditVolumeSnapshot lets edit change a snapshot's labels in one transaction.
// edit may run more than once; its error ends the edit and is returned. Faults:
// Forbidden (a reader), NotFound, and what edit says.
func (s *Service) EditVolumeSnapshot(ctx context.Context, c identity.Caller, id string, edit func(*VolumeSnapshotLabels) error) (VolumeSnapshot, error) {
	return s.changeSnapshot(ctx, c, id, audit.Update, func(_ Tx, n *VolumeSnapshot) error {
		l := VolumeSnapshotLabels{n.Name, n.Description, maps.Clone(n.Metadata)}
		if l.Metadata == nil {
			l.Metadata = map[string]string{}
		}
		if err := edit(&l); err != nil {
			return err
		}
		n.Name, n.Description, n.Metadata = l.Name, l.Description, l.Metadata
		return nil
	})
}

// DeleteVolumeSnapshot deletes a snapshot; volumes that were made of it stay.
// Deleting one that is being deleted changes nothing. Faults: Forbidden,
// NotFound, Conflict with a [WrongSnapshotStatus].
func (s *Service) DeleteVolumeSnapshot(ctx context.Context, c identity.Caller, id string) error {
	_, err := s.changeSnapshot(ctx, c, id, audit.Delete, func(tx Tx, n *VolumeSnapshot) error { return s.dropSnapshot(ctx, tx, n) })
	return err
}

// dropSnapshot puts the end of a snapshot on record.
func (s *Service) dropSnapshot(ctx context.Context, tx Tx, n *VolumeSnapshot) error {
	switch n.Status {
	case VolumeDeleting:
		return nil
	case VolumeAvailable, VolumeError:
	default:
		return (&WrongSnapshotStatus{Verb: "delete", ID: n.ID, Status: n.Status}).fault()
	}
	copies, err := tx.Volumes(ctx, VolumeQuery{SnapshotID: n.ID})
	if err != nil {
		return err
	}
	for _, v := range copies {
		if v.Status == VolumeCreating {
			return (&WrongSnapshotStatus{Verb: "delete", ID: n.ID, Status: n.Status, Copying: true}).fault()
		}
	}
	v, err := tx.Volume(ctx, n.VolumeID)
	if err != nil {
		return err
	}
	n.Status = VolumeDeleting
	return tx.EnqueueJob(ctx, s.snapshotJob(*n, v, snapshotDelete))
}

// DeleteVolumeAndSnapshots is [Service.DeleteVolume] that takes the volume's
// snapshots along: they go before it. Faults: as there, and Conflict with a
// [WrongSnapshotStatus].
func (s *Service) DeleteVolumeAndSnapshots(ctx context.Context, c identity.Caller, id string) error {
	_, err := s.changeVolume(ctx, c, id, audit.Delete, func(tx Tx, v *Volume) error {
		all, err := tx.VolumeSnapshots(ctx, VolumeSnapshotQuery{VolumeID: id})
		if err != nil {
			return err
		}
		for _, n := range all {
			if err := tx.Lock(ctx, "snapshot "+n.ID); err != nil {
				return err
			}
			if err := s.dropSnapshot(ctx, tx, &n); err != nil {
				return err
			}
			n.UpdatedAt = s.now()
			if err := tx.UpdateVolumeSnapshot(ctx, n); err != nil {
				return err
			}
			if err := tx.AppendAudit(ctx, s.auditSnapshot(c, audit.Delete, n)); err != nil {
				return err
			}
		}
		return s.dropVolume(ctx, tx, v)
	})
	return err
}

// changeSnapshot reads, changes and writes a snapshot under its lock, with the
// entry in the log.
func (s *Service) changeSnapshot(ctx context.Context, c identity.Caller, id string, a audit.Action, change func(Tx, *VolumeSnapshot) error) (VolumeSnapshot, error) {
	if err := mayChange(c); err != nil {
		return VolumeSnapshot{}, err
	}
	var n VolumeSnapshot
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if err := tx.Lock(ctx, "snapshot "+id); err != nil {
			return err
		}
		if n, err = visibleSnapshot(ctx, tx, c, id); err != nil {
			return err
		}
		if err := change(tx, &n); err != nil {
			return err
		}
		n.UpdatedAt = s.now()
		if err := tx.UpdateVolumeSnapshot(ctx, n); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.auditSnapshot(c, a, n))
	})
	if err == nil {
		s.opt.Wake()
	}
	return n, err
}

func (s *Service) auditSnapshot(c identity.Caller, a audit.Action, n VolumeSnapshot) audit.Entry {
	e := c.Audit(a, "volume snapshot", n.ID)
	e.At, e.OwnerID, e.Detail = s.now(), n.ProjectID, n.Name+"; volume "+n.VolumeID
	return e
}
