package sim

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// doors are the addresses where connections come in, and the connections that
// have.
type doors struct {
	most   int // connections at one time
	ctx    context.Context
	cancel context.CancelFunc
	admits func(net.Conn) bool
	serve  func(context.Context, net.Conn)

	mu     sync.Mutex
	closed bool
	opened map[netip.Addr]net.Listener
	conns  map[net.Conn]bool // whether it has come in
	gone   chan struct{}     // closed when all have left, once nobody comes in any more
	done   sync.WaitGroup

	down     context.Context // see [sshd.Stay]
	announce context.CancelCauseFunc
}

func newDoors(ctx context.Context, most int, admits func(net.Conn) bool, serve func(context.Context, net.Conn)) *doors {
	d := &doors{most: most, admits: admits, serve: serve}
	d.ctx, d.cancel = context.WithCancel(ctx)
	d.down, d.announce = context.WithCancelCause(context.Background())
	return d
}

func addrOf(ln net.Listener) netip.AddrPort { return ln.Addr().(*net.TCPAddr).AddrPort() }

// open accepts connections that come to a listener, until it is shut.
func (d *doors) open(ln net.Listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened == nil {
		d.opened = map[netip.Addr]net.Listener{}
	}
	d.opened[addrOf(ln).Addr()] = ln
	d.done.Go(func() { d.accept(ln) })
}

func (d *doors) accept(ln net.Listener) {
	for {
		tcp, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || d.ctx.Err() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) // out of file descriptors, most likely
			continue
		}
		if !d.admits(tcp) {
			reset(tcp)
			continue
		}
		conn := newPausable(tcp)
		if !d.add(conn, false) {
			_ = conn.Close()
			continue
		}
		d.done.Go(func() {
			defer d.remove(conn)
			d.serve(d.ctx, conn)
		})
	}
}

// reset ends a connection as if nobody had listened.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the client sees an end in place of a reset
	}
	_ = conn.Close()
}

// isOpen tells whether connections are accepted at an address.
func (d *doors) isOpen(at netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened[at] != nil
}

// addrs returns where connections are accepted.
func (d *doors) addrs() []netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []netip.Addr
	for a := range d.opened {
		out = append(out, a)
	}
	return out
}

// shut accepts no more connections at an address. With drop, those that came in
// there end.
func (d *doors) shut(at netip.Addr, drop bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ln := d.opened[at]; ln != nil {
		_ = ln.Close() // it may be closed already
		delete(d.opened, at)
	}
	if !drop {
		return
	}
	for conn := range d.conns {
		if local, ok := conn.LocalAddr().(*net.TCPAddr); ok && local.AddrPort().Addr().Unmap() == at {
			_ = conn.Close()
		}
	}
}

// add registers a connection, unless there are too many or it is over.
func (d *doors) add(conn net.Conn, in bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, known := d.conns[conn]
	if d.closed || !known && len(d.conns) >= d.most {
		return false
	}
	if d.conns == nil {
		d.conns = map[net.Conn]bool{}
	}
	d.conns[conn] = in
	return true
}

// knows tells whether a connection is registered.
func (d *doors) knows(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.conns[conn]
	return ok
}

// enter is add for a connection that may be registered already: it comes in.
func (d *doors) enter(conn net.Conn) bool { return d.add(conn, true) }

func (d *doors) remove(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.conns[conn]; !known {
		return
	}
	if delete(d.conns, conn); len(d.conns) == 0 && d.gone != nil {
		close(d.gone)
	}
}

// shutDown lets nobody in any more and tells those who are to leave. It waits
// for them at most for grace, and returns whether all left.
func (d *doors) shutDown(why error, grace time.Duration) bool {
	d.mu.Lock()
	d.closed = true
	for _, ln := range d.opened {
		_ = ln.Close() // it may be closed already
	}
	for conn, in := range d.conns {
		if !in {
			_ = conn.Close() // nobody is there to be told
		}
	}
	gone := make(chan struct{})
	if len(d.conns) == 0 {
		close(gone)
	} else {
		d.gone = gone
	}
	d.mu.Unlock()
	d.announce(why)
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-gone:
		return true
	case <-patience.C:
		return false
	}
}

// cut ends all connections as if the machine were gone from one moment to the
// next.
func (d *doors) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for conn := range d.conns {
		if p, ok := conn.(*pausable); ok {
			p.reset()
			continue
		}
		reset(conn)
	}
}

// close closes everything, and waits for those who serve connections at most
// for grace. It returns how many addresses were listened on.
func (d *doors) close(grace time.Duration) int {
	d.mu.Lock()
	d.closed = true
	conns, opened := d.conns, d.opened
	d.conns, d.opened, d.gone = nil, nil, nil
	d.mu.Unlock()
	// They may be closed already, by the other end or by who serves them.
	for _, ln := range opened {
		_ = ln.Close()
	}
	d.cancel()
	for conn := range conns {
		_ = conn.Close()
	}
	done := make(chan struct{})
	go func() { d.done.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(max(grace, time.Second)):
	}
	return len(opened)
}
