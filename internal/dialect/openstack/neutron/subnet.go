package neutron

import (
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var subnetAttributes = described(
	attribute{name: "network_id", post: true, required: true, check: isUUID},
	attribute{name: "cidr", post: true, required: true, check: isSubnet},
	attribute{name: "ip_version", post: true, required: true, check: isOnly("addresses are IPv4", func(v schema.Value) bool {
		n, ok := v.Int64()
		return ok && n == 4
	})},
	attribute{name: "name", post: true, put: true, check: isText(255)},
	attribute{name: "gateway_ip", post: true, put: true, check: orNone(isAddress)},
	attribute{name: "allocation_pools", post: true, put: true, check: isPools},
	attribute{name: "enable_dhcp", post: true, put: true, check: isTruth},
	attribute{name: "dns_nameservers", post: true, put: true, check: isAddresses},
	attribute{name: "host_routes", post: true, put: true, check: isOnly("guests have no routes of their own", isEmpty)},
	attribute{name: "service_types", post: true, put: true, check: isOnly("leave it out", isEmpty)},
	attribute{name: "subnetpool_id", post: true, check: isOnly("there are no subnet pools", schema.Value.IsNull)},
	attribute{name: "ipv6_ra_mode", post: true, check: isOnly("addresses are IPv4", schema.Value.IsNull)},
	attribute{name: "ipv6_address_mode", post: true, check: isOnly("addresses are IPv4", schema.Value.IsNull)},
)

func isPools(v schema.Value) string {
	if v.Kind() != schema.List && !v.IsNull() {
		return "'" + v.String() + "' is not a list"
	}
	for _, p := range v.Items() {
		for _, end := range []string{"start", "end"} {
			if reason := isAddress(p.At(end)); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func (d *Dialect) subnets(c *openstack.Call) ([]openstack.Fields, error) {
	all, err := d.compute.Networks(c.Context(), c.Caller)
	var out []openstack.Fields
	for _, n := range all {
		if n.Subnet != nil && showsSubnet(c, n) {
			out = append(out, subnetView(n))
		}
	}
	return out, err
}

func (d *Dialect) subnet(c *openstack.Call, id string) (openstack.Fields, error) {
	all, err := d.compute.Networks(c.Context(), c.Caller)
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.SubnetID() == id && showsSubnet(c, n) {
			return subnetView(n), nil
		}
	}
	return nil, fault.Missing("subnet", id)
}

// showsSubnet tells whether the caller sees the network's subnet: that of a pool
// is administrators' to see, though everybody sees the pool.
func showsSubnet(c *openstack.Call, n compute.Network) bool { return !n.External || c.Caller.Admin() }

func subnetView(n compute.Network) openstack.Fields {
	s := n.Subnet
	pools := []openstack.Fields{}
	for _, p := range s.GivenOut() {
		pools = append(pools, openstack.Fields{openstack.F("start", p.From.String()), openstack.F("end", p.To.String())})
	}
	var gateway any
	if s.Gateway.IsValid() {
		gateway = s.Gateway.String()
	}
	return openstack.Fields{
		openstack.F("id", s.ID), openstack.F("name", s.Name), openstack.F("tenant_id", n.ProjectID),
		openstack.F("network_id", n.ID), openstack.F("ip_version", 4), openstack.F("subnetpool_id", nil),
		openstack.F("enable_dhcp", s.DHCP), openstack.F("ipv6_ra_mode", nil), openstack.F("ipv6_address_mode", nil),
		openstack.F("gateway_ip", gateway), openstack.F("cidr", s.Range.String()),
		openstack.F("allocation_pools", pools),
		openstack.F("host_routes", []string{}), openstack.F("dns_nameservers", append([]string{}, s.DNS...)),
		openstack.F("description", s.Description), openstack.F("service_types", []string{}), openstack.F("tags", tagsOf(s.Tags)),
		openstack.F("created_at", stamp(s.CreatedAt)), openstack.F("updated_at", stamp(s.UpdatedAt)),
		openstack.F("revision_number", s.Revision), openstack.F("project_id", n.ProjectID),
	}
}

func (in input) subnetLabels(l compute.SubnetLabels) compute.SubnetLabels {
	l.Name, l.Description = in.text("name", l.Name), in.text("description", l.Description)
	l.DHCP = in.truth("enable_dhcp", l.DHCP)
	if in.has("gateway_ip") {
		l.Gateway = in.address("gateway_ip")
	}
	if pools := in.At("allocation_pools"); pools.Kind() == schema.List {
		l.Pools = nil
		for _, p := range pools.Items() {
			l.Pools = append(l.Pools, compute.AddressPool{From: input{p}.address("start"), To: input{p}.address("end")})
		}
	}
	if in.has("dns_nameservers") {
		l.DNS = nil
		for _, s := range in.At("dns_nameservers").Items() {
			l.DNS = append(l.DNS, s.Text())
		}
	}
	return l
}

// createSubnet makes a subnet; where no gateway is said, and that there is none
// is not, it is the first address of the range.
func (d *Dialect) createSubnet(c *openstack.Call, in input) (openstack.Fields, error) {
	cidr, err := netip.ParsePrefix(in.At("cidr").Text())
	if err != nil {
		return nil, bad("Invalid input for cidr. Reason: %v.", err)
	}
	if project := in.project(); project != "" {
		n, err := d.compute.Network(c.Context(), c.Caller, in.At("network_id").Text())
		if err != nil {
			return nil, err
		}
		if n.ProjectID != project {
			return nil, bad("Invalid input for project_id. Reason: a subnet belongs to the project of its network, which is '%s'.", n.ProjectID)
		}
	}
	labels := in.subnetLabels(compute.SubnetLabels{DHCP: true})
	if !in.has("gateway_ip") && cidr.Addr().Is4() {
		labels.Gateway = compute.Subnet{Range: cidr}.Hosts().From
	}
	n, err := d.compute.CreateSubnet(c.Context(), c.Caller, compute.SubnetRequest{
		NetworkID: in.At("network_id").Text(), Range: cidr, SubnetLabels: labels,
	})
	if err != nil {
		return nil, err
	}
	return subnetView(n), nil
}

func (d *Dialect) updateSubnet(c *openstack.Call, id string, in input) (openstack.Fields, error) {
	n, err := d.compute.EditSubnet(c.Context(), c.Caller, id, func(s compute.Subnet, l *compute.SubnetLabels) error {
		*l = in.subnetLabels(*l)
		return expected(c, s.Revision)
	})
	if err != nil {
		return nil, err
	}
	return subnetView(n), nil
}

func (d *Dialect) deleteSubnet(c *openstack.Call, id string) error {
	return d.compute.DeleteSubnet(c.Context(), c.Caller, id)
}
