package toast

import (
	"net/http"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var instanceRoutes = []Route{
	{Method: http.MethodGet, Path: "instances", Access: identity.ProjectReader, about: ofInstance, handle: (*Dialect).listInstances},
	{Method: http.MethodGet, Path: "instances-detail", Access: identity.ProjectReader, about: ofInstance, handle: (*Dialect).listDetails},
	{Method: http.MethodPost, Path: "instances", Access: identity.ProjectMember, about: ofInstance, handle: (*Dialect).createInstance},
	{Method: http.MethodDelete, Path: "instances", Access: identity.ProjectMember, about: ofInstance, handle: (*Dialect).deleteInstance},
}

// The words for what an instance is.
const (
	statusBuild       = "BUILD"
	statusPoweringOn  = "POWERING_ON"
	statusActive      = "ACTIVE"
	statusPoweringOff = "POWERING_OFF"
	statusStop        = "STOP"
	statusRebooting   = "REBOOTING"
	statusResizing    = "RESIZING"
	statusMigrating   = "MIGRATING"
	statusDeleting    = "DELETING"
	statusError       = "ERROR"
)

// taskStatus is the word for what is being done to an instance.
var taskStatus = map[compute.Task]string{
	compute.Spawning:      statusBuild,
	compute.PoweringOn:    statusPoweringOn,
	compute.PoweringOff:   statusPoweringOff,
	compute.Rebooting:     statusRebooting,
	compute.RebootingHard: statusRebooting,
	compute.Resizing:      statusResizing,
	compute.Reverting:     statusResizing,
	"migrating":           statusMigrating,
	compute.Deleting:      statusDeleting,
}

// status is the word for an instance's state. What this API has no word for, a
// paused guest or one whose disk is being copied, is told by whether it runs.
func status(i compute.Instance) string {
	word, busy := taskStatus[i.State.Task]
	switch {
	case busy:
		return word
	case i.State.VM == compute.Building:
		return statusBuild
	case i.State.VM == compute.Error:
		return statusError
	case i.Power() == compute.PowerRunning:
		return statusActive
	}
	return statusStop
}

// instances are the one that the query names, or all of the project, newest first.
func (d *Dialect) instances(c *call) ([]compute.Instance, error) {
	if id := c.query.get("id"); id != "" {
		i, err := d.opt.Compute.Instance(c.Context(), c.caller, id)
		if err != nil {
			return nil, err
		}
		return []compute.Instance{i}, nil
	}
	return d.opt.Compute.Instances(c.Context(), c.caller, compute.ListRequest{Limit: -1})
}

func (d *Dialect) listInstances(c *call) (answer, error) {
	all, err := d.instances(c)
	if err != nil {
		return nil, err
	}
	out := &instancesAnswer{Instances: make([]instance, len(all))}
	for k, i := range all {
		out.Instances[k] = viewInstance(i)
	}
	return out, nil
}

func (d *Dialect) listDetails(c *call) (answer, error) {
	all, err := d.instances(c)
	if err != nil {
		return nil, err
	}
	events, err := d.events(c)
	if err != nil {
		return nil, err
	}
	out := &detailsAnswer{Instances: make([]detail, len(all))}
	for k, i := range all {
		out.Instances[k] = viewDetail(i)
		out.Instances[k].LaunchedAt = stampIf(lastBoot(i, events[i.ID]))
	}
	return out, nil
}

// events are what was done to the instances that the query asks for, by their ids.
func (d *Dialect) events(c *call) (map[string][]compute.Event, error) {
	id := c.query.get("id")
	if id == "" {
		return d.opt.Compute.ProjectEvents(c.Context(), c.caller)
	}
	events, err := d.opt.Compute.Events(c.Context(), c.caller, id)
	if fault.Is(err, fault.NotFound) { // it has gone meanwhile
		err = nil
	}
	return map[string][]compute.Event{id: events}, err
}

// lastBoot is when the guest last began to run: the domain keeps the first time
// of all, and what was done since, newest first.
func lastBoot(i compute.Instance, events []compute.Event) time.Time {
	at, runs := i.LaunchedAt, !i.LaunchedAt.IsZero()
	for _, e := range slices.Backward(events) {
		if e.Failed || e.FinishedAt.IsZero() {
			continue
		}
		switch e.Action {
		case compute.ActionStop:
			runs = false
		case compute.ActionStart, compute.ActionReboot, compute.ActionHardReboot:
			at, runs = e.FinishedAt, true
		case compute.ActionResize, compute.ActionRevert, compute.ActionRebuild:
			if runs {
				at = e.FinishedAt
			}
		}
	}
	return at
}

func (d *Dialect) deleteInstance(c *call) (answer, error) {
	id, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	_, err = d.opt.Compute.Act(c.Context(), c.caller, id, compute.ActionDelete)
	return done(err)
}

func viewInstance(i compute.Instance) instance {
	return instance{ID: i.ID, Name: i.Name, Status: status(i)}
}

func viewDetail(i compute.Instance) detail {
	v := detail{
		Addresses: make([]address, len(i.NICs)), AvailabilityZone: i.Zone,
		Flavor: detailFlavor{ID: i.Flavor.ID, Name: i.Flavor.Name, CPU: i.Flavor.VCPUs, RAM: i.Flavor.RAMMiB},
		Status: status(i), ID: i.ID, Name: i.Name, Image: i.Image.ID,
		Metadata: i.Metadata, KeyName: textIf(i.KeyName()),
		Volumes:        viewVolumes(i),
		SecurityGroups: viewGroups(i),
		CreatedAt:      stamp(i.CreatedAt), UpdatedAt: stamp(i.UpdatedAt),
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	for k, n := range i.NICs {
		v.Addresses[k] = address{MAC: n.MAC, IP: n.Addr.String(), Version: 4, FloatingIP: floatingOf(n)}
	}
	return v
}
