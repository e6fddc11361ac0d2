package keystone

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// grantScope is a place in the API where roles are given.
type grantScope struct {
	kind      identity.ScopeKind
	path      string // before /users/…
	one, many string // what its policy rules end in
}

var grantScopes = []grantScope{
	{identity.ProjectScope, "/v3/projects/{scope}", "grant", "grants"},
	{identity.AccountScope, "/v3/domains/{scope}", "grant", "grants"},
	{identity.SystemScope, "/v3/system", "system_grant_for_user", "system_grants_for_user"},
}

// grantRoutes give, look up and take the roles of a user in a scope.
func (d *Dialect) grantRoutes() []openstack.Route {
	var all []openstack.Route
	for _, s := range grantScopes {
		roles := s.path + "/users/{user}/roles"
		for _, call := range []struct {
			method, pattern, rule string
			handle                func(http.ResponseWriter, *openstack.Call, identity.Scope) error
		}{
			{"GET", roles, "list_" + s.many, d.listGrants},
			{"GET", roles + "/{role}", "check_" + s.one, d.checkGrant},
			{"PUT", roles + "/{role}", "create_" + s.one, d.createGrant},
			{"DELETE", roles + "/{role}", "revoke_" + s.one, d.revokeGrant},
		} {
			all = append(all, openstack.Route{
				Method: call.method, Pattern: call.pattern,
				Access: identity.Administrator, Rule: openstack.Rule("identity:" + call.rule),
				Handle: func(w http.ResponseWriter, c *openstack.Call) error {
					return call.handle(w, c, identity.Scope{Kind: s.kind, ID: c.PathValue("scope")})
				},
			})
		}
	}
	return all
}

// given returns the roles that the path's user was given in the scope itself.
func (d *Dialect) given(c *openstack.Call, in identity.Scope) ([]identity.RoleRecord, error) {
	user := c.PathValue("user")
	if _, err := d.identity.User(c.Context(), c.Caller, user); err != nil {
		return nil, missing(err, "user", user)
	}
	if err := d.checkScope(c, in); err != nil {
		return nil, err
	}
	found, err := d.identity.Assignments(c.Context(), c.Caller, identity.AssignmentQuery{UserID: user, Scope: in})
	if err != nil {
		return nil, err
	}
	roles := make([]identity.Role, len(found))
	for i, a := range found {
		roles[i] = a.Role
	}
	return d.identity.DescribeRoles(c.Context(), roles)
}

// checkScope tells whether the project or domain is there.
func (d *Dialect) checkScope(c *openstack.Call, in identity.Scope) error {
	var err error
	switch in.Kind {
	case identity.ProjectScope:
		_, err = d.identity.Project(c.Context(), c.Caller, in.ID)
		return missing(err, "project", in.ID)
	case identity.AccountScope:
		_, err = d.identity.Account(c.Context(), c.Caller, in.ID)
		return missing(err, "domain", in.ID)
	}
	return nil
}

func (d *Dialect) listGrants(w http.ResponseWriter, c *openstack.Call, in identity.Scope) error {
	roles, err := d.given(c, in)
	if err != nil {
		return err
	}
	return d.list(w, c, "roles", roleBodies(c, roles))
}

func (d *Dialect) checkGrant(w http.ResponseWriter, c *openstack.Call, in identity.Scope) error {
	role, err := d.role(c, c.PathValue("role"))
	if err != nil {
		return err
	}
	roles, err := d.given(c, in)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(roles, func(r identity.RoleRecord) bool { return r.Role == role.Role }) {
		return notGiven(c, in)
	}
	return d.empty(w, c)
}

func (d *Dialect) createGrant(w http.ResponseWriter, c *openstack.Call, in identity.Scope) error {
	a, err := d.assignment(c, in)
	if err != nil {
		return err
	}
	if err := d.identity.Grant(c.Context(), c.Caller, a); err != nil {
		return err
	}
	return d.empty(w, c)
}

func (d *Dialect) revokeGrant(w http.ResponseWriter, c *openstack.Call, in identity.Scope) error {
	a, err := d.assignment(c, in)
	if err != nil {
		return err
	}
	if err := d.identity.Ungrant(c.Context(), c.Caller, a); err != nil {
		if fault.Is(err, fault.NotFound) {
			return notGiven(c, in)
		}
		return err
	}
	return d.empty(w, c)
}

// assignment reads the path of a grant; what it names has to be there.
func (d *Dialect) assignment(c *openstack.Call, in identity.Scope) (identity.Assignment, error) {
	role, err := d.role(c, c.PathValue("role"))
	if err != nil {
		return identity.Assignment{}, err
	}
	if _, err := d.given(c, in); err != nil {
		return identity.Assignment{}, err
	}
	return identity.Assignment{UserID: c.PathValue("user"), Scope: in, Role: role.Role}, nil
}

// notGiven is Keystone's RoleAssignmentNotFound.
func notGiven(c *openstack.Call, in identity.Scope) error {
	target := in.ID
	if in.Kind == identity.SystemScope {
		target = "system"
	}
	return &fault.Error{Kind: fault.NotFound, Msg: "Could not find role assignment with role: " + c.PathValue("role") +
		", user or group: " + c.PathValue("user") + ", project, domain, or system: " + target + "."}
}
