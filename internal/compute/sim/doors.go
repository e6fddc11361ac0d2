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
	conns  map[net.Conn]struct{}
	done   sync.WaitGroup
}

func newDoors(ctx context.Context, most int, admits func(net.Conn) bool, serve func(context.Context, net.Conn)) *doors {
	d := &doors{most: most, admits: admits, serve: serve}
	d.ctx, d.cancel = context.WithCancel(ctx)
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
		if !d.add(conn) {
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
func (d *doors) add(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.conns) >= d.most {
		return false
	}
	if d.conns == nil {
		d.conns = map[net.Conn]struct{}{}
	}
	d.conns[conn] = struct{}{}
	return true
}

// knows tells whether a connection is registered.
func (d *doors) knows(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.conns[conn]
	return ok
}

// enter is add for a connection that may be registered already.
func (d *doors) enter(conn net.Conn) bool { return d.knows(conn) || d.add(conn) }

func (d *doors) remove(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, conn)
}

// close closes everything, and waits for those who serve connections at most
// for grace. It returns how many addresses were listened on.
func (d *doors) close(grace time.Duration) int {
	d.mu.Lock()
	d.closed = true
	conns, opened := d.conns, d.opened
	d.conns, d.opened = nil, nil
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
