package keystone

import (
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// v2Routes serve what clients of NHN Cloud still use of the Identity API v2.0:
// tokens and tenants
// (https://docs.nhncloud.com/en/Compute/Compute/en/identity-api/). It is not
// among the versions at the root: clients that find it there would take it.
func (d *Dialect) v2Routes() []openstack.Route {
	version := func(w http.ResponseWriter, c *openstack.Call) error {
		d.style.Document(w, c.Request, http.StatusOK, openstack.IdentityV2Version(c.Base))
		return nil
	}
	return []openstack.Route{
		{Method: "GET", Pattern: "/v2.0", Access: identity.Public, Handle: version},
		{Method: "GET", Pattern: "/v2.0/", Access: identity.Public, Handle: version},
		{Method: "POST", Pattern: "/v2.0/tokens", Access: identity.Public, Handle: d.createV2Token},
		{Method: "GET", Pattern: "/v2.0/tenants", Access: identity.AnyUser, Rule: "identity:get_auth_projects", Handle: d.listTenants},
	}
}

// v2AuthSchema is what a request for a token may look like. Members that
// nothing names are ignored.
var v2AuthSchema = schema.Object{Properties: []schema.Property{
	schema.Prop("tenantId", schema.String{Nullable: true}),
	schema.Prop("tenantName", schema.String{Nullable: true}),
	schema.Prop("passwordCredentials", schema.Object{Properties: []schema.Property{
		schema.Prop("username", schema.String{}),
		schema.Prop("userId", schema.String{}),
		schema.Prop("password", schema.String{}),
	}}),
	schema.Prop("token", schema.Object{Properties: []schema.Property{schema.Prop("id", schema.String{})}}),
}}

// createV2Token answers POST /v2.0/tokens: a login by password or token, good
// in a tenant or, without one, nowhere in particular.
func (d *Dialect) createV2Token(w http.ResponseWriter, c *openstack.Call) error {
	body, err := readObject(c.Request)
	if err != nil {
		return err
	}
	auth := body.At("auth")
	if !auth.Exists() || auth.IsNull() {
		return openstack.Expecting("auth", "request body")
	}
	if err := schema.Validate(v2AuthSchema, auth); err != nil {
		return err
	}
	logIn := d.v2ByPassword
	if auth.At("token").Exists() {
		logIn = d.v2ByToken
	}
	text, token, caller, err := logIn(c, auth)
	if err != nil {
		return err
	}
	wire.Note(c.Context(), "user", caller.User.ID)
	d.style.Document(w, c.Request, http.StatusOK, d.v2Access(c, text, token, caller))
	return nil
}

// v2ByPassword takes a user's name in the default domain or their e-mail
// address, and the password or the API password.
func (d *Dialect) v2ByPassword(c *openstack.Call, auth schema.Value) (text string, t identity.Token, who identity.Caller, err error) {
	given := auth.At("passwordCredentials")
	name, id := given.At("username").Text(), given.At("userId").Text()
	switch {
	case !given.Exists():
		err = openstack.Expecting("passwordCredentials", "auth")
	case !given.At("password").Exists():
		err = openstack.Expecting("password", "passwordCredentials")
	case name == "" && id == "":
		err = openstack.Expecting("username or userId", "passwordCredentials")
	}
	if err != nil {
		return "", t, who, err
	}
	u, err := d.identity.LogIn(c.Context(), identity.Login{
		UserID: id, Name: name, AccountID: identity.DefaultAccountID, Email: name,
		Password: given.At("password").Text(), APIPassword: true, Origin: origin(c),
	})
	if err != nil {
		return "", t, who, err
	}
	scope, err := d.tenant(c, auth)
	if err != nil {
		return "", t, who, err
	}
	return d.identity.IssueToken(c.Context(), u, scope, []identity.Method{identity.ByPassword}, origin(c))
}

func (d *Dialect) v2ByToken(c *openstack.Call, auth schema.Value) (string, identity.Token, identity.Caller, error) {
	old, _, err := d.identity.LookUpToken(c.Context(), auth.At("token", "id").Text())
	if err != nil {
		return "", identity.Token{}, identity.Caller{}, err
	}
	scope, err := d.tenant(c, auth)
	if err != nil {
		return "", identity.Token{}, identity.Caller{}, err
	}
	return d.rescope(c, old, scope)
}

// tenant is the project that a token is asked for, by its id or else its name
// in the default domain.
func (d *Dialect) tenant(c *openstack.Call, auth schema.Value) (identity.Scope, error) {
	if id := auth.At("tenantId").Text(); id != "" {
		return identity.Scope{Kind: identity.ProjectScope, ID: id}, nil
	}
	if name := auth.At("tenantName").Text(); name != "" {
		return d.identity.FindScope(c.Context(), identity.ProjectScope, name, identity.DefaultAccountID, "")
	}
	return identity.Scope{}, nil
}

type v2Access struct {
	Token    v2Token     `json:"token"`
	Catalog  []v2Service `json:"serviceCatalog"`
	User     v2User      `json:"user"`
	Metadata v2Metadata  `json:"metadata"`
}

type v2Token struct {
	ID       string  `json:"id"`
	Expires  string  `json:"expires"`
	IssuedAt string  `json:"issued_at"`
	Tenant   *tenant `json:"tenant,omitempty"`
}

type tenant struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
}

