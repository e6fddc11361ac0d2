package keystone

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// appCredentialRoutes serve a user's application credentials
// (https://docs.openstack.org/api-ref/identity/v3/#application-credentials).
func (d *Dialect) appCredentialRoutes() []openstack.Route {
	const all = "/v3/users/{user}/application_credentials"
	const one = all + "/{id}"
	return []openstack.Route{
		{Method: "GET", Pattern: all, Access: identity.AnyUser, Rule: "identity:list_application_credentials", Handle: d.listAppCredentials},
		{Method: "POST", Pattern: all, Access: identity.AnyUser, Rule: "identity:create_application_credential", Handle: d.createAppCredential},
		{Method: "GET", Pattern: one, Access: identity.AnyUser, Rule: "identity:get_application_credential", Handle: d.showAppCredential},
		{Method: "DELETE", Pattern: one, Access: identity.AnyUser, Rule: "identity:delete_application_credential", Handle: d.deleteAppCredential},
	}
}

type appCredentialBody struct {
	ID           string             `json:"id"`
	Name         string             `json:"name"`
	Description  *string            `json:"description"`
	UserID       string             `json:"user_id"`
	ProjectID    string             `json:"project_id"`
	System       *string            `json:"system"`
	ExpiresAt    *string            `json:"expires_at"`
	Unrestricted *bool              `json:"unrestricted"`
	Roles        []openstack.Fields `json:"roles"`
	AccessRules  []accessRule       `json:"access_rules,omitempty"`
	Secret       string             `json:"secret,omitempty"` // in the answer to its making alone
	Links        self               `json:"links"`
}

func (d *Dialect) appCredentialBody(c *openstack.Call, k identity.AppCredential) (appCredentialBody, error) {
	roles, err := d.identity.DescribeRoles(c.Context(), k.Roles)
	if err != nil {
		return appCredentialBody{}, err
	}
	body := appCredentialBody{ID: k.ID, Name: k.Name, Description: k.Description, UserID: k.UserID, ProjectID: k.ProjectID,
		Unrestricted: k.Unrestricted, AccessRules: accessRules(k.Rules),
		Links: self{c.Base + "/v3/application_credentials/" + k.ID}}
	for _, r := range roles {
		body.Roles = append(body.Roles, roleFields(r))
	}
	if !k.ExpiresAt.IsZero() {
		body.ExpiresAt = new(k.ExpiresAt.UTC().Format(expiryForm))
	}
	return body, nil
}

// expiryForm is how a credential's end is written: unlike that of a token,
// without a zone.
const expiryForm = "2006-01-02T15:04:05.000000"

// listAppCredentials filters by name.
func (d *Dialect) listAppCredentials(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	found, err := d.identity.AppCredentials(c.Context(), c.Caller, c.PathValue("user"))
	if err != nil {
		return err
	}
	var all []appCredentialBody
	for _, k := range found {
		if !f.admits("name", k.Name) {
			continue
		}
		body, err := d.appCredentialBody(c, k)
		if err != nil {
			return err
		}
		all = append(all, body)
	}
	return d.list(w, c, "application_credentials", all)
}

func (d *Dialect) showAppCredential(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	k, err := d.identity.AppCredential(c.Context(), c.Caller, c.PathValue("user"), id)
	if err != nil {
		return appCredentialError(err, id)
	}
	body, err := d.appCredentialBody(c, k)
	if err != nil {
		return err
	}
	return d.one(w, c, http.StatusOK, "application_credential", body)
}

// The schema of keystone/application_credential/schema.py.
var appCredentialCreate = schema.Object{Required: []string{"name"}, Properties: []schema.Property{
	schema.Prop("name", schema.String{Min: 1, Max: 255, Pattern: nonBlank}),
	schema.Prop("description", schema.String{Nullable: true}),
	schema.Prop("secret", schema.String{Nullable: true}),
	schema.Prop("expires_at", schema.String{Nullable: true}),
	schema.Prop("roles", schema.Array{Items: schema.Object{Closed: true, Max: 1, Properties: []schema.Property{
		schema.Prop("id", idSchema(false)),
		schema.Prop("name", schema.String{Min: 1, Max: 255, Pattern: nonBlank}),
	}}}),
	schema.Prop("unrestricted", schema.Boolean{}),
	schema.Prop("access_rules", schema.Array{Items: schema.Object{Closed: true, Properties: []schema.Property{
		schema.Prop("path", schema.String{Max: 225, Pattern: schema.NewPattern(`^\/.*`)}),
		schema.Prop("method", schema.String{Pattern: schema.NewPattern(`^(POST|GET|HEAD|PATCH|PUT|DELETE)$`)}),
		schema.Prop("service", idSchema(false)),
		schema.Prop("id", idSchema(false)),
	}}}),
}}

