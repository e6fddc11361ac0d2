package keystone_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/keystone"
	"github.com/keyreeve/keyreeve/internal/identity"
)

const (
	unauthorized = "The request you have made requires authentication."
	blame        = " The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."
)

// passwordAuth is the body of a login by password; scope is the text after the
// identity member, with its comma.
func passwordAuth(user, password, scope string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": %q, "domain": {"id": "default"}, "password": %q}}}%s}}`,
		user, password, scope)
}

func tokenAuth(token, scope string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}%s}}`, token, scope)
}

func TestBadLogins(t *testing.T) {
	w := newWorld(t, nil)
	for _, tc := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"no body", ``, 400, "Expecting to find auth in request body." + blame},
		{"null auth", `{"auth": null}`, 400, "Expecting to find auth in request body." + blame},
		{"a list", `[]`, 400, "Expecting to find valid JSON in request body." + blame},
		{"null", `null`, 400, "Expecting to find valid JSON in request body." + blame},
		{"not UTF-8", "{\"auth\": \"\xff\"}", 400, "Expecting to find valid JSON in request body." + blame},
		{"auth is a string", `{"auth": "x"}`, 400, "'x' is not of type 'object'"},
		{"no identity", `{"auth": {}}`, 400, "'identity' is a required property"},
		{"methods is a string", `{"auth": {"identity": {"methods": "password"}}}`, 400,
			"Invalid input for field 'identity/methods': 'password' is not of type 'array'"},
		{"password is a number", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "x", "password": 1}}}}}`, 400,
			"Invalid input for field 'identity/password/user/password': 1 is not of type 'string'"},
		{"method without its object", `{"auth": {"identity": {"methods": ["password"]}}}`, 400, "Expecting to find password in identity." + blame},
		{"no user", `{"auth": {"identity": {"methods": ["password"], "password": {}}}}`, 400, "Expecting to find user in password." + blame},
		{"nameless user", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "x"}}}}}`, 400,
			"Invalid input for field identity/password/user: id or name must be present."},
		{"empty name", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "", "password": "x"}}}}}`, 400,
			"Expecting to find id or name in user." + blame},
		{"nameless domain", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "alice", "domain": {}, "password": "x"}}}}}`, 400,
			"Invalid input for field identity/password/user/domain: id or name must be present."},
		{"scope without a kind", passwordAuth("alice", "alicepw", `, "scope": {}`), 400,
			"Expecting to find system, project, domain, OS-TRUST:trust or unscoped in scope." + blame},
		{"two scopes", passwordAuth("alice", "alicepw", `, "scope": {"project": {"id": "x"}, "domain": {"id": "default"}}`), 400,
			"Expecting to find system, project, domain, OS-TRUST:trust or unscoped in scope." + blame},
		{"scope is null", passwordAuth("alice", "alicepw", `, "scope": null`), 400, "Invalid input for field 'scope': None is not of type 'object'"},
		{"project by name alone", passwordAuth("alice", "alicepw", `, "scope": {"project": {"name": "demo"}}`), 400,
			"Expecting to find domain in project." + blame},
		{"a trust", passwordAuth("alice", "alicepw", `, "scope": {"OS-TRUST:trust": {"id": "t1"}}`), 404, "Could not find trust: t1."},
		{"no methods at all", `{"auth": {"identity": {"methods": []}}}`, 401, unauthorized},
		{"unknown domain", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "alice", "domain": {"name": "nope"}, "password": "alicepw"}}}}}`, 401, unauthorized},
		{"no password", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "alice", "domain": {"id": "default"}}}}}}`, 401, unauthorized},
		{"wrong password before unknown project", passwordAuth("alice", "x", `, "scope": {"project": {"id": "nope"}}`), 401, unauthorized},
		{"project id unknown", passwordAuth("alice", "alicepw", `, "scope": {"project": {"id": "nope"}}`), 401, unauthorized},
		{"project in an unknown domain", passwordAuth("alice", "alicepw", `, "scope": {"project": {"name": "demo", "domain": {"name": "nope"}}}`), 401, unauthorized},
		{"system without a role", passwordAuth("alice", "alicepw", `, "scope": {"system": {"all": true}}`), 401, unauthorized},
		{"two methods, two users", fmt.Sprintf(`{"auth": {"identity": {"methods": ["password", "token"], "token": {"id": %q}, "password": {"user": {"name": "alice", "domain": {"id": "default"}, "password": "alicepw"}}}}}`,
			w.token("bob", "demo")), 401, unauthorized},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := *w
			w.t = t
			w.do("POST", "/v3/auth/tokens", tc.body).says(tc.status, tc.message)
		})
	}
}

func TestUnknownMethod(t *testing.T) {
	w := newWorld(t, nil)
	want := `{"error":{"code":401,"identity":{"methods":["password","token","application_credential"]},"message":"Attempted to authenticate with an unsupported method.","title":"Unauthorized"}}` + "\n"
	for name, body := range map[string]string{
		"one":      `{"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}`,
		"too many": `{"auth": {"identity": {"methods": ["password"` + manyMethods() + `]}}}`,
	} {
		got := w.do("POST", "/v3/auth/tokens", body).is(401)
		if got.body != want {
			t.Errorf("%s: got %s want %s", name, got.body, want)
		}
		if got.header.Get("WWW-Authenticate") != `Keystone uri="`+w.url+`/identity/v3"` {
			t.Errorf("%s: challenge: %q", name, got.header.Get("WWW-Authenticate"))
		}
	}
}

