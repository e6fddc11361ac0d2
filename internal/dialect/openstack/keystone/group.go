package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// groupRoutes answer truthfully that there are no groups. Clients look for
// them on the way to users; nobody may make one.
func (d *Dialect) groupRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/groups", Access: identity.Administrator, Rule: "identity:list_groups",
			Handle: func(w http.ResponseWriter, c *openstack.Call) error { return d.list(w, c, "groups", []ref{}) }},
		{Method: "GET", Pattern: "/v3/groups/{id}", Access: identity.Administrator, Rule: "identity:get_group",
			Handle: noGroup},
		{Method: "GET", Pattern: "/v3/groups/{id}/users", Access: identity.Administrator, Rule: "identity:list_users_in_group",
			Handle: noGroup},
		{Method: "GET", Pattern: "/v3/users/{id}/groups", Access: identity.AnyUser, Rule: "identity:list_groups_for_user", Handle: d.listUserGroups},
		{Method: "POST", Pattern: "/v3/groups", Access: identity.Administrator, Rule: "identity:create_group",
			Handle: func(http.ResponseWriter, *openstack.Call) error { return &fault.Error{Kind: fault.Forbidden} }},
	}
}

// noGroup answers for a group by its id.
func noGroup(_ http.ResponseWriter, c *openstack.Call) error {
	return fault.Missing("group", c.PathValue("id"))
}

// listUserGroups answers about oneself, and administrators about anyone.
func (d *Dialect) listUserGroups(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if _, err := d.identity.User(c.Context(), c.Caller, id); err != nil {
		return missing(err, "user", id)
	}
	return d.list(w, c, "groups", []ref{})
}
