package compute

import (
	"context"
	"net/netip"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// NetworkLabels are what can be changed of a network.
type NetworkLabels struct {
	Name        string
	Description string
	Unfiltered  bool
	Shared      bool // administrators only
	Tags        []string
}

// SubnetRequest is a subnet to be made.
type SubnetRequest struct {
	NetworkID string
	Range     netip.Prefix
	SubnetLabels
}

// SubnetLabels are what can be changed of a subnet.
type SubnetLabels struct {
	Name        string
	Description string
	Gateway     netip.Addr // not valid for none
	Pools       []AddressPool
	DHCP        bool
	DNS         []string
	Tags        []string
}

func (s *Service) networkAudit(c identity.Caller, a audit.Action, resource, id, ownerID, detail string) audit.Entry {
	e := c.Audit(a, resource, id)
	e.At, e.OwnerID, e.Detail = s.now(), ownerID, detail
	return e
}

// member refuses callers who may not change what belongs to their project.
func member(c identity.Caller, resource string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	if c.ProjectID() == "" {
		return &fault.Error{Kind: fault.Forbidden, Resource: resource, Msg: "this needs a project"}
	}
	return nil
}

// CreateNetwork makes a network of the caller's project, without a subnet.
// Faults: Forbidden (a reader; Shared by others than administrators),
// Unsupported, Quota with a [QuotaExceeded].
func (s *Service) CreateNetwork(ctx context.Context, c identity.Caller, req NetworkLabels) (Network, error) {
	if err := member(c, "network"); err != nil {
		return Network{}, err
	}
	if _, ok := s.driver.(Plugger); !ok {
		return Network{}, &fault.Error{Kind: fault.Unsupported, Resource: "network", Msg: "networks cannot be made here: the driver has its own only"}
	}
	if req.Shared && !c.Admin() {
		return Network{}, &fault.Error{Kind: fault.Forbidden, Resource: "network", Msg: "only administrators share networks"}
	}
	now := s.now()
	n := Network{
		ID: s.opt.NewID(), Name: req.Name, Description: req.Description, ProjectID: c.ProjectID(), Shared: req.Shared,
		Unfiltered: req.Unfiltered, CreatedAt: now, UpdatedAt: now, Revision: 1,
	}
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := s.room(ctx, tx, n.ProjectID, QuotaNetworks, 1); err != nil {
			return err
		}
		if err := tx.InsertNetwork(ctx, n); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Create, "network", n.ID, n.ProjectID, n.Name))
	})
	return n, err
}

// ownNetwork returns a network that the caller may change, which nobody else
// does until the transaction ends. Faults: NotFound, Forbidden.
func ownNetwork(ctx context.Context, tx Tx, c identity.Caller, id string) (Network, error) {
	if err := tx.Lock(ctx, "addresses of "+id); err != nil {
		return Network{}, err
	}
	n, err := visibleNetwork(ctx, tx, c, id)
	if err == nil && !owns(c, n.ProjectID) {
		err = &fault.Error{Kind: fault.Forbidden, Resource: "network", Name: id, Msg: "it is another project's"}
	}
	return n, err
}

// EditNetwork lets edit change a network in one transaction; edit sees the
// network as it is. Faults: NotFound, Forbidden (another project's, or Shared
// changed by others than administrators), and what edit says.
func (s *Service) EditNetwork(ctx context.Context, c identity.Caller, id string, edit func(Network, *NetworkLabels) error) (Network, error) {
	if err := mayChange(c); err != nil {
		return Network{}, err
	}
	var n Network
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if n, err = ownNetwork(ctx, tx, c, id); err != nil {
			return err
		}
		l := NetworkLabels{Name: n.Name, Description: n.Description, Unfiltered: n.Unfiltered, Shared: n.Shared, Tags: n.Tags}
		if err := edit(n, &l); err != nil {
			return err
		}
		if l.Shared != n.Shared && !c.Admin() {
			return &fault.Error{Kind: fault.Forbidden, Resource: "network", Name: id, Msg: "only administrators share networks"}
		}
		n.Name, n.Description, n.Unfiltered, n.Shared, n.Tags = l.Name, l.Description, l.Unfiltered, l.Shared, l.Tags
		n.UpdatedAt, n.Revision = s.now(), n.Revision+1
		if err := tx.UpdateNetwork(ctx, n); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Update, "network", n.ID, n.ProjectID, n.Name))
	})
	return n, err
}

