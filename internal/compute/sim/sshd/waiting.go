package sshd

import (
	"net"
	"slices"
	"sync"
)

// waiting are the connections that are about to log in, the oldest first. When
// there are too many, the one that has waited longest is closed: a real client
// is through in a moment, while one that is silent on purpose keeps its place
// for as long as it may.
type waiting struct {
	mu    sync.Mutex
	conns []net.Conn
}

// enter adds a connection, which is one of at most each at its own address and
// of at most all, and returns what to call when it waits no more.
func (w *waiting) enter(conn net.Conn, each, all int) (leave func()) {
	here := conn.LocalAddr().String()
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest, same := -1, 0
	for i, c := range w.conns {
		if c.LocalAddr().String() != here {
			continue
		}
		if same++; same == 1 {
			oldest = i
		}
	}
	if same < each {
		oldest = -1
		if len(w.conns) >= all {
			oldest = 0
		}
	}
	if oldest >= 0 {
		_ = w.conns[oldest].Close() // it may be closed already, by its client
		w.conns = slices.Delete(w.conns, oldest, oldest+1)
	}
	w.conns = append(w.conns, conn)
	return func() { w.remove(conn) }
}

func (w *waiting) remove(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.conns, conn); i >= 0 {
		w.conns = slices.Delete(w.conns, i, i+1)
	}
}
