package wire

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// FromClients makes requests that arrive through a proxy look as if they came
// from the client itself: where the connection's address is in one of the
// trusted networks, [http.Request.RemoteAddr] becomes the last address of
// X-Forwarded-For that is not trusted, with port 0. What stands before that one
// was written by the client and counts for nothing; so does the header as a
// whole when the connection is not a trusted proxy's.
//
// With no trusted networks next is returned as it is.
func FromClients(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if client, ok := forwardedFor(r, trusted); ok {
			r2 := *r
			r2.RemoteAddr = net.JoinHostPort(client.String(), "0")
			r = &r2
		}
		next.ServeHTTP(w, r)
	})
}

// forwardedFor follows the chain of proxies from the connection backwards for as
// long as it is trusted. A word in it that is no address ends it: the last
// proxy that could be read is then the client.
func forwardedFor(r *http.Request, trusted []netip.Prefix) (client netip.Addr, ok bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return client, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	client = at.Addr().Unmap()
	for ; len(hops) > 0 && within(trusted, client); hops = hops[:len(hops)-1] {
		hop, err := hopAddress(strings.TrimSpace(hops[len(hops)-1]))
		if err != nil {
			break
		}
		client, ok = hop, true
	}
	return client, ok
}

// hopAddress reads one element of X-Forwarded-For: an address, which some
// proxies write with a port.
func hopAddress(text string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// ClientAddress is where the request comes from, for counting what one client
// does: the address without its port, and of an IPv6 address the first 64 bits,
// because who has one address of such a network has all of them.
func ClientAddress(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}
