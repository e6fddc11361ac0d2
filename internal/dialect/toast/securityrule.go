package toast

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var ruleRoutes = []Route{
	{Method: http.MethodGet, Path: "security-group-rules", Access: identity.ProjectReader, about: ofSecurityGroup, handle: (*Dialect).listRules},
	{Method: http.MethodPost, Path: "security-group-rules", Access: identity.ProjectMember, about: ofSecurityGroup, handle: (*Dialect).createRule},
	{Method: http.MethodDelete, Path: "security-group-rules", Access: identity.ProjectMember, about: ofSecurityGroup, handle: (*Dialect).deleteRule},
}

func viewRule(r compute.SecurityRule) securityRule {
	v := securityRule{
		Direction: string(r.Direction), EtherType: string(r.EtherType), ID: r.ID, PortMax: port(r.To), PortMin: port(r.From),
		Protocol: textIf(r.Protocol), RemoteGroupID: textIf(r.RemoteGroupID), GroupID: r.GroupID, Description: r.Description,
	}
	if r.Remote.IsValid() {
		v.RemotePrefix = textIf(r.Remote.String())
	}
	return v
}

func port(n int) *int {
	if n == compute.AnyPort {
		return nil
	}
	return &n
}

func (d *Dialect) listRules(c *call) (answer, error) {
	out := &rulesAnswer{Rules: []securityRule{}}
	if id := c.query.get("id"); id != "" {
		r, err := d.opt.Compute.SecurityRule(c.Context(), c.caller, id)
		if err != nil {
			return nil, err
		}
		out.Rules = append(out.Rules, viewRule(r))
		return out, nil
	}
	groups, err := d.opt.Compute.SecurityGroups(c.Context(), c.caller)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		for _, r := range g.Rules {
			out.Rules = append(out.Rules, viewRule(r))
		}
	}
	return out, nil
}

// everywhere is what a rule without a remote side is about.
var everywhere = map[compute.EtherType]netip.Prefix{
	compute.IPv4: netip.MustParsePrefix("0.0.0.0/0"), compute.IPv6: netip.MustParsePrefix("::/0"),
}

// choice reads a word that must be one of some.
func choice(in object, name, which string, words ...string) string {
	s := in.word(name)
	if !slices.Contains(words, s) {
		in.complain(name, "must be "+which)
	}
	return s
}

func readRule(body object) (compute.RuleRequest, error) {
	in := body.object("securityGroupRule")
	r := compute.RuleRequest{Rule: compute.Rule{From: compute.AnyPort, To: compute.AnyPort}}
	r.Direction = compute.Direction(choice(in, "direction", "ingress or egress", "ingress", "egress"))
	r.EtherType = compute.EtherType(choice(in, "ethertype", "IPv4 or IPv6", "IPv4", "IPv6"))
	r.GroupID = in.word("securityGroupId")
	r.Description, _ = in.textIf("description")
	in.short("description")
	r.Protocol, _ = in.textIf("protocol")
	if r.Protocol == "null" {
		r.Protocol = ""
	}
	if !slices.Contains([]string{"", "icmp", "tcp", "udp"}, r.Protocol) {
		in.complain("protocol", "must be icmp, tcp, udp or null")
	}
	readPorts(in, &r.Rule)
	r.RemoteGroupID, _ = in.textIf("remoteGroupId")
	remote, given := in.textIf("remoteIpPrefix")
	switch {
	case given && r.RemoteGroupID != "":
		in.complain("remoteIpPrefix", "must not be given with remoteGroupId")
	case given:
		r.Remote = prefixOf(remote)
		if !r.Remote.IsValid() {
			in.complain("remoteIpPrefix", "must be an address range like 10.0.0.0/24")
		}
	case r.RemoteGroupID == "":
		r.Remote = everywhere[r.EtherType]
	}
	return r, body.err()
}

// readPorts reads the ports of TCP and UDP, which come in pairs, or ICMP's type
// and code.
func readPorts(in object, r *compute.Rule) {
	least, most := 1, 65535
	if r.Protocol == "icmp" {
		least, most = 0, 255
	}
	low, hasLow := in.integerIf("portRangeMin", least, most)
	high, hasHigh := in.integerIf("portRangeMax", least, most)
	switch {
	case !hasLow && !hasHigh:
		return
	case r.Protocol == "" && hasLow:
		in.complain("portRangeMin", "needs a protocol")
	case r.Protocol == "":
		in.complain("portRangeMax", "needs a protocol")
	case !hasLow:
		in.complain("portRangeMin", "must be given with portRangeMax")
	case r.Protocol == "icmp":
	case !hasHigh:
		in.complain("portRangeMax", "must be given with portRangeMin")
	case low > high:
		in.complain("portRangeMin", "must not be greater than portRangeMax")
	}
	if hasLow {
		r.From = low
	}
	if hasHigh {
		r.To = high
	}
}

// prefixOf reads a range, or one address; not valid for anything else.
func prefixOf(text string) netip.Prefix {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen())
	}
	return netip.Prefix{}
}

func (d *Dialect) createRule(c *call) (answer, error) {
	req, err := readRule(c.body)
	if err != nil {
		return nil, err
	}
	made, err := d.opt.Compute.CreateSecurityRules(c.Context(), c.caller, req)
	if err != nil {
		return nil, err
	}
	return &ruleAnswer{Rule: viewRule(made[0])}, nil
}

func (d *Dialect) deleteRule(c *call) (answer, error) {
	id, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	return done(d.opt.Compute.DeleteSecurityRule(c.Context(), c.caller, id))
}
