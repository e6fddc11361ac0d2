package wire

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// novaMux has the shapes of routes that real dialects register.
func novaMux() *Mux {
	m := NewMux(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "none")
	}))
	say := func(params ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Pattern)
			for _, p := range params {
				fmt.Fprintf(w, " %s=%q", p, r.PathValue(p))
			}
		}
	}
	m.Handle("GET /", say())
	m.Handle("GET /v2.1", say())
	m.Handle("GET /v2.1/", say())
	m.Handle("GET /v2.1/os-keypairs", say())
	m.Handle("POST /v2.1/os-keypairs", say())
	m.Handle("GET /v2.1/os-keypairs/{name}", say("name"))
	m.Handle("DELETE /v2.1/os-keypairs/{name}", say("name"))
	m.Handle("GET /v2.1/{project}/os-keypairs", say("project"))
	m.Handle("GET /v2.1/{project}/os-keypairs/{name}", say("project", "name"))
	m.Handle("GET /v2.1/servers/detail", say())
	m.Handle("GET /v2.1/servers/{id}", say("id"))
	m.Handle("DELETE /v2.1/servers/{id}", say("id"))
	m.Handle("/v2.1/any/{id}", say("id"))
	m.Handle("GET /v2.1/any/{id}", say("id"))
	m.Handle("GET /assets/{path...}", say("path"))
	return m
}

func TestMux(t *testing.T) {
	for _, tc := range []struct{ request, want string }{
		{"GET /", `GET /`},
		{"GET /v2.1", `GET /v2.1`},
		{"GET /v2.1/", `GET /v2.1/`},
		{"GET /v2.1/os-keypairs?limit=1", `GET /v2.1/os-keypairs`},
		{"GET /v2.1/os-keypairs/", "none"},
		{"GET /v2.1/OS-keypairs", "none"},
		{"GET /v2.1/os-keypairs/a", `GET /v2.1/os-keypairs/{name} name="a"`},
		{"DELETE /v2.1/os-keypairs/a%2Fb", `DELETE /v2.1/os-keypairs/{name} name="a/b"`},
		{"GET /v2.1/os-keypairs/%2F", `GET /v2.1/os-keypairs/{name} name="/"`},
		{"GET /v2.1/os-keypairs/%2F%2Fx", `GET /v2.1/os-keypairs/{name} name="//x"`},
		{"GET /v2.1/os-keypairs/a%252Fb", `GET /v2.1/os-keypairs/{name} name="a%2Fb"`},
		{"GET /v2.1/os-keypairs/a+b%20c", `GET /v2.1/os-keypairs/{name} name="a+b c"`},
		{"GET /v2.1/os-keypairs/%ED%82%A4", `GET /v2.1/os-keypairs/{name} name="키"`},
		{"GET /v2.1/os-keypairs/a%0Ab", `GET /v2.1/os-keypairs/{name} name="a\nb"`},
		{"GET /v2.1/os-keypairs/..", `GET /v2.1/os-keypairs/{name} name=".."`},
		{"GET /v2.1/os-keypairs/.", `GET /v2.1/os-keypairs/{name} name="."`},
		{"GET /v2.1/os-keypairs/%2e%2e", `GET /v2.1/os-keypairs/{name} name=".."`},
		{"GET /v2.1/os-keypairs/../servers", "none"},
		{"GET /v2.1/os-keypairs/%2e%2e%2fservers", `GET /v2.1/os-keypairs/{name} name="../servers"`},
		{"GET /v2.1/os%2Dkeypairs/a", `GET /v2.1/os-keypairs/{name} name="a"`},
		{"GET /v2.1/os%2Dkeypairs/a%2Fb", `GET /v2.1/os-keypairs/{name} name="a/b"`},
		{"GET /v2.1%2Fos-keypairs", "none"},
		{"GET /v2.1/os-keypairs/%ff", "none"},
		{"GET /v2.1/os-keypairs/%c3%2f%a9", "none"},
		{"GET //v2.1/os-keypairs", "none"}, // CollapseSlashes is what makes this work
		{"HEAD /v2.1/os-keypairs", "none"},
		{"PUT /v2.1/os-keypairs", "none"},
		{"GET /v2.1/os-keypairs/os-keypairs", `GET /v2.1/os-keypairs/{name} name="os-keypairs"`},
		{"GET /v2.1/abc/os-keypairs", `GET /v2.1/{project}/os-keypairs project="abc"`},
		{"GET /v2.1/servers/os-keypairs", `GET /v2.1/servers/{id} id="os-keypairs"`},
		{"GET /v2.1/servers/os-keypairs/k", `GET /v2.1/{project}/os-keypairs/{name} project="servers" name="k"`},
		{"GET /v2.1/servers/detail", `GET /v2.1/servers/detail`},
		{"DELETE /v2.1/servers/detail", `DELETE /v2.1/servers/{id} id="detail"`},
		{"PURGE /v2.1/any/1", `/v2.1/any/{id} id="1"`},
		{"GET /v2.1/any/1", `GET /v2.1/any/{id} id="1"`},
		{"GET /assets/", `GET /assets/{path...} path=""`},
		{"GET /assets", "none"},
		{"GET /assets/js/../a.js", `GET /assets/{path...} path="js/../a.js"`},
		{"GET /assets/js%2Fa.js", `GET /assets/{path...} path="js/a.js"`},
		{"OPTIONS *", "none"},
	} {
		method, target, _ := strings.Cut(tc.request, " ")
		w := httptest.NewRecorder()
		novaMux().ServeHTTP(w, httptest.NewRequest(method, target, nil))
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.request, got, tc.want)
		}
		if w.Code >= 300 && w.Code < 400 || w.Header().Get("Location") != "" {
			t.Errorf("%s: redirected, status %d to %q", tc.request, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestMuxDoesNotBelieveAStaleRawPath(t *testing.T) {
	// net/http refuses bad escapes itself; a middleware that rewrites a URL can still make them.
	r := httptest.NewRequest("GET", "/v2.1/os-keypairs/a", nil)
	r.URL.Path, r.URL.RawPath = "/v2.1/os-keypairs/%zz", "/v2.1/os-keypairs/%zz"
	w := httptest.NewRecorder()
	novaMux().ServeHTTP(w, r)
	// RawPath is not an encoding of Path, so it is not believed: the name is the text "%zz".
	if want := `GET /v2.1/os-keypairs/{name} name="%zz"`; w.Body.String() != want {
		t.Errorf("got %s, want %s", w.Body, want)
	}
}

func TestMuxMethods(t *testing.T) {
	for _, tc := range []struct {
		path string
		want []string
	}{
		{"/v2.1/os-keypairs", []string{"GET", "POST"}},
		{"/v2.1/servers/detail", []string{"DELETE", "GET"}},
		{"/v2.1/nosuch", nil},
	} {
		got := novaMux().Methods(httptest.NewRequest("PATCH", tc.path, nil))
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.path, got, tc.want)
		}
	}
}

