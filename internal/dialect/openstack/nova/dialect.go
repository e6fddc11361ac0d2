// Package nova speaks OpenStack Compute: key pairs, servers, flavors and
// limits, as Nova 26 (Zed) answers at the microversions 2.1 to 2.93 and under
// the legacy root /v2 (https://docs.openstack.org/api-ref/compute/).
package nova

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// Options are what the dialect stands on.
type Options struct {
	Identity openstack.Tokens
	KeyPairs *keypair.Service
	Compute  *compute.Service

	Base openstack.Base // of this service, with the prefix "/compute"
	// IdentityBase is the identity service's, to which 401 sends clients; the
	// zero Base is "/identity" on the same host.
	IdentityBase openstack.Base

	// Projects are those that quotas are kept for; nil takes any id for one.
	Projects Projects

	// KeyPairQuota is how many key pairs a user may have where nothing is set
	// for the project; negative for no limit.
	KeyPairQuota int
	WeakKeys     keypair.WeakPolicy

	// Now is the clock of usage reports; nil is time.Now.
	Now func() time.Time
	// Random makes the passwords that new servers are answered with; nil is
	// crypto/rand.
	Random io.Reader
}

// Dialect serves the compute API.
type Dialect struct {
	opt    Options
	style  openstack.NovaStyle
	rules  ruleTable
	routes []openstack.Route
}

// New makes the dialect.
func New(opt Options) *Dialect {
	if opt.IdentityBase == (openstack.Base{}) {
		opt.IdentityBase = openstack.Base{Fixed: opt.Base.Fixed, Prefix: "/identity"}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Dialect{opt: opt, rules: newRules(opt), style: openstack.NovaStyle{
		Versions: openstack.ComputeVersions, RequestID: wire.RequestID,
		Identity: opt.IdentityBase,
	}}
	d.routes = slices.Concat(
		d.versionRoutes(),
		d.keypairRoutes(),
		d.serverRoutes(),
		d.attachmentRoutes(),
		d.flavorRoutes(),
		d.flavorManageRoutes(),
		d.eventRoutes(),
		d.limitRoutes(),
		d.quotaRoutes(),
		d.quotaClassRoutes(),
		d.groupRoutes(),
		d.usageRoutes(),
		d.securityGroupRoutes(),
		d.floatingRoutes(),
		d.extensionRoutes(),
	)
	return d
}

// Routes returns every call that is served, for tests that walk them. What
// stands under /v2.1 is served under /v2 too, and both with a project id after
// that folder.
func (d *Dialect) Routes() []openstack.Route { return slices.Clone(d.routes) }

// Handler serves the API at the root of its prefix.
func (d *Dialect) Handler() http.Handler {
	mux := wire.NewMux(http.HandlerFunc(d.unknown))
	for _, rt := range d.routes {
		mux.Handle(rt.Method+" "+rt.Pattern, d.serve(rt))
	}
	return wire.CollapseSlashes(openstack.Serving("compute", front(mux)))
}

// Surface tells the listener how much to read, and how this service fails.
func (d *Dialect) Surface() wire.Surface {
	return wire.Surface{
		Name: "nova", BodyLimit: openstack.MaxBody,
		Failed:   d.failing(errFailed),
		TooLarge: d.failing(errTooLarge),
	}
}

// serve takes a call through its checks in Nova's order: token, microversion,
// project in the path, media type, body, query, policy.
func (d *Dialect) serve(rt openstack.Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := addressOf(r.Context())
		c := openstack.Call{Request: r, Base: d.opt.Base.URL(r), Folder: "/" + at.folder}
		if at.project != "" {
			c.Project = "/" + at.project
		}
		asked := rt
		err := d.check(&c, &asked, at)
		if err == nil {
			err = rt.Handle(w, &c)
		}
		if err != nil {
			d.style.Error(w, r, c.Version, openstack.UnderRule(err, asked.Rule))
		}
	}
}

// check finds out whether rt's handler may answer the call, and its rule.
func (d *Dialect) check(c *openstack.Call, rt *openstack.Route, at address) (err error) {
	if rt.Access != identity.Public {
		if c.Token, c.Caller, err = openstack.Authenticate(c.Request, d.opt.Identity); err != nil {
			return err
		}
	}
	if at.folder == current {
		if c.Version, err = d.style.Versions.Negotiate(c.Header); err != nil {
			return err
		}
	}
	if err := at.ownProject(c.Caller); err != nil {
		return err
	}
	if err := c.Decode(*rt); err != nil {
		return err
	}
	if rt.Resolve != nil {
		if rt.Rule, err = rt.Resolve(c); err != nil {
			return err
		}
	}
	return rt.Access.Check(c.Caller)
}

// unknown answers for what no route serves. Outside of the API's folders that
// is the choice between them, inside of them 404, but 401 first; the folders
// themselves need no token with any method.
func (d *Dialect) unknown(w http.ResponseWriter, r *http.Request) {
	switch at := addressOf(r.Context()); {
	case r.Method == http.MethodOptions:
		// Whatever the path: the services' CORS layer answers before anything else.
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.Header().Set("Content-Length", "0")
	case r.URL.Path == "/":
		openstack.WriteJSON(w, http.StatusOK, openstack.ComputeRoot(d.opt.Base.URL(r)))
	case at.folder == "":
		openstack.WriteJSON(w, http.StatusMultipleChoices, openstack.ComputeChoices(d.opt.Base.URL(r), r.URL.EscapedPath()))
	case strings.TrimSuffix(r.URL.Path, "/") == "/"+current:
		d.style.UnknownRoute(w, r)
	default:
		if _, _, err := openstack.Authenticate(r, d.opt.Identity); err != nil {
			d.style.Error(w, r, openstack.Microversion{}, err)
			return
		}
		d.style.UnknownRoute(w, r)
	}
}

// failing answers with an error that does not depend on the request.
func (d *Dialect) failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.style.Error(w, r, openstack.Microversion{}, err)
	})
}
