package keystone

import (
	"fmt"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// authRequest is what a client sends to get a token.
type authRequest struct {
	methods  []identity.Method // each once
	user     named             // of the password method
	password string
	token    string // of the token method
	app      appRequest
	scope    scopeRequest
}

// named is a thing given by its id, or by its name in a domain. Where both are
// given the name counts.
type named struct {
	id, name string
	domain   domainRef
}

// login is whose login it is.
func (n named) login() identity.Login {
	if n.name == "" {
		return identity.Login{UserID: n.id}
	}
	return identity.Login{Name: n.name, AccountID: n.domain.id, AccountName: n.domain.name}
}

// appRequest is an application credential: its id, or its name and user. Where
// both are given the id counts.
type appRequest struct {
	id, name string
	user     named
	secret   string
}

type domainRef struct{ id, name string }

type scopeKind uint8

const (
	scopeDefault scopeKind = iota // nothing was said
	scopeNone
	scopeProject
	scopeDomain
	scopeSystem
)

type scopeRequest struct {
	kind    scopeKind
	project named
	domain  domainRef
}

// The schema of keystone/auth/schema.py, in its order.
var (
	idOrName     = []schema.Property{schema.Prop("id", schema.String{}), schema.Prop("name", schema.String{})}
	domainSchema = schema.Object{Properties: idOrName}
	authSchema   = schema.Object{Required: []string{"identity"}, Properties: []schema.Property{
		schema.Prop("identity", schema.Object{Required: []string{"methods"}, Properties: []schema.Property{
			schema.Prop("methods", schema.Array{Items: schema.String{}}),
			schema.Prop("password", schema.Object{Properties: []schema.Property{
				schema.Prop("user", schema.Object{Properties: append(slices.Clone(idOrName),
					schema.Prop("password", schema.String{}),
					schema.Prop("domain", domainSchema),
				)}),
			}}),
			schema.Prop("token", schema.Object{Required: []string{"id"}, Properties: []schema.Property{
				schema.Prop("id", schema.String{}),
			}}),
			schema.Prop("application_credential", schema.Object{Properties: append(slices.Clone(idOrName),
				schema.Prop("secret", schema.String{}),
				schema.Prop("user", schema.Object{Properties: append(slices.Clone(idOrName), schema.Prop("domain", domainSchema))}),
			)}),
		}}),
	}}
	scopeSchema = schema.Object{Properties: []schema.Property{
		schema.Prop("scope", schema.Object{Properties: []schema.Property{
			schema.Prop("project", schema.Object{Properties: append(slices.Clone(idOrName), schema.Prop("domain", domainSchema))}),
			schema.Prop("domain", domainSchema),
			schema.Prop("OS-TRUST:trust", schema.Object{Properties: idOrName[:1]}),
			schema.Prop("system", schema.Object{Properties: []schema.Property{schema.Prop("all", schema.Boolean{})}}),
		}}),
	}}
)

// parseAuth reads the auth member of a request: first its shape, then whether
// what the methods and the scope need is there, in Keystone's order.
func parseAuth(auth schema.Value) (authRequest, error) {
	if !auth.Exists() || auth.IsNull() {
		return authRequest{}, openstack.Expecting("auth", "request body")
	}
	if err := schema.Validate(authSchema, auth); err != nil {
		return authRequest{}, err
	}
	// "unscoped" alone is a scope too.
	scope := auth.At("scope")
	if scope.Kind() != schema.Text {
		if err := schema.Validate(scopeSchema, auth); err != nil {
			return authRequest{}, err
		}
	}
	for _, place := range namedPlaces {
		v := auth.At(place.path...)
		if v.Exists() && !v.At("id").Exists() && !v.At("name").Exists() {
			return authRequest{}, invalid(fmt.Sprintf("Invalid input for field %s: id or name must be present.", place.text))
		}
	}
	var a authRequest
	var err error
	if a.methods, err = parseMethods(auth.At("identity")); err != nil {
		return authRequest{}, err
	}
	if a.scope, err = parseScope(scope); err != nil {
		return authRequest{}, err
	}
	if slices.Contains(a.methods, identity.ByPassword) {
		user := auth.At("identity", "password", "user")
		if !user.Exists() {
			return authRequest{}, openstack.Expecting("user", "password")
		}
		if a.user, err = parseNamed(user, "user"); err != nil {
			return authRequest{}, err
		}
		a.password = user.At("password").Text()
	}
	a.token = auth.At("identity", "token", "id").Text()
	if slices.Contains(a.methods, identity.ByAppCredential) {
		if scope.Exists() {
			return authRequest{}, errAppCredentialScope()
		}
		if a.app, err = parseApp(auth.At("identity", "application_credential")); err != nil {
			return authRequest{}, err
		}
	}
	return a, nil
}

func parseApp(v schema.Value) (appRequest, error) {
	const method = string(identity.ByAppCredential)
	app := appRequest{id: v.At("id").Text(), name: v.At("name").Text(), secret: v.At("secret").Text()}
	switch {
	case app.secret == "":
		return appRequest{}, openstack.Expecting("secret", method)
	case app.id != "":
		return app, nil
	case app.name == "":
		return appRequest{}, openstack.Expecting("id or name", method)
	case !v.At("user").Exists():
		return appRequest{}, openstack.Expecting("user", method)
	}
	var err error
	app.user, err = parseNamed(v.At("user"), "user")
	return app, err
}

// namedPlaces are the things that must be named one way or the other.
var namedPlaces = []struct {
	path []string
	text string
}{
	{[]string{"identity", "password", "user"}, "identity/password/user"},
	{[]string{"identity", "password", "user", "domain"}, "identity/password/user/domain"},
	{[]string{"scope", "project"}, "scope/project"},
	{[]string{"scope", "project", "domain"}, "scope/project/domain"},
	{[]string{"scope", "domain"}, "scope/domain"},
}

// mostMethods is more than there are. Who asks for as many asks for one that is
// not there, and need not have all of them compared with each other.
const mostMethods = 16

func parseMethods(id schema.Value) ([]identity.Method, error) {
	var given []identity.Method
	for _, m := range id.At("methods").Items() {
		method := identity.Method(m.Text())
		switch {
		case slices.Contains(given, method):
		case len(given) == mostMethods:
			return nil, errMethodUnsupported()
		default:
			given = append(given, method)
		}
	}
	for _, m := range given {
		if !id.At(string(m)).Exists() {
			return nil, openstack.Expecting(string(m), "identity")
		}
	}
	for _, m := range given {
		if methods[m] == nil {
			return nil, errMethodUnsupported()
		}
	}
	return given, nil
}

// scopeMember is a member of a scope and how it is read.
type scopeMember struct {
	name  string
	parse func(schema.Value) (scopeRequest, error)
}

// scopes are the members that a scope can have; exactly one has to be there.
var scopes = []scopeMember{
	{"system", func(schema.Value) (scopeRequest, error) { return scopeRequest{kind: scopeSystem}, nil }},
	{"project", func(v schema.Value) (scopeRequest, error) {
		project, err := parseNamed(v, "project")
		return scopeRequest{kind: scopeProject, project: project}, err
	}},
	{"domain", func(v schema.Value) (scopeRequest, error) {
		domain, err := parseDomain(v)
		return scopeRequest{kind: scopeDomain, domain: domain}, err
	}},
	{"unscoped", func(schema.Value) (scopeRequest, error) { return scopeRequest{kind: scopeNone}, nil }},
	// There are no trusts here, so none is found.
	{"OS-TRUST:trust", func(v schema.Value) (scopeRequest, error) {
		return scopeRequest{}, fault.Missing("trust", v.At("id").Text())
	}},
}

func parseScope(v schema.Value) (scopeRequest, error) {
	switch {
	case !v.Exists():
		return scopeRequest{}, nil
	case v.Text() == "unscoped":
		return scopeRequest{kind: scopeNone}, nil
	}
	given := slices.DeleteFunc(slices.Clone(scopes), func(s scopeMember) bool { return !v.At(s.name).Exists() })
	if len(given) != 1 {
		return scopeRequest{}, openstack.Expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope")
	}
	return given[0].parse(v.At(given[0].name))
}

// parseNamed reads a user or project: a name needs a domain.
func parseNamed(v schema.Value, what string) (named, error) {
	n := named{id: v.At("id").Text(), name: v.At("name").Text()}
	switch {
	case n.name == "" && n.id == "":
		return named{}, openstack.Expecting("id or name", what)
	case n.name == "":
		return n, nil
	case !v.At("domain").Exists():
		return named{}, openstack.Expecting("domain", what)
	}
	var err error
	n.domain, err = parseDomain(v.At("domain"))
	return n, err
}

// parseDomain takes the name before the id where both are given.
func parseDomain(v schema.Value) (domainRef, error) {
	if name := v.At("name").Text(); name != "" {
		return domainRef{name: name}, nil
	}
	if id := v.At("id").Text(); id != "" {
		return domainRef{id: id}, nil
	}
	return domainRef{}, openstack.Expecting("id or name", "domain")
}
