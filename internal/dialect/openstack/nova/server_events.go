package nova

import (
	"net/http"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// eventNames are Nova's words for what is done to a server: the action's, and
// that of the only part which it has here (nova/compute/instance_actions.py).
// An action that is not here is called as the domain calls it and has no part.
var eventNames = map[compute.Action]struct{ action, part string }{
	compute.ActionCreate:     {"create", "compute__do_build_and_run_instance"},
	compute.ActionStart:      {"start", "compute_start_instance"},
	compute.ActionStop:       {"stop", "compute_stop_instance"},
	compute.ActionReboot:     {"reboot", "compute_reboot_instance"},
	compute.ActionHardReboot: {"reboot", "compute_reboot_instance"},
	compute.ActionDelete:     {"delete", "compute_terminate_instance"},
	compute.ActionRebuild:    {"rebuild", "compute_rebuild_instance"},
	compute.ActionResize:     {"resize", "compute_resize_instance"},
	compute.ActionConfirm:    {"confirmResize", "compute_confirm_resize"},
	compute.ActionRevert:     {"revertResize", "compute_revert_resize"},
	compute.ActionPause:      {"pause", "compute_pause_instance"},
	compute.ActionUnpause:    {"unpause", "compute_unpause_instance"},
	compute.ActionSnapshot:   {"createImage", "compute_snapshot_instance"},
	compute.ActionPassword:   {"changePassword", "compute_set_admin_password"},
	compute.ActionAttachNIC:  {"attach_interface", "compute_attach_interface"},
	compute.ActionDetachNIC:  {"detach_interface", "compute_detach_interface"},
	compute.EventLock:        {action: "lock"},
	compute.EventUnlock:      {action: "unlock"},
	compute.EventReset:       {action: "resetState"},
}

// withEvents is the microversion in which members, too, see the parts of an action.
var withEvents = openstack.V(2, 51)

// eventRoutes are the calls on what was done to a server
// (https://docs.openstack.org/api-ref/compute/#servers-actions-list-servers-os-instance-actions).
func (d *Dialect) eventRoutes() []openstack.Route {
	const list = "/v2.1/servers/{id}/os-instance-actions"
	const rule = "os_compute_api:os-instance-actions:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: list, Access: identity.ProjectReader, Rule: rule + "list", Query: eventQuery, Handle: d.listEvents},
		{Method: http.MethodGet, Pattern: list + "/{request}", Access: identity.ProjectReader, Rule: rule + "show", Handle: d.showEvent},
	}
}

// eventQuery is the rule for the query of the list, which is cut into pages
// from 2.58.
func eventQuery(v openstack.Microversion) schema.Parameters {
	var p schema.Parameters
	if v.AtLeast(openstack.V(2, 58)) {
		p.Known = []schema.Parameter{
			{Name: "limit", Schema: pageSize}, {Name: "marker", Schema: plainText}, {Name: "changes-since", Schema: dateTime},
		}
		p.Closed = true
	}
	if v.AtLeast(openstack.V(2, 66)) {
		p.Known = append(p.Known, schema.Parameter{Name: "changes-before", Schema: dateTime})
	}
	return p
}

// withGone is the microversion from which a server's actions can be read when
// the server is gone.
var withGone = openstack.V(2, 21)

// events are what was done to the server in the path, newest first.
func (d *Dialect) events(c *openstack.Call) ([]compute.Event, error) {
	if c.Version.AtLeast(withGone) {
		return d.opt.Compute.History(c.Context(), c.Caller, c.PathValue("id"))
	}
	return d.opt.Compute.Events(c.Context(), c.Caller, c.PathValue("id"))
}

