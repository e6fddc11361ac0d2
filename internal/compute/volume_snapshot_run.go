package compute

import (
	"context"
	"strings"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/job"
)

// VolumeSnapshotJobKind is the kind of the jobs that
// [Service.RunVolumeSnapshotJob] does. Its subject is the volume, or the
// instance that has the volume: calls for one of them never overlap, and keep
// their order.
const VolumeSnapshotJobKind = "volume snapshot"

// What jobs do to snapshots. A job's action is one of these and the snapshot's id.
const (
	snapshotCreate = "create"
	snapshotDelete = "delete"
)

func (s *Service) snapshotJob(n VolumeSnapshot, v Volume, verb string) job.Job {
	now, subject := s.now(), v.ID
	if v.Attachment != nil {
		subject = v.Attachment.InstanceID
	}
	return job.Job{ID: s.opt.NewID(), Kind: VolumeSnapshotJobKind, Subject: subject, Node: n.Node, Action: verb + " " + n.ID, RunAt: now, CreatedAt: now}
}

// RunVolumeSnapshotJob does one job of [VolumeSnapshotJobKind]. It may be run
// again after a crash at any point: the driver's calls are idempotent, and a
// snapshot whose status is no longer the job's is left alone.
func (s *Service) RunVolumeSnapshotJob(ctx context.Context, j job.Job) error {
	d, err := s.snapshots()
	if err != nil {
		return err
	}
	verb, id, _ := strings.Cut(j.Action, " ")
	var n VolumeSnapshot
	err = s.store.Read(ctx, func(tx Tx) (err error) { n, err = tx.VolumeSnapshot(ctx, id); return err })
	switch {
	case fault.Is(err, fault.NotFound):
		return d.DeleteVolumeSnapshot(ctx, id) // what the driver has left goes, too
	case err != nil:
		return err
	case verb == snapshotCreate && n.Status == VolumeCreating:
		failure := d.SnapshotVolume(ctx, id, n.VolumeID)
		if failure != nil && (ctx.Err() != nil || fault.Is(failure, fault.Unavailable) && j.Attempts < patience) {
			return failure // to be tried again
		}
		return s.finishSnapshot(ctx, id, failure)
	case verb == snapshotDelete && n.Status == VolumeDeleting:
		if err := d.DeleteVolumeSnapshot(ctx, id); err != nil {
			return err // until it succeeds
		}
		err := s.store.Write(ctx, func(tx Tx) error { return tx.DeleteVolumeSnapshot(ctx, id) })
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	return nil
}

// finishSnapshot records that a snapshot is there, or could not be made.
func (s *Service) finishSnapshot(ctx context.Context, id string, failure error) error {
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "snapshot "+id); err != nil {
			return err
		}
		n, err := tx.VolumeSnapshot(ctx, id)
		if err != nil || n.Status != VolumeCreating {
			return err
		}
		n.Status, n.Fault, n.UpdatedAt = VolumeAvailable, "", s.now()
		if failure != nil {
			n.Status, n.Fault = VolumeError, s.faultOf(failure).Message
		}
		return tx.UpdateVolumeSnapshot(ctx, n)
	})
}

// kept refuses to delete a volume that has snapshots, with a Conflict and a
// [WrongVolumeStatus].
func (v Volume) kept(ctx context.Context, tx Tx) error {
	all, err := tx.VolumeSnapshots(ctx, VolumeSnapshotQuery{VolumeID: v.ID})
	if err != nil || len(all) == 0 {
		return err
	}
	w := &WrongVolumeStatus{Verb: "delete", ID: v.ID, Status: v.Status, Snapshots: true}
	return &fault.Error{Kind: fault.Conflict, Resource: "volume", Name: v.ID, Msg: w.Error(), Err: w}
}
