package compute

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/job"
)

// Event is one thing that was done to an instance. It is kept when the instance is gone.
type Event struct {
	ID         string // of its job, where it has one
	InstanceID string
	Node       string // where the instance was then
	Action     Action
	RequestID  string // of the request that asked for it
	UserID     string
	ProjectID  string // of the caller
	StartedAt  time.Time
	FinishedAt time.Time // zero while it is under way
	// Failure says in the driver's words why it failed, for administrators.
	Failure string
	// Failed is whether it came to nothing.
	Failed bool
}

// What is done at once and has no job.
const (
	EventLock   Action = "lock"
	EventUnlock Action = "unlock"
)

// Events returns what was done to an instance, newest first. Faults: NotFound.
func (s *Service) Events(ctx context.Context, c identity.Caller, id string) ([]Event, error) {
	return s.events(ctx, id, func(tx Tx) error {
		_, err := visibleInstance(ctx, tx, c, id)
		return err
	})
}

// ProjectEvents returns what was done to each of the instances that the caller's
// project has, by their ids and newest first.
func (s *Service) ProjectEvents(ctx context.Context, c identity.Caller) (map[string][]Event, error) {
	byInstance := map[string][]Event{}
	err := s.store.Read(ctx, func(tx Tx) error {
		all, err := tx.ProjectEvents(ctx, c.Region, c.ProjectID())
		for _, e := range all {
			byInstance[e.InstanceID] = append(byInstance[e.InstanceID], e)
		}
		return err
	})
	return byInstance, err
}

// History is [Service.Events] that also tells of an instance which is gone, to
// whoever could see it while it was there.
func (s *Service) History(ctx context.Context, c identity.Caller, id string) ([]Event, error) {
	return s.events(ctx, id, func(tx Tx) error {
		_, err := visibleInstance(ctx, tx, c, id)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		gone, lost := tx.Spell(ctx, id)
		if lost == nil && sees(c, gone.Region, gone.ProjectID) {
			return nil
		}
		return err
	})
}

func (s *Service) events(ctx context.Context, id string, allowed func(Tx) error) ([]Event, error) {
	var all []Event
	err := s.store.Read(ctx, func(tx Tx) error {
		err := allowed(tx)
		if err == nil {
			all, err = tx.Events(ctx, id)
		}
		return err
	})
	return all, err
}

// begin puts an action on record: its job, the event that the job will finish,
// and the audit entry. The instance's row is there already.
func (s *Service) begin(ctx context.Context, tx Tx, c identity.Caller, i Instance, a Action) error {
	j := s.jobFor(i, a)
	if a == ActionDelete {
		// What the instance waits for is of no use any more.
		if err := tx.HastenJobs(ctx, i.ID, j.RunAt); err != nil {
			return err
		}
	}
	if err := tx.EnqueueJob(ctx, j); err != nil {
		return err
	}
	if err := tx.InsertEvent(ctx, s.event(c, i, j.ID, a)); err != nil {
		return err
	}
	return tx.AppendAudit(ctx, s.audit(c, auditActions[a], i, ""))
}

func (s *Service) event(c identity.Caller, i Instance, id string, a Action) Event {
	return Event{
		ID: id, InstanceID: i.ID, Node: i.Node, Action: a, RequestID: c.RequestID,
		UserID: c.User.ID, ProjectID: c.ProjectID(), StartedAt: s.now(),
	}
}

// ask puts an action on record that the instance's state and lock allow;
// prepare may look at the instance as it was and change what the job needs.
// The job does the rest.
func (s *Service) ask(ctx context.Context, c identity.Caller, id string, a Action, prepare func(Tx, *Instance) error) (Instance, error) {
	if err := mayChange(c); err != nil {
		return Instance{}, err
	}
	var i Instance
	err := s.store.Write(ctx, func(tx Tx) error {
		var err error
		if i, err = lockedInstance(ctx, tx, c, id); err != nil {
			return err
		}
		if a == ActionDelete && i.State.Task == Deleting {
			return nil // asked before; its job is on record
		}
		// A copy of the disk changes nothing on it.
		if err := i.unlocked(c); err != nil && a != ActionSnapshot {
			return err
		}
		next, err := i.State.Begin(id, a)
		if err != nil {
			return err
		}
		if prepare != nil {
			if err := prepare(tx, &i); err != nil {
				return err
			}
		}
		if i.State.Task != Idle {
			if err := s.supersede(ctx, tx, id, a); err != nil {
				return err
			}
		}
		i.State, i.UpdatedAt = next, s.now()
		if err := tx.UpdateInstance(ctx, i); err != nil {
			return err
		}
		return s.begin(ctx, tx, c, i, a)
	})
	if err == nil {
		s.opt.Wake()
	}
	return i, err
}

// note changes an instance at once, whatever its state, and records the event.
func (s *Service) note(ctx context.Context, c identity.Caller, id string, a Action, entry audit.Action, change func(*Instance) error) error {
	if err := mayChange(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		i, err := lockedInstance(ctx, tx, c, id)
		if err != nil {
			return err
		}
		was := i.State.Task
		if err := change(&i); err != nil {
			return err
		}
		if was != Idle && i.State.Task != was {
			if err := s.supersede(ctx, tx, id, a); err != nil {
				return err
			}
		}
		i.UpdatedAt = s.now()
		if err := tx.UpdateInstance(ctx, i); err != nil {
			return err
		}
		e := s.event(c, i, s.opt.NewID(), a)
		e.FinishedAt = e.StartedAt
		if err := tx.InsertEvent(ctx, e); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.audit(c, entry, i, ""))
	})
}

// supersede ends what is under way on an instance: something stronger takes
// over. What is of the same kind still does what both ask for.
func (s *Service) supersede(ctx context.Context, tx Tx, id string, by Action) error {
	return s.endEvents(ctx, tx, id, Event{Failed: true, Failure: "not done any more: superseded by " + string(by)},
		func(e Event) bool { return e.Action != by })
}

// alreadyDone ends the event of a job that found nothing left to do: of two of
// one kind, the one that ran first did it for both.
func (s *Service) alreadyDone(ctx context.Context, j job.Job) error {
	return s.store.Write(ctx, func(tx Tx) error {
		return s.endEvents(ctx, tx, j.Subject, Event{}, func(e Event) bool { return e.ID == j.ID })
	})
}

// endEvents ends the chosen ones of an instance's events that are under way, now
// and as end says.
func (s *Service) endEvents(ctx context.Context, tx Tx, id string, end Event, chosen func(Event) bool) error {
	all, err := tx.Events(ctx, id)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !e.FinishedAt.IsZero() || !chosen(e) {
			continue
		}
		e.FinishedAt, e.Failed, e.Failure = s.now(), end.Failed, end.Failure
		if err := tx.FinishEvent(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
