package compute

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// InterfaceRequest is where a router is to be on a network, or to be no more:
// a subnet, whose gateway it is, or a port that is there.
type InterfaceRequest struct{ SubnetID, PortID string }

// AddRouterInterface puts a router on a network. Faults: NotFound (router,
// subnet, port), Forbidden, Unsupported, Invalid (nothing or both named; no
// gateway address; a network of the same addresses; an external one), Conflict
// (port: it is in use; address), Quota with a [QuotaExceeded].
func (s *Service) AddRouterInterface(ctx context.Context, c identity.Caller, id string, req InterfaceRequest) (Router, RouterPort, error) {
	if (req.SubnetID == "") == (req.PortID == "") {
		if req.PortID == "" {
			return Router{}, RouterPort{}, badRouter("Either subnet_id or port_id must be specified")
		}
		return Router{}, RouterPort{}, badRouter("Cannot specify both subnet-id and port-id")
	}
	return s.changeInterfaces(ctx, c, id, func(tx Tx, r *Router) (RouterPort, error) {
		if req.PortID != "" {
			return s.plugIn(ctx, tx, c, r, req.PortID)
		}
		n, err := ofSubnet(ctx, tx, c, req.SubnetID)
		if err != nil {
			return RouterPort{}, err
		}
		if !n.Subnet.Gateway.IsValid() {
			return RouterPort{}, badRouter("Subnet for router interface must have a gateway IP")
		}
		if err := s.fitsRouter(ctx, tx, *r, n); err != nil {
			return RouterPort{}, err
		}
		if err := s.room(ctx, tx, r.ProjectID, QuotaPorts, 1); err != nil {
			return RouterPort{}, err
		}
		return s.plugRouter(ctx, tx, r, n, n.Subnet.Gateway, false)
	})
}

func badRouter(format string, args ...any) error {
	return fault.Invalidf("router", "Bad router request: "+format+".", args...)
}

// changeInterfaces changes where a router is, under its lock.
func (s *Service) changeInterfaces(ctx context.Context, c identity.Caller, id string, change func(Tx, *Router) (RouterPort, error)) (Router, RouterPort, error) {
	if err := s.mayRoute(c); err != nil {
		return Router{}, RouterPort{}, err
	}
	var r Router
	var p RouterPort
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if r, err = lockedRouter(ctx, tx, c, id); err != nil {
			return err
		}
		if p, err = change(tx, &r); err != nil {
			return err
		}
		r.UpdatedAt, r.Revision = s.now(), r.Revision+1
		if err := tx.UpdateRouter(ctx, r); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Update, "router", r.ID, r.ProjectID, "network "+p.NetworkID))
	})
	return r, p, err
}

// plugIn makes a port that is there the router's. Faults: NotFound, Conflict,
// Invalid.
func (s *Service) plugIn(ctx context.Context, tx Tx, c identity.Caller, r *Router, portID string) (RouterPort, error) {
	p, err := lockedPort(ctx, tx, c, portID)
	if err != nil {
		return RouterPort{}, err
	}
	if device := p.InstanceID + p.DeviceID; device != "" {
		return RouterPort{}, &fault.Error{Kind: fault.Conflict, Resource: "attached port", Name: p.PortID, Msg: fmt.Sprintf(
			"Unable to complete operation on port %s for network %s. Port already has an attached device %s.", p.PortID, p.NetworkID, device)}
	}
	if !p.Addr.IsValid() {
		return RouterPort{}, badRouter("Router port must have at least one fixed IP")
	}
	n, err := visibleNetwork(ctx, tx, c, p.NetworkID)
	if err == nil {
		err = s.fitsRouter(ctx, tx, *r, n)
	}
	if err != nil {
		return RouterPort{}, err
	}
	p.DeviceID, p.DeviceOwner, p.Filtered, p.Groups = r.ID, RouterInterface, false, nil
	p.UpdatedAt, p.Revision = s.now(), p.Revision+1
	if err := tx.UpdatePort(ctx, p); err != nil {
		return RouterPort{}, err
	}
	at := RouterPort{PortID: p.PortID, NetworkID: n.ID, Addr: p.Addr}
	r.Ports = append(r.Ports, at)
	return at, tx.InsertRouterPort(ctx, r.ID, at)
}

