// Package keystone speaks OpenStack's Identity API v3: discovery, tokens, the
// catalog, application credentials, and users, projects, domains and roles as
// far as clients of the other services need them
// (https://docs.openstack.org/api-ref/identity/v3/); and of v2.0 the tokens.
//
// Keystone's domain is the core's account.
package keystone

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// Options are what the service is built from.
type Options struct {
	Identity *identity.Service
	Base     openstack.Base // of this service
	Fixed    string         // scheme and host of the catalog's URLs; "" takes each request's
	Region   string         // the region's name towards OpenStack, "RegionOne"
	Services []Service      // the catalog; nil is [Services]
	Now      func() time.Time
}

// Dialect is the identity service.
type Dialect struct {
	identity *identity.Service
	base     openstack.Base
	catalog  catalog
	style    openstack.KeystoneStyle
	now      func() time.Time
	mux      *wire.Mux
	routes   []openstack.Route
}

// New builds the service.
func New(opt Options) *Dialect {
	if opt.Services == nil {
		opt.Services = Services()
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Dialect{
		identity: opt.Identity, base: opt.Base, now: opt.Now,
		catalog: catalog{region: opt.Region, fixed: opt.Fixed, services: opt.Services},
		style:   openstack.KeystoneStyle{RequestID: wire.RequestID, Base: opt.Base},
	}
	d.mux = wire.NewMux(http.HandlerFunc(d.unknown))
	for _, table := range [][]openstack.Route{
		d.discoveryRoutes(), d.tokenRoutes(), d.ownRoutes(),
		d.domainRoutes(), d.projectRoutes(), d.tagRoutes(), d.userRoutes(), d.groupRoutes(),
		d.appCredentialRoutes(), d.accessRuleRoutes(), d.v2Routes(),
		d.roleRoutes(), d.grantRoutes(), d.assignmentRoutes(), d.endpointRoutes(),
	} {
		d.routes = append(d.routes, withHead(table)...)
	}
	for _, route := range d.routes {
		d.mux.Handle(route.Method+" "+route.Pattern, d.serve(route))
	}
	return d
}

// Handler serves the API from its root: "/v3/auth/tokens". Doubled slashes in
// a path count once.
func (d *Dialect) Handler() http.Handler {
	return wire.CollapseSlashes(openstack.Serving("identity", d.mux))
}

// Routes returns every call that is served and who may make it.
func (d *Dialect) Routes() []openstack.Route { return d.routes }

// Surface says how requests are guarded and what is answered where no handler
// does.
func (d *Dialect) Surface() wire.Surface {
	refuse := func(kind fault.Kind) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			d.style.Error(w, r, &fault.Error{Kind: kind})
		})
	}
	return wire.Surface{
		Name: "keystone", BodyLimit: openstack.MaxBody,
		// v2.0 has tokens in paths that are not served here; who asks so gets 404, but the token may be good.
		Redact: wire.MaskAfter("tokens"),
		Failed: refuse(fault.Internal), TooLarge: refuse(fault.TooLarge),
	}
}

// withHead answers HEAD wherever GET is answered, as Keystone's framework does.
// The listener leaves the body out.
func withHead(table []openstack.Route) []openstack.Route {
	all := table
	for _, route := range table {
		if route.Method == http.MethodGet {
			route.Method = http.MethodHead
			all = append(all, route)
		}
	}
	return all
}

// serve checks credentials and the route's access rule, in this order, before
// anything of the request is read.
func (d *Dialect) serve(route openstack.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &openstack.Call{Request: r, Base: d.base.URL(r)}
		if err := d.answer(w, c, route); err != nil {
			d.fail(w, r, openstack.UnderRule(err, route.Rule))
		}
	})
}

func (d *Dialect) answer(w http.ResponseWriter, c *openstack.Call, route openstack.Route) error {
	if route.Access != identity.Public {
		var err error
		if c.Token, c.Caller, err = openstack.Authenticate(c.Request, d.tokensFor(route)); err != nil {
			return err
		}
	}
	if err := route.Access.Check(c.Caller); err != nil {
		return err
	}
	return route.Handle(w, c)
}

// tokensFor checks tokens for a route. Whether a token is good may be asked with
// any, whatever its access rules say: services ask on behalf of those who call
// them (keystonemiddleware/auth_token).
func (d *Dialect) tokensFor(route openstack.Route) openstack.Tokens {
	if route.Method == http.MethodGet && route.Rule == validateToken {
		return forAnyUse{d.identity}
	}
	return d.identity
}

type forAnyUse struct{ *identity.Service }

// CheckToken implements [openstack.Tokens].
func (f forAnyUse) CheckToken(ctx context.Context, text string, _ identity.Use) (identity.Token, identity.Caller, error) {
	return f.LookUpToken(ctx, text)
}

// unknown answers for a path that is not served, or not with this method.
func (d *Dialect) unknown(w http.ResponseWriter, r *http.Request) {
	methods := d.mux.Methods(r)
	if len(methods) == 0 {
		d.style.UnknownRoute(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	d.style.WrongMethod(w, r)
}

// discoveryRoutes say which version is here. v2.0 is not among them.
func (d *Dialect) discoveryRoutes() []openstack.Route {
	root := func(w http.ResponseWriter, c *openstack.Call) error {
		w.Header().Set("Location", c.Base+"/v3/")
		d.style.Document(w, c.Request, http.StatusMultipleChoices, openstack.IdentityRoot(c.Base))
		return nil
	}
	version := func(w http.ResponseWriter, c *openstack.Call) error {
		d.style.Document(w, c.Request, http.StatusOK, openstack.IdentityVersion(c.Base))
		return nil
	}
	return []openstack.Route{
		{Method: "GET", Pattern: "/", Access: identity.Public, Handle: root},
		{Method: "GET", Pattern: "/v3", Access: identity.Public, Handle: version},
		{Method: "GET", Pattern: "/v3/", Access: identity.Public, Handle: version},
	}
}
