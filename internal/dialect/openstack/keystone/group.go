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
			Handle: func(_ http.ResponseWriter, c *openstack.Call) error {
				return fault.Missing("group", c.PathValue("id"))
			}},
		{Method: "POST", Pattern: "/v3/groups", Access: identity.Administrator, Rule: "identity:create_group",
			Handle: func(http.ResponseWriter, *openstack.Call) error { return &fault.Error{Kind: fault.Forbidden} }},
	}
}
