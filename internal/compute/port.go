package compute

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Port is an address on a network, with an instance or waiting for one.
type Port struct {
	NIC
	ProjectID   string
	Name        string
	Description string
	Pairs       []AddressPair
	// InstanceID is whose NIC it is, empty for none; Zone is that instance's, and
	// Up is whether it runs.
	InstanceID string
	Zone       string
	Up         bool
	// DeviceID and DeviceOwner are what others say that has the port, where no
	// instance does.
	DeviceID, DeviceOwner string
	// RouterID is the router whose it is, empty for none.
	RouterID  string
	Tags      []string
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int
}

// AddressPair is another address that the guest may use. Guests that can send
// nothing do not need one.
type AddressPair struct {
	Address string // an address or a range
	MAC     string
}

// PortRequest is a port to be made.
type PortRequest struct {
	NetworkID string
	Addr      netip.Addr // not valid: any of the subnet's
	Bare      bool       // it has no address
	PortLabels
}

// PortLabels are what can be changed of a port.
type PortLabels struct {
	Name        string
	Description string
	MAC         string // empty at creation: one of ours
	Down        bool
	// Groups are ids or names of security groups; nil at creation: the default
	// one. An open port has none.
	Groups                []string
	Filtered              bool
	Pairs                 []AddressPair
	DeviceID, DeviceOwner string
	Tags                  []string
}

// Ports lists the ports of the caller's project, newest first, and everyone's
// for administrators. A query for another project finds nothing.
func (s *Service) Ports(ctx context.Context, c identity.Caller, q PortQuery) ([]Port, error) {
	if !c.Admin() {
		if q.ProjectID != "" && q.ProjectID != c.ProjectID() || c.ProjectID() == "" {
			return nil, nil
		}
		q.ProjectID = c.ProjectID()
	}
	return read(ctx, s.store, func(tx Tx) ([]Port, error) { return tx.Ports(ctx, q) })
}

// Port returns a port by its id. Faults: NotFound.
func (s *Service) Port(ctx context.Context, c identity.Caller, id string) (Port, error) {
	return read(ctx, s.store, func(tx Tx) (Port, error) { return visiblePort(ctx, tx, c, id) })
}

func visiblePort(ctx context.Context, tx Tx, c identity.Caller, id string) (Port, error) {
	p, err := tx.Port(ctx, id)
	return visible(p, err, owns(c, p.ProjectID), "port", id)
}

// lockedPort returns a port of the caller's that nobody else changes until the
// transaction ends, nor the instance that has it. Faults: NotFound.
func lockedPort(ctx context.Context, tx Tx, c identity.Caller, id string) (Port, error) {
	p, err := visiblePort(ctx, tx, c, id)
	if err != nil {
		return p, err
	}
	if p.InstanceID != "" {
		if err := tx.Lock(ctx, "instance "+p.InstanceID); err != nil {
			return p, err
		}
	}
	if err := tx.Lock(ctx, "port "+id); err != nil {
		return p, err
	}
	return visiblePort(ctx, tx, c, id)
}

// CreatePort makes a port of the caller's project that lives on its own.
// Faults: Forbidden (a reader; another project's network), NotFound (network,
// security group), Invalid (an address outside of the subnet), Conflict (an
// address that is taken), Quota with a [QuotaExceeded], NoCapacity.
func (s *Service) CreatePort(ctx context.Context, c identity.Caller, req PortRequest) (Port, error) {
	if err := member(c, "port"); err != nil {
		return Port{}, err
	}
	now := s.now()
	p := Port{ProjectID: c.ProjectID(), CreatedAt: now, UpdatedAt: now, Revision: 1}
	p.PortID, p.Kept, p.MAC = s.opt.NewID(), true, s.opt.NewMAC()
	err := s.store.Write(ctx, func(tx Tx) error {
		n, err := visibleNetwork(ctx, tx, c, req.NetworkID)
		if err != nil {
			return err
		}
		if n.External && !c.Admin() {
			return &fault.Error{Kind: fault.Forbidden, Resource: "network", Name: n.ID, Msg: "it is external: it has floating addresses only"}
		}
		if err := s.room(ctx, tx, p.ProjectID, QuotaPorts, 1); err != nil {
			return err
		}
		if err := s.lockGroups(ctx, tx, p.ProjectID); err != nil {
			return err
		}
		p.NetworkID, p.Network = n.ID, n.Name
		if err := labelPort(ctx, tx, &p, req.PortLabels); err != nil {
			return err
		}
		if !req.Bare {
			if p.Addr, p.Prefix, err = s.give(ctx, tx, n, req.Addr, nil); err != nil {
				return err
			}
		}
		if err := tx.InsertPort(ctx, p); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Create, "port", p.PortID, p.ProjectID, p.Addr.String()))
	})
	return p, err
}

