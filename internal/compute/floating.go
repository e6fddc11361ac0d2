package compute

import (
	"context"
	"net/netip"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// FloatingIP is an address of the pool that a project has, and that leads to
// one of its ports or to none.
type FloatingIP struct {
	ID          string // UUID
	ProjectID   string
	NetworkID   string // the pool
	Addr        netip.Addr
	Description string
	PortID      string // empty for none
	// Fixed is the port's address and InstanceID whose NIC the port is.
	Fixed      netip.Addr
	InstanceID string
	// RouterID is the router that it leads there through; empty for none, and for
	// what has led there since before there were routers.
	RouterID  string
	Tags      []string
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int
}

// FloatingRequest is a floating address to be allocated.
type FloatingRequest struct {
	NetworkID string     // the pool
	Addr      netip.Addr // not valid: any; administrators choose
	FloatingLabels
}

// FloatingLabels are what can be changed of a floating address.
type FloatingLabels struct {
	Description string
	PortID      string     // where it leads to, empty for nowhere
	Fixed       netip.Addr // the port's address, which need not be said
	Tags        []string
}

// FloatingIPs lists the caller's project's floating addresses, newest first,
// and everyone's for administrators.
func (s *Service) FloatingIPs(ctx context.Context, c identity.Caller) ([]FloatingIP, error) {
	project, some := listed(c)
	if !some {
		return nil, nil
	}
	return read(ctx, s.store, func(tx Tx) ([]FloatingIP, error) { return tx.FloatingIPs(ctx, project) })
}

// FloatingIP returns a floating address by its id. Faults: NotFound.
func (s *Service) FloatingIP(ctx context.Context, c identity.Caller, id string) (FloatingIP, error) {
	return read(ctx, s.store, func(tx Tx) (FloatingIP, error) { return visibleFloating(ctx, tx, c, id) })
}

func visibleFloating(ctx context.Context, tx Tx, c identity.Caller, id string) (FloatingIP, error) {
	f, err := tx.FloatingIP(ctx, id)
	return visible(f, err, owns(c, f.ProjectID), "floating IP", id)
}

// mayFloat lets members use floating addresses, where the driver has them.
func (s *Service) mayFloat(c identity.Caller) error {
	if err := member(c, "floating IP"); err != nil {
		return err
	}
	if _, ok := s.driver.(Forwarder); !ok {
		return &fault.Error{Kind: fault.Unsupported, Resource: "floating IP", Msg: "there are no floating addresses here: the driver has none"}
	}
	return nil
}

// AllocateFloatingIP takes an address of a pool, and lets it lead to a port
// where one is named. Faults: Forbidden, Unsupported, NotFound (network, port, a way between them),
// Invalid (the network is no pool; the port has no address), Conflict (the
// address is taken; the port has one), Quota with a [QuotaExceeded], NoCapacity.
func (s *Service) AllocateFloatingIP(ctx context.Context, c identity.Caller, req FloatingRequest) (FloatingIP, error) {
	if err := s.mayFloat(c); err != nil {
		return FloatingIP{}, err
	}
	if req.Addr.IsValid() && !c.Admin() {
		return FloatingIP{}, &fault.Error{Kind: fault.Forbidden, Resource: "floating IP", Name: req.Addr.String(), Msg: "only administrators choose floating addresses"}
	}
	now := s.now()
	f := FloatingIP{ID: s.opt.NewID(), ProjectID: c.ProjectID(), NetworkID: req.NetworkID, CreatedAt: now, UpdatedAt: now, Revision: 1}
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		n, err := visibleNetwork(ctx, tx, c, req.NetworkID)
		if err != nil {
			return err
		}
		if !n.External || n.Subnet == nil {
			return fault.Invalidf("floating_network_id", "Bad floatingip request: Network %s is not a valid external network.", n.ID)
		}
		if err := s.room(ctx, tx, f.ProjectID, QuotaFloatingIPs, 1); err != nil {
			return err
		}
		if f.Addr, err = s.floatingAddress(ctx, tx, n, req.Addr); err != nil {
			return err
		}
		if err := tx.InsertFloatingIP(ctx, f); err != nil {
			return err
		}
		if req.PortID != "" {
			if touched, err = s.lead(ctx, tx, c, &f, req.FloatingLabels); err != nil {
				return err
			}
		}
		if f.Description = req.Description; f.Description != "" || f.PortID != "" {
			if err := tx.UpdateFloatingIP(ctx, f); err != nil {
				return err
			}
		}
		if err := s.enqueueWiring(ctx, tx, touched); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Create, "floating IP", f.ID, f.ProjectID, f.Addr.String()))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return f, err
}

func (s *Service) floatingAddress(ctx context.Context, tx Tx, n Network, want netip.Addr) (netip.Addr, error) {
	if err := tx.Lock(ctx, "addresses of "+n.ID); err != nil {
		return want, err
	}
	if !want.IsValid() {
		return s.address(ctx, tx, n, nil)
	}
	if hosts := n.Subnet.Hosts(); !want.Is4() || !hosts.holds(want) {
		return want, fault.Invalidf("floating_ip_address", "IP address %s is not a valid IP for the specified subnet.", want)
	}
	_, err := tx.NextFloatingIP(ctx, n.ID, want, want)
	if fault.Is(err, fault.NoCapacity) || err == nil && !s.probe(want) {
		err = allocated(n, want)
	}
	return want, err
}

