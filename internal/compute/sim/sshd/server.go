// Package sshd is the SSH server of simulated guests, made on
// golang.org/x/crypto/ssh. It follows OpenSSH's sshd where people meet it:
// authorized_keys and StrictModes, password login as a switch, MaxAuthTries,
// a login grace time, sessions, exit statuses, sftp. It forwards nothing.
package sshd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute/sim/authkeys"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
	"github.com/keyreeve/keyreeve/internal/compute/sim/shell"
)

// Limits bound what connections may take.
type Limits struct {
	// LoginGrace is how long a client may take to log in.
	LoginGrace time.Duration
	// AuthTries is how often it may fail on the way.
	AuthTries int
	// Unauthenticated is how many connections may be about to log in, at all
	// addresses together and at each: above that the oldest is closed.
	Unauthenticated, UnauthenticatedEach int
	// Sessions is how many sessions one connection has at one time.
	Sessions int64
	// KeepAlive is how often a silent client is asked whether it is there; one
	// that leaves three in a row unanswered is gone.
	KeepAlive time.Duration
	// SessionTime is how long a session lasts at most.
	SessionTime time.Duration
	Shell       shell.Limits
}

// DefaultLimits are those of a usual sshd.
var DefaultLimits = Limits{
	LoginGrace: time.Minute, AuthTries: 6, Unauthenticated: 200, UnauthenticatedEach: 50, Sessions: 10,
	KeepAlive: time.Minute, SessionTime: 24 * time.Hour, Shell: shell.DefaultLimits,
}

// Machine is a guest that accepts connections.
type Machine interface {
	// Enter registers a connection with the machine, which closes it when it
	// stops. It fails when the machine does not run or is full.
	Enter(conn net.Conn) (Stay, error)
	// CheckPassword tells whether the account may log in with the password.
	CheckPassword(account, password string) bool
}

// Stay is a connection's time at a machine.
type Stay struct {
	// Guest may be used until Leave is called.
	Guest *guest.Guest
	Leave func()
	// Down ends when the machine begins to shut down in order; why that is, its
	// cause, is shown on all terminals. A machine that is cut off closes the
	// connection and says nothing.
	Down context.Context
}

// Door is one address that clients come to.
type Door struct {
	// HostKeys are what the server proves to be.
	HostKeys []ssh.Signer
	// Route leads to the machine.
	Route Route
	// Passwords is whether passwords are asked for at all.
	Passwords bool
}

// Server serves connections to guests. Its fields may not change once it serves.
type Server struct {
	Limits Limits
	Now    func() time.Time
	Log    *slog.Logger

	waiting waiting
}

// Route tells which machine and which account there a user name means.
type Route func(user string) (m Machine, account string, err error)

// To is the [Route] of a machine's own address.
func To(m Machine) Route {
	return func(user string) (Machine, string, error) { return m, user, nil }
}

// publicKeyAlgorithms are those of OpenSSH 9: no DSA, no RSA with SHA-1.
var publicKeyAlgorithms = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoSKECDSA256,
	ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

// login is what authentication found out.
type login struct {
	guest   *guest.Guest
	down    context.Context
	account guest.Account
	machine Machine
	options authkeys.Options
}

type loginKey struct{}

// Serve serves one connection until it ends, and closes it.
func (s *Server) Serve(ctx context.Context, conn net.Conn, door Door) {
	defer func() { _ = conn.Close() }() // it may be closed already, by either end
	admitted := s.waiting.enter(conn, s.Limits.UnauthenticatedEach, s.Limits.Unauthenticated)
	a := &auth{s: s, conn: conn, route: door.Route}
	defer a.leaveAll()
	// A connection that takes no deadline has none to wait for: the handshake fails at once.
	_ = conn.SetDeadline(time.Now().Add(s.Limits.LoginGrace))
	sconn, channels, requests, err := ssh.NewServerConn(conn, a.config(door))
	admitted()
	if err != nil {
		return
	}
	_ = conn.SetDeadline(time.Time{})
	l, ok := sconn.Permissions.ExtraData[loginKey{}].(*login)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { _ = sconn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = sconn.Close() })
	defer stop()

	// Nothing global is granted: no forwarding of any kind.
	go ssh.DiscardRequests(requests)
	go s.keepAlive(ctx, sconn)
	c := &connection{s: s, login: l, conn: sconn}
	a.undo() // from now on it is told
	down := context.AfterFunc(l.down, func() { c.shutDown(conn) })
	defer down()
	for ch := range channels {
		c.accept(ctx, ch)
	}
	cancel()
	// The guest's disk is there until the last session is done with it.
	c.sessions.Wait()
}

// keepAlive closes the connection of a client that does not answer any more.
func (s *Server) keepAlive(ctx context.Context, conn *ssh.ServerConn) {
	tick := time.NewTicker(s.Limits.KeepAlive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		gone := time.AfterFunc(3*s.Limits.KeepAlive, func() { _ = conn.Close() })
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
		gone.Stop()
		if err != nil {
			return
		}
	}
}

var errDenied = errors.New("permission denied")