func tenantOf(p identity.Project) tenant { return tenant{p.ID, p.Name, p.Description, p.Enabled} }

type v2Service struct {
	Type           string       `json:"type"`
	Name           string       `json:"name"`
	EndpointsLinks []string     `json:"endpoints_links"`
	Endpoints      []v2Endpoint `json:"endpoints"`
}

type v2Endpoint struct {
	Region      string `json:"region"`
	PublicURL   string `json:"publicURL"`
	InternalURL string `json:"internalURL"`
	AdminURL    string `json:"adminURL"`
	ID          string `json:"id"`
}

type v2User struct {
	ID         string   `json:"id"`
	Username   string   `json:"username"`
	Name       string   `json:"name"`
	Roles      []v2Role `json:"roles"`
	RolesLinks []string `json:"roles_links"`
}

type v2Role struct {
	Name string `json:"name"`
}

type v2Metadata struct {
	Roles   []string `json:"roles"`
	IsAdmin int      `json:"is_admin"`
}

func (d *Dialect) v2Access(c *openstack.Call, text string, t identity.Token, who identity.Caller) openstack.Fields {
	body := v2Access{
		Token: v2Token{ID: text, Expires: t.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z"),
			IssuedAt: t.IssuedAt.UTC().Format("2006-01-02T15:04:05.000000")},
		User: v2User{ID: who.User.ID, Username: who.User.Name, Name: who.User.Name},
	}
	for _, r := range who.Roles {
		body.User.Roles = append(body.User.Roles, v2Role{who.RoleName(r)})
		body.Metadata.Roles = append(body.Metadata.Roles, r.ID())
	}
	if id := who.ProjectID(); id != "" {
		body.Token.Tenant = new(tenantOf(who.Project))
		body.Catalog = d.catalog.v2Entries(c.Request, id)
	}
	return openstack.Fields{openstack.F("access", body)}
}

// listTenants lists the projects that a token can be had for.
func (d *Dialect) listTenants(w http.ResponseWriter, c *openstack.Call) error {
	found, err := d.identity.Projects(c.Context(), c.Caller, identity.ProjectQuery{UserID: c.Caller.User.ID, Enabled: new(true)})
	if err != nil {
		return err
	}
	all := make([]tenant, len(found))
	for i, p := range found {
		all[i] = tenantOf(p)
	}
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{
		openstack.F("tenants", all), openstack.F("tenants_links", []string{}),
	})
	return nil
}

// v2Paths are where a v2.0 catalog has a service at another place than v3: its
// clients know no later API of these.
var v2Paths = map[string]string{"identity": "/v2.0", "compute": "/v2/" + projectSlot}

// v2Entries is the catalog in the form of v2.0: one endpoint a service, for all
// three audiences.
func (k catalog) v2Entries(r *http.Request, projectID string) []v2Service {
	var all []v2Service
	for _, s := range k.services {
		if s.Type == "compute_legacy" {
			continue // what compute is here
		}
		if path, ok := v2Paths[s.Type]; ok {
			s.Path = path
		}
		url := strings.ReplaceAll(k.url(r, s), projectSlot, projectID)
		all = append(all, v2Service{Type: s.Type, Name: s.Name, Endpoints: []v2Endpoint{{
			Region: k.region, PublicURL: url, InternalURL: url, AdminURL: url, ID: k.endpointID(s, "v2.0"),
		}}})
	}
	return all
}

// rescope makes a token from another one. That of an application credential
// makes none.
func (d *Dialect) rescope(c *openstack.Call, old identity.Token, scope identity.Scope) (string, identity.Token, identity.Caller, error) {
	text, t, who, err := d.identity.RescopeToken(c.Context(), old, scope, origin(c))
	if fault.Is(err, fault.Forbidden) {
		err = openstack.Denied("Using an application credential's token to create another token. Create a new token with the application credential instead")
	}
	return text, t, who, err
}