func TestMuxAnswersUnknownPaths(t *testing.T) {
	w := httptest.NewRecorder()
	NewMux(nil).ServeHTTP(w, httptest.NewRequest("GET", "/c", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("an unknown path gave %d", w.Code)
	}
}

func TestMuxRefusesBadPatterns(t *testing.T) {
	for _, patterns := range [][]string{
		{"GET x"},
		{"GET /a/b{c}"},
		{"GET /a/{}"},
		{"GET /a/{...}"},
		{"GET /{a}/{a}"},
		{"GET /{a...}/b"},
		{"GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"},
		{"GET /a/{b}", "GET /a/{c}"},
		{"/a", "/a"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q were taken", patterns)
				}
			}()
			m := NewMux(nil)
			for _, p := range patterns {
				m.Handle(p, http.NotFoundHandler())
			}
		}()
	}
}

// FuzzMux holds the router to: no panic, no redirect, and a name that, escaped
// again, leads back to itself.
func FuzzMux(f *testing.F) {
	for _, p := range []string{"/v2.1/os-keypairs/a%2Fb", "//v2.1/..", "/v2.1/os-keypairs/%ff", "/assets/a//b", "/v2.1/os-keypairs/%2e%2E"} {
		f.Add(p)
	}
	var name string
	var found bool
	m := NewMux(nil)
	for _, p := range novaMux().patterns {
		m.HandleFunc(p, func(_ http.ResponseWriter, r *http.Request) { name, found = r.PathValue("name"), true })
	}
	h := CollapseSlashes(m)
	ask := func(u *url.URL) *httptest.ResponseRecorder {
		name, found = "", false
		w := httptest.NewRecorder()
		h.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: u})
		return w
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Skip()
		}
		if w := ask(u); w.Code != http.StatusOK && w.Code != http.StatusNotFound || w.Header().Get("Location") != "" {
			t.Fatalf("status %d, location %q", w.Code, w.Header().Get("Location"))
		}
		if !found || name == "" {
			return
		}
		first := name
		again, err := url.ParseRequestURI("/v2.1/os-keypairs/" + url.PathEscape(first))
		if err != nil {
			t.Fatal(err)
		}
		if ask(again); !found || name != first {
			t.Fatalf("the name %q, escaped as %s, comes back as %q (found: %v)", first, again.EscapedPath(), name, found)
		}
	})
}

func BenchmarkMux(b *testing.B) {
	none := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	patterns := novaMux().patterns
	mux, std := NewMux(nil), http.NewServeMux()
	for _, p := range patterns {
		mux.Handle(p, none)
	}
	for _, p := range []string{
		"GET /v2.1/os-keypairs", "GET /v2.1/os-keypairs/{name}", "GET /v2.1/servers/detail",
		"GET /v2.1/servers/{id}", "DELETE /v2.1/servers/{id}", "GET /assets/{path...}",
	} {
		std.Handle(p, none)
	}
	for _, tc := range []struct{ name, path string }{
		{"literal", "/v2.1/os-keypairs"},
		{"param", "/v2.1/os-keypairs/web"},
		{"escaped", "/v2.1/os-keypairs/a%2Fb"},
		{"unknown", "/v2.1/nosuch"},
	} {
		for _, h := range []struct {
			name    string
			handler http.Handler
		}{{"Mux", mux}, {"ServeMux", std}} {
			b.Run(tc.name+"/"+h.name, func(b *testing.B) {
				w := httptest.NewRecorder()
				r := httptest.NewRequest("GET", tc.path, nil)
				b.ReportAllocs()
				for b.Loop() {
					fresh := *r
					h.handler.ServeHTTP(w, &fresh)
				}
			})
		}
	}
}
