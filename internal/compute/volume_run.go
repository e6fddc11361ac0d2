package compute

import (
	"context"
	"strings"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/job"
)

// VolumeJobKind is the kind of the jobs that [Service.RunVolumeJob] does. Its
// subject is the volume, or the instance that has or gets it: calls for one
// instance never overlap.
const VolumeJobKind = "volume"

// What jobs do to volumes. A job's action is one of these and the volume's id.
const (
	volumeCreate = "create"
	volumeExtend = "extend"
	volumeAttach = "attach"
	volumeDetach = "detach"
	volumeDelete = "delete"
)

// volumeStep is the rule of one job: the status in which it is due, the driver's
// part, and what becomes of the volume.
type volumeStep struct {
	due    VolumeStatus
	do     func(ctx context.Context, d VolumeDriver, v *Volume) error
	done   func(v *Volume)
	failed VolumeStatus // empty: back to what it was before
}

var volumeSteps = map[string]volumeStep{
	volumeCreate: {due: VolumeCreating, do: put, done: settle, failed: VolumeError},
	volumeExtend: {due: VolumeExtending, do: put, done: settle, failed: VolumeErrorExtending},
	volumeAttach: {due: VolumeAttaching, do: attach, done: settle},
	volumeDetach: {due: VolumeDetaching, do: detach, done: func(v *Volume) { v.Attachment = nil; settle(v) }},
	volumeDelete: {due: VolumeDeleting, do: func(ctx context.Context, d VolumeDriver, v *Volume) error {
		return d.DeleteVolume(ctx, v.ID)
	}},
}

// settle gives the volume the status that it has when nothing is done to it.
func settle(v *Volume) {
	v.Status = VolumeAvailable
	if v.Attachment != nil {
		v.Status = VolumeInUse
	}
}

func put(ctx context.Context, d VolumeDriver, v *Volume) error { return d.PutVolume(ctx, v.spec()) }

func attach(ctx context.Context, d VolumeDriver, v *Volume) error {
	if err := put(ctx, d, v); err != nil { // nothing, unless a crash lost it
		return err
	}
	device, err := d.Attach(ctx, v.Attachment.InstanceID, v.attached().plug())
	if err == nil {
		v.Attachment.Device = device
	}
	return err
}

func detach(ctx context.Context, d VolumeDriver, v *Volume) error {
	return d.Detach(ctx, v.Attachment.InstanceID, v.ID)
}

func (s *Service) volumeJob(v Volume, subject, verb string) job.Job {
	now := s.now()
	return job.Job{ID: s.opt.NewID(), Kind: VolumeJobKind, Subject: subject, Node: v.Node, Action: verb + " " + v.ID, RunAt: now, CreatedAt: now}
}

// RunVolumeJob does one job of [VolumeJobKind]. It may be run again after a
// crash at any point: the driver's calls are idempotent, and a volume whose
// status is no longer the job's is left alone.
func (s *Service) RunVolumeJob(ctx context.Context, j job.Job) error {
	d, err := s.volumes()
	if err != nil {
		return err
	}
	verb, id, _ := strings.Cut(j.Action, " ")
	step, ok := volumeSteps[verb]
	if !ok {
		return &fault.Error{Kind: fault.Internal, Resource: "action", Name: j.Action, Msg: "no step for it"}
	}
	var v Volume
	err = s.store.Read(ctx, func(tx Tx) (err error) { v, err = tx.Volume(ctx, id); return err })
	if fault.Is(err, fault.NotFound) {
		return d.DeleteVolume(ctx, id) // what the driver has left goes, too
	}
	if err != nil || v.Status != step.due {
		return err
	}
	failure := step.do(ctx, d, &v)
	if failure != nil && (ctx.Err() != nil || verb == volumeDelete || fault.Is(failure, fault.Unavailable) && j.Attempts < patience) {
		return failure // to be tried again; a deletion until it succeeds
	}
	return s.finishVolume(ctx, id, verb, v.Attachment, failure)
}

