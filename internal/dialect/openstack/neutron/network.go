package neutron

import (
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

var networkAttributes = described(
	attribute{name: "name", post: true, put: true, check: isText(255)},
	attribute{name: "admin_state_up", post: true, put: true, check: isOnly("networks are always up", schema.Value.Truth)},
	attribute{name: "shared", post: true, put: true, check: isTruth},
	attribute{name: "port_security_enabled", post: true, put: true, check: isTruth},
	attribute{name: "router:external", post: true, put: true, check: isOnly("the only pool of floating addresses is the network "+compute.PublicNetwork,
		func(v schema.Value) bool { return !v.Truth() })},
	attribute{name: "availability_zone_hints", post: true, check: isOnly("leave it out", isEmpty)},
	attribute{name: "mtu", post: true, put: true, check: isOnly("the MTU is 1500", func(v schema.Value) bool {
		n, ok := v.Int64()
		return ok && n == mtu
	})},
)

const mtu = 1500

// stamp writes a time; what has none is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (d *Dialect) networks(c *openstack.Call) ([]openstack.Fields, error) {
	all, err := d.compute.Networks(c.Context(), c.Caller)
	out := make([]openstack.Fields, len(all))
	for k, n := range all {
		out[k] = networkView(n)
	}
	return out, err
}

func (d *Dialect) network(c *openstack.Call, id string) (openstack.Fields, error) {
	n, err := d.compute.Network(c.Context(), c.Caller, id)
	return networkView(n), err
}

func networkView(n compute.Network) openstack.Fields {
	subnets := []string{}
	if n.Subnet != nil {
		subnets = append(subnets, n.Subnet.ID)
	}
	return openstack.Fields{
		openstack.F("id", n.ID), openstack.F("name", n.Name), openstack.F("tenant_id", n.ProjectID),
		openstack.F("admin_state_up", true), openstack.F("mtu", mtu), openstack.F("status", "ACTIVE"),
		openstack.F("subnets", subnets), openstack.F("shared", n.Shared),
		openstack.F("availability_zone_hints", []string{}), openstack.F("availability_zones", []string{}),
		openstack.F("ipv4_address_scope", nil), openstack.F("ipv6_address_scope", nil),
		openstack.F("router:external", n.External), openstack.F("description", n.Description),
		openstack.F("port_security_enabled", !n.Unfiltered), openstack.F("tags", tagsOf(n.Tags)),
		openstack.F("created_at", stamp(n.CreatedAt)), openstack.F("updated_at", stamp(n.UpdatedAt)),
		openstack.F("revision_number", n.Revision), openstack.F("project_id", n.ProjectID),
	}
}

func (in input) networkLabels(l compute.NetworkLabels) compute.NetworkLabels {
	l.Name, l.Description = in.text("name", l.Name), in.text("description", l.Description)
	l.Shared, l.Unfiltered = in.truth("shared", l.Shared), !in.truth("port_security_enabled", !l.Unfiltered)
	return l
}

func (d *Dialect) createNetwork(c *openstack.Call, in input) (openstack.Fields, error) {
	n, err := d.compute.CreateNetwork(c.Context(), c.Caller, in.networkLabels(compute.NetworkLabels{}))
	return networkView(n), err
}

func (d *Dialect) updateNetwork(c *openstack.Call, id string, in input) (openstack.Fields, error) {
	n, err := d.compute.EditNetwork(c.Context(), c.Caller, id, func(n compute.Network, l *compute.NetworkLabels) error {
		*l = in.networkLabels(*l)
		return expected(c, n.Revision)
	})
	return networkView(n), err
}

func (d *Dialect) deleteNetwork(c *openstack.Call, id string) error {
	return d.compute.DeleteNetwork(c.Context(), c.Caller, id)
}

// zones shows the availability zones, which are the same for what routers and
// networks would need of them.
func (d *Dialect) zones(*openstack.Call) ([]openstack.Fields, error) {
	var out []openstack.Fields
	for _, z := range d.compute.Zones() {
		out = append(out, openstack.Fields{openstack.F("state", "available"), openstack.F("resource", "network"), openstack.F("name", z)})
	}
	return out, nil
}