func TestScopes(t *testing.T) {
	w := newWorld(t, nil)
	demo := w.projects["demo"].ID
	for _, tc := range []struct {
		name, user, scope string
		members           []string // beside those of every token
		services          int      // with endpoints; -1: no catalog
		roles             []string // lowest first; nil: none
	}{
		{"project by id", "rita", `, "scope": {"project": {"id": "` + demo + `"}}`, []string{"is_domain", "project"}, 6, []string{"reader"}},
		{"project by names", "alice", `, "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}`, []string{"is_domain", "project"}, 6, []string{"reader", "member"}},
		{"domain by id", "admin", `, "scope": {"domain": {"id": "default"}}`, []string{"domain"}, 4, []string{"reader", "member", "admin"}},
		{"domain by name", "admin", `, "scope": {"domain": {"name": "Default"}}`, []string{"domain"}, 4, []string{"reader", "member", "admin"}},
		{"system", "admin", `, "scope": {"system": {"all": true}}`, []string{"system"}, 4, []string{"reader", "member", "admin"}},
		{"no default project", "alice", ``, nil, -1, nil},
		{"unscoped", "alice", `, "scope": "unscoped"`, nil, -1, nil},
		{"unscoped object", "alice", `, "scope": {"unscoped": {}}`, nil, -1, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := *w
			w.t = t
			got := w.do("POST", "/v3/auth/tokens", passwordAuth(tc.user, tc.user+"pw", tc.scope)).is(201)
			token := got.at("token").(map[string]any)
			want := append([]string{"audit_ids", "expires_at", "issued_at", "methods", "user"}, tc.members...)
			if tc.services >= 0 {
				want = append(want, "catalog", "roles")
			}
			slices.Sort(want)
			if have := keysOf(token); !slices.Equal(have, want) {
				t.Errorf("members: got %v, want %v", have, want)
			}
			if tc.services < 0 {
				return
			}
			n := 0
			for _, e := range token["catalog"].([]any) {
				if len(e.(map[string]any)["endpoints"].([]any)) == 3 {
					n++
				}
			}
			if n != tc.services {
				t.Errorf("%d services have endpoints, want %d", n, tc.services)
			}
			var roles []string
			for _, r := range token["roles"].([]any) {
				roles = append(roles, r.(map[string]any)["name"].(string))
			}
			if !slices.Equal(roles, tc.roles) {
				t.Errorf("roles: got %v, want %v", roles, tc.roles)
			}
		})
	}
}

