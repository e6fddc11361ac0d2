package neutron

import (
	"net/netip"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

var ruleAttributes = described(
	attribute{name: "security_group_id", post: true, required: true, check: isUUID},
	attribute{name: "direction", post: true, required: true},
	attribute{name: "ethertype", post: true},
	attribute{name: "protocol", post: true, check: isProtocol},
	attribute{name: "port_range_min", post: true, check: isPort},
	attribute{name: "port_range_max", post: true, check: isPort},
	attribute{name: "remote_ip_prefix", post: true, check: orNone(isPrefix)},
	attribute{name: "remote_group_id", post: true, check: isText(255)},
	attribute{name: "remote_address_group_id", post: true, check: isOnly("there are no address groups", schema.Value.IsNull)},
)

func isProtocol(v schema.Value) string {
	if _, ok := v.Int64(); ok || v.IsNull() || v.Kind() == schema.Text {
		return ""
	}
	return "'" + v.String() + "' is not a protocol"
}

func isPort(v schema.Value) string {
	n, ok := v.Int64()
	if v.IsNull() || ok && n >= -1 && n <= 65535 {
		return ""
	}
	return "Invalid value for port " + v.String() + ": it is not an integer from 0 to 65535"
}

func isPrefix(v schema.Value) string {
	if _, ok := prefixOf(v.Text()); !ok {
		return "'" + v.String() + "' is neither a valid IP address, nor is it a valid IP subnet"
	}
	return ""
}

// prefixOf reads a range, or an address as a range of one.
func prefixOf(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

func (d *Dialect) groupRules(c *openstack.Call) ([]openstack.Fields, error) {
	all, err := d.compute.SecurityGroups(c.Context(), c.Caller, projects(c)...)
	var out []openstack.Fields
	for _, g := range all {
		for _, r := range g.Rules {
			out = append(out, ruleView(r))
		}
	}
	return out, err
}

func (d *Dialect) groupRule(c *openstack.Call, id string) (openstack.Fields, error) {
	r, err := d.compute.SecurityRule(c.Context(), c.Caller, id)
	return ruleView(r), err
}

func ruleView(r compute.SecurityRule) openstack.Fields {
	port := func(n int) any {
		if n == compute.AnyPort {
			return nil
		}
		return n
	}
	var prefix, normal any
	if r.Remote.IsValid() {
		prefix, normal = r.Remote.String(), r.Remote.Masked().String()
	}
	made := stamp(r.CreatedAt)
	return openstack.Fields{
		openstack.F("id", r.ID), openstack.F("tenant_id", r.ProjectID), openstack.F("security_group_id", r.GroupID),
		openstack.F("ethertype", string(r.EtherType)), openstack.F("direction", string(r.Direction)), openstack.F("protocol", orNull(r.Protocol)),
		openstack.F("port_range_min", port(r.From)), openstack.F("port_range_max", port(r.To)), openstack.F("remote_ip_prefix", prefix),
		openstack.F("remote_address_group_id", nil), openstack.F("normalized_cidr", normal), openstack.F("remote_group_id", orNull(r.RemoteGroupID)),
		openstack.F("standard_attr_id", openstack.AttributeID(r.ID)), openstack.F("description", orNull(r.Description)),
		openstack.F("tags", []string{}), openstack.F("created_at", made), openstack.F("updated_at", made),
		openstack.F("revision_number", 0), openstack.F("project_id", r.ProjectID),
	}
}

func (d *Dialect) createRules(c *openstack.Call, in []input) ([]openstack.Fields, error) {
	reqs := make([]compute.RuleRequest, len(in))
	for k, one := range in {
		reqs[k] = one.rule()
	}
	made, err := d.compute.CreateSecurityRules(c.Context(), c.Caller, reqs...)
	out := make([]openstack.Fields, len(made))
	for k, r := range made {
		out[k] = ruleView(r)
	}
	return out, err
}

func (in input) rule() compute.RuleRequest {
	port := func(name string) int {
		if n, ok := in.At(name).Int64(); ok && n >= 0 {
			return int(n)
		}
		return compute.AnyPort
	}
	req := compute.RuleRequest{GroupID: in.At("security_group_id").Text(), Description: in.text("description", "")}
	req.Rule = compute.Rule{
		Direction: compute.Direction(strings.ToLower(in.At("direction").Text())), EtherType: compute.IPv4,
		Protocol: strings.ToLower(in.At("protocol").Text()), From: port("port_range_min"), To: port("port_range_max"),
		RemoteGroupID: in.text("remote_group_id", ""),
	}
	if p := in.At("protocol"); p.Kind() == schema.Int {
		req.Protocol = p.String()
	}
	switch family := in.At("ethertype").Text(); strings.ToLower(family) {
	case "", "ipv4":
	case "ipv6":
		req.EtherType = compute.IPv6
	default:
		req.EtherType = compute.EtherType(family)
	}
	req.Remote, _ = prefixOf(in.At("remote_ip_prefix").Text())
	return req
}

func (d *Dialect) deleteRule(c *openstack.Call, id string) error {
	return d.compute.DeleteSecurityRule(c.Context(), c.Caller, id)
}
