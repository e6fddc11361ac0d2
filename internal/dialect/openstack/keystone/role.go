package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func (d *Dialect) roleRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/roles", Access: identity.Administrator, Rule: "identity:list_roles", Handle: d.listRoles},
		{Method: "GET", Pattern: "/v3/roles/{id}", Access: identity.Administrator, Rule: "identity:get_role", Handle: d.showRole},
	}
}

// roleFields are a role as a part of something else.
type roleFields struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	DomainID    *string `json:"domain_id"`
	Description *string `json:"description"`
	Options     options `json:"options"`
}

type roleBody struct {
	roleFields
	Links self `json:"links"`
}

func roleFieldsOf(r identity.Role) roleFields {
	return roleFields{ID: r.ID(), Name: string(r), Options: options{Immutable: true}}
}

func roleBodyOf(c *openstack.Call, r identity.Role) roleBody {
	return roleBody{roleFieldsOf(r), self{c.Base + "/v3/roles/" + r.ID()}}
}

func roleBodies(c *openstack.Call, roles []identity.Role) []roleBody {
	all := make([]roleBody, len(roles))
	for i, r := range roles {
		all[i] = roleBodyOf(c, r)
	}
	return all
}

// listRoles filters by name. No role belongs to a domain, so none has the
// domain_id that is asked for.
func (d *Dialect) listRoles(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	var chosen []identity.Role
	for _, r := range identity.Roles() {
		if f.admits("name", string(r)) && !f.Has("domain_id") {
			chosen = append(chosen, r)
		}
	}
	return d.list(w, c, "roles", roleBodies(c, chosen))
}

func (d *Dialect) showRole(w http.ResponseWriter, c *openstack.Call) error {
	r, err := roleByID(c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.one(w, c, http.StatusOK, "role", roleBodyOf(c, r))
}

// roleByID finds a role by its id alone: by name clients use the list.
func roleByID(id string) (identity.Role, error) {
	if r, ok := identity.ParseRole(id); ok && r.ID() == id {
		return r, nil
	}
	return "", fault.Missing("role", id)
}
