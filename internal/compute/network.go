package compute

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// The names of the networks that every deployment has: the one where instances
// get addresses, and the pool of floating addresses.
const (
	defaultNetwork = "private"
	PublicNetwork  = "public"
)

// Network is where instances get fixed addresses, or, when it is external, the
// pool that floating addresses come from.
type Network struct {
	ID          string // UUID
	Name        string // up to 255 characters
	Description string
	ProjectID   string // owner, empty for the deployment's own
	Shared      bool   // every project may use it
	External    bool   // no instance is on it; every project sees it
	// Unfiltered is whether security groups are left out on its new ports.
	Unfiltered bool
	Subnet     *Subnet // nil before it has one
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Revision   int
	Tags       []string
}

// Subnet is the range of a network's addresses.
type Subnet struct {
	ID          string // UUID
	ProjectID   string
	Name        string
	Description string
	Range       netip.Prefix // IPv4, at least four addresses
	Gateway     netip.Addr   // not valid for none
	// Pools are the addresses that are given out; none: all that [Subnet.Hosts]
	// tells but the gateway.
	Pools     []AddressPool
	DHCP      bool
	DNS       []string
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int
	Tags      []string
}

// AddressPool is a part of a range, both ends included.
type AddressPool struct{ From, To netip.Addr }

// Hosts is the range without its first and last address, which are the
// network's own and its broadcast address.
func (s Subnet) Hosts() AddressPool {
	first := s.Range.Masked().Addr()
	last := first.As4()
	for i := s.Range.Bits(); i < 32; i++ {
		last[i/8] |= 1 << (7 - i%8)
	}
	return AddressPool{first.Next(), netip.AddrFrom4(last).Prev()}
}

// GivenOut are the pools that addresses come from.
func (s Subnet) GivenOut() []AddressPool {
	if len(s.Pools) > 0 {
		return s.Pools
	}
	all := s.Hosts()
	if !s.Gateway.IsValid() || !all.holds(s.Gateway) {
		return []AddressPool{all}
	}
	var out []AddressPool
	for _, p := range []AddressPool{{all.From, s.Gateway.Prev()}, {s.Gateway.Next(), all.To}} {
		if p.From.Compare(p.To) <= 0 {
			out = append(out, p)
		}
	}
	return out
}

func (p AddressPool) holds(a netip.Addr) bool {
	return p.From.Compare(a) <= 0 && a.Compare(p.To) <= 0
}

func checkRange(p netip.Prefix) error {
	if !p.Addr().Is4() || p.Bits() > 30 {
		return fmt.Errorf("%s is not an IPv4 range of at least four addresses", p)
	}
	return nil
}

// SubnetID is the id of the network's subnet, empty for none.
func (n Network) SubnetID() string {
	if n.Subnet == nil {
		return ""
	}
	return n.Subnet.ID
}

// seedNetworks makes the networks of the driver's own ranges.
func (s *Service) seedNetworks(ctx context.Context, tx Tx) error {
	wanted := map[string]netip.Prefix{defaultNetwork: s.driver.Info().Network}
	if f, ok := s.driver.(Forwarder); ok {
		wanted[PublicNetwork] = f.FloatingRange()
	}
	var made []Network
	for _, name := range []string{defaultNetwork, PublicNetwork} {
		reach, ok := wanted[name]
		if !ok {
			continue
		}
		if err := checkRange(reach); err != nil {
			return fault.Wrap(err, "making the network "+name)
		}
		n := Network{ID: seedID("network", name), Name: name, Shared: name == defaultNetwork, External: name == PublicNetwork, Revision: 1}
		n.CreatedAt = s.now()
		n.UpdatedAt = n.CreatedAt
		n.Subnet = &Subnet{ID: seedID("subnet", name), Name: name, Range: reach.Masked(), DHCP: !n.External, CreatedAt: n.CreatedAt, UpdatedAt: n.CreatedAt}
		_, err := tx.Network(ctx, n.ID)
		if fault.Is(err, fault.NotFound) {
			err = tx.InsertNetwork(ctx, n)
		}
		if err != nil {
			return err
		}
		made = append(made, n)
	}
	if len(made) < 2 {
		return nil // there is nothing to route between
	}
	return s.seedRouter(ctx, tx, made...)
}

// Networks lists the networks that the caller may see, ordered by name.
func (s *Service) Networks(ctx context.Context, c identity.Caller) ([]Network, error) {
	var out []Network
	err := s.store.Read(ctx, func(tx Tx) error {
		all, err := tx.Networks(ctx)
		for _, n := range all {
			if n.visible(c) {
				out = append(out, n)
			}
		}
		return err
	})
	return out, err
}

// Network returns a network by its id. Faults: NotFound.
func (s *Service) Network(ctx context.Context, c identity.Caller, id string) (Network, error) {
	return read(ctx, s.store, func(tx Tx) (Network, error) { return visibleNetwork(ctx, tx, c, id) })
}

func visibleNetwork(ctx context.Context, tx Tx, c identity.Caller, id string) (Network, error) {
	n, err := tx.Network(ctx, id)
	return visible(n, err, n.visible(c), "network", id)
}

func (n Network) visible(c identity.Caller) bool {
	return n.Shared || n.External || owns(c, n.ProjectID)
}
