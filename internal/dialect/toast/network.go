package toast

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var networkRoutes = []Route{
	{Method: http.MethodGet, Path: "networks", Access: identity.ProjectReader, about: ofNetwork, handle: (*Dialect).listNetworks},
	{Method: http.MethodGet, Path: "subnets", Access: identity.ProjectReader, about: ofSubnet, handle: (*Dialect).listSubnets},
}

func (d *Dialect) listNetworks(c *call) (answer, error) {
	var all []compute.Network
	var err error
	if id := c.query.get("id"); id != "" {
		all = make([]compute.Network, 1)
		all[0], err = d.opt.Compute.Network(c.Context(), c.caller, id)
	} else {
		all, err = d.opt.Compute.Networks(c.Context(), c.caller)
	}
	if err != nil {
		return nil, err
	}
	out := &networksAnswer{Networks: make([]network, len(all))}
	for k, n := range all {
		v := network{AdminStateUp: true, ID: n.ID, Name: n.Name, External: n.External, Status: "ACTIVE", Subnets: []string{}}
		if n.Subnet != nil {
			v.Subnets = append(v.Subnets, n.Subnet.ID)
		}
		out.Networks[k] = v
	}
	return out, nil
}

func (d *Dialect) listSubnets(c *call) (answer, error) {
	all, err := d.opt.Compute.Networks(c.Context(), c.caller)
	if err != nil {
		return nil, err
	}
	out := &subnetsAnswer{Subnets: []subnet{}}
	for _, n := range all {
		s := n.Subnet
		if s == nil {
			continue
		}
		v := subnet{
			AllocationPools: []addressPool{}, CIDR: s.Range.String(), EnableDHCP: s.DHCP, HostRoutes: []string{},
			ID: s.ID, IPVersion: 4, Name: s.Name, NetworkID: n.ID,
		}
		for _, p := range s.GivenOut() {
			v.AllocationPools = append(v.AllocationPools, addressPool{Start: p.From.String(), End: p.To.String()})
		}
		if s.Gateway.IsValid() {
			v.GatewayIP = textIf(s.Gateway.String())
		}
		out.Subnets = append(out.Subnets, v)
	}
	return out, nil
}