// finishVolume records that a step is done, or failed for good.
func (s *Service) finishVolume(ctx context.Context, id, verb string, at *Attachment, failure error) error {
	step := volumeSteps[verb]
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "volume "+id); err != nil {
			return err
		}
		v, err := tx.Volume(ctx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || v.Status != step.due {
			return err
		}
		if verb == volumeDelete {
			return tx.DeleteVolume(ctx, id)
		}
		v.Fault, v.UpdatedAt = "", s.now()
		switch {
		case failure == nil:
			if v.Attachment != nil && at != nil {
				v.Attachment.Device = at.Device
			}
			step.done(&v)
		case step.failed != "":
			v.Status, v.Fault = step.failed, s.faultOf(failure).Message
		default:
			if verb == volumeAttach {
				v.Attachment = nil
			}
			settle(&v)
			v.Fault = s.faultOf(failure).Message
		}
		return tx.UpdateVolume(ctx, v)
	})
}

// putVolumes makes the volumes of an instance that is being made.
func (s *Service) putVolumes(ctx context.Context, i Instance) error {
	if len(i.Volumes) == 0 {
		return nil
	}
	d, err := s.volumes()
	if err != nil {
		return err
	}
	return s.eachVolume(ctx, i, func(v Volume) error { return d.PutVolume(ctx, v.spec()) })
}

// unplug takes an instance's volumes away from it before it goes.
func (s *Service) unplug(ctx context.Context, i Instance) error {
	if len(i.Volumes) == 0 {
		return nil
	}
	d, err := s.volumes()
	if err != nil {
		return err
	}
	for _, v := range i.Volumes {
		if v.Boots() {
			continue // it goes with the machine that runs on it
		}
		if err := d.Detach(ctx, i.ID, v.VolumeID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) eachVolume(ctx context.Context, i Instance, do func(Volume) error) error {
	var all []Volume
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		all, err = tx.Volumes(ctx, VolumeQuery{InstanceID: i.ID})
		return err
	})
	if err != nil {
		return err
	}
	for _, v := range all {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}

// settleVolumes tells the volumes of a new instance what became of it.
func (s *Service) settleVolumes(ctx context.Context, tx Tx, instanceID string, failed bool) error {
	all, err := tx.Volumes(ctx, VolumeQuery{InstanceID: instanceID})
	if err != nil {
		return err
	}
	for _, v := range all {
		switch {
		case v.Status == VolumeCreating && failed:
			v.Status, v.Fault = VolumeError, "the instance that it was made for could not be run"
		case v.Status == VolumeCreating, v.Status == VolumeAttaching:
			v.Status = VolumeInUse
		default:
			continue
		}
		v.UpdatedAt = s.now()
		if err := tx.UpdateVolume(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// releaseVolumes frees the volumes of an instance that is gone. Those that go
// with it are deleted by jobs; one that has snapshots stays all the same.
func (s *Service) releaseVolumes(ctx context.Context, tx Tx, instanceID string) error {
	all, err := tx.Volumes(ctx, VolumeQuery{InstanceID: instanceID})
	if err != nil {
		return err
	}
	for _, v := range all {
		gone := v.Attachment.DeleteOnTermination
		if kept := v.kept(ctx, tx); fault.Is(kept, fault.Conflict) {
			gone = false
		} else if kept != nil {
			return kept
		}
		v.Attachment, v.UpdatedAt = nil, s.now()
		switch {
		case gone:
			v.Status = VolumeDeleting
			if err := tx.EnqueueJob(ctx, s.volumeJob(v, v.ID, volumeDelete)); err != nil {
				return err
			}
		case v.Status == VolumeCreating:
			v.Status = VolumeError // its instance went before it was made
		case v.Status != VolumeError && v.Status != VolumeExtending:
			settle(&v)
		}
		if err := tx.UpdateVolume(ctx, v); err != nil {
			return err
		}
	}
	return nil
}
