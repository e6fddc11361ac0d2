package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Address is where one named listener shall listen.
type Address struct {
	Name string // the setting's name in [listen]: "main", "admin"
	Addr string // host:port; an empty host is every address, port 0 picks a free one
}

// Listener is an open TCP listener with its name.
type Listener struct {
	net.Listener
	Name string
}

// URL returns the address that clients on this machine reach the listener at,
// such as "http://127.0.0.1:8080". A listener on every address is given as
// the loopback one.
func (l Listener) URL() string {
	at, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	host := at.Addr().Unmap()
	if host.IsUnspecified() {
		// Go's wildcard sockets take IPv4 and IPv6 alike.
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return "http://" + netip.AddrPortFrom(host, at.Port()).String()
}

// listenError says which listener could not be opened, why, and which setting
// to change.
type listenError struct {
	Address
	why string // "the port is taken"
	err error
}

// Error returns the one sentence for the person who starts the server.
func (e *listenError) Error() string {
	return fmt.Sprintf("cannot listen on %s (%s): %s; set [listen] %s or KEYREEVE_LISTEN_%s to another address, port 0 picks a free one",
		e.Addr, e.Name, e.why, e.Name, strings.ToUpper(e.Name))
}

// Unwrap returns the system's error.
func (e *listenError) Unwrap() error { return e.err }

// Listen opens every address, or none: when one fails, those already open are
// closed. The error says why, and which setting to change; it wraps the system's.
func Listen(ctx context.Context, addrs ...Address) ([]Listener, error) {
	open := make([]Listener, 0, len(addrs))
	for _, a := range addrs {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", a.Addr)
		if err != nil {
			for _, o := range open {
				_ = o.Close()
			}
			return nil, &listenError{Address: a, why: whyNot(err), err: err}
		}
		open = append(open, Listener{Listener: l, Name: a.Name})
	}
	return open, nil
}

// whyNot puts the system's refusal to listen into words.
func whyNot(err error) string {
	var dns *net.DNSError
	var bad *net.AddrError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "the port is taken"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "this machine has no such address"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not listen there (ports below 1024 need root or CAP_NET_BIND_SERVICE)"
	case errors.As(err, &bad):
		return "this is not an address of the form host:port (" + bad.Err + ")"
	case errors.As(err, &dns):
		return "there is no such host or port (" + dns.Err + ")"
	default:
		return err.Error()
	}
}
