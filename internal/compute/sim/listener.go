package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

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

// AddressFree tells whether an instance could have the address: it is in the
// network, and nothing on this machine listens there on the guests' port.
func (d *Driver) AddressFree(addr netip.Addr) bool {
	if !d.opt.Network.Contains(addr) {
		return false
	}
	d.mu.Lock()
	for _, m := range d.machines {
		if m.addr() == addr {
			d.mu.Unlock()
			return false
		}
	}
	d.mu.Unlock()
	return bindable(netip.AddrPortFrom(addr, uint16(d.port))) == nil
}

// listener accepts connections and knows which are open.
type listener struct {
	ln     net.Listener
	most   int // connections at one time
	ctx    context.Context
	cancel context.CancelFunc
	serve  func(context.Context, net.Conn)

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
	done   sync.WaitGroup
}

func listen(ctx context.Context, ln net.Listener, most int, serve func(context.Context, net.Conn)) *listener {
	l := &listener{ln: ln, most: most, serve: serve}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.done.Go(l.accept)
	return l
}

func (l *listener) addr() netip.AddrPort {
	return l.ln.Addr().(*net.TCPAddr).AddrPort()
}

func (l *listener) accept() {
	for {
		tcp, err := l.ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || l.ctx.Err() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) // out of file descriptors, most likely
			continue
		}
		conn := newPausable(tcp)
		if !l.add(conn) {
			_ = conn.Close()
			continue
		}
		l.done.Go(func() {
			defer l.remove(conn)
			l.serve(l.ctx, conn)
		})
	}
}

// add registers a connection, unless there are too many or it is over.
func (l *listener) add(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.conns) >= l.most {
		return false
	}
	if l.conns == nil {
		l.conns = map[net.Conn]struct{}{}
	}
	l.conns[conn] = struct{}{}
	return true
}

// enter is add for a connection that may be registered already.
func (l *listener) enter(conn net.Conn) bool {
	l.mu.Lock()
	_, known := l.conns[conn]
	l.mu.Unlock()
	return known || l.add(conn)
}

func (l *listener) remove(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

// close closes the listener and all its connections, and waits for those who
// serve them at most for grace.
func (l *listener) close(grace time.Duration) {
	l.mu.Lock()
	l.closed = true
	conns := l.conns
	l.conns = nil
	l.mu.Unlock()
	// They may be closed already, by the other end or by who serves them.
	_ = l.ln.Close()
	l.cancel()
	for conn := range conns {
		_ = conn.Close()
	}
	done := make(chan struct{})
	go func() { l.done.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(max(grace, time.Second)):
	}
}
