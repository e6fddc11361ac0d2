package sshd

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// wallTime is how long a terminal may take to show the last message.
	wallTime = time.Second
	// farewell is how long a client may take to close its side.
	farewell = 2 * time.Second
)

// shells are a connection's shells that have not ended. The zero value has none.
type shells struct {
	mu      sync.Mutex
	closing bool
	running sync.WaitGroup
}

// enter counts one more, unless no more are to start.
func (s *shells) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.running.Add(1)
	return true
}

func (s *shells) leave() { s.running.Done() }

// last lets no more start and waits for those that run.
func (s *shells) last() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.running.Wait()
}

// shutDown ends the connection of a machine that shuts down: when all shells
// have, and what they wrote is on its way, it closes this side and waits for
// the client to close its own, so that nothing is lost.
func (c *connection) shutDown(conn net.Conn) {
	c.shells.last()
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = c.conn.Close() // it may be closed already
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(farewell)) // fails where it is closed already
}

// wall shows on the session's terminal what systemd shows on all of them.
func (s *session) wall() {
	g := s.c.login.guest
	text := fmt.Sprintf("\n\nBroadcast message from root@%s (%s):\n\n%s\n\n",
		g.Hostname, g.Now().UTC().Format("Mon 2006-01-02 15:04:05 MST"), context.Cause(s.c.login.down))
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = s.tty.Write([]byte(text)) // to whom it may concern
	}()
	select {
	case <-shown:
	case <-time.After(wallTime):
	}
}
