package neutron

import (
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

var floatingAttributes = described(
	attribute{name: "floating_network_id", post: true, required: true, check: isUUID},
	attribute{name: "floating_ip_address", post: true, check: orNone(isAddress)},
	attribute{name: "subnet_id", post: true, check: orNone(isUUID)},
	attribute{name: "port_id", post: true, put: true, check: orNone(isUUID)},
	attribute{name: "fixed_ip_address", post: true, put: true, check: orNone(isAddress)},
)

func (d *Dialect) floatingIPs(c *openstack.Call) ([]openstack.Fields, error) {
	all, err := d.compute.FloatingIPs(c.Context(), c.Caller)
	out := make([]openstack.Fields, len(all))
	for k, f := range all {
		out[k] = floatingView(f)
	}
	return out, err
}

func (d *Dialect) floatingIP(c *openstack.Call, id string) (openstack.Fields, error) {
	f, err := d.compute.FloatingIP(c.Context(), c.Caller, id)
	return floatingView(f), err
}

func floatingView(f compute.FloatingIP) openstack.Fields {
	status, fixed := "DOWN", any(nil)
	if f.Fixed.IsValid() {
		status, fixed = "ACTIVE", f.Fixed.String()
	}
	return openstack.Fields{
		openstack.F("id", f.ID), openstack.F("tenant_id", f.ProjectID), openstack.F("floating_ip_address", addressOf(f.Addr)),
		openstack.F("floating_network_id", f.NetworkID), openstack.F("router_id", orNull(f.RouterID)), openstack.F("port_id", orNull(f.PortID)),
		openstack.F("fixed_ip_address", fixed), openstack.F("status", status), openstack.F("description", f.Description),
		openstack.F("tags", tagsOf(f.Tags)),
		openstack.F("created_at", stamp(f.CreatedAt)), openstack.F("updated_at", stamp(f.UpdatedAt)),
		openstack.F("revision_number", f.Revision), openstack.F("project_id", f.ProjectID),
	}
}

func addressOf(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.String()
}

func (in input) floatingLabels(l compute.FloatingLabels) compute.FloatingLabels {
	l.Description, l.PortID, l.Fixed = in.text("description", l.Description), in.text("port_id", l.PortID), in.address("fixed_ip_address")
	return l
}

func (d *Dialect) createFloatingIP(c *openstack.Call, in input) (openstack.Fields, error) {
	req := compute.FloatingRequest{
		NetworkID: in.At("floating_network_id").Text(), Addr: in.address("floating_ip_address"),
		FloatingLabels: in.floatingLabels(compute.FloatingLabels{}),
	}
	if subnet := in.text("subnet_id", ""); subnet != "" {
		n, err := d.compute.Network(c.Context(), c.Caller, req.NetworkID)
		if err != nil {
			return nil, err
		}
		if n.SubnetID() != subnet {
			return nil, bad("Bad floatingip request: Subnet %s is not a subnet of network %s.", subnet, n.ID)
		}
	}
	f, err := d.compute.AllocateFloatingIP(c.Context(), c.Caller, req)
	return floatingView(f), err
}

func (d *Dialect) updateFloatingIP(c *openstack.Call, id string, in input) (openstack.Fields, error) {
	f, err := d.compute.EditFloatingIP(c.Context(), c.Caller, id, func(f compute.FloatingIP, l *compute.FloatingLabels) error {
		*l = in.floatingLabels(*l)
		return expected(c, f.Revision)
	})
	return floatingView(f), err
}

func (d *Dialect) deleteFloatingIP(c *openstack.Call, id string) error {
	return d.compute.ReleaseFloatingIP(c.Context(), c.Caller, id)
}
