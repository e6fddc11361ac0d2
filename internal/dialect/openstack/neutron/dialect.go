// Package neutron speaks the OpenStack Networking API v2.0, as Neutron 21 (Zed)
// answers it, for reading: networks belong to the deployment, ports come and go
// with their servers, and every project has one security group
// (https://docs.openstack.org/api-ref/network/v2/).
package neutron

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// Options are what the dialect stands on.
type Options struct {
	Identity openstack.Tokens
	Compute  *compute.Service
	Base     openstack.Base // of this service, with the prefix "/network"
	// IdentityBase is where 401 sends clients; the zero value is "/identity" on
	// the host of Base.
	IdentityBase openstack.Base
}

// Dialect serves the network API.
type Dialect struct {
	compute *compute.Service
	style   openstack.NeutronStyle
	service openstack.PlainService
}

// resource is a kind of thing that the API lists and shows.
type resource struct {
	name       string // of one, in bodies: "security_group"
	collection string // of many: "security_groups"
	word       string // in faults: "security group"
	// all returns what the caller may see; id is set where only one is wanted.
	all func(d *Dialect, c *openstack.Call, id string) ([]openstack.Fields, error)
}

// resources are what is served, in the order of the API's own list.
var resources = []resource{
	{"network", "networks", "network", (*Dialect).networks},
	{"subnet", "subnets", "subnet", (*Dialect).subnets},
	{"port", "ports", "port", (*Dialect).ports},
	{"security_group", "security_groups", "security group", (*Dialect).groups},
	{"security_group_rule", "security_group_rules", "security group rule", (*Dialect).groupRules},
	// Neither can be made here, so there is none.
	{"floatingip", "floatingips", "floating IP", none},
	{"router", "routers", "router", none},
}

func none(*Dialect, *openstack.Call, string) ([]openstack.Fields, error) { return nil, nil }

// New makes the dialect.
func New(opt Options) *Dialect {
	if opt.IdentityBase == (openstack.Base{}) {
		opt.IdentityBase = openstack.Base{Fixed: opt.Base.Fixed, Prefix: "/identity"}
	}
	d := &Dialect{compute: opt.Compute, style: openstack.NeutronStyle{RequestID: wire.RequestID, Identity: opt.IdentityBase}}
	reads := func(path string, access identity.Access, rule openstack.Rule, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: http.MethodGet, Pattern: path, Access: access, Rule: rule, Handle: h}
	}
	routes := []openstack.Route{
		reads("/", identity.Public, "", d.version),
		reads("/v2.0", identity.AnyUser, "get_version", d.index),
		reads("/v2.0/", identity.AnyUser, "get_version", d.index),
		reads("/v2.0/extensions", identity.AnyUser, "get_extensions", d.listExtensions),
		reads("/v2.0/extensions/{alias}", identity.AnyUser, "get_extension", d.showExtension),
		reads("/v2.0/quotas/{project}", identity.ProjectReader, "get_quota", d.showQuota),
	}
	for _, r := range resources {
		path := "/v2.0/" + strings.ReplaceAll(r.collection, "_", "-")
		routes = append(routes,
			reads(path, identity.ProjectReader, openstack.Rule("get_"+r.name), d.list(r, path)),
			reads(path+"/{id}", identity.ProjectReader, openstack.Rule("get_"+r.name), d.show(r)))
	}
	d.service = openstack.PlainService{Name: "neutron", Type: "network", Tokens: opt.Identity, Base: opt.Base, Style: d.style, Routes: routes}
	return d
}

// Routes returns every call that is served, for tests that walk them.
func (d *Dialect) Routes() []openstack.Route { return slices.Clone(d.service.Routes) }

// Handler serves the API at the root of its prefix.
func (d *Dialect) Handler() http.Handler { return d.service.Handler() }

// Surface tells the listener how much to read, and how this service fails.
func (d *Dialect) Surface() wire.Surface { return d.service.Surface() }

func (d *Dialect) version(w http.ResponseWriter, c *openstack.Call) error {
	openstack.WriteJSON(w, http.StatusOK, openstack.NetworkRoot(c.Base))
	return nil
}

func (d *Dialect) index(w http.ResponseWriter, c *openstack.Call) error {
	all := make([]openstack.NetworkResource, len(resources))
	for k, r := range resources {
		all[k] = openstack.NetworkResource{Name: r.name, Collection: r.collection}
	}
	d.style.JSON(w, c.Request, http.StatusOK, openstack.NetworkResources(c.Base, all...))
	return nil
}

func (d *Dialect) list(r resource, path string) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		page, err := pageAsked(c.Query)
		if err != nil {
			return err
		}
		all, err := r.all(d, c, "")
		if err != nil {
			return err
		}
		all = filtered(all, c.Query)
		some, more, err := page.of(all)
		if err != nil {
			return err
		}
		out := openstack.Fields{openstack.F(r.collection, narrowed(some, c.Query))}
		if more {
			out = append(out, openstack.F(r.collection+"_links", openstack.NextPage(c.Base+path, c.Query, idOf(some[len(some)-1]))))
		}
		d.style.JSON(w, c.Request, http.StatusOK, out)
		return nil
	}
}

func (d *Dialect) show(r resource) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		id := c.PathValue("id")
		all, err := r.all(d, c, id)
		if err != nil {
			return err
		}
		for _, one := range all {
			if idOf(one) == id {
				d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F(r.name, narrowed([]openstack.Fields{one}, c.Query)[0])})
				return nil
			}
		}
		return fault.Missing(r.word, id)
	}
}