// createAppCredential makes one of the caller's own: nobody makes them for
// somebody else.
func (d *Dialect) createAppCredential(w http.ResponseWriter, c *openstack.Call) error {
	if c.PathValue("user") != c.Caller.User.ID {
		return &fault.Error{Kind: fault.Forbidden}
	}
	v, err := readResource(c.Request, "application_credential", appCredentialCreate)
	if err != nil {
		return err
	}
	n := identity.NewAppCredential{Name: v.At("name").Text(), Secret: v.At("secret").Text(), Unrestricted: flag(v.At("unrestricted"))}
	if given := v.At("description"); given.Exists() && !given.IsNull() {
		n.Description = new(given.Text())
	}
	if n.ExpiresAt, err = parseExpiry(v.At("expires_at").Text(), d.now()); err != nil {
		return err
	}
	if n.Roles, err = d.parseRoles(c, v.At("roles")); err != nil {
		return err
	}
	if n.Rules, err = parseAccessRules(v.At("access_rules")); err != nil {
		return err
	}
	k, secret, err := d.identity.CreateAppCredential(c.Context(), c.Caller, n)
	if err != nil {
		return appCredentialError(err, "")
	}
	body, err := d.appCredentialBody(c, k)
	if err != nil {
		return err
	}
	body.Secret = secret
	return d.one(w, c, http.StatusCreated, "application_credential", body)
}

func (d *Dialect) deleteAppCredential(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.identity.DeleteAppCredential(c.Context(), c.Caller, c.PathValue("user"), id); err != nil {
		return appCredentialError(err, id)
	}
	return d.empty(w, c)
}

// parseExpiry reads a time in ISO 8601, which is UTC where it has no zone.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		at, err := time.Parse(form, text)
		switch {
		case err != nil:
		case at.Before(now):
			return time.Time{}, invalid("The 'expires_at' must not be before now." + openstack.Blame)
		default:
			return at, nil
		}
	}
	return time.Time{}, invalid("Timestamp not in expected format." + openstack.Blame)
}

// parseRoles finds the roles that a credential is to have: built-in ones, and
// of those that administrators made what the caller has by that name, or any by
// its id.
func (d *Dialect) parseRoles(c *openstack.Call, list schema.Value) ([]identity.Role, error) {
	var roles []identity.Role
	for _, item := range list.Items() {
		id, name := item.At("id").Text(), item.At("name").Text() // it has one of them
		known := append(identity.Roles(), c.Caller.Roles...)
		if id != "" && !identity.Role(id).BuiltIn() {
			known = append(known, identity.Role(id))
		}
		described, err := d.identity.DescribeRoles(c.Context(), known)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(described, func(r identity.RoleRecord) bool {
			return id != "" && r.Role.ID() == id || name != "" && r.Name == name
		})
		if i < 0 {
			return nil, fault.Missing("role", id+name)
		}
		roles = append(roles, described[i].Role)
	}
	return roles, nil
}

// restricted is what Keystone names instead of a rule.
const restricted openstack.Rule = "Using method 'application_credential' is not allowed for managing additional application credentials."

// appCredentialError puts Keystone's words to the core's faults.
func appCredentialError(err error, id string) error {
	var f *fault.Error
	switch {
	case errors.Is(err, identity.ErrRestricted):
		return openstack.Denied(restricted)
	case errors.Is(err, identity.ErrRoleNotHeld):
		return invalid("Invalid application credential: Cannot create an application credential with unassigned role")
	case !errors.As(err, &f):
		return err
	case f.Kind == fault.Exists:
		return &fault.Error{Kind: fault.Exists, Resource: "application_credential", Name: f.Name}
	case f.Kind == fault.NotFound && f.Resource == "access rule":
		return fault.Missing("Access Rule", f.Name)
	case f.Kind == fault.NotFound && f.Resource == "application credential":
		return fault.Missing("Application Credential", id)
	}
	return err
}
