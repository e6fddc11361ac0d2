package keystone

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// methods are the ways to log in: what checks each, and whom it found.
var methods = map[identity.Method]func(*Dialect, *openstack.Call, *login) (userID string, err error){
	identity.ByPassword:      (*Dialect).byPassword,
	identity.ByToken:         (*Dialect).byToken,
	identity.ByAppCredential: (*Dialect).byAppCredential,
}

// methodNames lists them as clients are told.
func methodNames() []string {
	return []string{string(identity.ByPassword), string(identity.ByToken), string(identity.ByAppCredential)}
}

// login is one attempt to get a token.
type login struct {
	request authRequest
	user    identity.User
	parent  *identity.Token         // the token that the new one is made from, nil without
	app     *identity.AppCredential // that gives the token its scope and roles, nil without
}

// createToken answers POST /v3/auth/tokens
// (https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management).
func (d *Dialect) createToken(w http.ResponseWriter, c *openstack.Call) error {
	body, err := readObject(c.Request)
	if err != nil {
		return err
	}
	request, err := parseAuth(body.At("auth"))
	if err != nil {
		return err
	}
	text, token, caller, err := d.logIn(c, request)
	if err != nil {
		return err
	}
	wire.Note(c.Context(), "user", caller.User.ID)
	w.Header().Set(subjectHeader, text)
	d.style.Document(w, c.Request, http.StatusCreated, d.tokenDocument(c, token, caller))
	return nil
}

// logIn checks every method of the request and makes the token. Each has to
// succeed, and all have to find the same user.
func (d *Dialect) logIn(c *openstack.Call, request authRequest) (string, identity.Token, identity.Caller, error) {
	l := &login{request: request}
	userID := ""
	for _, m := range request.methods {
		id, err := methods[m](d, c, l)
		if err != nil {
			return "", identity.Token{}, identity.Caller{}, err
		}
		if userID != "" && id != userID {
			return "", identity.Token{}, identity.Caller{}, unauthorized()
		}
		userID = id
	}
	if userID == "" {
		return "", identity.Token{}, identity.Caller{}, unauthorized()
	}
	if l.app != nil {
		return d.identity.IssueAppToken(c.Context(), *l.app, request.methods, origin(c))
	}
	scope, err := d.scope(c, request.scope)
	if err != nil {
		return "", identity.Token{}, identity.Caller{}, err
	}
	// Without a word about the scope it is the user's default project, as long
	// as they still have a role in it.
	if request.scope.kind == scopeDefault && l.user.DefaultProjectID != "" {
		own := identity.Scope{Kind: identity.ProjectScope, ID: l.user.DefaultProjectID}
		text, t, caller, err := d.issue(c, l, own)
		if !fault.Is(err, fault.Unauthenticated) {
			return text, t, caller, err
		}
	}
	return d.issue(c, l, scope)
}

func (d *Dialect) issue(c *openstack.Call, l *login, scope identity.Scope) (string, identity.Token, identity.Caller, error) {
	if l.parent == nil {
		return d.identity.IssueToken(c.Context(), l.user, scope, l.request.methods, origin(c))
	}
	from := *l.parent
	for _, m := range l.request.methods {
		if m != identity.ByToken && !slices.Contains(from.Methods, m) {
			from.Methods = append(slices.Clone(from.Methods), m)
		}
	}
	return d.rescope(c, from, scope)
}

// byPassword takes a name before an id where a request has both, as Keystone
// does.
func (d *Dialect) byPassword(c *openstack.Call, l *login) (string, error) {
	attempt := l.request.user.login()
	attempt.Password, attempt.Origin = l.request.password, origin(c)
	u, err := d.identity.LogIn(c.Context(), attempt)
	l.user = u
	return u.ID, err
}

// byAppCredential takes a credential by its id, or by its name among a user's.
func (d *Dialect) byAppCredential(c *openstack.Call, l *login) (string, error) {
	app := l.request.app
	u, k, err := d.identity.LogInByApp(c.Context(), identity.AppLogin{
		ID: app.id, Name: app.name, Owner: app.user.login(), Secret: app.secret, Origin: origin(c),
	})
	l.user, l.app = u, &k
	return u.ID, err
}

func (d *Dialect) byToken(c *openstack.Call, l *login) (string, error) {
	t, caller, err := d.identity.LookUpToken(c.Context(), l.request.token)
	if err != nil {
		return "", unknownSubject(err)
	}
	l.parent, l.user = &t, caller.User
	return t.UserID, nil
}

// scope finds what the token is asked for. What is not there is unauthorized,
// like a project in which one has no role.
func (d *Dialect) scope(c *openstack.Call, s scopeRequest) (identity.Scope, error) {
	switch s.kind {
	case scopeProject:
		if s.project.name == "" {
			return identity.Scope{Kind: identity.ProjectScope, ID: s.project.id}, nil
		}
		in := s.project.domain
		return d.identity.FindScope(c.Context(), identity.ProjectScope, s.project.name, in.id, in.name)
	case scopeDomain:
		return d.identity.FindScope(c.Context(), identity.AccountScope, "", s.domain.id, s.domain.name)
	case scopeSystem:
		return identity.Scope{Kind: identity.SystemScope}, nil
	}
	return identity.Scope{}, nil
}

// unknownSubject turns a refused subject token into Keystone's answer.
func unknownSubject(err error) error {
	if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.NotFound) {
		return errTokenUnknown()
	}
	return err
}

// origin is where the call comes from.
func origin(c *openstack.Call) identity.Origin {
	return identity.Origin{Address: wire.ClientAddress(c.Request), Dialect: "openstack", RequestID: wire.RequestID(c.Context())}
}
