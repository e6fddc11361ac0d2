package sim

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// highPort is where guests listen when 22 cannot be had.
const highPort = 2200

// choosePort finds where guests of the network listen.
func choosePort(network netip.Prefix, want int) (int, error) {
	probe := lastHost(network)
	if want != 0 {
		if err := bindable(netip.AddrPortFrom(probe, uint16(want))); err != nil {
			return 0, portFault(probe, want, err)
		}
		return want, nil
	}
	if bindable(netip.AddrPortFrom(probe, 22)) == nil {
		return 22, nil
	}
	if err := bindable(netip.AddrPortFrom(probe, highPort)); err != nil {
		return 0, portFault(probe, highPort, err)
	}
	return highPort, nil
}

func portFault(probe netip.Addr, port int, err error) error {
	return &fault.Error{Kind: fault.Unavailable, Resource: "network", Name: probe.String(),
		Msg: fmt.Sprintf("simulated instances cannot listen on port %d there: choose another network or port", port), Err: err}
}

// lastHost is an address that an allocation from the front reaches last.
func lastHost(p netip.Prefix) netip.Addr {
	a := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(a)*8; bit++ {
		a[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(a)
	return last.Prev()
}

func bindable(at netip.AddrPort) error {
	ln, err := net.Listen("tcp", at.String())
	if err != nil {
		return err
	}
	return ln.Close()
}

// AddressFree tells whether an instance could have the address: it is in one of
// the driver's ranges, and nothing on this machine listens there on the guests'
// port.
func (d *Driver) AddressFree(addr netip.Addr) bool {
	if !d.opt.Network.Contains(addr) && !d.opt.Floating.Contains(addr) {
		return false
	}
	d.mu.Lock()
	for _, m := range d.machines {
		if m.has(addr) {
			d.mu.Unlock()
			return false
		}
	}
	d.mu.Unlock()
	return bindable(netip.AddrPortFrom(addr, uint16(d.port))) == nil
}
