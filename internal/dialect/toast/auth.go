package toast

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

var tokenRoutes = []Route{
	{Method: http.MethodPost, Path: "tokens", Access: identity.Public, about: ofToken, secret: true, handle: (*Dialect).issueToken},
	{Method: http.MethodGet, Path: "tokens", Access: identity.Public, about: ofToken, secret: true, handle: (*Dialect).showToken},
}

func denied(detail string) error { return &failure{code: permissionDenied, detail: detail} }

// authenticate finds out who calls in which project. A caller is never more
// than a member here: this API has no calls for administrators of the cloud,
// and what is another project's does not exist in it.
func (d *Dialect) authenticate(c *call, access identity.Access) (err error) {
	text := c.Header.Get("X-Auth-Token")
	if text == "" {
		return denied("X-Auth-Token is required")
	}
	// No service of the catalog: an access rule never admits this API.
	if c.token, c.caller, err = d.opt.Identity.CheckToken(c.Context(), text, identity.Use{}); err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			return denied("invalid token")
		}
		return err
	}
	wire.Note(c.Context(), "user", c.caller.User.ID)
	if !inProject(c.caller, c.PathValue("appkey")) {
		return denied("invalid appkey")
	}
	c.caller.Dialect, c.caller.RequestID = name, wire.RequestID(c.Context())
	var roles []identity.Role
	for _, r := range c.caller.Roles {
		if r != identity.RoleAdmin {
			roles = append(roles, r)
		}
	}
	c.caller.Roles = roles
	if access.Check(c.caller) != nil {
		return denied("insufficient role")
	}
	return nil
}

func inProject(c identity.Caller, appkey string) bool {
	return c.Scope.Kind == identity.ProjectScope && c.Project.AppKey == appkey && appkey != ""
}

// issueToken takes a TOAST ID with its API password, or an access key with its
// secret, as the guides before 2018 have it.
func (d *Dialect) issueToken(c *call) (answer, error) {
	auth := c.body.object("auth")
	username, password := auth.text("username"), auth.text("password")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	text, t, caller, err := d.opt.Identity.LogInByAPI(c.Context(), identity.APILogin{
		AppKey: c.PathValue("appkey"), Name: username, Secret: password,
		Origin: identity.Origin{Address: wire.ClientAddress(c.Request), Dialect: name, RequestID: wire.RequestID(c.Context())},
	})
	if fault.Is(err, fault.Unauthenticated) {
		return nil, &failure{code: ofToken.code(http.StatusUnauthorized), detail: "The request you have made requires authentication."}
	}
	if err != nil {
		return nil, err
	}
	wire.Note(c.Context(), "user", caller.User.ID)
	return viewAccess(text, t, caller), nil
}

// showToken needs no other proof than the token itself.
func (d *Dialect) showToken(c *call) (answer, error) {
	text, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	t, caller, err := d.opt.Identity.LookUpToken(c.Context(), text)
	if fault.Is(err, fault.Unauthenticated) || err == nil && !inProject(caller, c.PathValue("appkey")) {
		return nil, fault.Missing("token", "")
	}
	if err != nil {
		return nil, err
	}
	return viewAccess(text, t, caller), nil
}

func viewAccess(text string, t identity.Token, c identity.Caller) answer {
	a := &accessAnswer{Access: access{
		Token: token{Expires: t.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z"), ID: text, IssuedAt: stamp(t.IssuedAt)},
		User:  tokenUser{ID: c.User.ID, Roles: []role{}},
	}}
	for _, r := range c.Roles {
		a.Access.User.Roles = append(a.Access.User.Roles, role{Name: c.RoleName(r)})
	}
	return a
}
