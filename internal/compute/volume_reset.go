package compute

import (
	"context"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// busy are the statuses of volumes and snapshots to which a job is doing
// something. It comes to its end, so nobody has to say so.
var busy = []VolumeStatus{VolumeCreating, VolumeAttaching, VolumeDetaching, VolumeExtending, VolumeDeleting}

func administers(c identity.Caller, resource, id string) error {
	if c.Admin() {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Resource: resource, Name: id, Msg: "only administrators do this"}
}

// ResetVolume says what status a volume has: [VolumeError],
// [VolumeErrorExtending] or [VolumeMaintenance], in which nothing can be done
// with it, or the one it has when nothing is the matter, [VolumeInUse] where an
// instance has it and else [VolumeAvailable]. Faults: Forbidden (not an
// administrator), NotFound, Invalid (another status), Conflict with a
// [WrongVolumeStatus] (something is being done to it).
func (s *Service) ResetVolume(ctx context.Context, c identity.Caller, id string, to VolumeStatus) (Volume, error) {
	if err := administers(c, "volume", id); err != nil {
		return Volume{}, err
	}
	return s.changeVolume(ctx, c, id, audit.Update, func(_ Tx, v *Volume) error {
		if slices.Contains(busy, v.Status) {
			return v.mustBe("reset")
		}
		was := v.Status
		if settle(v); to == v.Status {
			v.Fault = ""
			return nil
		}
		settled := v.Status
		if v.Status = was; !slices.Contains([]VolumeStatus{VolumeError, VolumeErrorExtending, VolumeMaintenance}, to) {
			return fault.Invalidf("status", "a volume's status can be reset to error, error_extending, maintenance, and that of this one to %s, not to '%s'", settled, to)
		}
		v.Status = to
		return nil
	})
}

// ForceDeleteVolume is [Service.DeleteVolume] whatever the volume's status is.
// Faults: Forbidden (not an administrator), NotFound, Conflict with a
// [WrongVolumeStatus] (an instance has it; it has snapshots).
func (s *Service) ForceDeleteVolume(ctx context.Context, c identity.Caller, id string) error {
	if err := administers(c, "volume", id); err != nil {
		return err
	}
	_, err := s.changeVolume(ctx, c, id, audit.Delete, func(tx Tx, v *Volume) error {
		if err := v.kept(ctx, tx); err != nil {
			return err
		}
		if v.Attachment == nil && v.Status != VolumeDeleting {
			v.Status = VolumeError // from which it can go
		}
		return s.dropVolume(ctx, tx, v)
	})
	return err
}

// ResetVolumeSnapshot says that a snapshot is [VolumeAvailable] or
// [VolumeError]. Faults: Forbidden (not an administrator), NotFound, Invalid
// (another status), Conflict with a [WrongSnapshotStatus] (something is being
// done to it).
func (s *Service) ResetVolumeSnapshot(ctx context.Context, c identity.Caller, id string, to VolumeStatus) error {
	if err := administers(c, "snapshot", id); err != nil {
		return err
	}
	_, err := s.changeSnapshot(ctx, c, id, audit.Update, func(_ Tx, n *VolumeSnapshot) error {
		if slices.Contains(busy, n.Status) {
			return (&WrongSnapshotStatus{Verb: "reset", ID: n.ID, Status: n.Status}).fault()
		}
		if to != VolumeAvailable && to != VolumeError {
			return fault.Invalidf("status", "a snapshot's status can be reset to available and to error, not to '%s'", to)
		}
		n.Status = to
		return nil
	})
	return err
}

// ForceDeleteVolumeSnapshot is [Service.DeleteVolumeSnapshot] whatever the
// snapshot's status is. Faults: Forbidden (not an administrator), NotFound,
// Conflict with a [WrongSnapshotStatus] (a volume is being made of it).
func (s *Service) ForceDeleteVolumeSnapshot(ctx context.Context, c identity.Caller, id string) error {
	if err := administers(c, "snapshot", id); err != nil {
		return err
	}
	_, err := s.changeSnapshot(ctx, c, id, audit.Delete, func(tx Tx, n *VolumeSnapshot) error {
		if n.Status != VolumeDeleting {
			n.Status = VolumeError // from which it can go
		}
		return s.dropSnapshot(ctx, tx, n)
	})
	return err
}