// fitsRouter refuses a network whose addresses the router could not tell from
// those of another.
func (s *Service) fitsRouter(ctx context.Context, tx Tx, r Router, n Network) error {
	if n.External {
		return badRouter("Network %s is external: it is a gateway, not an interface", n.ID)
	}
	for _, p := range r.Ports {
		if p.NetworkID == n.ID {
			return badRouter("Router already has a port on subnet %s", n.SubnetID())
		}
		other, err := tx.Network(ctx, p.NetworkID)
		if err != nil {
			return err
		}
		if other.Subnet != nil && n.Subnet != nil && other.Subnet.Range.Overlaps(n.Subnet.Range) {
			return badRouter("Cidr %s of subnet %s overlaps with cidr %s of subnet %s", n.Subnet.Range, n.Subnet.ID, other.Subnet.Range, other.Subnet.ID)
		}
	}
	return nil
}

// plugRouter gives the router a port of its own on a network. A gateway's
// belongs to no project: nobody but administrators sees the pool's ports.
func (s *Service) plugRouter(ctx context.Context, tx Tx, r *Router, n Network, addr netip.Addr, gateway bool) (RouterPort, error) {
	now := s.now()
	p := Port{DeviceID: r.ID, DeviceOwner: RouterGateway, CreatedAt: now, UpdatedAt: now, Revision: 1}
	if !gateway {
		p.ProjectID, p.DeviceOwner = r.ProjectID, RouterInterface
	}
	p.PortID, p.NetworkID, p.Network, p.MAC, p.Kept = s.opt.NewID(), n.ID, n.Name, s.opt.NewMAC(), true
	var err error
	if n.Subnet != nil && addr == n.Subnet.Gateway && !gateway {
		p.Addr, p.Prefix, err = s.giveGateway(ctx, tx, n)
	} else {
		p.Addr, p.Prefix, err = s.give(ctx, tx, n, addr, nil)
	}
	if err != nil {
		return RouterPort{}, err
	}
	if err := tx.InsertPort(ctx, p); err != nil {
		return RouterPort{}, err
	}
	at := RouterPort{PortID: p.PortID, NetworkID: n.ID, Addr: p.Addr, Gateway: gateway}
	r.Ports = append(r.Ports, at)
	return at, tx.InsertRouterPort(ctx, r.ID, at)
}

// giveGateway takes the gateway address of a network, which no other port gets.
func (s *Service) giveGateway(ctx context.Context, tx Tx, n Network) (netip.Addr, netip.Prefix, error) {
	addr := n.Subnet.Gateway
	if err := tx.Lock(ctx, "addresses of "+n.ID); err != nil {
		return addr, netip.Prefix{}, err
	}
	_, err := tx.NextAddress(ctx, n.ID, addr, addr)
	if fault.Is(err, fault.NoCapacity) {
		err = allocated(n, addr)
	}
	return addr, n.Subnet.Range, err
}

// unplugRouter takes a port from the router; it goes.
func (s *Service) unplugRouter(ctx context.Context, tx Tx, r *Router, p RouterPort) error {
	if err := tx.DeleteRouterPort(ctx, p.PortID); err != nil {
		return err
	}
	r.Ports = slices.DeleteFunc(slices.Clone(r.Ports), func(o RouterPort) bool { return o.PortID == p.PortID })
	return tx.DeletePort(ctx, p.PortID)
}

// RemoveRouterInterface takes a router from a network, and its port with it.
// Faults: NotFound (router, subnet, port; the router has no such interface),
// Forbidden, Unsupported, Invalid (nothing named), Conflict (floating addresses
// need it; the port is on another subnet).
func (s *Service) RemoveRouterInterface(ctx context.Context, c identity.Caller, id string, req InterfaceRequest) (Router, RouterPort, error) {
	if req == (InterfaceRequest{}) {
		return Router{}, RouterPort{}, badRouter("Either subnet_id or port_id must be specified")
	}
	return s.changeInterfaces(ctx, c, id, func(tx Tx, r *Router) (RouterPort, error) {
		var n Network
		var err error
		if req.SubnetID != "" {
			if n, err = ofSubnet(ctx, tx, c, req.SubnetID); err != nil {
				return RouterPort{}, err
			}
		}
		k := slices.IndexFunc(r.Ports, func(p RouterPort) bool {
			return !p.Gateway && (req.PortID == "" && p.NetworkID == n.ID || req.PortID == p.PortID)
		})
		switch {
		case k < 0 && req.PortID != "":
			return RouterPort{}, &fault.Error{Kind: fault.NotFound, Resource: "router interface", Name: req.PortID,
				Msg: "Router " + id + " does not have an interface with id " + req.PortID}
		case k < 0:
			return RouterPort{}, &fault.Error{Kind: fault.NotFound, Resource: "router interface on subnet", Name: req.SubnetID,
				Msg: "Router " + id + " has no interface on subnet " + req.SubnetID}
		case n.ID != "" && r.Ports[k].NetworkID != n.ID:
			return RouterPort{}, &fault.Error{Kind: fault.Conflict, Resource: "subnet of port", Name: req.SubnetID,
				Msg: "Subnet on port " + req.PortID + " does not match the requested subnet " + req.SubnetID + "."}
		}
		p := r.Ports[k]
		if n, err = tx.Network(ctx, p.NetworkID); err != nil {
			return RouterPort{}, err
		}
		through, err := tx.FloatingIPsThrough(ctx, r.ID)
		if err != nil {
			return RouterPort{}, err
		}
		if n.Subnet != nil && slices.ContainsFunc(through, func(f FloatingIP) bool { return n.Subnet.Range.Contains(f.Fixed) }) {
			return RouterPort{}, &fault.Error{Kind: fault.Conflict, Resource: "router interface", Name: p.PortID, Msg: fmt.Sprintf(
				"Router interface for subnet %s on router %s cannot be deleted, as it is required by one or more floating IPs.", n.SubnetID(), r.ID)}
		}
		return p, s.unplugRouter(ctx, tx, r, p)
	})
}

