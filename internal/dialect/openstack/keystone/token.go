package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

const validateToken openstack.Rule = "identity:validate_token"

func (d *Dialect) tokenRoutes() []openstack.Route {
	const path = "/v3/auth/tokens"
	return []openstack.Route{
		{Method: "POST", Pattern: path, Access: identity.Public, Handle: d.createToken},
		{Method: "GET", Pattern: path, Access: identity.AnyUser, Rule: validateToken, Handle: d.showToken},
		{Method: "DELETE", Pattern: path, Access: identity.AnyUser, Rule: "identity:revoke_token", Handle: d.revokeToken},
	}
}

// tokenBody is what a token says. Which members it has depends on the scope.
type tokenBody struct {
	Methods   []identity.Method `json:"methods"`
	User      tokenUser         `json:"user"`
	AuditIDs  []string          `json:"audit_ids"`
	ExpiresAt string            `json:"expires_at"`
	IssuedAt  string            `json:"issued_at"`
	System    *tokenSystem      `json:"system,omitempty"`
	Domain    *ref              `json:"domain,omitempty"`
	Project   *refIn            `json:"project,omitempty"`
	IsDomain  *bool             `json:"is_domain,omitempty"`
	Roles     *[]ref            `json:"roles,omitempty"`
	Catalog   *[]catalogEntry   `json:"catalog,omitempty"`

	AppCredential *tokenApp `json:"application_credential,omitempty"`
}

// tokenApp is the application credential that a token was made from.
type tokenApp struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Restricted  bool         `json:"restricted"`
	AccessRules []accessRule `json:"access_rules,omitempty"`
}

type tokenUser struct {
	refIn
	PasswordExpiresAt *string `json:"password_expires_at"`
}

type tokenSystem struct {
	All bool `json:"all"`
}

// tokenDocument describes a token; the request's parameter nocatalog leaves
// the catalog out.
func (d *Dialect) tokenDocument(c *openstack.Call, t identity.Token, who identity.Caller) openstack.Fields {
	body := tokenBody{
		Methods: t.Methods, AuditIDs: t.AuditIDs,
		ExpiresAt: timestamp(t.ExpiresAt), IssuedAt: timestamp(t.IssuedAt),
		User: tokenUser{refIn: refIn{ref{who.Account.ID, who.Account.Name}, who.User.ID, who.User.Name}},
	}
	switch t.Scope.Kind {
	case identity.ProjectScope:
		in := ref{who.ProjectAccount.ID, who.ProjectAccount.Name}
		body.Project, body.IsDomain = &refIn{in, who.Project.ID, who.Project.Name}, new(false)
	case identity.AccountScope:
		body.Domain = &ref{who.ScopeAccount.ID, who.ScopeAccount.Name}
	case identity.SystemScope:
		body.System = &tokenSystem{All: true}
	}
	if t.Scope.Kind != identity.Unscoped {
		roles := make([]ref, len(who.Roles))
		for i, r := range who.Roles {
			roles[i] = ref{r.ID(), who.RoleName(r)}
		}
		body.Roles = &roles
		if !c.URL.Query().Has("nocatalog") {
			body.Catalog = new(d.catalog.entries(c.Request, who.ProjectID()))
		}
	}
	if k := who.AppCredential; k != nil {
		body.AppCredential = &tokenApp{k.ID, k.Name, k.Restricted(), accessRules(k.Rules)}
	}
	return openstack.Fields{openstack.F("token", body)}
}

// subject checks the token that the call is about: one's own, or anyone's for
// administrators.
func (d *Dialect) subject(c *openstack.Call) (string, identity.Token, identity.Caller, error) {
	text := c.Header.Get(subjectHeader)
	if text == "" {
		return "", identity.Token{}, identity.Caller{}, &fault.Error{Kind: fault.NotFound, Msg: "No token in the request"}
	}
	t, who, err := d.identity.LookUpToken(c.Context(), text)
	switch {
	case err != nil:
		return "", identity.Token{}, identity.Caller{}, unknownSubject(err)
	case t.UserID != c.Caller.User.ID && !c.Caller.Admin():
		return "", identity.Token{}, identity.Caller{}, &fault.Error{Kind: fault.Forbidden, Resource: "token"}
	}
	return text, t, who, nil
}

// showToken answers GET and HEAD /v3/auth/tokens.
func (d *Dialect) showToken(w http.ResponseWriter, c *openstack.Call) error {
	text, t, who, err := d.subject(c)
	if err != nil {
		return err
	}
	w.Header().Set(subjectHeader, text)
	d.style.Document(w, c.Request, http.StatusOK, d.tokenDocument(c, t, who))
	return nil
}

// revokeToken answers DELETE /v3/auth/tokens.
func (d *Dialect) revokeToken(w http.ResponseWriter, c *openstack.Call) error {
	text, _, _, err := d.subject(c)
	if err != nil {
		return err
	}
	if err := d.identity.RevokeToken(c.Context(), c.Caller, text); err != nil {
		return unknownSubject(err)
	}
	return d.empty(w, c)
}
