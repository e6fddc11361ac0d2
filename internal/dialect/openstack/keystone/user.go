package keystone

import (
	"errors"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func (d *Dialect) userRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/users", Access: identity.Administrator, Rule: "identity:list_users", Handle: d.listUsers},
		{Method: "POST", Pattern: "/v3/users", Access: identity.Administrator, Rule: "identity:create_user", Handle: d.createUser},
		{Method: "GET", Pattern: "/v3/users/{id}", Access: identity.AnyUser, Rule: "identity:get_user", Handle: d.showUser},
		{Method: "PATCH", Pattern: "/v3/users/{id}", Access: identity.Administrator, Rule: "identity:update_user", Handle: d.updateUser},
		{Method: "DELETE", Pattern: "/v3/users/{id}", Access: identity.Administrator, Rule: "identity:delete_user", Handle: d.deleteUser},
		// Without a token: who knows the password is the user.
		{Method: "POST", Pattern: "/v3/users/{id}/password", Access: identity.Public, Handle: d.changePassword},
		{Method: "GET", Pattern: "/v3/users/{id}/projects", Access: identity.AnyUser, Rule: "identity:list_user_projects", Handle: d.listUserProjects},
	}
}

// userBodyOf leaves out what was never said, as Keystone does.
func userBodyOf(c *openstack.Call, u identity.User) openstack.Fields {
	body := openstack.Fields{openstack.F("id", u.ID), openstack.F("name", u.Name), openstack.F("domain_id", u.AccountID), openstack.F("enabled", u.Enabled)}
	for _, f := range []struct{ name, value string }{
		{"email", u.Email}, {"description", u.Description}, {"default_project_id", u.DefaultProjectID},
	} {
		if f.value != "" {
			body = append(body, openstack.F(f.name, f.value))
		}
	}
	return withAttributes(append(body, openstack.F("password_expires_at", nil), openstack.F("options", values(u.Options)),
		openstack.F("links", self{c.Base + "/v3/users/" + u.ID})), u.Attributes)
}

// lacking are filters by what no user here has: a password that expires, an
// identity provider.
var lacking = []string{"password_expires_at", "idp_id", "protocol_id", "unique_id"}

// listUsers filters by name, domain_id (also inexactly), enabled and what is
// [lacking]. Everything else is ignored, also tenant_id, with which old clients
// hope to select a project's users.
func (d *Dialect) listUsers(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	if f.nothing("name", "domain_id") || slices.ContainsFunc(lacking, f.Has) {
		return d.list(w, c, "users", []openstack.Fields{})
	}
	found, err := d.identity.Users(c.Context(), c.Caller, identity.UserQuery{
		AccountID: f.Last("domain_id"), Name: f.Last("name"), Enabled: f.flag("enabled")})
	if err != nil {
		return err
	}
	var all []openstack.Fields
	for _, u := range found {
		if f.admits("name", u.Name) && f.admits("domain_id", u.AccountID) {
			all = append(all, userBodyOf(c, u))
		}
	}
	return d.list(w, c, "users", all)
}

func (d *Dialect) showUser(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	u, err := d.identity.User(c.Context(), c.Caller, id)
	if err != nil {
		return missing(err, "user", id)
	}
	return d.one(w, c, http.StatusOK, "user", userBodyOf(c, u))
}

// listUserProjects lists the projects in which a user has a role: one's own,
// or anyone's for administrators.
func (d *Dialect) listUserProjects(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if _, err := d.identity.User(c.Context(), c.Caller, id); err != nil {
		return missing(err, "user", id)
	}
	return d.chosenProjects(w, c, identity.ProjectQuery{UserID: id})
}

// The schemas of keystone/identity/schema.py.
var (
	userMembers = []schema.Property{
		schema.Prop("default_project_id", idSchema(true)),
		schema.Prop("description", schema.String{Nullable: true}),
		schema.Prop("domain_id", idSchema(false)),
		schema.Prop("enabled", schema.Boolean{}),
		schema.Prop("name", schema.String{Min: 1, Max: 255, Pattern: nonBlank}),
		schema.Prop("password", schema.String{Min: 1, Nullable: true}),
		schema.Prop("email", schema.String{Nullable: true}),
		schema.Prop("options", userOptions),
	}
	// What else a user has is not for administrators to say.
	userKnown  = append(userMembers[:len(userMembers):len(userMembers)], schema.Prop("password_expires_at", schema.Any{}))
	userCreate = schema.Object{Properties: userMembers, Required: []string{"name"}}
	userUpdate = schema.Object{Properties: userMembers}
)

func (d *Dialect) createUser(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "user", userCreate)
	if err != nil {
		return err
	}
	in := domainFor(c.Caller, v)
	attrs, options, err := said(v, userKnown)
	if err != nil {
		return err
	}
	u, err := d.identity.CreateUser(c.Context(), c.Caller, identity.NewUser{
		AccountID: in, Name: v.At("name").Text(), Email: v.At("email").Text(),
		Description: v.At("description").Text(), Password: v.At("password").Text(),
		DefaultProjectID: v.At("default_project_id").Text(), Disabled: off(v.At("enabled")),
		Attributes: attrs, Options: options,
	})
	if err != nil {
		return taken(missing(err, "domain", in), in)
	}
	return d.one(w, c, http.StatusCreated, "user", userBodyOf(c, u))
}

func (d *Dialect) updateUser(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "user", userUpdate)
	if err != nil {
		return err
	}
	id := c.PathValue("id")
	was, err := d.identity.User(c.Context(), c.Caller, id)
	if err != nil {
		return missing(err, "user", id)
	}
	if err := stays(v, was.AccountID); err != nil {
		return err
	}
	attrs, options, err := said(v, userKnown)
	if err != nil {
		return err
	}
	u, err := d.identity.UpdateUser(c.Context(), c.Caller, id, identity.UserChange{
		Name: text(v.At("name")), Email: text(v.At("email")), Description: text(v.At("description")),
		Password: text(v.At("password")), DefaultProjectID: text(v.At("default_project_id")), Enabled: flag(v.At("enabled")),
		Attributes: attrs, Options: options,
	})
	if err != nil {
		return taken(missing(err, "user", id), was.AccountID)
	}
	return d.one(w, c, http.StatusOK, "user", userBodyOf(c, u))
}

// deleteUser removes a user and all their credentials. Their key pairs stay, as
// in Nova.
func (d *Dialect) deleteUser(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.identity.DeleteUser(c.Context(), c.Caller, id); err != nil {
		return missing(err, "user", id)
	}
	return d.empty(w, c)
}

var passwordChange = schema.Object{Required: []string{"original_password", "password"}, Properties: []schema.Property{
	schema.Prop("original_password", schema.String{}),
	schema.Prop("password", schema.String{Min: 1}),
}}

// changePassword lets users change their own password.
func (d *Dialect) changePassword(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "user", passwordChange)
	if err != nil {
		return err
	}
	err = d.identity.ChangePassword(c.Context(), identity.Login{
		UserID: c.PathValue("id"), Password: v.At("original_password").Text(), Origin: origin(c),
	}, v.At("password").Text())
	if errors.Is(err, identity.ErrPasswordLocked) {
		return invalid("You cannot change your password at this time due to password policy disallowing password changes. " +
			"Please contact your administrator to reset your password.")
	}
	if err != nil {
		return err
	}
	return d.empty(w, c)
}