// labelPort takes the labels over. The project's groups are locked.
func labelPort(ctx context.Context, tx Tx, p *Port, l PortLabels) (err error) {
	if !l.Filtered && len(l.Groups) > 0 {
		return &fault.Error{Kind: fault.Conflict, Resource: "port security", Name: p.PortID,
			Msg: "Port security must be enabled and port must have an IP address in order to use security groups."}
	}
	if !l.Filtered && len(l.Pairs) > 0 {
		return &fault.Error{Kind: fault.Conflict, Resource: "port security", Name: p.PortID,
			Msg: "Port Security must be enabled in order to have allowed address pairs on a port."}
	}
	p.Groups = nil
	if l.Filtered {
		if p.Groups, err = findGroups(ctx, tx, p.ProjectID, l.Groups); err != nil {
			return err
		}
	}
	p.Name, p.Description, p.Down, p.Filtered, p.Pairs = l.Name, l.Description, l.Down, l.Filtered, l.Pairs
	p.DeviceID, p.DeviceOwner, p.Tags = l.DeviceID, l.DeviceOwner, l.Tags
	if l.MAC != "" {
		p.MAC = l.MAC
	}
	return nil
}

// give takes an address of the network: the one that is wanted, or any. A
// network without a subnet has none. Faults: Invalid, Conflict, NoCapacity.
func (s *Service) give(ctx context.Context, tx Tx, n Network, want netip.Addr, taken map[netip.Addr]bool) (netip.Addr, netip.Prefix, error) {
	if err := tx.Lock(ctx, "addresses of "+n.ID); err != nil {
		return netip.Addr{}, netip.Prefix{}, err
	}
	if n.Subnet == nil {
		if want.IsValid() {
			return want, netip.Prefix{}, fault.Invalidf("fixed_ips", "IP address %s is not a valid IP for any of the subnets on the specified network.", want)
		}
		return netip.Addr{}, netip.Prefix{}, nil
	}
	if !want.IsValid() {
		a, err := s.address(ctx, tx, n, taken)
		return a, n.Subnet.Range, err
	}
	if hosts := n.Subnet.Hosts(); !want.Is4() || !hosts.holds(want) {
		return want, netip.Prefix{}, fault.Invalidf("fixed_ips", "IP address %s is not a valid IP for the specified subnet.", want)
	}
	next := tx.NextAddress
	if n.External {
		next = tx.NextFloatingIP
	}
	_, err := next(ctx, n.ID, want, want)
	if taken[want] || want == n.Subnet.Gateway || fault.Is(err, fault.NoCapacity) {
		return want, netip.Prefix{}, allocated(n, want)
	}
	if err == nil && !s.probe(want) {
		err = &fault.Error{Kind: fault.Conflict, Resource: "address", Name: want.String(), Msg: "Another program on this machine uses the IP address " + want.String() + "."}
	}
	return want, n.Subnet.Range, err
}

func allocated(n Network, a netip.Addr) error {
	return &fault.Error{Kind: fault.Conflict, Resource: "address", Name: a.String(),
		Msg: "IP address " + a.String() + " already allocated in subnet " + n.SubnetID()}
}

// probe tells whether nothing else on this machine has an address of the
// driver's own ranges.
func (s *Service) probe(a netip.Addr) bool {
	prober, ok := s.driver.(AddressProber)
	if !ok {
		return true
	}
	own := s.driver.Info().Network.Contains(a)
	if f, ok := s.driver.(Forwarder); ok && f.FloatingRange().Contains(a) {
		own = true
	}
	return !own || prober.AddressFree(a)
}

