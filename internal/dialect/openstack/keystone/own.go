package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// ownRoutes tell a token's owner where else they could go, and what is there.
func (d *Dialect) ownRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/auth/catalog", Access: identity.AnyUser, Rule: "identity:get_auth_catalog", Handle: d.ownCatalog},
		{Method: "GET", Pattern: "/v3/auth/projects", Access: identity.AnyUser, Rule: "identity:get_auth_projects", Handle: d.ownProjects},
		{Method: "GET", Pattern: "/v3/auth/domains", Access: identity.AnyUser, Rule: "identity:get_auth_domains", Handle: d.ownDomains},
		{Method: "GET", Pattern: "/v3/auth/system", Access: identity.AnyUser, Rule: "identity:get_auth_system", Handle: d.ownSystem},
	}
}

func (d *Dialect) ownCatalog(w http.ResponseWriter, c *openstack.Call) error {
	if c.Caller.ProjectID() == "" {
		// Without a rule's name: what is missing is a scope, not a right.
		return &fault.Error{Kind: fault.Forbidden, Msg: "A project-scoped token is required to produce a service catalog.",
			Err: openstack.Rule("")}
	}
	d.own(w, c, "catalog", d.catalog.entries(c.Request, c.Caller.ProjectID()))
	return nil
}

// ownProjects lists the projects that a token can be had for. It has no filters.
func (d *Dialect) ownProjects(w http.ResponseWriter, c *openstack.Call) error {
	found, err := d.identity.Projects(c.Context(), c.Caller, identity.ProjectQuery{UserID: c.Caller.User.ID, Enabled: new(true)})
	if err != nil {
		return err
	}
	all := make([]openstack.Fields, len(found))
	for i, p := range found {
		all[i] = projectBodyOf(c, p)
	}
	return d.list(w, c, "projects", all)
}

// ownDomains lists the domains that a token can be had for.
func (d *Dialect) ownDomains(w http.ResponseWriter, c *openstack.Call) error {
	found, err := d.identity.AccountsOf(c.Context(), c.Caller)
	if err != nil {
		return err
	}
	return d.list(w, c, "domains", domainBodies(c, found))
}

// ownSystem tells whether a system token can be had.
func (d *Dialect) ownSystem(w http.ResponseWriter, c *openstack.Call) error {
	given, err := d.identity.Assignments(c.Context(), c.Caller, identity.AssignmentQuery{
		UserID: c.Caller.User.ID, Scope: identity.Scope{Kind: identity.SystemScope}})
	if err != nil {
		return err
	}
	var system []tokenSystem
	if len(given) > 0 {
		system = append(system, tokenSystem{All: true})
	}
	d.own(w, c, "system", system)
	return nil
}

// own answers with a list that has no pages.
func (d *Dialect) own(w http.ResponseWriter, c *openstack.Call, name string, items any) {
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{
		openstack.F(name, items), openstack.F("links", self{c.Base + "/v3/auth/" + name}),
	})
}
