package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// check is a rule for texts: want follows the words "must be".
type check struct {
	want string
	ok   func(string) bool
}

var checks = map[string]check{
	"address":          {"host:port, such as 127.0.0.1:8080", isAddress},
	"address or empty": {"empty, or host:port, such as 127.0.0.1:2222", func(s string) bool { return s == "" || isAddress(s) }},
	"folder":           {"the full path of a folder (~ is not understood here)", isPath},
	"file":             {"the full path of a file (~ is not understood here)", isPath},
	"database":         {"empty for SQLite, or a URL like postgres://user:password@host:5432/keyreeve", isDatabase},
	"name":             {"1 to 64 letters, digits, dots, dashes or underscores", regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString},
	"base":             {"empty, or a URL like https://cloud.example.com with no query and no slash at its end", isBase},
	"network":          {"an IP address, or a network with its host bits zero, such as 10.0.0.0/8", func(s string) bool { _, err := ParseNetwork(s); return err == nil }},
	"loopback":         {"an IPv4 network inside of 127.0.0.0/8 with its host bits zero, from /8 to /28, such as 127.8.0.0/16", isLoopback},
}

// isAddress takes any host: whether the machine has it shows when listening.
func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, " /") {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == port
}

func isPath(s string) bool {
	return !strings.HasPrefix(s, "~") && !strings.ContainsRune(s, 0)
}

func isDatabase(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

func isBase(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		!strings.ContainsAny(s, "?#") && !strings.HasSuffix(s, "/")
}

func isLoopback(s string) bool {
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Addr().Is4() && p.Addr().IsLoopback() && p == p.Masked() && p.Bits() >= 8 && p.Bits() <= 28
}

// ParseNetwork reads a network, or an address as the network of it alone. Bits
// behind the network's own are an error: they are a slip of the pen.
func ParseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err == nil && p != p.Masked() {
		err = fmt.Errorf("%s has bits behind the network; it is %s", text, p.Masked())
	}
	return p, err
}
