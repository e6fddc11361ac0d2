package keystone

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// TestEveryFaultKind says what each kind of fault looks like here.
func TestEveryFaultKind(t *testing.T) {
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 403, fault.Forbidden: 403,
		fault.Unauthenticated: 401, fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 503,
		fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500,
	}
	d := New(Options{Base: openstack.Base{Prefix: "/identity"}, Region: "RegionOne"})
	for _, kind := range fault.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			w := httptest.NewRecorder()
			d.fail(w, httptest.NewRequest(http.MethodGet, "/v3/users", nil),
				&fault.Error{Kind: kind, Resource: "user", Name: "bob", Err: errors.New("secret cause")})
			if w.Code != want[kind] {
				t.Errorf("got %d, want %d", w.Code, want[kind])
			}
			var body struct {
				Error struct {
					Code           int
					Message, Title string
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if body.Error.Code != w.Code || body.Error.Title != http.StatusText(w.Code) || body.Error.Message == "" {
				t.Errorf("got %s", w.Body)
			}
			if strings.Contains(w.Body.String(), "secret cause") {
				t.Errorf("the cause is told: %s", w.Body)
			}
		})
	}
}

func TestRoutesDeclareAccessAndRule(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range New(Options{Region: "RegionOne"}).Routes() {
		if r.Access < identity.Public || r.Access > identity.Administrator {
			t.Errorf("%s %s declares no access", r.Method, r.Pattern)
		}
		if r.Access != identity.Public && !strings.HasPrefix(string(r.Rule), "identity:") {
			t.Errorf("%s %s has no rule to name in a refusal", r.Method, r.Pattern)
		}
		seen[r.Method+" "+r.Pattern] = true
	}
	for route := range seen {
		if path, ok := strings.CutPrefix(route, "GET "); ok && !seen["HEAD "+path] {
			t.Errorf("GET %s is served without HEAD", path)
		}
	}
}

// A handler that panics, and a body that is too long, are answered as Keystone
// would.
func TestSurface(t *testing.T) {
	d := New(Options{Base: openstack.Base{Prefix: "/identity"}, Region: "RegionOne"})
	broken := wire.Wrap(d.Surface(), wire.Instruments{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") }))
	for _, tc := range []struct {
		name    string
		handler http.Handler
		body    string
		chunked bool
		want    int
	}{
		{"panic", broken, "", false, 500},
		{"too long", wire.Wrap(d.Surface(), wire.Instruments{}, d.Handler()), strings.Repeat(" ", openstack.MaxBody+1), false, 413},
		{"too long, of unsaid length", wire.Wrap(d.Surface(), wire.Instruments{}, d.Handler()), strings.Repeat(" ", openstack.MaxBody+1), true, 413},
		{"as long as can be", wire.Wrap(d.Surface(), wire.Instruments{}, d.Handler()), `{"auth": null}` + strings.Repeat(" ", openstack.MaxBody-14), true, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/v3/auth/tokens", strings.NewReader(tc.body))
			r.Header.Set("Content-Type", "application/json")
			if tc.chunked {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			tc.handler.ServeHTTP(w, r)
			if w.Code != tc.want {
				t.Errorf("got %d, want %d: %s", w.Code, tc.want, w.Body)
			}
			if len(w.Header()["x-openstack-request-id"]) != 1 { //nolint:staticcheck // the service's own spelling is what is sent
				t.Errorf("no request id: %v", w.Header())
			}
		})
	}
}
