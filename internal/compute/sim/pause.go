package sim

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Pause implements [compute.Pauser]: a paused guest keeps its connections and
// takes new ones, but nothing comes or goes over them until it goes on.
func (d *Driver) Pause(_ context.Context, id string, on bool) error {
	m, err := d.machine(id)
	if err != nil {
		return err
	}
	m.op.Lock()
	defer m.op.Unlock()
	if !m.running() {
		return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: id, Msg: "it does not run"}
	}
	m.gate.set(on)
	return nil
}

// gate holds up those who pass it while it is shut.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // closed when the gate opens; nil while it is open
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case shut && g.shut == nil:
		g.shut = make(chan struct{})
	case !shut && g.shut != nil:
		close(g.shut)
		g.shut = nil
	}
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut != nil
}

// pass waits until the gate is open or quit is closed.
func (g *gate) pass(quit <-chan struct{}) {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut == nil {
		return
	}
	select {
	case <-shut:
	case <-quit:
	}
}

// pausable is a connection that stands still with the guest it leads to.
type pausable struct {
	net.Conn
	gate   atomic.Pointer[gate] // nil before it is known which guest that is
	once   sync.Once
	closed chan struct{}
}

func newPausable(conn net.Conn) *pausable {
	return &pausable{Conn: conn, closed: make(chan struct{})}
}

// under makes the connection stand still with the gate's guest.
func under(conn net.Conn, g *gate) {
	if p, ok := conn.(*pausable); ok {
		p.gate.Store(g)
	}
}

func (p *pausable) wait() {
	if g := p.gate.Load(); g != nil {
		g.pass(p.closed)
	}
}

// Read hands over nothing while the gate is shut, not even what has arrived.
func (p *pausable) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err == nil {
		p.wait()
	}
	return n, err
}

// Write sends nothing while the gate is shut.
func (p *pausable) Write(b []byte) (int, error) {
	p.wait()
	return p.Conn.Write(b)
}

// CloseWrite closes this side, as [net.TCPConn.CloseWrite] does.
func (p *pausable) CloseWrite() error {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return p.Close()
}

// reset closes the connection as if the machine behind it were gone.
func (p *pausable) reset() {
	p.once.Do(func() { close(p.closed) })
	reset(p.Conn)
}

// Close closes the connection, whatever the gate.
func (p *pausable) Close() error {
	p.once.Do(func() { close(p.closed) })
	return p.Conn.Close()
}
