package compute

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/job"
)

// JobKind is the kind of the jobs that [Service.RunJob] does.
const JobKind = "instance"

// actionResume makes an instance run that ran when this node stopped. Nobody
// asks for it but [Service.Resume].
const actionResume Action = "resume"

// patience is how often a job is tried before the instance counts as broken,
// when the driver says that trying again may help.
const patience = 5

func (s *Service) jobFor(i Instance, a Action) job.Job {
	now := s.now()
	j := job.Job{ID: s.opt.NewID(), Kind: JobKind, Subject: i.ID, Node: i.Node, Action: string(a), RunAt: now, CreatedAt: now}
	if transitions[a].slow {
		j.RunAt = now.Add(s.driver.Info().BootTime)
	}
	return j
}

// Resume puts a job on record for every instance of this node that should run,
// so that the driver starts those that do not: after a restart none of a
// driver's own do. Call it before jobs are run.
func (s *Service) Resume(ctx context.Context) error {
	return s.store.Write(ctx, func(tx Tx) error {
		all, err := tx.Instances(ctx, InstanceQuery{Node: s.opt.Node})
		if err != nil {
			return err
		}
		for _, i := range all {
			if vm := i.settled(); vm != Active && vm != Paused {
				continue
			}
			j := s.jobFor(i, actionResume)
			j.ID = "resume-" + i.ID // one is enough, however often the node is restarted
			if err := tx.EnqueueJob(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// RunJob does one job of [JobKind]. It may be run again after a crash at any
// point: the driver's calls are idempotent, and an instance whose task is no
// longer the job's is left alone.
func (s *Service) RunJob(ctx context.Context, j job.Job) error {
	var i Instance
	err := s.store.Read(ctx, func(tx Tx) (err error) { i, err = tx.Instance(ctx, j.Subject); return err })
	if fault.Is(err, fault.NotFound) {
		// Its deletion is on record already; what the driver has left goes too.
		return s.driver.Delete(ctx, j.Subject)
	}
	if err != nil {
		return err
	}
	a := Action(j.Action)
	if a == actionResume {
		return s.resume(ctx, i, j)
	}
	if a == actionWire {
		err := s.wire(ctx, i.ID)
		if err != nil && ctx.Err() == nil && j.Attempts >= patience {
			return nil // what else is to be done to the instance waits for it; its next boot tries again
		}
		return err
	}
	t, known := transitions[a]
	if !known || i.State.Task != t.task {
		return s.alreadyDone(ctx, j) // before a crash, by another, or something stronger has taken over
	}
	err = s.drive(ctx, i, a)
	if err == nil && a != ActionDelete {
		err = s.wire(ctx, i.ID)
	}
	if err != nil {
		if ctx.Err() != nil {
			return err // the lease is lost: another process has the job
		}
		return s.failed(ctx, i, a, j, err)
	}
	return s.finish(ctx, i.ID, a, j, nil)
}

// drive has the driver do it.
func (s *Service) drive(ctx context.Context, i Instance, a Action) error {
	spec := i.spec()
	switch a {
	case ActionCreate:
		if err := s.putVolumes(ctx, i); err != nil {
			return err
		}
		if err := s.driver.Create(ctx, spec); err != nil {
			return err
		}
		return s.driver.Start(ctx, spec)
	case ActionStart:
		return s.driver.Start(ctx, spec)
	case ActionStop:
		return s.driver.Stop(ctx, i.ID, s.opt.StopGrace)
	case ActionReboot, ActionHardReboot:
		seen, err := s.driver.Get(ctx, i.ID)
		if err != nil {
			return err
		}
		if seen.Power == PowerStopped {
			return s.driver.Start(ctx, spec)
		}
		return s.driver.Reboot(ctx, spec, a == ActionHardReboot)
	case ActionDelete:
		if err := s.unplug(ctx, i); err != nil {
			return err
		}
		return s.driver.Delete(ctx, i.ID)
	case ActionRebuild:
		return s.rebuild(ctx, i)
	case ActionResize:
		return s.remake(ctx, i, i.settled())
	case ActionRevert:
		return s.remake(ctx, i.reverted(), i.settled())
	case ActionPause, ActionUnpause:
		return s.pause(ctx, i, a == ActionPause)
	case ActionSnapshot:
		return s.snapshot(ctx, i)
	case ActionPassword:
		if err := s.running(ctx, i); err != nil {
			return err
		}
		_, err := s.driver.SetAccess(ctx, i.ID, i.access(), true)
		return err
	}
	return &fault.Error{Kind: fault.Internal, Resource: "action", Name: string(a), Msg: "no driver call for it"}
}

func (s *Service) resume(ctx context.Context, i Instance, j job.Job) error {
	vm := i.settled()
	if vm != Active && vm != Paused || i.State.Task == Deleting {
		return nil
	}
	err := s.running(ctx, i)
	if err == nil && vm == Paused {
		err = s.pause(ctx, i, true)
	}
	if err == nil {
		err = s.wire(ctx, i.ID)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if j.Attempts < patience {
		return err
	}
	return s.change(ctx, i.ID, nil, func(i *Instance) {
		if i.settled() == vm && i.State.Task != Deleting {
			i.State, i.Fault = State{VM: Error}, s.faultOf(err)
		}
	})
}

// failed decides whether to try again. A deletion is tried until it succeeds.
func (s *Service) failed(ctx context.Context, i Instance, a Action, j job.Job, cause error) error {
	if a == ActionDelete || fault.Is(cause, fault.Unavailable) && j.Attempts < patience {
		return cause
	}
	return s.finish(ctx, i.ID, a, j, cause)
}

// finish records that an action is done, or failed for good.
func (s *Service) finish(ctx context.Context, id string, a Action, j job.Job, cause error) error {
	if a == ActionDelete {
		defer s.opt.Wake() // volumes may go with it
		return s.store.Write(ctx, func(tx Tx) error {
			if err := tx.FinishEvent(ctx, Event{ID: j.ID, FinishedAt: s.now()}); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			return s.forget(ctx, tx, id)
		})
	}
	record := func(tx Tx) error {
		if a == ActionCreate {
			if err := s.settleVolumes(ctx, tx, id, cause != nil); err != nil {
				return err
			}
		}
		e := Event{ID: j.ID, FinishedAt: s.now(), Failed: cause != nil}
		if cause != nil {
			e.Failure = cause.Error()
		}
		if err := tx.FinishEvent(ctx, e); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if a == ActionSnapshot {
			return s.afterSnapshot(ctx, tx, id, cause != nil)
		}
		return nil
	}
	return s.change(ctx, id, record, func(i *Instance) {
		t := transitions[a]
		if i.State.Task != t.task {
			return
		}
		i.State = i.State.Finish(a, cause != nil)
		switch a {
		case ActionResize, ActionRevert:
			i.afterResize(a, cause != nil)
		case ActionSnapshot:
			i.SavingImageID = ""
		}
		switch {
		case cause == nil:
			i.Fault = nil
		case !t.mild:
			i.Fault = s.faultOf(cause)
			return
		default:
			return
		}
		i.booted(a, s.now())
	})
}

// booted records what is so once the machine has been made and started. A
// rebuilt instance has its new disk even when it is stopped again.
func (i *Instance) booted(a Action, now time.Time) {
	if a == ActionCreate || a == ActionRebuild {
		i.Files = nil // they are on the disk
		i.LaunchedAt = now
	}
	if i.State.VM != Active && a != ActionRebuild {
		return
	}
	if i.LaunchedAt.IsZero() {
		i.LaunchedAt = now
	}
	// Every boot puts the keys of the specification on the guest.
	for k := range i.Bindings {
		if i.Bindings[k].State == BindingPending {
			i.Bindings[k].State, i.Bindings[k].Since = BindingApplied, now
		}
	}
}

// change reads, changes and writes an instance under its lock; with, unless it
// is nil, is done in the same transaction first.
func (s *Service) change(ctx context.Context, id string, with func(Tx) error, fn func(*Instance)) error {
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "instance "+id); err != nil {
			return err
		}
		i, err := tx.Instance(ctx, id)
		if err != nil {
			return err
		}
		if with != nil {
			if err := with(tx); err != nil {
				return err
			}
		}
		fn(&i)
		i.UpdatedAt = s.now()
		return tx.UpdateInstance(ctx, i)
	})
}

// faultOf tells the owner what happened in the driver's own words where those
// are meant for them.
func (s *Service) faultOf(err error) *InstanceFault {
	f := &InstanceFault{Code: 500, Message: "the instance could not be run", Details: err.Error(), At: s.now()}
	switch fault.KindOf(err) {
	case fault.NoCapacity:
		f.Message = "No valid host was found."
	case fault.Internal:
	default:
		f.Message = err.Error()
	}
	return f
}
