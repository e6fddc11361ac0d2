package openstack

import (
	"net"
	"net/http"
	"strings"
)

// Base is where a service's links start: the host that the client used and the
// service's path prefix.
type Base struct {
	Fixed  string // scheme and host of every link, "https://cloud.example"; "" takes the request's
	Prefix string // "/compute"
}

// URL returns the base for links in the answer to r, without a slash at its
// end. The scheme follows X-Forwarded-Proto; X-Forwarded-Host is ignored, as
// the services do: a proxy keeps the Host header, or Fixed is set.
func (b Base) URL(r *http.Request) string {
	if b.Fixed != "" {
		return strings.TrimSuffix(b.Fixed, "/") + b.Prefix
	}
	return scheme(r) + "://" + host(r) + b.Prefix
}

func scheme(r *http.Request) string {
	switch proto := strings.ToLower(r.Header.Get("X-Forwarded-Proto")); {
	case proto == "http", proto == "https":
		return proto
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

// host returns what the client called this server, and the address that it
// reached when it did not say (HTTP/1.0).
func host(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return addr.String()
	}
	return "localhost"
}
