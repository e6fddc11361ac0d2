package compute

import (
	"fmt"
	"slices"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// VMState is what an instance is; its names are Nova's.
type VMState string

// The states.
const (
	Building VMState = "building"
	Active   VMState = "active"
	Stopped  VMState = "stopped"
	Paused   VMState = "paused"
	Error    VMState = "error"
)

// Task is what is being done to an instance; its names are Nova's.
type Task string

// The tasks. Idle is no task.
const (
	Idle          Task = ""
	Spawning      Task = "spawning"
	PoweringOn    Task = "powering-on"
	PoweringOff   Task = "powering-off"
	Rebooting     Task = "rebooting"
	RebootingHard Task = "rebooting_hard"
	Deleting      Task = "deleting"
)

// State is what an instance is and what is being done to it.
type State struct {
	VM   VMState
	Task Task
}

// Action is something that is asked of an instance and done by a job.
type Action string

// The actions.
const (
	ActionCreate     Action = "create"
	ActionStart      Action = "start"
	ActionStop       Action = "stop"
	ActionReboot     Action = "reboot"      // soft: the guest is asked
	ActionHardReboot Action = "hard reboot" // the plug is pulled
	ActionDelete     Action = "delete"
)

// transition is the rule of one action, as Nova's guards have it.
type transition struct {
	verb string    // Nova's plain word, for messages
	from []VMState // allowed in these states; nil: any
	busy bool      // allowed while another task runs
	task Task      // what is shown while the job runs
	to   VMState   // the state when it is done
}

var transitions = map[Action]transition{
	ActionCreate:     {verb: "create", from: []VMState{Building}, task: Spawning, to: Active},
	ActionStart:      {verb: "start", from: []VMState{Stopped}, task: PoweringOn, to: Active},
	ActionStop:       {verb: "stop", from: []VMState{Active, Error}, task: PoweringOff, to: Stopped},
	ActionReboot:     {verb: "reboot", from: []VMState{Active}, task: Rebooting, to: Active},
	ActionHardReboot: {verb: "reboot", from: []VMState{Active, Stopped, Paused, Error}, task: RebootingHard, to: Active},
	ActionDelete:     {verb: "delete", busy: true, task: Deleting},
}

// WrongState is the detail of a Conflict fault: what was asked and what stands
// in its way.
type WrongState struct {
	Verb string // "start", "stop", …
	ID   string // the instance
	// Attr is "vm_state" or "task_state", and Value what it is.
	Attr, Value string
}

// Error says it in Nova's words.
func (e *WrongState) Error() string {
	return fmt.Sprintf("Cannot '%s' instance %s while it is in %s %s", e.Verb, e.ID, e.Attr, e.Value)
}

// Begin returns the state that instance id has while a is being done, or a
// Conflict fault with a [WrongState] when its state does not allow a. Deleting
// an instance that is being deleted is allowed and changes nothing.
func (s State) Begin(id string, a Action) (State, error) {
	t, ok := transitions[a]
	if !ok {
		return s, &fault.Error{Kind: fault.Unsupported, Resource: "action", Name: string(a)}
	}
	wrong := func(attr, value string) error {
		w := &WrongState{Verb: t.verb, ID: id, Attr: attr, Value: value}
		return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: id, Msg: w.Error(), Err: w}
	}
	if t.from != nil && !slices.Contains(t.from, s.VM) {
		return s, wrong("vm_state", string(s.VM))
	}
	if s.Task != Idle && !t.busy {
		return s, wrong("task_state", string(s.Task))
	}
	return State{VM: s.VM, Task: t.task}, nil
}

// Finish returns the state after a was done, or after it failed. A failure
// leaves an instance in [Error]: what the machine does is not known then. A
// deletion that fails is tried again, so its state stays.
func (s State) Finish(a Action, failed bool) State {
	t := transitions[a]
	if s.Task != t.task {
		return s // something stronger, a deletion, has taken over
	}
	switch {
	case a == ActionDelete:
		return s
	case failed:
		return State{VM: Error}
	default:
		return State{VM: t.to}
	}
}
