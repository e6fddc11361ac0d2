package nova

import (
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// action is one of the things that POST /servers/{id}/action does.
type action struct {
	rule openstack.Rule
	body schema.Schema // of the whole body; nil takes any
	// at is the body's schema where it depends on the microversion.
	at    func(openstack.Microversion) schema.Schema
	until openstack.Microversion // the first version without it; zero: it stays
	do    func(d *Dialect, w http.ResponseWriter, c *openstack.Call) error
}

// actions are the ones that the machines here can do.
var actions = map[string]action{
	"os-start": {rule: "os_compute_api:servers:start", do: act(compute.ActionStart)},
	"os-stop":  {rule: "os_compute_api:servers:stop", do: act(compute.ActionStop)},
	"reboot":   {rule: "os_compute_api:servers:reboot", body: rebootBody, do: (*Dialect).reboot},
	"forceDelete": {rule: "os_compute_api:os-deferred-delete:force",
		body: only("forceDelete", schema.Any{}), do: act(compute.ActionDelete)},
	"addSecurityGroup": {rule: "os_compute_api:os-security-groups:add", do: groupAction("addSecurityGroup",
		func(s *compute.Service, c *openstack.Call, group string) error {
			return s.AddGroup(c.Context(), c.Caller, c.PathValue("id"), group)
		})},
	"removeSecurityGroup": {rule: "os_compute_api:os-security-groups:remove", do: groupAction("removeSecurityGroup",
		func(s *compute.Service, c *openstack.Call, group string) error {
			return s.RemoveGroup(c.Context(), c.Caller, c.PathValue("id"), group)
		})},
	"addFloatingIp":       {rule: "os_compute_api:os-floating-ips:add", body: addFloatingBody, until: openstack.V(2, 44), do: floatingAction((*Dialect).addFloatingIP)},
	"removeFloatingIp":    {rule: "os_compute_api:os-floating-ips:remove", body: takeFloatingBody, until: openstack.V(2, 44), do: floatingAction((*Dialect).removeFloatingIP)},
	"os-getConsoleOutput": {rule: "os_compute_api:os-console-output", body: consoleBody, do: (*Dialect).consoleOutput},

	"resize":         {rule: "os_compute_api:servers:resize", body: resizeBody, do: (*Dialect).resize},
	"confirmResize":  {rule: "os_compute_api:servers:confirm_resize", do: (*Dialect).confirmResize},
	"revertResize":   {rule: "os_compute_api:servers:revert_resize", do: act(compute.ActionRevert)},
	"rebuild":        {rule: "os_compute_api:servers:rebuild", at: rebuildBody, do: (*Dialect).rebuild},
	"pause":          {rule: "os_compute_api:os-pause-server:pause", do: act(compute.ActionPause)},
	"unpause":        {rule: "os_compute_api:os-pause-server:unpause", do: act(compute.ActionUnpause)},
	"lock":           {rule: "os_compute_api:os-lock-server:lock", at: lockBody, do: (*Dialect).lock},
	"unlock":         {rule: "os_compute_api:os-lock-server:unlock", do: (*Dialect).unlock},
	"createImage":    {rule: "os_compute_api:servers:create_image", body: createImageBody, do: (*Dialect).createImage},
	"changePassword": {rule: "os_compute_api:os-admin-password", body: passwordBody, do: (*Dialect).changePassword},
	"restore":        {rule: "os_compute_api:os-deferred-delete:restore", do: (*Dialect).restore},
	"os-resetState":  {rule: "os_compute_api:os-admin-actions:reset_state", body: resetBody, do: (*Dialect).resetState},
}

var (
	rebootBody = only("reboot", schema.Object{Closed: true, Required: []string{"type"}, Properties: []schema.Property{
		schema.Prop("type", schema.String{Enum: []string{"HARD", "Hard", "hard", "SOFT", "Soft", "soft"}}),
	}})
	consoleBody = only("os-getConsoleOutput", schema.Object{Closed: true, Properties: []schema.Property{
		schema.Prop("length", schema.Digits{Pattern: schema.NewPattern("^-?[0-9]+$"), Min: new(int64(-1)), Nullable: true}),
	}})
)

// only is the schema of a body with one member.
func only(name string, rule schema.Schema) schema.Schema {
	return schema.Object{Closed: true, Required: []string{name}, Properties: []schema.Property{schema.Prop(name, rule)}}
}

// serverAction is the rule of the action that the body's only member names, in
// whose body there is nothing wrong.
func serverAction(c *openstack.Call) (openstack.Rule, error) {
	members := c.Input.Members()
	if len(members) != 1 {
		return "", fault.Invalidf("", "Malformed request body")
	}
	a, ok := actions[members[0].Name]
	if !ok {
		return "", fault.Invalidf("", "There is no such action: %s", members[0].Name)
	}
	if !within(c.Version, openstack.Microversion{}, a.until) {
		return "", errHidden
	}
	body := a.body
	if a.at != nil {
		body = a.at(c.Version)
	}
	if body == nil {
		return a.rule, nil
	}
	return a.rule, schema.Validate(body, c.Input)
}

// actOnServer answers POST /servers/{id}/action, which [serverAction] admits.
func (d *Dialect) actOnServer(w http.ResponseWriter, c *openstack.Call) error {
	return actions[c.Input.Members()[0].Name].do(d, w, c)
}

// act makes the handler of an action that only changes the machine's state.
func act(a compute.Action) func(*Dialect, http.ResponseWriter, *openstack.Call) error {
	return func(d *Dialect, w http.ResponseWriter, c *openstack.Call) error {
		if _, err := d.opt.Compute.Act(c.Context(), c.Caller, c.PathValue("id"), a); err != nil {
			return err
		}
		d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
		return nil
	}
}

func (d *Dialect) reboot(w http.ResponseWriter, c *openstack.Call) error {
	a := compute.ActionReboot
	if strings.EqualFold(c.Input.At("reboot", "type").Text(), "hard") {
		a = compute.ActionHardReboot
	}
	return act(a)(d, w, c)
}

func (d *Dialect) consoleOutput(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	lines := -1 // all
	if n, ok := c.Input.At("os-getConsoleOutput", "length").Int64(); ok && n < 1<<31 {
		lines = int(n)
	}
	text := ""
	if lines != 0 {
		text, err = d.opt.Compute.Console(c.Context(), c.Caller, i.ID, lines)
	}
	switch {
	case fault.Is(err, fault.NotFound): // the server is there, its machine not yet
		return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: i.ID, Msg: "Instance " + i.ID + " is not ready", Err: err}
	case err != nil:
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("output", strings.Map(visible, tail(text, lines)))})
	return nil
}

// tail is the end of a text as Nova cuts it: what stands after its last newline
// is a line too, even when it is empty. Below zero it is all of the text.
func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	if lines >= 0 && lines < len(all) {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

// visible drops the control characters that Nova drops from console output.
func visible(r rune) rune {
	if r < 0x20 && r != '\t' && r != '\n' && r != '\r' {
		return -1
	}
	return r
}
