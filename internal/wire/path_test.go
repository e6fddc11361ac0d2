package wire

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// showPath answers with what arrives after a middleware.
var showPath = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s|%s|%s|%s", mountedAt(r.Context()), r.URL.EscapedPath(), r.URL.Path, r.URL.RawQuery)
})

func TestCollapseSlashes(t *testing.T) {
	for _, tc := range []struct{ target, want string }{
		{"/v2.1/servers", "|/v2.1/servers|/v2.1/servers|"},
		{"//v2.1/servers?x=a//b", "|/v2.1/servers|/v2.1/servers|x=a//b"},
		{"/v2.1///servers//", "|/v2.1/servers/|/v2.1/servers/|"},
		{"//", "|/|/|"},
		{"/k/a%2F%2Fb", "|/k/a%2F%2Fb|/k/a//b|"},
		{"//k//a%2F%2fb%20c", "|/k/a%2F%2fb%20c|/k/a//b c|"},
		{"//k/%2F/x", "|/k/%2F/x|/k///x|"},
		{"//k/%ff", "|/k/%ff|/k/\xff|"},
	} {
		r := httptest.NewRequest("GET", "http://h"+tc.target, nil)
		before := *r.URL
		w := httptest.NewRecorder()
		CollapseSlashes(showPath).ServeHTTP(w, r)
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.target, got, tc.want)
		}
		if *r.URL != before {
			t.Errorf("%s: the caller's request was changed to %v", tc.target, r.URL)
		}
	}
}

func TestMounts(t *testing.T) {
	tag := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, name+" ")
			showPath(w, r)
		})
	}
	h := Mounts(tag("console"),
		Mount{"/compute", tag("nova")},
		Mount{"/compute/v1.0", Mounts(http.NotFoundHandler(), Mount{"/deep", tag("toast")})},
		Mount{"/identity", tag("keystone")},
	)
	for _, tc := range []struct{ target, want string }{
		{"/", "console |/|/|"},
		{"/compute", "nova /compute|/|/|"},
		{"/compute/", "nova /compute|/|/|"},
		{"/compute/v2.1/os-keypairs/a%2Fb?x=1", "nova /compute|/v2.1/os-keypairs/a%2Fb|/v2.1/os-keypairs/a/b|x=1"},
		{"/compute/v1.0/deep/x", "toast /compute/v1.0/deep|/x|/x|"},
		{"/compute/v1.00", "nova /compute|/v1.00|/v1.00|"},
		{"/computer", "console |/computer|/computer|"},
		{"/compute%2Fv2.1", "console |/compute%2Fv2.1|/compute/v2.1|"},
		{"/identity/v3", "keystone /identity|/v3|/v3|"},
		{"/compute/..", "nova /compute|/..|/..|"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", tc.target, nil))
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.target, got, tc.want)
		}
	}
}