// EditPort lets edit change a port in one transaction; edit sees the port as it
// is. What it changes counts for new connections when it returns, on instances
// of this node. Faults: NotFound (port, security group), Forbidden, Conflict,
// Invalid, and what edit says.
//
// Its address may be given anew, and stays where it is not valid.
func (s *Service) EditPort(ctx context.Context, c identity.Caller, id string, edit func(Port, *PortLabels) (netip.Addr, error)) (Port, error) {
	if err := mayChange(c); err != nil {
		return Port{}, err
	}
	var p Port
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		touched = nil
		if p, err = lockedPort(ctx, tx, c, id); err != nil {
			return err
		}
		if err := s.lockGroups(ctx, tx, p.ProjectID); err != nil {
			return err
		}
		l := PortLabels{
			Name: p.Name, Description: p.Description, MAC: p.MAC, Down: p.Down, Groups: groupIDs(p.Groups), Filtered: p.Filtered,
			Pairs: p.Pairs, DeviceID: p.DeviceID, DeviceOwner: p.DeviceOwner, Tags: p.Tags,
		}
		addr, err := edit(p, &l)
		if err != nil {
			return err
		}
		if p.RouterID != "" && (addr.IsValid() && addr != p.Addr || l.DeviceID != p.DeviceID || l.DeviceOwner != p.DeviceOwner || l.Filtered) {
			return &fault.Error{Kind: fault.Conflict, Resource: "router's port", Name: id,
				Msg: "Port " + id + " is on router " + p.RouterID + ": its address, its device and its security stay while it is."}
		}
		if addr.IsValid() && addr != p.Addr {
			n, err := visibleNetwork(ctx, tx, c, p.NetworkID)
			if err != nil {
				return err
			}
			if p.Addr, p.Prefix, err = s.give(ctx, tx, n, addr, nil); err != nil {
				return err
			}
		}
		if p.InstanceID != "" && l.MAC != p.MAC {
			return &fault.Error{Kind: fault.Conflict, Resource: "port", Name: id, Msg: "Unable to complete operation on port " + id + ", port is bound: its MAC address stays while a server has it."}
		}
		if err := labelPort(ctx, tx, &p, l); err != nil {
			return err
		}
		if touched, err = s.savePort(ctx, tx, &p); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Update, "port", id, p.ProjectID, ""))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return p, err
}

func groupIDs(refs []GroupRef) []string {
	ids := make([]string, len(refs))
	for k, r := range refs {
		ids[k] = r.ID
	}
	return ids
}

// savePort writes a changed port and puts the wiring of its instance on record.
func (s *Service) savePort(ctx context.Context, tx Tx, p *Port) ([]Placed, error) {
	p.UpdatedAt, p.Revision = s.now(), p.Revision+1
	if err := tx.UpdatePort(ctx, *p); err != nil {
		return nil, err
	}
	return s.wiringOf(ctx, tx, p.InstanceID)
}

// wiringOf puts the wiring of instances on record, and returns those that are
// there; "" is none.
func (s *Service) wiringOf(ctx context.Context, tx Tx, ids ...string) ([]Placed, error) {
	var out []Placed
	for _, id := range ids {
		if id == "" || slices.ContainsFunc(out, func(p Placed) bool { return p.ID == id }) {
			continue
		}
		i, err := tx.Instance(ctx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Placed{i.ID, i.Node})
	}
	return out, s.enqueueWiring(ctx, tx, out)
}

// DeletePort removes a port, from its instance too. Faults: NotFound, Forbidden,
// Conflict (it is a router's).
func (s *Service) DeletePort(ctx context.Context, c identity.Caller, id string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		p, err := lockedPort(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if p.RouterID != "" {
			return &fault.Error{Kind: fault.Conflict, Resource: "router's port", Name: id,
				Msg: "Port " + id + " cannot be deleted directly via the port API: has device owner " + p.DeviceOwner + "."}
		}
		instance := p.InstanceID
		if err := tx.DeletePort(ctx, id); err != nil {
			return err
		}
		if touched, err = s.wiringOf(ctx, tx, instance); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Delete, "port", id, p.ProjectID, p.Addr.String()))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return err
}
