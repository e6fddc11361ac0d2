package sim

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"reflect"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// sshPort is what rules know the guests' port as, whichever they really have:
// 22 cannot be bound everywhere.
const sshPort = 22

var loopback = netip.MustParsePrefix("127.0.0.0/8")

// FloatingRange is where floating addresses come from.
func (d *Driver) FloatingRange() netip.Prefix { return d.opt.Floating }

// CheckRange takes any range but loopback's, which this machine itself uses. A
// network of another range is closed: nothing reaches its guests but floating
// addresses and the gateway.
func (d *Driver) CheckRange(p netip.Prefix) error {
	if p.Overlaps(loopback) {
		return fault.Invalidf("cidr", "%s: loopback addresses are the cloud's own; choose a private range such as 10.0.0.0/24", p)
	}
	return nil
}

func (d *Driver) checkNICs(nics []compute.NIC) error {
	for _, n := range nics {
		a := n.Addr
		if d.opt.Network.Contains(a) {
			continue
		}
		if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || loopback.Contains(a) {
			return fault.Invalidf("nics", "%s is not in the network of simulated instances, %s", n.Addr, d.opt.Network)
		}
	}
	return nil
}

// SetNICs gives the instance other NICs. Programs in it see them at the next
// login when nobody is logged in.
func (d *Driver) SetNICs(_ context.Context, id string, nics []compute.NIC) error {
	m, err := d.machine(id)
	if err != nil {
		return err
	}
	if err := d.checkNICs(nics); err != nil {
		return err
	}
	next := nicStates(nics)
	if !reflect.DeepEqual(m.current().NICs, next) {
		if err := m.update(func(s *state) error { s.NICs = next; return nil }); err != nil {
			return err
		}
	}
	return m.rewire()
}

// SetRules says what the instance's filtered NICs let in. Where no rule lets
// anybody in, connections are refused; others than those let in are reset.
func (d *Driver) SetRules(_ context.Context, id string, rules []compute.NICRules) error {
	m, err := d.machine(id)
	if err != nil {
		return err
	}
	next := map[string][]compute.Rule{}
	for _, r := range rules {
		next[r.PortID] = slices.Clone(r.Rules)
	}
	m.mu.Lock()
	m.rules = next
	m.mu.Unlock()
	return m.rewire()
}

// SetForwards says which floating addresses lead to the instance.
func (d *Driver) SetForwards(_ context.Context, id string, forwards []compute.Forward) error {
	m, err := d.machine(id)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.forwards = slices.Clone(forwards)
	m.mu.Unlock()
	return m.rewire()
}

// door is an address of a machine and the NIC that it leads to.
type door struct {
	at  netip.Addr
	nic nicState
}

// ways returns the addresses that lead to the machine: of its NICs in the
// driver's network, and floating ones.
func (m *machine) ways() []door {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []door
	for _, n := range m.state.NICs {
		if m.d.opt.Network.Contains(n.Addr) && !n.Down {
			out = append(out, door{n.Addr, n})
		}
	}
	for _, f := range m.forwards {
		for _, n := range m.state.NICs {
			if n.Addr == f.Fixed && !n.Down && m.d.opt.Floating.Contains(f.Floating) {
				out = append(out, door{f.Floating, n})
			}
		}
	}
	return out
}

// has tells whether the address is one of the machine's.
func (m *machine) has(a netip.Addr) bool {
	return slices.ContainsFunc(m.ways(), func(w door) bool { return w.at == a })
}

// entrance is where the machine answers SSH; not valid for nowhere.
func (m *machine) entrance() netip.AddrPort {
	m.mu.Lock()
	in := m.doors
	m.mu.Unlock()
	if in == nil {
		return netip.AddrPort{}
	}
	for _, w := range m.ways() {
		if in.isOpen(w.at) {
			return netip.AddrPortFrom(w.at, uint16(m.d.port))
		}
	}
	return netip.AddrPort{}
}

// opens tells whether the rules of a NIC let anybody in.
func (m *machine) opens(n nicState) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !n.Filtered || slices.ContainsFunc(m.rules[n.PortID], func(r compute.Rule) bool { return r.OpensTCP(sshPort) })
}

// rewire opens and shuts doors until they are those that are wanted. Faults:
// NoCapacity, Unavailable; what could be opened is open then.
func (m *machine) rewire() error {
	m.wiring.Lock()
	defer m.wiring.Unlock()
	m.mu.Lock()
	in := m.doors
	m.mu.Unlock()
	if in == nil {
		return nil
	}
	ways := m.ways()
	for _, at := range in.addrs() {
		k := slices.IndexFunc(ways, func(w door) bool { return w.at == at })
		if k >= 0 && m.opens(ways[k].nic) {
			continue
		}
		in.shut(at, k < 0)
		m.d.give()
	}
	var errs []error
	for _, w := range ways {
		if !m.opens(w.nic) || in.isOpen(w.at) {
			continue
		}
		ln, err := m.listen(netip.AddrPortFrom(w.at, uint16(m.d.port)))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		in.open(ln)
	}
	return errors.Join(errs...)
}

// listen opens a listener. Faults: NoCapacity without file descriptors,
// Unavailable when somebody has the address.
func (m *machine) listen(at netip.AddrPort) (net.Listener, error) {
	if err := m.d.take(m.id); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", at.String())
	if err == nil {
		return ln, nil
	}
	m.d.give()
	if outOfFiles(err) {
		return nil, fullFault(m.id, err)
	}
	return nil, &fault.Error{Kind: fault.Unavailable, Resource: "instance", Name: m.id,
		Msg: "it cannot listen on " + at.String() + ": another program has that address", Err: err}
}

// admits tells whether the rules let a connection in at the door it came to.
func (m *machine) admits(conn net.Conn) bool {
	at, from := ends(conn)
	for _, w := range m.ways() {
		if w.at == at {
			return m.lets(w.nic, from)
		}
	}
	return false
}

// admitsAnywhere tells whether some NIC lets a connection in that came through
// the gateway.
func (m *machine) admitsAnywhere(conn net.Conn) bool {
	_, from := ends(conn)
	return slices.ContainsFunc(m.current().NICs, func(n nicState) bool { return !n.Down && m.lets(n, from) })
}

func (m *machine) lets(n nicState, from netip.Addr) bool {
	if !n.Filtered {
		return true
	}
	m.mu.Lock()
	rules := m.rules[n.PortID] // replaced, never changed
	m.mu.Unlock()
	return slices.ContainsFunc(rules, func(r compute.Rule) bool { return r.Admits(from, sshPort, m.d.inGroup) })
}

// inGroup tells whether an address is that of a NIC in a security group.
func (d *Driver) inGroup(group string, a netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.machines {
		for _, n := range m.current().NICs {
			if n.Addr == a && slices.Contains(n.Groups, group) {
				return true
			}
		}
	}
	return false
}

func ends(conn net.Conn) (at, from netip.Addr) {
	address := func(a net.Addr) netip.Addr {
		if tcp, ok := a.(*net.TCPAddr); ok {
			return tcp.AddrPort().Addr().Unmap()
		}
		return netip.Addr{}
	}
	return address(conn.LocalAddr()), address(conn.RemoteAddr())
}
