package neutron

import (
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

var portAttributes = described(
	attribute{name: "network_id", post: true, required: true, check: isUUID},
	attribute{name: "name", post: true, put: true, check: isText(255)},
	attribute{name: "admin_state_up", post: true, put: true, check: isTruth},
	attribute{name: "mac_address", post: true, put: true, check: isMAC},
	attribute{name: "fixed_ips", post: true, put: true, check: isFixedIPs},
	attribute{name: "security_groups", post: true, put: true, check: orNone(isUUIDs)},
	attribute{name: "port_security_enabled", post: true, put: true, check: isTruth},
	attribute{name: "allowed_address_pairs", post: true, put: true, check: isPairs},
	attribute{name: "device_id", post: true, put: true, check: isText(255)},
	attribute{name: "device_owner", post: true, put: true, check: isText(255)},
	attribute{name: "extra_dhcp_opts", post: true, put: true, check: isOnly("guests are told nothing by DHCP", isEmpty)},
	attribute{name: "binding:vnic_type", post: true, put: true, check: isOnly("interfaces are normal", func(v schema.Value) bool { return v.Text() == "normal" })},
)

func isFixedIPs(v schema.Value) string {
	if v.Kind() != schema.List && !v.IsNull() {
		return "'" + v.String() + "' is not a list"
	}
	if len(v.Items()) > 1 {
		return "a port has one address here"
	}
	for _, ip := range v.Items() {
		if ip.Kind() != schema.Map {
			return "'" + ip.String() + "' is not a dictionary"
		}
		if a := ip.At("ip_address"); a.Exists() && !a.IsNull() {
			if reason := isAddress(a); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func isPairs(v schema.Value) string {
	if v.Kind() != schema.List && !v.IsNull() {
		return "'" + v.String() + "' is not a list"
	}
	for _, p := range v.Items() {
		text := p.At("ip_address").Text()
		if _, err := netip.ParsePrefix(text); err != nil {
			if reason := isAddress(p.At("ip_address")); reason != "" {
				return reason
			}
		}
		if mac := p.At("mac_address"); mac.Exists() {
			if reason := isMAC(mac); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// ports are those of the caller's project, and everyone's for administrators.
func (d *Dialect) ports(c *openstack.Call) ([]openstack.Fields, error) {
	var q compute.PortQuery
	// The rest is sorted out when they are there.
	if nets := c.Query.All("network_id"); len(nets) == 1 {
		q.NetworkID = nets[0]
	}
	if devices := c.Query.All("device_id"); len(devices) == 1 {
		q.DeviceID = devices[0]
	}
	all, err := d.compute.Ports(c.Context(), c.Caller, q)
	if err != nil {
		return nil, err
	}
	subnets, err := d.subnetsOf(c)
	out := make([]openstack.Fields, len(all))
	for k, p := range all {
		out[k] = portView(p, subnets[p.NetworkID])
	}
	return out, err
}

// subnetsOf returns the subnets' ids by their networks'.
func (d *Dialect) subnetsOf(c *openstack.Call) (map[string]string, error) {
	networks, err := d.compute.Networks(c.Context(), c.Caller)
	out := map[string]string{}
	for _, n := range networks {
		out[n.ID] = n.SubnetID()
	}
	return out, err
}

func (d *Dialect) port(c *openstack.Call, id string) (openstack.Fields, error) {
	p, err := d.compute.Port(c.Context(), c.Caller, id)
	return d.viewPort(c, p, err)
}

func (d *Dialect) viewPort(c *openstack.Call, p compute.Port, err error) (openstack.Fields, error) {
	if err != nil {
		return nil, err
	}
	n, err := d.compute.Network(c.Context(), c.Caller, p.NetworkID)
	if fault.Is(err, fault.NotFound) { // its network is shared with nobody any more
		err = nil
	}
	return portView(p, n.SubnetID()), err
}

func portView(p compute.Port, subnetID string) openstack.Fields {
	status, device, owner := "DOWN", p.DeviceID, p.DeviceOwner
	if p.RouterID != "" {
		status = "ACTIVE"
	}
	if p.InstanceID != "" {
		device, owner = p.InstanceID, "compute:"+p.Zone
		if p.Up && !p.Down {
			status = "ACTIVE"
		}
	}
	fixed, groups, pairs := []openstack.Fields{}, []string{}, []openstack.Fields{}
	if p.Addr.IsValid() {
		fixed = append(fixed, openstack.Fields{openstack.F("subnet_id", subnetID), openstack.F("ip_address", p.Addr.String())})
	}
	for _, g := range p.Groups {
		groups = append(groups, g.ID)
	}
	for _, a := range p.Pairs {
		mac := a.MAC
		if mac == "" {
			mac = p.MAC
		}
		pairs = append(pairs, openstack.Fields{openstack.F("ip_address", a.Address), openstack.F("mac_address", mac)})
	}
	return openstack.Fields{
		openstack.F("id", p.PortID), openstack.F("name", p.Name), openstack.F("network_id", p.NetworkID),
		openstack.F("tenant_id", p.ProjectID), openstack.F("mac_address", p.MAC), openstack.F("admin_state_up", !p.Down),
		openstack.F("status", status), openstack.F("device_id", device), openstack.F("device_owner", owner),
		openstack.F("fixed_ips", fixed),
		openstack.F("allowed_address_pairs", pairs), openstack.F("extra_dhcp_opts", []string{}),
		openstack.F("security_groups", groups), openstack.F("description", p.Description),
		openstack.F("binding:vnic_type", "normal"), openstack.F("port_security_enabled", p.Filtered), openstack.F("tags", tagsOf(p.Tags)),
		openstack.F("created_at", stamp(p.CreatedAt)), openstack.F("updated_at", stamp(p.UpdatedAt)),
		openstack.F("revision_number", p.Revision), openstack.F("project_id", p.ProjectID),
	}
}

func (in input) portLabels(l compute.PortLabels) compute.PortLabels {
	l.Name, l.Description, l.MAC = in.text("name", l.Name), in.text("description", l.Description), in.text("mac_address", l.MAC)
	l.Down = !in.truth("admin_state_up", !l.Down)
	l.Filtered = in.truth("port_security_enabled", l.Filtered)
	l.DeviceID, l.DeviceOwner = in.text("device_id", l.DeviceID), in.text("device_owner", l.DeviceOwner)
	if groups := in.At("security_groups"); groups.Kind() == schema.List {
		l.Groups = []string{}
		for _, g := range groups.Items() {
			l.Groups = append(l.Groups, g.Text())
		}
	} else if groups.IsNull() {
		l.Groups = []string{}
	}
	if in.has("allowed_address_pairs") {
		l.Pairs = nil
		for _, p := range in.At("allowed_address_pairs").Items() {
			l.Pairs = append(l.Pairs, compute.AddressPair{Address: p.At("ip_address").Text(), MAC: p.At("mac_address").Text()})
		}
	}
	return l
}

// fixedIP is the address that a port is to have, not valid for any. A subnet
// that is named must be that of the network.
func (in input) fixedIP(subnetID string) (netip.Addr, error) {
	asked := in.At("fixed_ips").Items()
	if len(asked) == 0 {
		return netip.Addr{}, nil
	}
	first := input{asked[0]}
	if s := first.At("subnet_id").Text(); s != "" && s != subnetID {
		return netip.Addr{}, bad("Invalid input for operation: Failed to create port on network, because fixed_ips included invalid subnet %s.", s)
	}
	return first.address("ip_address"), nil
}

func (d *Dialect) createPort(c *openstack.Call, in input) (openstack.Fields, error) {
	n, err := d.compute.Network(c.Context(), c.Caller, in.At("network_id").Text())
	if err != nil {
		return nil, err
	}
	req := compute.PortRequest{NetworkID: n.ID}
	if req.Addr, err = in.fixedIP(n.SubnetID()); err != nil {
		return nil, err
	}
	fixed := in.At("fixed_ips")
	req.Bare = fixed.Kind() == schema.List && len(fixed.Items()) == 0
	req.PortLabels = in.portLabels(compute.PortLabels{Filtered: !n.Unfiltered})
	p, err := d.compute.CreatePort(c.Context(), c.Caller, req)
	return d.viewPort(c, p, err)
}

func (d *Dialect) updatePort(c *openstack.Call, id string, in input) (openstack.Fields, error) {
	subnets, err := d.subnetsOf(c)
	if err != nil {
		return nil, err
	}
	p, err := d.compute.EditPort(c.Context(), c.Caller, id, func(p compute.Port, l *compute.PortLabels) (netip.Addr, error) {
		if device := in.text("device_id", p.InstanceID); p.InstanceID != "" && device != p.InstanceID {
			return netip.Addr{}, bad("Port %s is a server's. Take it away from it with the compute service.", id)
		}
		was := *l
		*l = in.portLabels(*l)
		if p.InstanceID != "" {
			l.DeviceID, l.DeviceOwner = was.DeviceID, was.DeviceOwner
		}
		if in.has("fixed_ips") && len(in.At("fixed_ips").Items()) == 0 && p.Addr.IsValid() {
			return netip.Addr{}, bad("Invalid input for fixed_ips. Reason: a port keeps an address here; name another one.")
		}
		addr, err := in.fixedIP(subnets[p.NetworkID])
		if err != nil {
			return addr, err
		}
		return addr, expected(c, p.Revision)
	})
	return d.viewPort(c, p, err)
}

func (d *Dialect) deletePort(c *openstack.Call, id string) error {
	return d.compute.DeletePort(c.Context(), c.Caller, id)
}