// lead lets a floating address lead to a port, or nowhere, and returns the
// instances that it leads to no more and then those that it does.
func (s *Service) lead(ctx context.Context, tx Tx, c identity.Caller, f *FloatingIP, l FloatingLabels) ([]Placed, error) {
	before := f.InstanceID
	f.PortID, f.Fixed, f.InstanceID, f.RouterID = "", netip.Addr{}, "", ""
	if l.PortID != "" {
		p, err := lockedPort(ctx, tx, c, l.PortID)
		if err != nil {
			return nil, err
		}
		if p.ProjectID != f.ProjectID {
			return nil, fault.Missing("port", l.PortID)
		}
		if !p.Addr.IsValid() {
			return nil, fault.Invalidf("port_id", "Bad floatingip request: Cannot add floating IP to port %s that has no fixed IPv4 addresses.", p.PortID)
		}
		if l.Fixed.IsValid() && l.Fixed != p.Addr {
			return nil, fault.Invalidf("fixed_ip_address", "Bad floatingip request: Port %s does not have fixed ip %s.", p.PortID, l.Fixed)
		}
		if p.Floating.IsValid() && p.Floating != f.Addr {
			return nil, &fault.Error{Kind: fault.Conflict, Resource: "floating IP", Name: f.ID,
				Msg: "Cannot associate floating IP " + f.Addr.String() + " (" + f.ID + ") with port " + p.PortID + " using fixed IP " + p.Addr.String() +
					", as that fixed IP already has a floating IP on external network " + f.NetworkID + "."}
		}
		n, err := tx.Network(ctx, p.NetworkID)
		if err != nil {
			return nil, err
		}
		if f.RouterID, err = wayTo(ctx, tx, f.NetworkID, p, n.SubnetID()); err != nil {
			return nil, err
		}
		f.PortID, f.Fixed, f.InstanceID = p.PortID, p.Addr, p.InstanceID
	}
	var out []Placed
	for _, id := range []string{before, f.InstanceID} {
		if id == "" || len(out) > 0 && out[0].ID == id {
			continue
		}
		i, err := tx.Instance(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, Placed{i.ID, i.Node})
	}
	return out, nil
}

// EditFloatingIP lets edit change a floating address in one transaction; edit
// sees it as it is. It leads to its new port when this returns, where both
// instances are this node's. Faults: NotFound (floating IP, port, a way to it), Forbidden,
// Unsupported, Invalid, Conflict (the port has one), and what edit says.
func (s *Service) EditFloatingIP(ctx context.Context, c identity.Caller, id string, edit func(FloatingIP, *FloatingLabels) error) (FloatingIP, error) {
	if err := s.mayFloat(c); err != nil {
		return FloatingIP{}, err
	}
	var f FloatingIP
	err := s.changeFloating(ctx, c, id, audit.Update, func(tx Tx, found *FloatingIP) (touched []Placed, err error) {
		l := FloatingLabels{Description: found.Description, PortID: found.PortID, Fixed: found.Fixed, Tags: found.Tags}
		was := l
		if err := edit(*found, &l); err != nil {
			return nil, err
		}
		if l.PortID != was.PortID {
			if l.Fixed == was.Fixed {
				l.Fixed = netip.Addr{} // it was the other port's
			}
			if touched, err = s.lead(ctx, tx, c, found, l); err != nil {
				return nil, err
			}
		}
		found.Description, found.Tags = l.Description, l.Tags
		found.UpdatedAt, found.Revision = s.now(), found.Revision+1
		f = *found
		return touched, tx.UpdateFloatingIP(ctx, *found)
	})
	return f, err
}

// ReleaseFloatingIP gives a floating address back to its pool, in use or not.
// Faults: NotFound, Forbidden.
func (s *Service) ReleaseFloatingIP(ctx context.Context, c identity.Caller, id string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	return s.changeFloating(ctx, c, id, audit.Delete, func(tx Tx, f *FloatingIP) ([]Placed, error) {
		touched, err := s.lead(ctx, tx, c, f, FloatingLabels{})
		if err != nil {
			return nil, err
		}
		return touched, tx.DeleteFloatingIP(ctx, id)
	})
}

func (s *Service) changeFloating(ctx context.Context, c identity.Caller, id string, a audit.Action, change func(Tx, *FloatingIP) ([]Placed, error)) error {
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "floating IP "+id); err != nil {
			return err
		}
		f, err := visibleFloating(ctx, tx, c, id)
		if err != nil {
			return err
		}
		addr := f.Addr.String()
		if touched, err = change(tx, &f); err != nil {
			return err
		}
		if err := s.enqueueWiring(ctx, tx, touched); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, a, "floating IP", id, f.ProjectID, addr))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return err
}