// DeleteNetwork removes a network that nothing is on. Faults: NotFound,
// Forbidden, Conflict.
func (s *Service) DeleteNetwork(ctx context.Context, c identity.Caller, id string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		n, err := ownNetwork(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if n.ProjectID == "" {
			return &fault.Error{Kind: fault.Forbidden, Resource: "network", Name: id, Msg: "it is the deployment's own"}
		}
		if err := unused(ctx, tx, id, "network", id, "There are one or more ports still in use on the network.", func(Port) bool { return true }); err != nil {
			return err
		}
		if err := tx.DeleteNetwork(ctx, id); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Delete, "network", n.ID, n.ProjectID, n.Name))
	})
}

// unused refuses a change for which a network must have no such ports.
func unused(ctx context.Context, tx Tx, networkID, resource, id, why string, such func(Port) bool) error {
	ports, err := tx.Ports(ctx, PortQuery{NetworkID: networkID})
	if err == nil && slices.ContainsFunc(ports, such) {
		err = &fault.Error{Kind: fault.Conflict, Resource: resource, Name: id, Msg: why}
	}
	return err
}

// CreateSubnet gives a network its range of addresses. A network has one.
// Faults: NotFound, Forbidden, Invalid (cidr, gateway, pools), Conflict (the
// network has one), Quota with a [QuotaExceeded].
func (s *Service) CreateSubnet(ctx context.Context, c identity.Caller, req SubnetRequest) (Network, error) {
	if err := member(c, "subnet"); err != nil {
		return Network{}, err
	}
	if err := checkRange(req.Range); err != nil {
		return Network{}, fault.Invalidf("cidr", "%s", err)
	}
	if p, ok := s.driver.(Plugger); ok {
		if err := p.CheckRange(req.Range); err != nil {
			return Network{}, err
		}
	}
	var n Network
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if n, err = ownNetwork(ctx, tx, c, req.NetworkID); err != nil {
			return err
		}
		if n.Subnet != nil {
			return &fault.Error{Kind: fault.Conflict, Resource: "subnet", Name: n.Subnet.ID, Msg: "The network has a subnet already, and can have one only."}
		}
		if err := s.room(ctx, tx, n.ProjectID, QuotaSubnets, 1); err != nil {
			return err
		}
		now := s.now()
		n.Subnet = &Subnet{ID: s.opt.NewID(), ProjectID: n.ProjectID, Range: req.Range.Masked(), CreatedAt: now, UpdatedAt: now}
		if err := n.Subnet.label(req.SubnetLabels); err != nil {
			return err
		}
		n.UpdatedAt, n.Revision = now, n.Revision+1
		if err := tx.UpdateNetwork(ctx, n); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Create, "subnet", n.Subnet.ID, n.ProjectID, n.Subnet.Range.String()))
	})
	return n, err
}

// label takes the labels over when they fit the range and each other.
func (s *Subnet) label(l SubnetLabels) error {
	hosts := s.Hosts()
	if l.Gateway.IsValid() && !hosts.holds(l.Gateway) {
		return fault.Invalidf("gateway_ip", "Gateway is not valid on subnet")
	}
	for k, p := range l.Pools {
		if p.From.Compare(p.To) > 0 || !p.From.Is4() || !p.To.Is4() {
			return fault.Invalidf("allocation_pools", "The allocation pool %s-%s is not valid.", p.From, p.To)
		}
		if !hosts.holds(p.From) || !hosts.holds(p.To) {
			return fault.Invalidf("allocation_pools", "The allocation pool %s-%s spans beyond the subnet cidr %s.", p.From, p.To, s.Range)
		}
		if l.Gateway.IsValid() && p.holds(l.Gateway) {
			return fault.Invalidf("gateway_ip", "Gateway ip %s conflicts with allocation pool %s-%s.", l.Gateway, p.From, p.To)
		}
		for _, other := range l.Pools[:k] {
			if p.From.Compare(other.To) <= 0 && other.From.Compare(p.To) <= 0 {
				return fault.Invalidf("allocation_pools", "Found overlapping allocation pools: %s-%s, %s-%s for subnet %s.", other.From, other.To, p.From, p.To, s.Range)
			}
		}
	}
	s.Name, s.Description, s.Gateway, s.Pools, s.DHCP, s.DNS, s.Tags = l.Name, l.Description, l.Gateway, l.Pools, l.DHCP, l.DNS, l.Tags
	return nil
}

