// Package neutron speaks the OpenStack Networking API v2.0, as Neutron 21 (Zed)
// answers it: networks and their subnets, ports, routers, security groups and
// floating addresses (https://docs.openstack.org/api-ref/network/v2/).
package neutron

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
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

// resource is a kind of thing that the API has.
type resource struct {
	name       string // of one, in bodies: "security_group"
	collection string // of many: "security_groups"
	list       func(d *Dialect, c *openstack.Call) ([]openstack.Fields, error)
	// show may be nil for what can only be listed.
	show func(d *Dialect, c *openstack.Call, id string) (openstack.Fields, error)
	// attributes are the members of bodies; without any, none can be made.
	attributes []attribute
	// create makes several, all or none.
	create func(d *Dialect, c *openstack.Call, in []input) ([]openstack.Fields, error)
	update func(d *Dialect, c *openstack.Call, id string, in input) (openstack.Fields, error) // nil: it cannot be changed
	remove func(d *Dialect, c *openstack.Call, id string) error
	// retag may be nil for what has no tags of its own.
	retag retag
}

// resources are what is served, in the order of the API's own list.
var resources = []resource{
	{"network", "networks", (*Dialect).networks, (*Dialect).network, networkAttributes, each((*Dialect).createNetwork), (*Dialect).updateNetwork, (*Dialect).deleteNetwork, (*Dialect).retagNetwork},
	{"subnet", "subnets", (*Dialect).subnets, (*Dialect).subnet, subnetAttributes, each((*Dialect).createSubnet), (*Dialect).updateSubnet, (*Dialect).deleteSubnet, (*Dialect).retagSubnet},
	{"port", "ports", (*Dialect).ports, (*Dialect).port, portAttributes, each((*Dialect).createPort), (*Dialect).updatePort, (*Dialect).deletePort, (*Dialect).retagPort},
	{"security_group", "security_groups", (*Dialect).groups, (*Dialect).group, groupAttributes, each((*Dialect).createGroup), (*Dialect).updateGroup, (*Dialect).deleteGroup, (*Dialect).retagGroup},
	{"security_group_rule", "security_group_rules", (*Dialect).groupRules, (*Dialect).groupRule, ruleAttributes, (*Dialect).createRules, nil, (*Dialect).deleteRule, nil},
	{"floatingip", "floatingips", (*Dialect).floatingIPs, (*Dialect).floatingIP, floatingAttributes, each((*Dialect).createFloatingIP), (*Dialect).updateFloatingIP, (*Dialect).deleteFloatingIP, (*Dialect).retagFloatingIP},
	{"router", "routers", (*Dialect).routers, (*Dialect).router, routerAttributes, each((*Dialect).createRouter), (*Dialect).updateRouter, (*Dialect).deleteRouter, (*Dialect).retagRouter},
	{name: "availability_zone", collection: "availability_zones", list: (*Dialect).zones},
}

