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

type networksAnswer struct {
	envelope
	Networks []network `json:"networks"`
}

type network struct {
	AdminStateUp bool     `json:"adminStateUp"`
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	External     bool     `json:"router:external"`
	Status       string   `json:"status"`
	Subnets      []string `json:"subnets"`
}

type subnetsAnswer struct {
	envelope
	Subnets []subnet `json:"subnets"`
}

type subnet struct {
	AllocationPools []addressPool `json:"allocationPools"`
	CIDR            string        `json:"cidr"`
	EnableDHCP      bool          `json:"enableDhcp"`
	GatewayIP       *string       `json:"gatewayIp"` // null: no address of the range is one
	HostRoutes      []string      `json:"hostRoutes"`
	ID              string        `json:"id"`
	IPVersion       int           `json:"ipVersion"`
	Name            string        `json:"name"`
	NetworkID       string        `json:"networkId"`
}

type addressPool struct {
	Start string `json:"start"`
	End   string `json:"end"`
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
		out.Networks[k] = network{AdminStateUp: true, ID: n.ID, Name: n.Name, Status: "ACTIVE", Subnets: []string{n.SubnetID}}
	}
	return out, nil
}

// listSubnets tells the networks' address ranges, one each.
func (d *Dialect) listSubnets(c *call) (answer, error) {
	all, err := d.opt.Compute.Networks(c.Context(), c.caller)
	if err != nil {
		return nil, err
	}
	out := &subnetsAnswer{Subnets: make([]subnet, len(all))}
	for k, n := range all {
		prefix, from, to, err := n.Range()
		if err != nil {
			return nil, err
		}
		out.Subnets[k] = subnet{
			AllocationPools: []addressPool{{Start: from.String(), End: to.String()}}, CIDR: prefix.String(),
			EnableDHCP: true, HostRoutes: []string{}, ID: n.SubnetID, IPVersion: 4, Name: n.Name, NetworkID: n.ID,
		}
	}
	return out, nil
}

// floatingOf is the floating IP of an interface, null when it has none.
func floatingOf(compute.NIC) *string { return nil }
