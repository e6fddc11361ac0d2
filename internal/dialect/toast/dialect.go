// Package toast speaks TOAST Compute v1.0, as its Instance API guide of 2018
// describes it (https://docs.toast.com/ko/Compute/Instance/ko/api-guide/) and
// the guides of its image, block storage and VPC APIs do. Every answer has HTTP
// status 200 and says in its header how the call went.
package toast

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// name is the dialect's in the audit log and in metrics.
const name = "toast"

// MaxBody is the largest request body in bytes.
const MaxBody = 112 << 10

// Options are what the dialect stands on.
type Options struct {
	Identity *identity.Service
	KeyPairs *keypair.Service
	Compute  *compute.Service

	// KeyPairQuota is how many key pairs a user may have where nothing is set
	// for the project; negative for no limit.
	KeyPairQuota int
	WeakKeys     keypair.WeakPolicy
}

// Route is one call.
type Route struct {
	Method string
	// Path is under the appkey: "instances/{id}/action".
	Path   string
	Access identity.Access
	// about is the family whose codes the call's own failures have.
	about  family
	secret bool // the answer holds one: nobody may keep it
	handle func(*Dialect, *call) (answer, error)
}

// Dialect serves the API.
type Dialect struct {
	opt    Options
	rules  keypair.Rules
	mux    *wire.Mux
	routes []Route
}

// New makes the dialect.
func New(opt Options) *Dialect {
	d := &Dialect{opt: opt, rules: rules(opt), routes: slices.Concat(
		tokenRoutes, zoneRoutes, instanceRoutes, actionRoutes, flavorRoutes, keypairRoutes,
		imageRoutes, volumeRoutes, networkRoutes, floatingRoutes, groupRoutes, ruleRoutes,
	)}
	d.mux = wire.NewMux(http.HandlerFunc(d.unknown))
	for _, rt := range d.routes {
		d.mux.Handle(rt.Method+" "+appkeys+"{appkey}/"+rt.Path, d.serve(rt))
	}
	return d
}

// rules are Nova's at its first microversion, for TOAST's key pairs were Nova's.
func rules(opt Options) keypair.Rules {
	return keypair.Rules{
		Name:  keypair.NameRule{Min: 1, Max: 255, Chars: "_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		Owner: keypair.User,
		Types: []keypair.Type{keypair.SSH}, Generates: []keypair.Type{keypair.SSH},
		Spec: sshkey.SpecRSA2048, Comment: "Generated-by-Nova",
		MaxPublicKey: 16 << 10, Quota: opt.KeyPairQuota, Weak: opt.WeakKeys,
	}
}

// appkeys is where every path begins.
const appkeys = "/appkeys/"

// Routes returns every call that is served, for tests that walk them.
func (d *Dialect) Routes() []Route { return slices.Clone(d.routes) }

// Handler serves the API at the root of its prefix, "/compute/v1.0".
func (d *Dialect) Handler() http.Handler { return d.mux }

// Surface tells the listener how much to read, how this service fails, and what
// of a path is no business of the log's.
func (d *Dialect) Surface() wire.Surface {
	return wire.Surface{
		Name: name, BodyLimit: MaxBody, Redact: wire.MaskAfter("appkeys"),
		Failed:   failing(&fault.Error{Kind: fault.Internal}),
		TooLarge: failing(errBodyTooLarge),
	}
}

func failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeFailure(w, r, "", err) })
}

// call is one request on its way through a handler.
type call struct {
	*http.Request
	caller identity.Caller
	token  identity.Token
	query  query
	body   object // of a POST or PUT
}

// serve takes a call through its checks in an order that hints at nothing:
// token, appkey, role, and only then what is asked for.
func (d *Dialect) serve(rt Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if rt.secret {
			w.Header().Set("Cache-Control", "no-store")
		}
		a, err := d.answer(rt, r)
		if err != nil {
			writeFailure(w, r, rt.about, err)
			return
		}
		write(w, r, a)
	}
}

func (d *Dialect) answer(rt Route, r *http.Request) (answer, error) {
	c := &call{Request: r}
	if rt.Access != identity.Public {
		if err := d.authenticate(c, rt.Access); err != nil {
			return nil, err
		}
	}
	var err error
	if c.query, err = readQuery(r); err != nil {
		return nil, err
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if c.body, err = readBody(r); err != nil {
			return nil, err
		}
	}
	return rt.handle(d, c)
}

// leftOut are families of the cloud's API that this service has nothing of.
var leftOut = []string{"loadbalancers", "loadbalancer"}

// unknown answers for what no route serves: a known path with another method, a
// family that is left out, or nothing at all.
func (d *Dialect) unknown(w http.ResponseWriter, r *http.Request) {
	rest, _ := strings.CutPrefix(r.URL.Path, appkeys)
	_, resource, _ := strings.Cut(rest, "/")
	resource, _, _ = strings.Cut(resource, "/")
	if len(d.mux.Methods(r)) > 0 || slices.Contains(leftOut, resource) {
		writeFailure(w, r, "", &failure{code: notSupported, detail: r.Method + " " + resource})
		return
	}
	writeFailure(w, r, "", &failure{code: nonexistent, detail: "no such API"})
}
