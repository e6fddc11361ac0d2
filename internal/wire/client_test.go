package wire

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestFromClients(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"no header", "10.0.0.1:5", nil, "10.0.0.1:5"},
		{"a proxy", "10.0.0.1:5", []string{"192.0.2.7"}, "192.0.2.7:0"},
		{"not a proxy of ours", "192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1:5"},
		{"what the client claims", "10.0.0.1:5", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7:0"},
		{"a client that claims to be a proxy", "10.0.0.1:5", []string{"10.9.9.9, 192.0.2.7"}, "192.0.2.7:0"},
		{"two proxies", "10.0.0.1:5", []string{"198.51.100.1, 192.0.2.7, 10.0.0.2"}, "192.0.2.7:0"},
		{"two header lines", "10.0.0.1:5", []string{"198.51.100.1", "192.0.2.7,10.0.0.2"}, "192.0.2.7:0"},
		{"proxies only", "10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0"},
		{"rubbish last", "10.0.0.1:5", []string{"192.0.2.7, unknown"}, "10.0.0.1:5"},
		{"rubbish before a proxy", "10.0.0.1:5", []string{"192.0.2.7, unknown, 10.0.0.2"}, "10.0.0.2:0"},
		{"empty", "10.0.0.1:5", []string{""}, "10.0.0.1:5"},
		{"with a port", "10.0.0.1:5", []string{"192.0.2.7:4711"}, "192.0.2.7:0"},
		{"IPv6", "[fd00::1]:5", []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"IPv6 with a port", "[fd00::1]:5", []string{"[2001:db8::7]:4711"}, "[2001:db8::7]:0"},
		{"IPv6 in brackets", "[fd00::1]:5", []string{"[2001:db8::7]"}, "[2001:db8::7]:0"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:5", []string{"::ffff:192.0.2.7"}, "192.0.2.7:0"},
		{"no address", "@", []string{"192.0.2.7"}, "@"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = c.remote, c.forwarded
			var got string
			FromClients(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).
				ServeHTTP(httptest.NewRecorder(), r)
			if got != c.want {
				t.Errorf("the client is %s, want %s", got, c.want)
			}
			if r.RemoteAddr != c.remote {
				t.Errorf("the server's own request changed to %s", r.RemoteAddr)
			}
		})
	}
}

func TestClientAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:4711":                 "192.0.2.7",
		"[::ffff:192.0.2.7]:4711":        "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:4711":    "2001:db8:1:2::/64",
		"[2001:db8:1:2:9::]:1":           "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":               "fe80::/64",
		"@":                              "@",
		"a name that is not an address:": "a name that is not an address:",
	} {
		if got := ClientAddress(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s counts as %s, want %s", remote, got, want)
		}
	}
}