// ofSubnet finds the network of a subnet. Faults: NotFound.
func ofSubnet(ctx context.Context, tx Tx, c identity.Caller, id string) (Network, error) {
	all, err := tx.Networks(ctx)
	if err != nil {
		return Network{}, err
	}
	for _, n := range all {
		if n.Subnet != nil && n.Subnet.ID == id && n.visible(c) {
			return n, nil
		}
	}
	return Network{}, fault.Missing("subnet", id)
}

// EditSubnet lets edit change a subnet in one transaction. Faults: NotFound,
// Forbidden, Invalid, and what edit says.
func (s *Service) EditSubnet(ctx context.Context, c identity.Caller, id string, edit func(Subnet, *SubnetLabels) error) (Network, error) {
	return s.changeSubnet(ctx, c, id, audit.Update, func(tx Tx, n *Network) error {
		l := SubnetLabels{n.Subnet.Name, n.Subnet.Description, n.Subnet.Gateway, n.Subnet.Pools, n.Subnet.DHCP, n.Subnet.DNS, n.Subnet.Tags}
		if err := edit(*n.Subnet, &l); err != nil {
			return err
		}
		if old := n.Subnet.Gateway; old.IsValid() && l.Gateway != old {
			if err := gatewayFree(ctx, tx, *n); err != nil {
				return err
			}
		}
		n.Subnet.UpdatedAt, n.Subnet.Revision = s.now(), n.Subnet.Revision+1
		return n.Subnet.label(l)
	})
}

// gatewayFree refuses to change the gateway of a network while a router has
// that address.
func gatewayFree(ctx context.Context, tx Tx, n Network) error {
	ports, err := tx.Ports(ctx, PortQuery{NetworkID: n.ID})
	if err != nil {
		return err
	}
	for _, p := range ports {
		if p.Addr == n.Subnet.Gateway {
			return &fault.Error{Kind: fault.Conflict, Resource: "gateway", Name: p.PortID,
				Msg: "Current gateway ip " + p.Addr.String() + " already in use by port " + p.PortID + ". Unable to update."}
		}
	}
	return nil
}

// DeleteSubnet takes a network's range away when no port has an address of it.
// Faults: NotFound, Forbidden, Conflict.
func (s *Service) DeleteSubnet(ctx context.Context, c identity.Caller, id string) error {
	_, err := s.changeSubnet(ctx, c, id, audit.Delete, func(tx Tx, n *Network) error {
		n.Subnet = nil
		return unused(ctx, tx, n.ID, "subnet", id, "One or more ports have an IP allocation from this subnet.", func(p Port) bool { return p.Addr.IsValid() })
	})
	return err
}

func (s *Service) changeSubnet(ctx context.Context, c identity.Caller, id string, a audit.Action, change func(Tx, *Network) error) (Network, error) {
	if err := mayChange(c); err != nil {
		return Network{}, err
	}
	var n Network
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if n, err = ofSubnet(ctx, tx, c, id); err != nil {
			return err
		}
		if n, err = ownNetwork(ctx, tx, c, n.ID); err != nil {
			return err
		}
		if n.SubnetID() != id {
			return fault.Missing("subnet", id) // gone since it was looked for
		}
		if a == audit.Delete && n.ProjectID == "" {
			return &fault.Error{Kind: fault.Forbidden, Resource: "subnet", Name: id, Msg: "it is the deployment's own"}
		}
		if err := change(tx, &n); err != nil {
			return err
		}
		n.UpdatedAt, n.Revision = s.now(), n.Revision+1
		if err := tx.UpdateNetwork(ctx, n); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, a, "subnet", id, n.ProjectID, ""))
	})
	return n, err
}