func (d *Dialect) listEvents(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.events(c)
	if err != nil {
		return err
	}
	out := openstack.Fields{}
	if c.Version.AtLeast(openstack.V(2, 58)) {
		page, more, err := eventPage(c.Query, all)
		if err != nil {
			return err
		}
		if all = page; more {
			list := c.Self("/servers/" + c.PathValue("id") + "/os-instance-actions")
			out = append(out, openstack.F("links", openstack.NextPage(list, c.Query, all[len(all)-1].RequestID)))
		}
	}
	views := make([]openstack.Fields, len(all))
	for k, e := range all {
		views[k] = eventView(c, e)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, append(openstack.Fields{openstack.F("instanceActions", views)}, out...))
	return nil
}

// eventPage returns the part of the list that a query asks for, and whether it
// is full.
func eventPage(q schema.Query, all []compute.Event) (page []compute.Event, full bool, err error) {
	for name, keep := range map[string]func(changed, bound time.Time) bool{
		"changes-since":  func(changed, bound time.Time) bool { return !changed.Before(bound) },
		"changes-before": func(changed, bound time.Time) bool { return !changed.After(bound) },
	} {
		if !q.Has(name) {
			continue
		}
		bound, _ := parseTime(q.Last(name))
		all = slices.DeleteFunc(all, func(e compute.Event) bool { return !keep(changed(e), bound) })
	}
	all, ok := openstack.After(all, q.Last("marker"), func(e compute.Event) string { return e.RequestID })
	if !ok {
		return nil, false, fault.Invalidf("marker", "Marker %s could not be found.", q.Last("marker"))
	}
	page, full = firstOf(q, all)
	return page, full, nil
}

// changed is when something last happened to an event.
func changed(e compute.Event) time.Time {
	if e.FinishedAt.IsZero() {
		return e.StartedAt
	}
	return e.FinishedAt
}

func eventView(c *openstack.Call, e compute.Event) openstack.Fields {
	name := eventNames[e.Action].action
	if name == "" {
		name = string(e.Action)
	}
	var message any
	if e.Failed {
		message = "Error"
	}
	out := openstack.Fields{
		openstack.F("action", name), openstack.F("instance_uuid", e.InstanceID), openstack.F("request_id", e.RequestID),
		openstack.F("user_id", e.UserID), openstack.F("project_id", e.ProjectID),
		openstack.F("start_time", micros(e.StartedAt)), openstack.F("message", message),
	}
	if c.Version.AtLeast(openstack.V(2, 58)) {
		out = append(out, openstack.F("updated_at", micros(changed(e))))
	}
	return out
}

func (d *Dialect) showEvent(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.events(c)
	if err != nil {
		return err
	}
	id := c.PathValue("request")
	at := slices.IndexFunc(all, func(e compute.Event) bool { return e.RequestID == id })
	if at < 0 {
		return &fault.Error{Kind: fault.NotFound, Msg: "Action " + id + " not found"}
	}
	out := eventView(c, all[at])
	if c.Caller.Admin() || c.Version.AtLeast(withEvents) {
		out = append(out, openstack.F("events", eventParts(c, all[at])))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("instanceAction", out)})
	return nil
}

// eventParts are what the machine's host did of an action.
func eventParts(c *openstack.Call, e compute.Event) []openstack.Fields {
	name := eventNames[e.Action].part
	if name == "" {
		return []openstack.Fields{}
	}
	var result, trace, details any
	if !e.FinishedAt.IsZero() {
		result = "Success"
	}
	if e.Failed {
		result, details = "Error", "the instance could not be changed"
		if c.Caller.Admin() {
			trace, details = e.Failure, e.Failure
		}
	}
	part := openstack.Fields{
		openstack.F("event", name), openstack.F("start_time", micros(e.StartedAt)), openstack.F("finish_time", micros(e.FinishedAt)),
		openstack.F("result", result), openstack.F("traceback", trace),
	}
	if c.Version.AtLeast(openstack.V(2, 62)) {
		part = append(part, openstack.F("hostId", hostOf(e.ProjectID, e.Node)))
		if c.Caller.Admin() {
			part = append(part, openstack.F("host", orNull(e.Node)))
		}
	}
	if c.Version.AtLeast(openstack.V(2, 84)) {
		part = append(part, openstack.F("details", details))
	}
	return []openstack.Fields{part}
}
