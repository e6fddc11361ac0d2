package compute

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// EventReset is an administrator saying what state an instance is in.
const EventReset Action = "reset state"

// ResetState says that an instance is [Active] or in [Error], whatever its
// machine does, and busy with nothing: for one that is stuck. Faults: Forbidden
// (not an administrator), NotFound, Conflict with a [WrongState] (it is being deleted).
func (s *Service) ResetState(ctx context.Context, c identity.Caller, id string, to VMState) error {
	if !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "instance", Name: id, Msg: "only administrators reset a state"}
	}
	return s.note(ctx, c, id, EventReset, audit.Update, func(i *Instance) error {
		if i.State.Task == Deleting {
			w := &WrongState{Verb: "os-resetState", ID: id, Attr: "task_state", Value: string(Deleting)}
			return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: id, Msg: w.Error(), Err: w}
		}
		i.State, i.Resize = State{VM: to}, nil
		return nil
	})
}
