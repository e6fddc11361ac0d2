package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// endpointRoutes show the catalog as administrators see it, read only: it
// follows from what the server serves.
func (d *Dialect) endpointRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/services", Access: identity.Administrator, Rule: "identity:list_services", Handle: d.listServices},
		{Method: "GET", Pattern: "/v3/services/{id}", Access: identity.Administrator, Rule: "identity:get_service", Handle: d.showService},
		{Method: "GET", Pattern: "/v3/endpoints", Access: identity.Administrator, Rule: "identity:list_endpoints", Handle: d.listEndpoints},
		{Method: "GET", Pattern: "/v3/endpoints/{id}", Access: identity.Administrator, Rule: "identity:get_endpoint", Handle: d.showEndpoint},
		{Method: "GET", Pattern: "/v3/regions", Access: identity.Administrator, Rule: "identity:list_regions", Handle: d.listRegions},
		{Method: "GET", Pattern: "/v3/regions/{id}", Access: identity.Administrator, Rule: "identity:get_region", Handle: d.showRegion},
	}
}

type serviceBody struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Enabled bool   `json:"enabled"`
	Links   self   `json:"links"`
}

type endpointBody struct {
	ID        string `json:"id"`
	Interface string `json:"interface"`
	RegionID  string `json:"region_id"`
	ServiceID string `json:"service_id"`
	URL       string `json:"url"`
	Region    string `json:"region"`
	Enabled   bool   `json:"enabled"`
	Links     self   `json:"links"`
}

type regionBody struct {
	ID             string  `json:"id"`
	Description    string  `json:"description"`
	ParentRegionID *string `json:"parent_region_id"`
	Links          self    `json:"links"`
}

func (d *Dialect) services(c *openstack.Call) []serviceBody {
	var all []serviceBody
	for _, s := range d.catalog.services {
		id := d.catalog.serviceID(s)
		all = append(all, serviceBody{ID: id, Name: s.Name, Type: s.Type, Enabled: true, Links: self{c.Base + "/v3/services/" + id}})
	}
	return all
}

func (d *Dialect) endpoints(c *openstack.Call) []endpointBody {
	var all []endpointBody
	for _, s := range d.catalog.services {
		for _, audience := range interfaces {
			id := d.catalog.endpointID(s, audience)
			all = append(all, endpointBody{
				ID: id, Interface: audience, RegionID: d.catalog.region, ServiceID: d.catalog.serviceID(s),
				URL: d.catalog.url(c.Request, s), Region: d.catalog.region, Enabled: true,
				Links: self{c.Base + "/v3/endpoints/" + id},
			})
		}
	}
	return all
}

func (d *Dialect) region(c *openstack.Call) regionBody {
	return regionBody{ID: d.catalog.region, Links: self{c.Base + "/v3/regions/" + d.catalog.region}}
}

// listServices filters by type and name.
func (d *Dialect) listServices(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	return d.list(w, c, "services", choose(d.services(c), func(s serviceBody) bool {
		return f.admits("type", s.Type) && f.admits("name", s.Name)
	}))
}

func (d *Dialect) showService(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	found := choose(d.services(c), func(s serviceBody) bool { return s.ID == id })
	if len(found) == 0 {
		return fault.Missing("service", id)
	}
	return d.one(w, c, http.StatusOK, "service", found[0])
}

// listEndpoints filters by service_id, interface and region_id. Endpoints have
// no names: see [filter.unnamed].
func (d *Dialect) listEndpoints(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	return d.list(w, c, "endpoints", choose(d.endpoints(c), func(e endpointBody) bool {
		return f.unnamed() && f.admits("service_id", e.ServiceID) && f.admits("interface", e.Interface) && f.admits("region_id", e.RegionID)
	}))
}

func (d *Dialect) showEndpoint(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	found := choose(d.endpoints(c), func(e endpointBody) bool { return e.ID == id })
	if len(found) == 0 {
		return fault.Missing("endpoint", id)
	}
	return d.one(w, c, http.StatusOK, "endpoint", found[0])
}

// listRegions knows one region; nothing is inside of another.
func (d *Dialect) listRegions(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	return d.list(w, c, "regions", choose([]regionBody{d.region(c)}, func(regionBody) bool { return f.unnamed() && !f.Has("parent_region_id") }))
}

func (d *Dialect) showRegion(w http.ResponseWriter, c *openstack.Call) error {
	if id := c.PathValue("id"); id != d.catalog.region {
		return fault.Missing("region", id)
	}
	return d.one(w, c, http.StatusOK, "region", d.region(c))
}

func choose[T any](all []T, admits func(T) bool) []T {
	var chosen []T
	for _, x := range all {
		if admits(x) {
			chosen = append(chosen, x)
		}
	}
	return chosen
}
