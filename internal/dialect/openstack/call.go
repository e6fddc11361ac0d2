package openstack

import (
	"context"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// Call is a request whose route is known and whose credentials were checked.
type Call struct {
	*http.Request
	Caller  identity.Caller // zero on public routes
	Token   identity.Token  // zero on public routes
	Version Microversion    // zero where the API has none

	Base    string // what every link begins with: scheme, host and the service's prefix
	Folder  string // the API version's folder in the path: "/v2.1"
	Project string // "/" and the project id where the path had one, else ""

	Query schema.Query // in which the route's rule found nothing wrong
	Input schema.Value // the decoded body, on routes that have a rule for it
}

// Self returns the link to path in the API version that the client used, with
// the project id if the client's own path had it.
func (c *Call) Self(path string) string { return c.Base + c.Folder + c.Project + path }

// Bookmark returns the link to path that names no API version.
func (c *Call) Bookmark(path string) string { return c.Base + c.Project + path }

// Decode reads the query and, where the route has a rule for it, the body, and
// holds them against the rules. Faults: Invalid, TooLarge; [ErrMediaType].
func (c *Call) Decode(rt Route) (err error) {
	if rt.Body != nil {
		if err := c.decodeBody(rt.Body(c.Version)); err != nil {
			return err
		}
	}
	if c.Query, err = schema.ParseQuery(c.URL.RawQuery); err != nil || rt.Query == nil {
		return err
	}
	return schema.ValidateQuery(rt.Query(c.Version), c.Query)
}

func (c *Call) decodeBody(rule schema.Schema) (err error) {
	if c.ContentLength != 0 {
		if err := checkMediaType(c.Request); err != nil {
			return err
		}
	}
	if c.Input, err = ReadBody(c.Request); err != nil {
		return err
	}
	return schema.Validate(rule, c.Input)
}

// Handler answers a call. An error is written in the service's own style, so a
// handler that returns one has written nothing.
type Handler func(w http.ResponseWriter, c *Call) error

// Route is one call of a service's API and who may make it. What is wrong with
// the body or the query is told before Access refuses, as the services do.
type Route struct {
	Method  string
	Pattern string // as [wire.Mux] takes it, from the service's root: "/v2.1/os-keypairs/{name}"
	Access  identity.Access
	Rule    Rule // the policy rule that a refusal names
	// Resolve, unless it is nil, tells which rule is in the place of Rule where
	// that depends on the body, and what is wrong with the body by its own rules.
	Resolve func(*Call) (Rule, error)

	// Query is the rule for the query string at a microversion; nil ignores it.
	Query func(Microversion) schema.Parameters
	// Body is the rule for the body at a microversion; nil leaves it unread.
	Body func(Microversion) schema.Schema

	Handle Handler
}

// Tokens checks the tokens that callers bring; [identity.Service] does.
type Tokens interface {
	// CheckToken returns what a token stands for that is brought for a use.
	// Faults: Unauthenticated.
	CheckToken(ctx context.Context, text string, use identity.Use) (identity.Token, identity.Caller, error)
}

// Authenticate finds out who calls, from the header X-Auth-Token. The access
// rules of an application credential are held against what [Serving] said of
// the request. Faults: Unauthenticated, and what tokens says.
func Authenticate(r *http.Request, tokens Tokens) (identity.Token, identity.Caller, error) {
	text := r.Header.Get("X-Auth-Token")
	if text == "" {
		return identity.Token{}, identity.Caller{}, &fault.Error{Kind: fault.Unauthenticated, Msg: "the request has no token"}
	}
	t, c, err := tokens.CheckToken(r.Context(), text, useOf(r.Context()))
	if err != nil {
		return identity.Token{}, identity.Caller{}, err
	}
	c.Dialect, c.RequestID = "openstack", wire.RequestID(r.Context())
	wire.Note(r.Context(), "user", c.User.ID)
	return t, c, nil
}
