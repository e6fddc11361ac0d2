package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func (d *Dialect) roleRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/roles", Access: identity.Administrator, Rule: "identity:list_roles", Handle: d.listRoles},
		{Method: "POST", Pattern: "/v3/roles", Access: identity.Administrator, Rule: "identity:create_role", Handle: d.createRole},
		{Method: "GET", Pattern: "/v3/roles/{id}", Access: identity.Administrator, Rule: "identity:get_role", Handle: d.showRole},
		{Method: "PATCH", Pattern: "/v3/roles/{id}", Access: identity.Administrator, Rule: "identity:update_role", Handle: d.updateRole},
		{Method: "DELETE", Pattern: "/v3/roles/{id}", Access: identity.Administrator, Rule: "identity:delete_role", Handle: d.deleteRole},
	}
}

// roleFields are a role as a part of something else.
func roleFields(r identity.RoleRecord) openstack.Fields {
	orNull := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	return openstack.Fields{
		openstack.F("id", r.Role.ID()), openstack.F("name", r.Name), openstack.F("domain_id", orNull(r.AccountID)),
		openstack.F("description", orNull(r.Description)), openstack.F("options", values(r.Options)),
	}
}

func roleBodyOf(c *openstack.Call, r identity.RoleRecord) openstack.Fields {
	return withAttributes(append(roleFields(r), openstack.F("links", self{c.Base + "/v3/roles/" + r.Role.ID()})), r.Attributes)
}

func roleBodies(c *openstack.Call, roles []identity.RoleRecord) []openstack.Fields {
	all := make([]openstack.Fields, len(roles))
	for i, r := range roles {
		all[i] = roleBodyOf(c, r)
	}
	return all
}

// listRoles filters by name, and by the domain that roles are for: without
// domain_id those that are for every domain are listed, as in Keystone.
func (d *Dialect) listRoles(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	found, err := d.identity.RoleRecords(c.Context(), c.Caller)
	if err != nil {
		return err
	}
	var chosen []identity.RoleRecord
	for _, r := range found {
		if f.admits("name", r.Name) && r.AccountID == f.Last("domain_id") {
			chosen = append(chosen, r)
		}
	}
	return d.list(w, c, "roles", roleBodies(c, chosen))
}

func (d *Dialect) showRole(w http.ResponseWriter, c *openstack.Call) error {
	r, err := d.role(c, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.one(w, c, http.StatusOK, "role", roleBodyOf(c, r))
}

// role finds a role by its id alone: by name clients use the list.
func (d *Dialect) role(c *openstack.Call, id string) (identity.RoleRecord, error) {
	r, err := d.identity.RoleRecord(c.Context(), c.Caller, id)
	return r, missing(err, "role", id)
}

// The schemas of keystone/assignment/schema.py.
var (
	roleMembers = []schema.Property{
		schema.Prop("name", schema.String{Min: 1, Max: 255, Pattern: nonBlank}),
		schema.Prop("description", schema.String{Nullable: true}),
		schema.Prop("domain_id", idSchema(true)),
		schema.Prop("options", immutableOption),
	}
	roleCreate = schema.Object{Properties: roleMembers, Required: []string{"name"}}
	roleUpdate = schema.Object{Properties: roleMembers, Min: 1}
)

func (d *Dialect) createRole(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "role", roleCreate)
	if err != nil {
		return err
	}
	attrs, options, err := said(v, roleMembers)
	if err != nil {
		return err
	}
	in := v.At("domain_id").Text()
	r, err := d.identity.CreateRole(c.Context(), c.Caller, identity.NewRole{
		Name: v.At("name").Text(), AccountID: in, Description: v.At("description").Text(), Attributes: attrs, Options: options,
	})
	if err != nil {
		return takenIn(missing(err, "domain", in), in)
	}
	return d.one(w, c, http.StatusCreated, "role", roleBodyOf(c, r))
}

func (d *Dialect) updateRole(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "role", roleUpdate)
	if err != nil {
		return err
	}
	id := c.PathValue("id")
	was, err := d.role(c, id)
	if err != nil {
		return err
	}
	if v.At("domain_id").Exists() && v.At("domain_id").Text() != was.AccountID {
		return invalid("Update of `domain_id` is not allowed.")
	}
	attrs, options, err := said(v, roleMembers)
	if err != nil {
		return err
	}
	r, err := d.identity.UpdateRole(c.Context(), c.Caller, id, identity.RoleChange{
		Name: text(v.At("name")), Description: text(v.At("description")), Attributes: attrs, Options: options,
	})
	if err != nil {
		return takenIn(immutable(missing(err, "role", id), "update"), was.AccountID)
	}
	return d.one(w, c, http.StatusOK, "role", roleBodyOf(c, r))
}

// deleteRole takes the role away from whoever has it, too.
func (d *Dialect) deleteRole(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.identity.DeleteRole(c.Context(), c.Caller, id); err != nil {
		return immutable(missing(err, "role", id), "delete")
	}
	return d.empty(w, c)
}

// takenIn is [taken] for what may be in no domain.
func takenIn(err error, domainID string) error {
	if domainID == "" {
		return err
	}
	return taken(err, domainID)
}
