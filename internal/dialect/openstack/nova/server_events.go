package nova

import (
	"context"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Log is where it can be read who did what.
type Log interface {
	// AuditEntries returns the selected entries, newest first. Faults: Invalid (limit).
	AuditEntries(ctx context.Context, q audit.Query) ([]audit.Entry, error)
}

// events are the entries of the audit log that Nova counts as actions on a server.
var events = map[audit.Action]bool{
	audit.Create: true, audit.Start: true, audit.Stop: true, audit.Reboot: true, audit.Delete: true,
}

// event is an action on a server as os-instance-actions shows it.
type event struct {
	Action    audit.Action `json:"action"`
	Server    string       `json:"instance_uuid"`
	Request   string       `json:"request_id"`
	User      string       `json:"user_id"`
	Project   string       `json:"project_id"`
	StartTime any          `json:"start_time"`
	Message   *string      `json:"message"`
	UpdatedAt any          `json:"updated_at,omitempty"`
}

// eventRoutes are the calls on what was done to a server
// (https://docs.openstack.org/api-ref/compute/#servers-actions-list-servers-os-instance-actions).
func (d *Dialect) eventRoutes() []openstack.Route {
	if d.opt.Log == nil {
		return nil
	}
	const list = "/v2.1/servers/{id}/os-instance-actions"
	const rule = "os_compute_api:os-instance-actions:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: list, Access: identity.ProjectReader, Rule: rule + "list", Handle: d.listEvents},
		{Method: http.MethodGet, Pattern: list + "/{request}", Access: identity.ProjectReader, Rule: rule + "show", Handle: d.showEvent},
	}
}

func (d *Dialect) listEvents(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.events(c)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("instanceActions", all)})
	return nil
}

// withEvents is the microversion in which members, too, see the parts of an
// action. None is recorded here.
var withEvents = openstack.V(2, 51)

func (d *Dialect) showEvent(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.events(c)
	if err != nil {
		return err
	}
	id := c.PathValue("request")
	for _, e := range all {
		if e.Request != id {
			continue
		}
		out := openstack.Fields{
			openstack.F("action", e.Action), openstack.F("instance_uuid", e.Server), openstack.F("request_id", e.Request),
			openstack.F("user_id", e.User), openstack.F("project_id", e.Project),
			openstack.F("start_time", e.StartTime), openstack.F("message", e.Message),
		}
		if e.UpdatedAt != nil {
			out = append(out, openstack.F("updated_at", e.UpdatedAt))
		}
		if c.Caller.Admin() || c.Version.AtLeast(withEvents) {
			out = append(out, openstack.F("events", []string{}))
		}
		d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("instanceAction", out)})
		return nil
	}
	return &fault.Error{Kind: fault.NotFound, Msg: "Action " + id + " not found"}
}

func (d *Dialect) events(c *openstack.Call) ([]event, error) {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	entries, err := d.opt.Log.AuditEntries(c.Context(), audit.Query{Resource: "instance", Name: i.ID, Limit: 1000})
	if err != nil {
		return nil, err
	}
	out := []event{}
	for _, e := range entries {
		if !events[e.Action] {
			continue
		}
		v := event{Action: e.Action, Server: i.ID, Request: e.RequestID, User: e.UserID, Project: e.ProjectID, StartTime: micros(e.At)}
		if c.Version.AtLeast(openstack.V(2, 58)) {
			v.UpdatedAt = v.StartTime
		}
		out = append(out, v)
	}
	return out, nil
}
