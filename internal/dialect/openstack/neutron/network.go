package neutron

import (
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// stamp writes a time; what has none is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func (d *Dialect) networks(c *openstack.Call, _ string) ([]openstack.Fields, error) {
	all, err := d.compute.Networks(c.Context(), c.Caller)
	out := make([]openstack.Fields, len(all))
	for k, n := range all {
		out[k] = openstack.Fields{
			openstack.F("id", n.ID), openstack.F("name", n.Name), openstack.F("tenant_id", n.ProjectID),
			openstack.F("admin_state_up", true), openstack.F("mtu", 1500), openstack.F("status", "ACTIVE"),
			openstack.F("subnets", []string{n.SubnetID}), openstack.F("shared", n.Shared),
			openstack.F("availability_zone_hints", []string{}), openstack.F("availability_zones", []string{}),
			openstack.F("ipv4_address_scope", nil), openstack.F("ipv6_address_scope", nil),
			openstack.F("router:external", false), openstack.F("description", ""),
			openstack.F("port_security_enabled", true), openstack.F("tags", []string{}),
			openstack.F("created_at", stamp(n.CreatedAt)), openstack.F("updated_at", stamp(n.CreatedAt)),
			openstack.F("revision_number", 1), openstack.F("project_id", n.ProjectID),
		}
	}
	return out, err
}

// subnets are the networks' address ranges, one each. Servers are told their
// addresses by the cloud, so no address of the range is a gateway.
func (d *Dialect) subnets(c *openstack.Call, _ string) ([]openstack.Fields, error) {
	all, err := d.compute.Networks(c.Context(), c.Caller)
	if err != nil {
		return nil, err
	}
	out := make([]openstack.Fields, len(all))
	for k, n := range all {
		if out[k], err = subnet(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func subnet(n compute.Network) (openstack.Fields, error) {
	prefix, from, to, err := n.Range()
	if err != nil {
		return nil, err
	}
	return openstack.Fields{
		openstack.F("id", n.SubnetID), openstack.F("name", n.Name), openstack.F("tenant_id", n.ProjectID),
		openstack.F("network_id", n.ID), openstack.F("ip_version", 4), openstack.F("subnetpool_id", nil),
		openstack.F("enable_dhcp", true), openstack.F("ipv6_ra_mode", nil), openstack.F("ipv6_address_mode", nil),
		openstack.F("gateway_ip", nil), openstack.F("cidr", prefix.String()),
		openstack.F("allocation_pools", []openstack.Fields{{openstack.F("start", from.String()), openstack.F("end", to.String())}}),
		openstack.F("host_routes", []string{}), openstack.F("dns_nameservers", []string{}),
		openstack.F("description", ""), openstack.F("service_types", []string{}), openstack.F("tags", []string{}),
		openstack.F("created_at", stamp(n.CreatedAt)), openstack.F("updated_at", stamp(n.CreatedAt)),
		openstack.F("revision_number", 0), openstack.F("project_id", n.ProjectID),
	}, nil
}
