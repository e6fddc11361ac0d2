package compute

import (
	"context"
	"net/netip"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Router leads from a pool of floating addresses to the networks that it is on.
// A floating address leads only to ports that a router is between.
type Router struct {
	ID          string // UUID
	ProjectID   string // owner, empty for the deployment's own
	Name        string // up to 255 characters
	Description string
	Down        bool // nothing goes through it
	Tags        []string
	Ports       []RouterPort // one a network, oldest first
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Revision    int
}

// RouterPort is a port through which a router is on a network.
type RouterPort struct {
	PortID    string
	NetworkID string
	Addr      netip.Addr // not valid for the deployment's own router
	Gateway   bool       // the network is a pool; a router has one gateway at most
}

// What routers' ports are called as devices' (neutron_lib.constants).
const (
	RouterInterface = "network:router_interface"
	RouterGateway   = "network:router_gateway"
)

// Gateway is the router's port on a pool, false when it has none.
func (r Router) Gateway() (RouterPort, bool) {
	for _, p := range r.Ports {
		if p.Gateway {
			return p, true
		}
	}
	return RouterPort{}, false
}

// RouterLabels are what can be changed of a router.
type RouterLabels struct {
	Name        string
	Description string
	Down        bool
	Tags        []string
	// PoolID is the pool that it leads to, empty for none, and GatewayAddr its
	// address there, which administrators choose; not valid: any.
	PoolID      string
	GatewayAddr netip.Addr
}

// Routers lists the caller's project's routers, newest first, and everyone's
// for administrators.
func (s *Service) Routers(ctx context.Context, c identity.Caller) ([]Router, error) {
	project, some := listed(c)
	if !some {
		return nil, nil
	}
	return read(ctx, s.store, func(tx Tx) ([]Router, error) { return tx.Routers(ctx, project) })
}

// Router returns a router by its id. Faults: NotFound.
func (s *Service) Router(ctx context.Context, c identity.Caller, id string) (Router, error) {
	return read(ctx, s.store, func(tx Tx) (Router, error) { return visibleRouter(ctx, tx, c, id) })
}

func visibleRouter(ctx context.Context, tx Tx, c identity.Caller, id string) (Router, error) {
	r, err := tx.Router(ctx, id)
	return visible(r, err, owns(c, r.ProjectID), "router", id)
}

// lockedRouter returns a router of the caller's that nobody else changes until
// the transaction ends, nor lets an address lead through. Faults: NotFound.
func lockedRouter(ctx context.Context, tx Tx, c identity.Caller, id string) (Router, error) {
	if err := tx.Lock(ctx, "router "+id); err != nil {
		return Router{}, err
	}
	return visibleRouter(ctx, tx, c, id)
}

// mayRoute lets members use routers, where floating addresses need them.
func (s *Service) mayRoute(c identity.Caller) error {
	if err := member(c, "router"); err != nil {
		return err
	}
	if _, ok := s.driver.(Forwarder); !ok {
		return &fault.Error{Kind: fault.Unsupported, Resource: "router", Msg: "there are no routers here: the driver has no floating addresses that would need them"}
	}
	return nil
}

// CreateRouter makes a router of the caller's project. Faults: Forbidden,
// Unsupported, NotFound and Invalid (the pool), Conflict (its address), Quota
// with a [QuotaExceeded], NoCapacity.
func (s *Service) CreateRouter(ctx context.Context, c identity.Caller, l RouterLabels) (Router, error) {
	if err := s.mayRoute(c); err != nil {
		return Router{}, err
	}
	now := s.now()
	r := Router{
		ID: s.opt.NewID(), ProjectID: c.ProjectID(), Name: l.Name, Description: l.Description, Down: l.Down, Tags: l.Tags,
		CreatedAt: now, UpdatedAt: now, Revision: 1,
	}
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		r.Ports = nil
		if err := s.room(ctx, tx, r.ProjectID, QuotaRouters, 1); err != nil {
			return err
		}
		if err := tx.InsertRouter(ctx, r); err != nil {
			return err
		}
		if err := s.setGateway(ctx, tx, c, &r, l); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Create, "router", r.ID, r.ProjectID, r.Name))
	})
	return r, err
}

// EditRouter lets edit change a router in one transaction; edit sees the router
// as it is. Faults: NotFound (router, pool), Forbidden, Unsupported, Invalid,
// Conflict (floating addresses need the gateway; its address is taken),
// NoCapacity, and what edit says.
func (s *Service) EditRouter(ctx context.Context, c identity.Caller, id string, edit func(Router, *RouterLabels) error) (Router, error) {
	if err := s.mayRoute(c); err != nil {
		return Router{}, err
	}
	var r Router
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		touched = nil
		if r, err = lockedRouter(ctx, tx, c, id); err != nil {
			return err
		}
		l := RouterLabels{Name: r.Name, Description: r.Description, Down: r.Down, Tags: r.Tags}
		if g, ok := r.Gateway(); ok {
			l.PoolID = g.NetworkID
		}
		if err := edit(r, &l); err != nil {
			return err
		}
		turned := l.Down != r.Down
		r.Name, r.Description, r.Down, r.Tags = l.Name, l.Description, l.Down, l.Tags
		r.UpdatedAt, r.Revision = s.now(), r.Revision+1
		if err := tx.UpdateRouter(ctx, r); err != nil {
			return err
		}
		if err := s.setGateway(ctx, tx, c, &r, l); err != nil {
			return err
		}
		if turned {
			if touched, err = s.behind(ctx, tx, r); err != nil {
				return err
			}
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Update, "router", r.ID, r.ProjectID, r.Name))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return r, err
}

// behind puts the wiring of the instances on record that floating addresses
// reach through the router, and returns them.
func (s *Service) behind(ctx context.Context, tx Tx, r Router) ([]Placed, error) {
	all, err := tx.FloatingIPsThrough(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range all {
		ids = append(ids, f.InstanceID)
	}
	return s.wiringOf(ctx, tx, ids...)
}

// DeleteRouter removes a router that is on no network; its gateway goes with
// it. Faults: NotFound, Forbidden, Conflict.
func (s *Service) DeleteRouter(ctx context.Context, c identity.Caller, id string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		r, err := lockedRouter(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if r.ProjectID == "" {
			return &fault.Error{Kind: fault.Forbidden, Resource: "router", Name: id, Msg: "it is the deployment's own"}
		}
		for _, p := range r.Ports {
			if !p.Gateway {
				return &fault.Error{Kind: fault.Conflict, Resource: "router", Name: id, Msg: "Router " + id + " still has ports"}
			}
			if err := s.unplugRouter(ctx, tx, &r, p); err != nil {
				return err
			}
		}
		if err := tx.DeleteRouter(ctx, id); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Delete, "router", r.ID, r.ProjectID, r.Name))
	})
}