// setGateway makes the router lead to the pool of the labels, or to none.
func (s *Service) setGateway(ctx context.Context, tx Tx, c identity.Caller, r *Router, l RouterLabels) error {
	if l.GatewayAddr.IsValid() && !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "router", Name: r.ID, Msg: "only administrators choose a gateway's address"}
	}
	old, has := r.Gateway()
	if has && old.NetworkID == l.PoolID && (!l.GatewayAddr.IsValid() || l.GatewayAddr == old.Addr) || !has && l.PoolID == "" {
		return nil
	}
	if has {
		if old.NetworkID != l.PoolID {
			through, err := tx.FloatingIPsThrough(ctx, r.ID)
			if err != nil {
				return err
			}
			if len(through) > 0 {
				return &fault.Error{Kind: fault.Conflict, Resource: "router gateway", Name: r.ID, Msg: fmt.Sprintf(
					"Gateway cannot be updated for router %s, since a gateway to external network %s is required by one or more floating IPs.", r.ID, old.NetworkID)}
			}
		}
		if err := s.unplugRouter(ctx, tx, r, old); err != nil {
			return err
		}
	}
	if l.PoolID == "" {
		return nil
	}
	n, err := visibleNetwork(ctx, tx, c, l.PoolID)
	if err != nil {
		return err
	}
	if !n.External {
		return badRouter("Network %s is not an external network", n.ID)
	}
	_, err = s.plugRouter(ctx, tx, r, n, l.GatewayAddr, true)
	return err
}

// wayTo finds the router through which an address of a pool leads to a port,
// one of the port's project first, and keeps it from going until the
// transaction ends. Faults: NotFound.
func wayTo(ctx context.Context, tx Tx, poolID string, p Port, subnetID string) (string, error) {
	id, err := tx.RouterBetween(ctx, poolID, p.NetworkID, p.ProjectID)
	if err == nil {
		err = tx.Lock(ctx, "router "+id)
	}
	if err == nil { // it may have gone before it was locked
		id, err = tx.RouterBetween(ctx, poolID, p.NetworkID, p.ProjectID)
	}
	if fault.Is(err, fault.NotFound) {
		err = &fault.Error{Kind: fault.NotFound, Resource: "way from the pool", Name: p.PortID, Msg: fmt.Sprintf(
			"External network %s is not reachable from subnet %s.  Therefore, cannot associate Port %s with a Floating IP.", poolID, subnetID, p.PortID)}
	}
	return id, err
}

// seedRouter makes the router between the deployment's own networks. Its ports
// have no addresses: nothing in a guest sends through them.
func (s *Service) seedRouter(ctx context.Context, tx Tx, networks ...Network) error {
	r := Router{ID: seedID("router", defaultNetwork), Name: defaultNetwork, Revision: 1, CreatedAt: s.now()}
	r.UpdatedAt = r.CreatedAt
	_, err := tx.Router(ctx, r.ID)
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	if err := tx.InsertRouter(ctx, r); err != nil {
		return err
	}
	for _, n := range networks {
		p := Port{DeviceID: r.ID, DeviceOwner: RouterInterface, CreatedAt: r.CreatedAt, UpdatedAt: r.CreatedAt, Revision: 1}
		if n.External {
			p.DeviceOwner = RouterGateway
		}
		p.PortID, p.NetworkID, p.Network, p.MAC, p.Kept = seedID("router port", n.Name), n.ID, n.Name, s.opt.NewMAC(), true
		if err := tx.InsertPort(ctx, p); err != nil {
			return err
		}
		if err := tx.InsertRouterPort(ctx, r.ID, RouterPort{PortID: p.PortID, NetworkID: n.ID, Gateway: n.External}); err != nil {
			return err
		}
	}
	return nil
}