// New makes the dialect.
func New(opt Options) *Dialect {
	if opt.IdentityBase == (openstack.Base{}) {
		opt.IdentityBase = openstack.Base{Fixed: opt.Base.Fixed, Prefix: "/identity"}
	}
	d := &Dialect{compute: opt.Compute, style: openstack.NeutronStyle{RequestID: wire.RequestID, Identity: opt.IdentityBase}}
	reads := func(path string, access identity.Access, rule openstack.Rule, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: http.MethodGet, Pattern: path, Access: access, Rule: rule, Handle: h}
	}
	anything := func(openstack.Microversion) schema.Schema { return schema.Any{} }
	changes := func(method, path string, access identity.Access, rule openstack.Rule, h openstack.Handler) openstack.Route {
		rt := openstack.Route{Method: method, Pattern: path, Access: access, Rule: rule, Handle: h}
		if method != http.MethodDelete {
			rt.Body = anything
		}
		return rt
	}
	routes := []openstack.Route{
		reads("/", identity.Public, "", d.version),
		reads("/v2.0", identity.AnyUser, "get_version", d.index),
		reads("/v2.0/", identity.AnyUser, "get_version", d.index),
		reads("/v2.0/extensions", identity.AnyUser, "get_extensions", d.listExtensions),
		reads("/v2.0/extensions/{alias}", identity.AnyUser, "get_extension", d.showExtension),
		reads("/v2.0/quotas", identity.Administrator, "get_quota", d.listQuotas),
		reads("/v2.0/quotas/{project}", identity.ProjectReader, "get_quota", d.showQuota),
		reads("/v2.0/quotas/{project}/default", identity.ProjectReader, "get_quota", d.showDefaultQuota),
		reads("/v2.0/quotas/{project}/details", identity.ProjectReader, "get_quota", d.showQuotaDetails),
		reads("/v2.0/quotas/{project}/details.json", identity.ProjectReader, "get_quota", d.showQuotaDetails),
		changes(http.MethodPut, "/v2.0/quotas/{project}", identity.Administrator, "update_quota", d.updateQuota),
		changes(http.MethodDelete, "/v2.0/quotas/{project}", identity.Administrator, "delete_quota", d.deleteQuota),
		changes(http.MethodPut, "/v2.0/routers/{id}/add_router_interface", identity.ProjectMember, "add_router_interface", d.addInterface),
		changes(http.MethodPut, "/v2.0/routers/{id}/remove_router_interface", identity.ProjectMember, "remove_router_interface", d.removeInterface),
	}
	for _, r := range resources {
		path := "/v2.0/" + strings.ReplaceAll(r.collection, "_", "-")
		if r.name == "availability_zone" {
			path = "/v2.0/availability_zones" // the only one with an underscore
		}
		one := path + "/{id}"
		routes = append(routes, reads(path, identity.ProjectReader, openstack.Rule("get_"+r.name), d.listing(r, path)))
		if r.show != nil {
			routes = append(routes, reads(one, identity.ProjectReader, openstack.Rule("get_"+r.name), d.showing(r)))
		}
		if r.create != nil {
			routes = append(routes, changes(http.MethodPost, path, identity.ProjectMember, openstack.Rule("create_"+r.name), d.creating(r)))
		}
		if r.update != nil {
			routes = append(routes, changes(http.MethodPut, one, identity.ProjectMember, openstack.Rule("update_"+r.name), d.updating(r)))
		}
		if r.remove != nil {
			routes = append(routes, changes(http.MethodDelete, one, identity.ProjectMember, openstack.Rule("delete_"+r.name), d.removing(r)))
		}
	}
	for _, r := range resources {
		if r.retag == nil {
			continue
		}
		one := "/v2.0/" + strings.ReplaceAll(r.collection, "_", "-") + "/{id}"
		routes = append(routes, d.tagRoutes(r, one, func(_, path string, h openstack.Handler) openstack.Route {
			return reads(path, identity.ProjectReader, openstack.Rule("get_"+r.name), h)
		}, func(method, path string, h openstack.Handler) openstack.Route {
			rt := changes(method, path, identity.ProjectMember, openstack.Rule("update_"+r.name), h)
			if strings.HasSuffix(path, "{tag}") {
				rt.Body = nil
			}
			return rt
		})...)
	}
	for k, rt := range routes {
		routes[k].Handle = func(w http.ResponseWriter, c *openstack.Call) error { return named(rt.Handle(w, c), c.Method) }
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

func (d *Dialect) listing(r resource, path string) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		page, err := pageAsked(c.Query)
		if err != nil {
			return err
		}
		all, err := r.list(d, c)
		if err != nil {
			return err
		}
		all = filtered(tagged(all, c.Query), c.Query)
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

func (d *Dialect) showing(r resource) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		one, err := r.show(d, c, c.PathValue("id"))
		if err != nil {
			return err
		}
		d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F(r.name, narrowed([]openstack.Fields{one}, c.Query)[0])})
		return nil
	}
}

func (d *Dialect) creating(r resource) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		in, many, err := r.inputs(c)
		if err != nil {
			return err
		}
		made, err := r.create(d, c, in)
		if err != nil {
			return err
		}
		out := openstack.F(r.collection, made)
		if !many {
			out = openstack.F(r.name, made[0])
		}
		d.style.JSON(w, c.Request, http.StatusCreated, openstack.Fields{out})
		return nil
	}
}

func (d *Dialect) updating(r resource) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		in, err := r.changes(c)
		if err != nil {
			return err
		}
		changed, err := r.update(d, c, c.PathValue("id"), in)
		if err != nil {
			return err
		}
		d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F(r.name, changed)})
		return nil
	}
}

func (d *Dialect) removing(r resource) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		if err := r.remove(d, c, c.PathValue("id")); err != nil {
			return err
		}
		d.style.Empty(w, c.Request, http.StatusNoContent)
		return nil
	}
}
