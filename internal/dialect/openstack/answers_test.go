package openstack

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// rawHeaders returns the header lines of an answer as they are sent.
func rawHeaders(t *testing.T, handle http.HandlerFunc) []string {
	t.Helper()
	server := httptest.NewServer(handle)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(conn); s.Scan() && s.Text() != ""; {
		if !strings.HasPrefix(s.Text(), "Date:") && !strings.HasPrefix(s.Text(), "Connection:") {
			lines = append(lines, s.Text())
		}
	}
	slices.Sort(lines)
	return lines
}

func TestHeaderLines(t *testing.T) {
	ids := []string{"x-compute-request-id: " + testID, "x-openstack-request-id: " + testID}
	versioned := append([]string{"OpenStack-API-Version: compute 2.10", "Vary: OpenStack-API-Version",
		"Vary: X-OpenStack-Nova-API-Version", "X-OpenStack-Nova-API-Version: 2.10"}, ids...)
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		want   []string
	}{
		{"nova 202", func(w http.ResponseWriter, r *http.Request) { nova.Empty(w, r, V(2, 10), 202) },
			append([]string{"HTTP/1.1 202 Accepted", "Content-Length: 0", "Content-Type: application/json"}, versioned...)},
		{"nova 204", func(w http.ResponseWriter, r *http.Request) { nova.Empty(w, r, V(2, 10), 204) },
			append([]string{"HTTP/1.1 204 No Content", "content-length: 0", "Content-Type: application/json"}, versioned...)},
		{"legacy 202", func(w http.ResponseWriter, r *http.Request) { nova.Empty(w, r, Microversion{}, 202) },
			append([]string{"HTTP/1.1 202 Accepted", "Content-Length: 0", "Content-Type: application/json"}, ids...)},
		{"nova 404", func(w http.ResponseWriter, r *http.Request) { nova.Error(w, r, V(2, 10), ErrMediaType) },
			append([]string{"HTTP/1.1 415 Unsupported Media Type", "Content-Length: 70", "Content-Type: application/json; charset=UTF-8"}, versioned...)},
		{"keystone 204", func(w http.ResponseWriter, r *http.Request) { keystone.Empty(w, r, 204) },
			[]string{"HTTP/1.1 204 No Content", "Vary: X-Auth-Token", "x-openstack-request-id: " + testID}},
		{"neutron 204", func(w http.ResponseWriter, r *http.Request) { neutron.Empty(w, r, 204) },
			[]string{"HTTP/1.1 204 No Content", "X-Openstack-Request-Id: " + testID, "content-length: 0"}},
		{"volume", func(w http.ResponseWriter, r *http.Request) {
			NovaStyle{Versions: Versions{Service: "volume", Min: V(3, 0), Max: V(3, 0)}, RequestID: id}.JSON(w, r, V(3, 0), 200, Fields{})
		}, append([]string{"HTTP/1.1 200 OK", "Content-Length: 2", "Content-Type: application/json", "OpenStack-API-Version: volume 3.0", "Vary: OpenStack-API-Version"}, ids...)},
	} {
		slices.Sort(c.want)
		if got := rawHeaders(t, c.handle); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestLayoutsOfSuccess(t *testing.T) {
	body := Fields{F("a", 1), F("b", []string{"x", "y"})}
	for want, handle := range map[string]http.HandlerFunc{
		`{"a": 1, "b": ["x", "y"]}` + "\n": func(w http.ResponseWriter, r *http.Request) { keystone.JSON(w, r, 200, body) },
		`{"a": 1, "b": ["x", "y"]}`:        func(w http.ResponseWriter, r *http.Request) { glance.JSON(w, r, 200, body) },
		`{"a":1,"b":["x","y"]}`:            func(w http.ResponseWriter, r *http.Request) { neutron.JSON(w, r, 200, body) },
	} {
		if _, got := answer(t, handle); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNegotiate(t *testing.T) {
	type header = map[string]string
	const std, old = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"
	for _, c := range []struct {
		h    header
		want string
	}{
		{header{}, "2.1"},
		{header{std: "compute 2.10"}, "2.10"},
		{header{std: "COMPUTE  2.10 "}, "2.10"},
		{header{std: "compute latest"}, "2.93"},
		{header{old: "latest"}, "2.93"},
		{header{old: "2.53"}, "2.53"},
		{header{std: "compute 2.10", old: "2.53"}, "2.10"},
		{header{std: "volume 3.0", old: "2.53"}, "2.53"},
		{header{std: "compute 2.2, volume 3.0, compute 2.3"}, "2.3"},
		{header{std: ""}, "2.1"},
		{header{std: "2.10"}, "2.1"},
		{header{std: "compute 2.94"}, "Version 2.94 is not supported by the API. Minimum is 2.1 and maximum is 2.93."},
		{header{std: "compute 3.0"}, "Version 3.0 is not supported by the API. Minimum is 2.1 and maximum is 2.93."},
		{header{std: "compute 2.99999999999999999999"}, "Version 2.99999999999999999999 is not supported by the API. Minimum is 2.1 and maximum is 2.93."},
		{header{std: "compute abc"}, "API Version String abc is of invalid format. Must be of format MajorNum.MinorNum."},
		{header{std: "compute -1"}, "API Version String -1 is of invalid format. Must be of format MajorNum.MinorNum."},
		{header{std: "compute 2.1 x"}, "API Version String 2.1 x is of invalid format. Must be of format MajorNum.MinorNum."},
		{header{std: "compute LATEST"}, "API Version String LATEST is of invalid format. Must be of format MajorNum.MinorNum."},
	} {
		h := http.Header{}
		for name, value := range c.h {
			h.Set(name, value)
		}
		v, err := ComputeVersions.Negotiate(h)
		got := v.String()
		if err != nil {
			got = err.Error()
		}
		var wrong *versionError
		if got != c.want || err != nil && !errors.As(err, &wrong) {
			t.Errorf("%v: got %s, want %s", c.h, got, c.want)
		}
	}
}

func TestMicroversionOrder(t *testing.T) {
	if !V(2, 10).AtLeast(V(2, 9)) || V(2, 9).AtLeast(V(2, 10)) || !V(3, 0).AtLeast(V(2, 93)) || (Microversion{}).AtLeast(V(2, 1)) {
		t.Error("versions are out of order")
	}
}

func TestCheckMediaType(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "application/json": true, "application/json; charset=utf-8": true, "APPLICATION/JSON": true, "text/plain": true,
		"application/vnd.openstack.compute+json": true, "application/x-www-form-urlencoded": false, "application/xml": false, "x;;": false,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", text)
		if err := checkMediaType(r); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	request := func(change func(*http.Request)) *http.Request {
		r := httptest.NewRequest("GET", "/compute/v2.1", nil)
		r.Host = "cloud.test:8080"
		change(r)
		return r
	}
	for _, c := range []struct {
		base   Base
		change func(*http.Request)
		want   string
	}{
		{Base{Prefix: "/compute"}, func(*http.Request) {}, "http://cloud.test:8080/compute"},
		{Base{Prefix: "/compute"}, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "HTTPS") }, "https://cloud.test:8080/compute"},
		{Base{Prefix: "/compute"}, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "javascript") }, "http://cloud.test:8080/compute"},
		{Base{Prefix: "/compute"}, func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "evil.test") }, "http://cloud.test:8080/compute"},
		{Base{Prefix: "/compute"}, func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, "https://cloud.test:8080/compute"},
		{Base{Fixed: "https://api.test/", Prefix: "/compute"}, func(r *http.Request) { r.Host = "other" }, "https://api.test/compute"},
		{Base{}, func(r *http.Request) {
			r.Host = ""
			*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 81}))
		}, "http://127.0.0.1:81"},
	} {
		if got := c.base.URL(request(c.change)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestNextPage(t *testing.T) {
	for raw, want := range map[string]string{
		"limit=2":                     "L?limit=2&marker=k1",
		"limit=1&limit=2":             "L?limit=2&marker=k1",
		"user_id=U&limit=2":           "L?limit=2&user_id=U&marker=k1",
		"limit=2&marker=k0":           "L?limit=2&marker=k1",
		"user_id=U&limit=2&marker=k0": "L?limit=2&marker=k1&user_id=U",
		"":                            "L?marker=k1",
	} {
		q, err := schema.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		got := NextPage("L", q, "k1")
		if len(got) != 1 || got[0].Rel != "next" || got[0].Href != want {
			t.Errorf("%s: %v, want %s", raw, got, want)
		}
	}
	q, _ := schema.ParseQuery("limit=1")
	if got := NextPage("L", q, "a b@é/&")[0].Href; got != "L?limit=1&marker=a+b%40%C3%A9%2F%26" {
		t.Errorf("the marker is written as %s", got)
	}
}

// The documents that no record shows.
func TestOtherDiscovery(t *testing.T) {
	legacy, ok := ComputeVersion("H", "v2")
	if _, other := ComputeVersion("H", "v3"); !ok || other {
		t.Error("the compute service has versions v2 and v2.1 and no others")
	}
	for want, doc := range map[string]Fields{
		`{"version": {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z", ` +
			`"links": [{"rel": "self", "href": "H/v2/"}, {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}], ` +
			`"media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2"}]}}`: legacy,
		`{"versions": [{"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": "H/v2.0/"}]}]}`: NetworkRoot("H"),
		`{"resources": [{"links": [{"rel": "self", "href": "H/v2.0/security-groups"}], "name": "security_group", "collection": "security_groups"}]}`: NetworkResources("H",
			NetworkResource{"security_group", "security_groups"}),
	} {
		got, err := Spaced.Append(nil, doc)
		if err != nil || string(got) != want {
			t.Errorf("\n got %s, %v\nwant %s", got, err, want)
		}
	}
}
