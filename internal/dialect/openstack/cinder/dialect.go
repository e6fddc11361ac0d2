// Package cinder speaks OpenStack Block Storage v3: volumes, their snapshots,
// types and quotas, as Cinder 21 (Zed) answers at the microversions 3.0 to 3.66
// (https://docs.openstack.org/api-ref/block-storage/v3/).
package cinder

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// served is what this Cinder speaks. From 3.67 on paths need no project id,
// which is not served.
var served = openstack.Versions{Service: "volume", Min: openstack.V(3, 0), Max: openstack.V(3, 66)}

// Options are what the dialect stands on.
type Options struct {
	Identity openstack.Tokens
	Compute  *compute.Service

	Base openstack.Base // of this service, with the prefix "/volume"
	// IdentityBase is the identity service's, to which 401 sends clients; the
	// zero Base is "/identity" on the same host.
	IdentityBase openstack.Base
}

// Dialect serves the volume API.
type Dialect struct {
	opt    Options
	style  openstack.NovaStyle
	routes []openstack.Route
}

// New makes the dialect.
func New(opt Options) *Dialect {
	if opt.IdentityBase == (openstack.Base{}) {
		opt.IdentityBase = openstack.Base{Fixed: opt.Base.Fixed, Prefix: "/identity"}
	}
	d := &Dialect{opt: opt, style: openstack.NovaStyle{
		Versions: served, RequestID: wire.RequestID, Identity: opt.IdentityBase, Overs: true,
	}}
	d.routes = slices.Concat(d.versionRoutes(), d.volumeRoutes(), d.snapshotRoutes(), d.typeRoutes(), d.limitRoutes(),
		d.attachmentRoutes(), d.extensionRoutes(), d.absentRoutes())
	return d
}

// Routes returns every call that is served, for tests that walk them.
func (d *Dialect) Routes() []openstack.Route { return slices.Clone(d.routes) }

// Handler serves the API at the root of its prefix.
func (d *Dialect) Handler() http.Handler {
	mux := wire.NewMux(http.HandlerFunc(d.unknown))
	for _, rt := range d.routes {
		mux.Handle(rt.Method+" "+rt.Pattern, d.serve(rt))
	}
	return wire.CollapseSlashes(openstack.Serving("volumev3", mux))
}

// Surface tells the listener how much to read, and how this service fails.
func (d *Dialect) Surface() wire.Surface {
	return wire.Surface{
		Name: "cinder", BodyLimit: openstack.MaxBody,
		Failed:   d.failing(errFailed),
		TooLarge: d.failing(errTooLarge),
	}
}

// serve takes a call through its checks: token, microversion, project in the
// path, body, query, policy.
func (d *Dialect) serve(rt openstack.Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := openstack.Call{Request: r, Base: d.opt.Base.URL(r), Folder: "/v3", Project: "/" + r.PathValue("project")}
		err := d.check(&c, rt)
		if err == nil {
			err = rt.Handle(w, &c)
		}
		if err != nil {
			d.style.Error(w, r, c.Version, openstack.UnderRule(inWords(err), rt.Rule))
		}
	}
}

func (d *Dialect) check(c *openstack.Call, rt openstack.Route) (err error) {
	if rt.Access == identity.Public {
		return nil
	}
	if c.Token, c.Caller, err = openstack.Authenticate(c.Request, d.opt.Identity); err != nil {
		return err
	}
	if c.Version, err = served.Negotiate(c.Header); err != nil {
		return err
	}
	if c.PathValue("project") != c.Caller.ProjectID() {
		if err := rt.Access.Check(c.Caller); err != nil {
			return err // in no project at all
		}
		return fault.Invalidf("project_id", "Malformed request url")
	}
	if err := c.Decode(rt); err != nil {
		return err
	}
	return rt.Access.Check(c.Caller)
}

// unknown answers 404 to callers who are somebody.
func (d *Dialect) unknown(w http.ResponseWriter, r *http.Request) {
	if _, _, err := openstack.Authenticate(r, d.opt.Identity); err != nil {
		d.style.Error(w, r, openstack.Microversion{}, err)
		return
	}
	d.style.UnknownRoute(w, r)
}

// failing answers with an error that does not depend on the request.
func (d *Dialect) failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.style.Error(w, r, openstack.Microversion{}, err)
	})
}

// reads and changes make the routes of those who see and of those who change a
// project's things.
func reads(pattern string, rule openstack.Rule, h openstack.Handler) openstack.Route {
	return openstack.Route{Method: http.MethodGet, Pattern: "/v3/{project}" + pattern, Access: identity.ProjectReader, Rule: rule, Handle: h}
}

func changes(method, pattern string, rule openstack.Rule, body schema.Schema, h openstack.Handler) openstack.Route {
	r := openstack.Route{Method: method, Pattern: "/v3/{project}" + pattern, Access: identity.ProjectMember, Rule: rule, Handle: h}
	if body != nil {
		r.Body = func(openstack.Microversion) schema.Schema { return body }
	}
	return r
}

// versionRoutes tell which versions there are. Nobody needs a token for that.
func (d *Dialect) versionRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: "/", Access: identity.Public, Handle: d.versions(http.StatusMultipleChoices)},
		{Method: http.MethodGet, Pattern: "/v3", Access: identity.Public, Handle: d.versions(http.StatusOK)},
		{Method: http.MethodGet, Pattern: "/v3/", Access: identity.Public, Handle: d.versions(http.StatusOK)},
	}
}

func (d *Dialect) versions(status int) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		openstack.WriteJSON(w, status, openstack.VolumeRoot(c.Base, served))
		return nil
	}
}
