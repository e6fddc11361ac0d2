package compute

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Lock keeps everyone but administrators from changing an instance.
type Lock struct {
	// ByAdmin is whether an administrator set it: only they take it off then.
	ByAdmin bool
	Reason  string // up to 255 characters, or ""
	At      time.Time
}

// Locked is the detail of the Conflict fault about a locked instance.
type Locked struct{ ID string }

// Error says it in Nova's words.
func (e *Locked) Error() string { return "Instance " + e.ID + " is locked" }

// unlocked refuses a caller whom the instance's lock keeps out.
func (i Instance) unlocked(c identity.Caller) error {
	if i.Lock == nil || c.Admin() {
		return nil
	}
	e := &Locked{ID: i.ID}
	return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: i.ID, Msg: e.Error(), Err: e}
}

// Lock locks an instance against changes; locking it again changes who locked
// it and why. Faults: Forbidden (a reader), NotFound.
func (s *Service) Lock(ctx context.Context, c identity.Caller, id, reason string) error {
	return s.note(ctx, c, id, EventLock, audit.Lock, func(i *Instance) error {
		i.Lock = &Lock{ByAdmin: c.Admin(), Reason: reason, At: s.now()}
		return nil
	})
}

// ErrLockedByAdmin is in the Forbidden fault about a lock that only
// administrators may take off.
var ErrLockedByAdmin = &fault.Error{Kind: fault.Forbidden, Resource: "instance",
	Msg: "an administrator locked it, and only an administrator may unlock it"}

// Unlock lets an instance be changed again; one that is not locked stays so.
// Faults: Forbidden (a reader; [ErrLockedByAdmin]), NotFound.
func (s *Service) Unlock(ctx context.Context, c identity.Caller, id string) error {
	return s.note(ctx, c, id, EventUnlock, audit.Unlock, func(i *Instance) error {
		if i.Lock != nil && i.Lock.ByAdmin && !c.Admin() {
			return ErrLockedByAdmin
		}
		i.Lock = nil
		return nil
	})
}
