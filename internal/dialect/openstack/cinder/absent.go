package cinder

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// absence is a kind of thing that Cinder has and of which there is none here.
// Clients that look for what a project has, to show it or to clear it away, list
// it; the list is truly empty, for none can be made.
type absence struct {
	path, member, noun string
	since              openstack.Microversion
	rule               openstack.Rule
	admin              bool // only administrators see it
}

var absences = []absence{
	{path: "/backups", member: "backups", noun: "backup", rule: "backup:get_all"},
	{path: "/groups", member: "groups", noun: "group", since: openstack.V(3, 13), rule: "group:get_all"},
	{path: "/group_snapshots", member: "group_snapshots", noun: "group snapshot", since: openstack.V(3, 14), rule: "group:get_all_group_snapshots"},
	{path: "/group_types", member: "group_types", noun: "group type", since: openstack.V(3, 11), rule: "group:access_group_types_specs"},
	{path: "/consistencygroups", member: "consistencygroups", noun: "consistency group", rule: "consistencygroup:get_all"},
	{path: "/cgsnapshots", member: "cgsnapshots", noun: "consistency group snapshot", rule: "consistencygroup:get_all_cgsnapshots"},
	{path: "/os-volume-transfer", member: "transfers", noun: "transfer", rule: "volume:get_all_transfers"},
	{path: "/volume-transfers", member: "transfers", noun: "transfer", since: openstack.V(3, 55), rule: "volume:get_all_transfers"},
	{path: "/messages", member: "messages", noun: "message", since: openstack.V(3, 3), rule: "message:get_all"},
	{path: "/qos-specs", member: "qos_specs", noun: "QoS specification", rule: "volume_extension:qos_specs_manage:get_all", admin: true},
}

func (d *Dialect) absentRoutes() (out []openstack.Route) {
	for _, a := range absences {
		routes := []openstack.Route{
			reads(a.path, a.rule, a.listing(d)), reads(a.path+"/detail", a.rule, a.listing(d)),
			reads(a.path+"/{id}", a.rule, a.missing),
			changes(http.MethodPost, a.path, a.rule, nil, a.refusing),
			changes(http.MethodPut, a.path+"/{id}", a.rule, nil, a.missing),
			changes(http.MethodDelete, a.path+"/{id}", a.rule, nil, a.missing),
			changes(http.MethodPost, a.path+"/{id}/action", a.rule, nil, a.missing),
		}
		for k := range routes {
			if a.admin {
				routes[k].Access = identity.Administrator
			}
		}
		out = append(out, routes...)
	}
	return out
}

// unknown is what a client hears that speaks a microversion without the thing.
func (a absence) unknown(c *openstack.Call) error {
	if c.Version.AtLeast(a.since) {
		return nil
	}
	return &fault.Error{Kind: fault.NotFound}
}

func (a absence) listing(d *Dialect) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		if err := a.unknown(c); err != nil {
			return err
		}
		d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F(a.member, []string{})})
		return nil
	}
}

func (a absence) missing(_ http.ResponseWriter, c *openstack.Call) error {
	if err := a.unknown(c); err != nil {
		return err
	}
	return fault.Missing(a.noun, c.PathValue("id"))
}

func (a absence) refusing(_ http.ResponseWriter, c *openstack.Call) error {
	if err := a.unknown(c); err != nil {
		return err
	}
	return fault.Invalidf("", "Invalid input received: a %s cannot be made: there are none here.", a.noun)
}