func TestDefaultProject(t *testing.T) {
	w := newWorld(t, nil)
	for _, tc := range []struct {
		project, scope string
		want           any
	}{
		{"demo", ``, "demo"},
		{"demo", `, "scope": "unscoped"`, nil},
		{"alt", ``, nil}, // no role there: unscoped, not refused
	} {
		id := w.projects[tc.project].ID
		if _, err := w.identity.UpdateUser(t.Context(), operator(), w.users["alice"].ID, identity.UserChange{DefaultProjectID: &id}); err != nil {
			t.Fatal(err)
		}
		token := w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", tc.scope)).is(201).at("token").(map[string]any)
		var have any
		if p, ok := token["project"].(map[string]any); ok {
			have = p["name"]
		}
		if have != tc.want {
			t.Errorf("default project %s, scope %q: got %v, want %v", tc.project, tc.scope, have, tc.want)
		}
	}
}

// A token that is made from another expires with it and remembers it.
func TestRescope(t *testing.T) {
	w := newWorld(t, nil)
	first := w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", `, "scope": "unscoped"`)).is(201)
	w.clock.add(10 * time.Minute)
	scope := `, "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}`
	second := w.do("POST", "/v3/auth/tokens", tokenAuth(first.header.Get("X-Subject-Token"), scope)).is(201)
	third := w.do("POST", "/v3/auth/tokens", tokenAuth(second.header.Get("X-Subject-Token"), scope)).is(201)
	if first.at("token", "expires_at") != third.at("token", "expires_at") {
		t.Errorf("expires at %v, and at first at %v", third.at("token", "expires_at"), first.at("token", "expires_at"))
	}
	if second.at("token", "issued_at") != "2026-11-22T00:46:59.000000Z" {
		t.Errorf("issued at %v", second.at("token", "issued_at"))
	}
	if m := third.at("token", "methods").([]any); len(m) != 2 || !slices.Contains(m, "token") || !slices.Contains(m, "password") {
		t.Errorf("methods: %v", m)
	}
	a, b := second.at("token", "audit_ids").([]any), third.at("token", "audit_ids").([]any)
	if len(b) != 2 || b[1] != a[0] {
		t.Errorf("audit ids: %v made from %v", b, a)
	}
	w.clock.add(51 * time.Minute)
	w.do("POST", "/v3/auth/tokens", tokenAuth(third.header.Get("X-Subject-Token"), scope)).says(404, "Could not recognize Fernet token")
}

