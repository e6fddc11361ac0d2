package toast

import (
	"errors"
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var actionRoutes = []Route{
	{Method: http.MethodPost, Path: "instances/{id}/action", Access: identity.ProjectMember, about: ofInstance, handle: (*Dialect).act},
}

// actions are what can be asked of an instance. Each reads its parameters and
// complains about them before anything is looked up.
var actions = map[string]func(d *Dialect, c *call, id string, in object) (answer, error){
	"start":       (*Dialect).start,
	"stop":        (*Dialect).stop,
	"reboot":      (*Dialect).reboot,
	"resize":      (*Dialect).resize,
	"uploadImage": (*Dialect).uploadImage,

	"addFloatingIp":       (*Dialect).addFloatingIP,
	"removeFloatingIp":    (*Dialect).removeFloatingIP,
	"addSecurityGroup":    groupChange("addSecurityGroup", addGroup),
	"removeSecurityGroup": groupChange("removeSecurityGroup", removeGroup),
}

func (d *Dialect) act(c *call) (answer, error) {
	action := c.body.word("action")
	in, _ := c.body.objectIf("parameters")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	do, known := actions[action]
	if !known {
		return nil, &failure{code: invalidParameters, detail: "action"}
	}
	return do(d, c, c.PathValue("id"), in)
}

// ask has the domain do what needs no parameters.
func (d *Dialect) ask(c *call, id string, a compute.Action) (answer, error) {
	_, err := d.opt.Compute.Act(c.Context(), c.caller, id, a)
	return done(err)
}

func (d *Dialect) start(c *call, id string, _ object) (answer, error) {
	return d.ask(c, id, compute.ActionStart)
}

func (d *Dialect) stop(c *call, id string, _ object) (answer, error) {
	return d.ask(c, id, compute.ActionStop)
}

// reboots are the ways to do that, in any letter case as in Nova.
var reboots = map[string]compute.Action{"SOFT": compute.ActionReboot, "HARD": compute.ActionHardReboot}

func (d *Dialect) reboot(c *call, id string, in object) (answer, error) {
	kind := in.word("type")
	action, known := reboots[strings.ToUpper(kind)]
	if !known {
		in.complain("type", "must be SOFT or HARD")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	// The core lets a hard reboot take over from other tasks, as Nova does; the
	// states in which this API allows it are ACTIVE, STOP and ERROR.
	i, err := d.opt.Compute.Instance(c.Context(), c.caller, id)
	if err != nil {
		return nil, err
	}
	if _, refused := i.State.Begin(id, action); refused == nil && i.State.Task != compute.Idle {
		return nil, busy(i, "reboot")
	}
	return d.ask(c, id, action)
}

// resize needs nobody to confirm it.
func (d *Dialect) resize(c *call, id string, in object) (answer, error) {
	flavor := in.word("flavor")
	if err := in.err(); err != nil {
		return nil, err
	}
	_, err := d.opt.Compute.Resize(c.Context(), c.caller, id, compute.ResizeRequest{FlavorID: flavor, AutoConfirm: true})
	return done(aboutResize(err))
}

func aboutResize(err error) error {
	code := ofInstance.code(http.StatusBadRequest)
	switch {
	case errors.Is(err, compute.ErrSameFlavor):
		return &failure{code: code, detail: "When resizing, instances must change flavor!"}
	case fault.Is(err, fault.NotFound):
		return asInstances(err)
	}
	return aboutSize(err)
}

// aboutSize says in Nova's words that a flavor is too small for an image.
func aboutSize(err error) error {
	for _, what := range []struct{ field, text string }{
		{"flavor.ram", "Flavor's memory is too small for requested image."},
		{"flavor.disk", "Flavor's disk is too small for requested image."},
	} {
		if isField(err, what.field) {
			return &failure{code: ofInstance.code(http.StatusBadRequest), detail: what.text}
		}
	}
	return err
}

func (d *Dialect) uploadImage(c *call, id string, in object) (answer, error) {
	name := in.word("name")
	in.short("name")
	if err := in.err(); err != nil {
		return nil, err
	}
	i, err := d.opt.Compute.Snapshot(c.Context(), c.caller, id, compute.SnapshotRequest{Name: name, Still: true})
	if err != nil {
		return nil, err
	}
	return &createdImageAnswer{Image: named{ID: i.ID, Name: i.Name}}, nil
}

// changeable is an instance whose addresses and groups may change: one that is
// there, and is not going.
func (d *Dialect) changeable(c *call, id, action string) (compute.Instance, error) {
	i, err := d.opt.Compute.Instance(c.Context(), c.caller, id)
	if err != nil {
		return i, err
	}
	if s := status(i); s == statusBuild || s == statusDeleting {
		return i, busy(i, action)
	}
	return i, nil
}

// busy refuses an action on an instance to which something is being done.
func busy(i compute.Instance, action string) error {
	w := &compute.WrongState{Verb: action, ID: i.ID, Attr: "task_state", Value: string(i.State.Task)}
	return &failure{code: ofInstance.code(http.StatusConflict), detail: w.Error()}
}
