package neutron

import (
	"net/http"
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

const gatewayInfo = "external_gateway_info"

var routerAttributes = described(
	attribute{name: "name", post: true, put: true, check: isText(255)},
	attribute{name: "admin_state_up", post: true, put: true, check: isTruth},
	attribute{name: gatewayInfo, post: true, put: true, check: isGateway},
)

// isGateway takes null and an empty object for none.
func isGateway(v schema.Value) string {
	if v.IsNull() || v.Kind() == schema.Map && len(v.Members()) == 0 {
		return ""
	}
	if v.Kind() != schema.Map {
		return "'" + v.String() + "' is not a dictionary"
	}
	for _, m := range v.Members() {
		switch m.Name {
		case "network_id":
		case "external_fixed_ips":
			if reason := isFixedIPs(m.Value); reason != "" {
				return reason
			}
		default:
			return "Unexpected keys supplied: " + m.Name
		}
	}
	if !v.At("network_id").Exists() {
		return "Expected keys not found: network_id"
	}
	return isUUID(v.At("network_id"))
}

func (d *Dialect) routers(c *openstack.Call) ([]openstack.Fields, error) {
	all, err := d.compute.Routers(c.Context(), c.Caller)
	if err != nil {
		return nil, err
	}
	subnets, err := d.subnetsOf(c)
	out := make([]openstack.Fields, len(all))
	for k, r := range all {
		out[k] = routerView(r, subnets)
	}
	return out, err
}

func (d *Dialect) router(c *openstack.Call, id string) (openstack.Fields, error) {
	r, err := d.compute.Router(c.Context(), c.Caller, id)
	return d.viewRouter(c, r, err)
}

func (d *Dialect) viewRouter(c *openstack.Call, r compute.Router, err error) (openstack.Fields, error) {
	if err != nil {
		return nil, err
	}
	subnets, err := d.subnetsOf(c)
	return routerView(r, subnets), err
}

func routerView(r compute.Router, subnets map[string]string) openstack.Fields {
	var gateway any
	if g, ok := r.Gateway(); ok {
		fixed := []openstack.Fields{}
		if g.Addr.IsValid() {
			fixed = append(fixed, openstack.Fields{openstack.F("subnet_id", subnets[g.NetworkID]), openstack.F("ip_address", g.Addr.String())})
		}
		gateway = openstack.Fields{openstack.F("network_id", g.NetworkID), openstack.F("external_fixed_ips", fixed)}
	}
	return openstack.Fields{
		openstack.F("id", r.ID), openstack.F("name", r.Name), openstack.F("tenant_id", r.ProjectID),
		openstack.F("admin_state_up", !r.Down), openstack.F("status", "ACTIVE"), openstack.F(gatewayInfo, gateway),
		openstack.F("description", r.Description), openstack.F("tags", tagsOf(r.Tags)),
		openstack.F("created_at", stamp(r.CreatedAt)), openstack.F("updated_at", stamp(r.UpdatedAt)),
		openstack.F("revision_number", r.Revision), openstack.F("project_id", r.ProjectID),
	}
}

// routerLabels takes over what a body says. A gateway on the pool that the
// router has keeps its address where no other is named.
func (in input) routerLabels(l compute.RouterLabels, subnets map[string]string) (compute.RouterLabels, error) {
	l.Name, l.Description = in.text("name", l.Name), in.text("description", l.Description)
	l.Down = !in.truth("admin_state_up", !l.Down)
	if !in.has(gatewayInfo) {
		return l, nil
	}
	g := in.At(gatewayInfo)
	l.PoolID, l.GatewayAddr = g.At("network_id").Text(), netip.Addr{}
	for _, ip := range g.At("external_fixed_ips").Items() {
		if s := ip.At("subnet_id").Text(); s != "" && s != subnets[l.PoolID] {
			return l, bad("Bad router request: Subnet %s is not a subnet of network %s.", s, l.PoolID)
		}
		l.GatewayAddr = input{ip}.address("ip_address")
	}
	return l, nil
}

func (d *Dialect) createRouter(c *openstack.Call, in input) (openstack.Fields, error) {
	subnets, err := d.subnetsOf(c)
	if err != nil {
		return nil, err
	}
	l, err := in.routerLabels(compute.RouterLabels{}, subnets)
	if err != nil {
		return nil, err
	}
	r, err := d.compute.CreateRouter(c.Context(), c.Caller, l)
	return routerView(r, subnets), err
}

func (d *Dialect) updateRouter(c *openstack.Call, id string, in input) (openstack.Fields, error) {
	subnets, err := d.subnetsOf(c)
	if err != nil {
		return nil, err
	}
	r, err := d.compute.EditRouter(c.Context(), c.Caller, id, func(r compute.Router, l *compute.RouterLabels) (err error) {
		if *l, err = in.routerLabels(*l, subnets); err != nil {
			return err
		}
		return expected(c, r.Revision)
	})
	return routerView(r, subnets), err
}

func (d *Dialect) deleteRouter(c *openstack.Call, id string) error {
	return d.compute.DeleteRouter(c.Context(), c.Caller, id)
}

// interfaces answers PUT /routers/{id}/add_router_interface and
// remove_router_interface.
func (d *Dialect) interfaces(w http.ResponseWriter, c *openstack.Call, change func(*openstack.Call, string, compute.InterfaceRequest) (compute.Router, compute.RouterPort, error)) error {
	if c.Input.Kind() != schema.Map {
		return bad("Invalid input for operation: Either subnet_id or port_id must be specified.")
	}
	var req compute.InterfaceRequest
	for _, m := range c.Input.Members() {
		switch m.Name {
		case "subnet_id":
			req.SubnetID = m.Value.Text()
		case "port_id":
			req.PortID = m.Value.Text()
		default:
			return bad("Unrecognized attribute(s) '%s'", m.Name)
		}
		if reason := isUUID(m.Value); reason != "" {
			return bad("Invalid input for %s. Reason: %s.", m.Name, reason)
		}
	}
	r, p, err := change(c, c.PathValue("id"), req)
	if err != nil {
		return err
	}
	subnets, err := d.subnetsOf(c)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{
		openstack.F("id", r.ID), openstack.F("tenant_id", r.ProjectID), openstack.F("port_id", p.PortID), openstack.F("network_id", p.NetworkID),
		openstack.F("subnet_id", subnets[p.NetworkID]), openstack.F("subnet_ids", []string{subnets[p.NetworkID]}),
		openstack.F("project_id", r.ProjectID), openstack.F("tags", tagsOf(r.Tags)),
	})
	return nil
}

func (d *Dialect) addInterface(w http.ResponseWriter, c *openstack.Call) error {
	return d.interfaces(w, c, func(c *openstack.Call, id string, req compute.InterfaceRequest) (compute.Router, compute.RouterPort, error) {
		return d.compute.AddRouterInterface(c.Context(), c.Caller, id, req)
	})
}

func (d *Dialect) removeInterface(w http.ResponseWriter, c *openstack.Call) error {
	return d.interfaces(w, c, func(c *openstack.Call, id string, req compute.InterfaceRequest) (compute.Router, compute.RouterPort, error) {
		return d.compute.RemoveRouterInterface(c.Context(), c.Caller, id, req)
	})
}