func TestBothMethods(t *testing.T) {
	w := newWorld(t, nil)
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["password", "token", "password"], "token": {"id": %q}, "password": {"user": {"name": "alice", "domain": {"id": "default"}, "password": "alicepw"}}}}}`,
		w.token("alice", ""))
	methods := w.do("POST", "/v3/auth/tokens", body).is(201).at("token", "methods").([]any)
	if len(methods) != 2 || !slices.Contains(methods, "token") || !slices.Contains(methods, "password") {
		t.Errorf("methods: %v", methods)
	}
}

// Too many failures lock the user for the address that they came from, with the
// same answer as ever.
func TestLockOut(t *testing.T) {
	w := newWorld(t, nil)
	for range 5 {
		w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "wrong", "")).says(401, unauthorized)
	}
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", passwordAuth("bob", "bobpw", "")).is(201)
	w.clock.add(5*time.Minute + time.Second)
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).is(201)
}

// Nobody locks a user out for everyone by guessing from one address; guesses
// from many addresses do in the end.
func TestLockOutFromAfar(t *testing.T) {
	w := newWorld(t, nil)
	try := func(address, password string) error {
		_, err := w.identity.LogIn(t.Context(), identity.Login{
			Name: "alice", AccountID: identity.DefaultAccountID, Password: password, Origin: identity.Origin{Address: address}})
		return err
	}
	for range 12 {
		if try("203.0.113.1", "wrong") == nil {
			t.Fatal("a wrong password got in")
		}
	}
	if try("203.0.113.1", "alicepw") == nil {
		t.Error("the guesser's address is not locked")
	}
	if err := try("192.0.2.1", "alicepw"); err != nil {
		t.Fatalf("somebody far away locked alice out: %v", err)
	}
	for i := range 50 { // the login above forgot the first ones
		if try(fmt.Sprintf("203.0.113.%d", 10+i), "wrong") == nil {
			t.Fatal("a wrong password got in")
		}
	}
	if try("192.0.2.1", "alicepw") == nil {
		t.Error("guesses from many addresses lock nobody")
	}
}

// Failures from one address count together, whatever the port and the user.
func TestAddressLockOut(t *testing.T) {
	w := newWorld(t, nil, func(o *identity.Options, _ *keystone.Options) { o.LockoutAttempts = 1 })
	for i := range 10 {
		w.do("POST", "/v3/auth/tokens", passwordAuth(fmt.Sprintf("nobody%d", i), "x", "")).says(401, unauthorized)
	}
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).says(401, unauthorized)
}

// Guesses that are sent all at once are not all answered before the first of
// them counts.
func TestLockOutHoldsForGuessesInParallel(t *testing.T) {
	w := newWorld(t, nil, func(o *identity.Options, _ *keystone.Options) { o.PasswordConcurrency = 1 })
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			resp, err := http.Post(w.url+"/identity/v3/auth/tokens", "application/json", strings.NewReader(passwordAuth("alice", "wrong", "")))
			if err != nil {
				t.Error(err)
				return
			}
			if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%d %v", resp.StatusCode, err)
			}
		})
	}
	all.Wait()
	entries, err := w.db.AuditEntries(t.Context(), audit.Query{Resource: "user", Name: "alice", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	// Each entry is a guess that would have got in. A lock begins at the fifth;
	// a few more may be under way at that moment.
	if len(entries) < 5 || len(entries) > 10 {
		t.Errorf("%d guesses were let through", len(entries))
	}
}

// Turning locks off ends those that hold.
func TestLocksTurnedOff(t *testing.T) {
	w := newWorld(t, nil)
	for range 5 {
		w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "wrong", "")).says(401, unauthorized)
	}
	sealer, err := identity.NewSealer(make([]byte, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	login := identity.Login{Name: "alice", AccountID: identity.DefaultAccountID, Password: "alicepw", Origin: identity.Origin{Address: "127.0.0.1"}}
	for _, c := range []struct {
		attempts int
		locked   bool
	}{{5, true}, {0, false}} {
		s := identity.New(w.db.Identity(), sealer, identity.Options{Now: w.clock.Now, LockoutAttempts: c.attempts})
		if _, err := s.LogIn(t.Context(), login); (err != nil) != c.locked {
			t.Errorf("with %d attempts: %v", c.attempts, err)
		}
	}
}

func TestTokenChecks(t *testing.T) {
	w := newWorld(t, nil)
	alice, bob, admin := w.token("alice", "demo"), w.token("bob", "demo"), w.token("admin", "admin")
	unscoped := w.token("alice", "")
	const path = "/v3/auth/tokens"

	w.do("GET", path, "", "X-Auth-Token", bob, "X-Subject-Token", alice).says(403, "You are not authorized to perform the requested action: identity:validate_token.")
	w.do("DELETE", path, "", "X-Auth-Token", bob, "X-Subject-Token", alice).says(403, "You are not authorized to perform the requested action: identity:revoke_token.")
	w.do("GET", path, "", "X-Auth-Token", alice).says(404, "No token in the request")
	w.do("GET", path, "", "X-Subject-Token", alice).says(401, unauthorized)
	garbage := w.do("GET", path, "", "X-Auth-Token", alice, "X-Subject-Token", "kr1.garbage")
	garbage.says(404, "Could not recognize Fernet token")
	w.do("DELETE", path, "", "X-Auth-Token", alice, "X-Subject-Token", "kr1.garbage").says(404, "Could not recognize Fernet token")
	if head := w.do("HEAD", path, "", "X-Auth-Token", alice, "X-Subject-Token", unscoped).is(200); head.body != "" || head.header.Get("X-Subject-Token") != unscoped {
		t.Errorf("HEAD: %q %v", head.body, head.header)
	}
	got := w.do("GET", path+"?nocatalog", "", "X-Auth-Token", admin, "X-Subject-Token", alice).is(200).at("token").(map[string]any)
	if _, ok := got["catalog"]; ok {
		t.Error("nocatalog: there is a catalog")
	}
	w.do("DELETE", path, "", "X-Auth-Token", admin, "X-Subject-Token", alice).is(204)
	w.do("GET", path, "", "X-Auth-Token", alice, "X-Subject-Token", alice).says(401, unauthorized)
	w.do("GET", path, "", "X-Auth-Token", admin, "X-Subject-Token", alice).says(404, "Could not recognize Fernet token")
}

// Roles are those of now; with the last one the token ends.
func TestTokenFollowsRoles(t *testing.T) {
	w := newWorld(t, nil)
	token := w.token("alice", "demo")
	w.do("GET", "/v3/users", "", "X-Auth-Token", token).is(403)
	w.as("admin", "PUT", w.grant("alice", "demo", identity.RoleAdmin), "").is(204)
	w.do("GET", "/v3/users", "", "X-Auth-Token", token).is(200)
	w.as("admin", "DELETE", w.grant("alice", "demo", identity.RoleAdmin), "").is(204)
	w.do("GET", "/v3/users", "", "X-Auth-Token", token).is(403)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).is(200)
	w.as("admin", "DELETE", w.grant("alice", "demo", identity.RoleMember), "").is(204)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
	w.as("admin", "PUT", w.grant("alice", "demo", identity.RoleMember), "").is(204)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
}

func TestCatalogAddresses(t *testing.T) {
	w := newWorld(t, nil)
	token := w.token("alice", "demo")
	urls := func(w *world, headers ...string) map[string]string {
		found := map[string]string{}
		for _, e := range w.do("GET", "/v3/auth/catalog", "", append(headers, "X-Auth-Token", token)...).is(200).at("catalog").([]any) {
			entry := e.(map[string]any)
			for _, p := range entry["endpoints"].([]any) {
				found[entry["type"].(string)+" "+p.(map[string]any)["id"].(string)] = p.(map[string]any)["url"].(string)
			}
		}
		return found
	}
	asked := urls(w, "Host", "cloud.example:8443", "X-Forwarded-Proto", "https")
	if len(asked) != 18 {
		t.Fatalf("%d endpoints", len(asked))
	}
	want := map[string]string{
		"identity": "/identity/v3", "compute": "/compute/v2.1", "image": "/image", "network": "/network",
		"compute_legacy": "/compute/v2/" + w.projects["demo"].ID, "volumev3": "/volume/v3/" + w.projects["demo"].ID,
	}
	for key, url := range asked {
		if kind, _, _ := strings.Cut(key, " "); url != "https://cloud.example:8443"+want[kind] {
			t.Errorf("%s: %s", kind, url)
		}
	}
	// Another process has the same ids, and a fixed base beats the request's.
	other := newWorld(t, nil, func(_ *identity.Options, o *keystone.Options) { o.Fixed = "https://fixed.example" })
	token = other.token("alice", "demo")
	for key, url := range urls(other) {
		if asked[key] == "" || !strings.HasPrefix(url, "https://fixed.example/") {
			t.Errorf("%s: %s", key, url)
		}
	}
	w.do("GET", "/v3/auth/catalog", "", "X-Auth-Token", w.token("alice", "")).says(http.StatusForbidden,
		"A project-scoped token is required to produce a service catalog.")
}

// manyMethods are distinct names of methods, as many as fit into a body:
// that none of them has its object is not looked for.
func manyMethods() string {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, `,"m%d"`, i)
	}
	return b.String()
}
