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
	// Resized has another flavor and waits for that to be confirmed or reverted.
	Resized VMState = "resized"
	Error   VMState = "error"
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
	Rebuilding    Task = "rebuilding"
	Resizing      Task = "resize_prep"
	Reverting     Task = "resize_reverting"
	Pausing       Task = "pausing"
	Unpausing     Task = "unpausing"
	Snapshotting  Task = "image_snapshot"
	// SettingPassword gives the guest's user another password.
	SettingPassword Task = "updating_password"
	Deleting        Task = "deleting"
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

	ActionRebuild  Action = "rebuild"
	ActionResize   Action = "resize"
	ActionConfirm  Action = "confirm resize" // done at once, without a job
	ActionRevert   Action = "revert resize"
	ActionPause    Action = "pause"
	ActionUnpause  Action = "unpause"
	ActionSnapshot Action = "snapshot"
	ActionPassword Action = "change password"
)

// transition is the rule of one action, as Nova's guards have it.
type transition struct {
	verb string    // Nova's plain word, for messages
	from []VMState // allowed in these states; nil: any
	busy bool      // allowed while another task runs
	task Task      // what is shown while the job runs
	to   VMState   // the state when it is done; empty: as it was, and whole again if it was broken
	mild bool      // failing leaves the instance as it was
	slow bool      // takes as long as the guest takes to boot
}

var transitions = map[Action]transition{
	ActionCreate:     {verb: "create", from: []VMState{Building}, task: Spawning, to: Active, slow: true},
	ActionStart:      {verb: "start", from: []VMState{Stopped}, task: PoweringOn, to: Active, slow: true},
	ActionStop:       {verb: "stop", from: []VMState{Active, Error}, task: PoweringOff, to: Stopped},
	ActionReboot:     {verb: "reboot", from: []VMState{Active}, task: Rebooting, to: Active, slow: true},
	ActionHardReboot: {verb: "reboot", from: []VMState{Active, Stopped, Paused, Error}, task: RebootingHard, to: Active, slow: true},
	ActionDelete:     {verb: "delete", busy: true, task: Deleting},

	ActionRebuild:  {verb: "rebuild", from: []VMState{Active, Stopped, Error}, task: Rebuilding, slow: true},
	ActionResize:   {verb: "resize", from: []VMState{Active, Stopped}, task: Resizing, to: Resized, slow: true},
	ActionConfirm:  {verb: "confirmResize", from: []VMState{Resized}, to: Active},
	ActionRevert:   {verb: "revertResize", from: []VMState{Resized}, task: Reverting, to: Active, slow: true},
	ActionPause:    {verb: "pause", from: []VMState{Active}, task: Pausing, to: Paused, mild: true},
	ActionUnpause:  {verb: "unpause", from: []VMState{Paused}, task: Unpausing, to: Active, mild: true},
	ActionSnapshot: {verb: "createImage", from: []VMState{Active, Stopped, Paused}, task: Snapshotting, mild: true},
	ActionPassword: {verb: "changePassword", from: []VMState{Active}, task: SettingPassword, mild: true, slow: true},
}

// forced are the tasks that an action takes over: who pulls the plug need not
// wait until a guest has heeded what it was asked (ALLOW_REBOOT in
// nova/compute/task_states.py). What was asked before is not done any more.
var forced = map[Action][]Task{
	ActionHardReboot: {Rebooting, RebootingHard, Pausing, Unpausing},
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
	if t.from != nil && !slices.Contains(t.from, s.VM) {
		return s, wrongState(a, id, "vm_state", string(s.VM))
	}
	if s.Task != Idle && !t.busy && !slices.Contains(forced[a], s.Task) {
		return s, wrongState(a, id, "task_state", string(s.Task))
	}
	return State{VM: s.VM, Task: t.task}, nil
}

func wrongState(a Action, id, attr, value string) error {
	w := &WrongState{Verb: transitions[a].verb, ID: id, Attr: attr, Value: value}
	return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: id, Msg: w.Error(), Err: w}
}

// Finish returns the state after a was done, or after it failed. A failure
// leaves an instance in [Error], for what the machine does is not known then;
// failing to pause it, to copy its disk or to set a password does not. A
// deletion that fails is tried again, so its state stays.
func (s State) Finish(a Action, failed bool) State {
	t := transitions[a]
	if s.Task != t.task {
		return s // something stronger, a deletion or a hard reboot, has taken over
	}
	switch {
	case a == ActionDelete:
		return s
	case failed && t.mild:
		return State{VM: s.VM}
	case failed:
		return State{VM: Error}
	case t.to != "":
		return State{VM: t.to}
	case s.VM == Error:
		return State{VM: Active}
	default:
		return State{VM: s.VM}
	}
}
