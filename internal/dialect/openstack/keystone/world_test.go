package keystone_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/keystone"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// world is an identity service over a database of its own, with people in it.
// Passwords are the name and "pw".
type world struct {
	db       *store.DB
	t        *testing.T
	url      string // of the listener; the service is under /identity
	identity *identity.Service
	dialect  *keystone.Dialect
	log      *syncBuffer
	clock    *clock

	users    map[string]identity.User
	projects map[string]identity.Project
}

// people are who is in every world: their role on which project.
var people = []struct {
	name, project string
	role          identity.Role
}{
	{"alice", "demo", identity.RoleMember},
	{"bob", "demo", identity.RoleMember},
	{"rita", "demo", identity.RoleReader},
	{"carol", "alt", identity.RoleMember},
	{"admin", "admin", identity.RoleAdmin},
}

// epoch is when every world begins.
var epoch = time.Date(2026, 11, 22, 0, 36, 59, 0, time.UTC)

// newWorld makes a world in which named users and projects have the given ids
// ("user alice", "project demo").
func newWorld(t *testing.T, ids map[string]string, change ...func(*identity.Options, *keystone.Options)) *world {
	t.Helper()
	db := sqlitetest.Open(t)
	sealer, err := identity.NewSealer(make([]byte, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, log: &syncBuffer{}, clock: &clock{now: epoch},
		users: map[string]identity.User{}, projects: map[string]identity.Project{}}
	idOpt := identity.Options{Region: "one", Now: w.clock.Now, LockoutAttempts: 5}
	ksOpt := keystone.Options{Now: w.clock.Now, Base: openstack.Base{Prefix: "/identity"}, Region: "RegionOne"}
	for _, f := range change {
		f(&idOpt, &ksOpt)
	}
	w.identity = identity.New(db.Identity(), sealer, idOpt)
	ksOpt.Identity = w.identity
	w.dialect = keystone.New(ksOpt)
	w.people(db.Identity(), ids)

	in := wire.Instruments{Log: slog.New(slog.NewTextHandler(w.log, nil))}
	ts := httptest.NewServer(wire.Mounts(http.NotFoundHandler(),
		wire.Mount{Prefix: "/identity", Handler: wire.Wrap(w.dialect.Surface(), in, w.dialect.Handler())}))
	t.Cleanup(ts.Close)
	w.url = ts.URL
	return w
}

// passwordHashes are everyone's, made once: a hash is meant to be slow.
var passwordHashes = sync.OnceValue(func() map[string]string {
	hasher, hashes := identity.NewHasher(2, rand.Reader), map[string]string{}
	for _, p := range people {
		hash, err := hasher.Hash(context.Background(), p.name+"pw")
		if err != nil {
			panic(err)
		}
		hashes[p.name] = hash
	}
	return hashes
})

func (w *world) people(db identity.Store, ids map[string]string) {
	w.t.Helper()
	n := 0
	id := func(what string) string {
		n++
		if given := ids[what]; given != "" {
			return given
		}
		return fmt.Sprintf("%032x", n)
	}
	account := identity.Account{ID: identity.DefaultAccountID, Name: "Default", Description: "The default domain", Enabled: true, CreatedAt: epoch}
	err := db.Write(w.t.Context(), func(tx identity.Tx) error {
		ctx := w.t.Context()
		if err := tx.InsertAccount(ctx, account); err != nil {
			return err
		}
		give := func(user string, s identity.Scope, r identity.Role) error {
			return tx.InsertAssignment(ctx, identity.Assignment{UserID: user, Scope: s, Role: r})
		}
		for _, p := range people {
			project, known := w.projects[p.project]
			if !known {
				project = identity.Project{ID: id("project " + p.project), AccountID: account.ID, Name: p.project, Enabled: true,
					AppKey: fmt.Sprintf("appkey%010d", len(w.projects)), CreatedAt: epoch}
				if err := tx.InsertProject(ctx, project); err != nil {
					return err
				}
				w.projects[p.project] = project
			}
			u := identity.User{ID: id("user " + p.name), AccountID: account.ID, Name: p.name, Enabled: true, PasswordHash: passwordHashes()[p.name], CreatedAt: epoch}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
			w.users[p.name] = u
			if err := give(u.ID, identity.Scope{Kind: identity.ProjectScope, ID: project.ID}, p.role); err != nil {
				return err
			}
		}
		admin := w.users["admin"].ID
		if err := give(admin, identity.Scope{Kind: identity.AccountScope, ID: account.ID}, identity.RoleAdmin); err != nil {
			return err
		}
		return give(admin, identity.Scope{Kind: identity.SystemScope}, identity.RoleAdmin)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// operator may do everything, beside the API.
func operator() identity.Caller { return identity.Operator("one") }

// token issues a token without a login: in a project, or unscoped for "".
func (w *world) token(user, project string) string {
	w.t.Helper()
	scope := identity.Scope{}
	if project != "" {
		scope = identity.Scope{Kind: identity.ProjectScope, ID: w.projects[project].ID}
	}
	return w.tokenIn(user, scope)
}

func (w *world) tokenIn(user string, scope identity.Scope) string {
	w.t.Helper()
	text, _, _, err := w.identity.IssueToken(w.t.Context(), w.users[user], scope, []identity.Method{identity.ByPassword}, identity.Origin{})
	if err != nil {
		w.t.Fatalf("no token for %s: %v", user, err)
	}
	return text
}

// appAuth is the body of a login with an application credential.
func appAuth(id, secret string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": %q, "secret": %q}}}}`, id, secret)
}

// appToken logs in with an application credential.
func (w *world) appToken(id, secret string) string {
	w.t.Helper()
	return w.do("POST", "/v3/auth/tokens", appAuth(id, secret)).is(http.StatusCreated).header.Get("X-Subject-Token")
}

// appCredentials is the path of a user's application credentials.
func (w *world) appCredentials(user string) string {
	return "/v3/users/" + w.users[user].ID + "/application_credentials"
}

// appCredential makes an application credential of a user's, from the members
// of its object.
func (w *world) appCredential(user, members string) (id, secret string) {
	w.t.Helper()
	made := w.as(user, "POST", w.appCredentials(user), `{"application_credential": {`+members+`}}`).is(http.StatusCreated).
		at("application_credential").(map[string]any)
	return made["id"].(string), made["secret"].(string)
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// do sends a request to a path of the service; headers are name, value pairs.
func (w *world) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.send(method, w.url+"/identity"+path, body, headers...)
}

func (w *world) send(method, url, body string, headers ...string) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, url, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{w.t, resp.StatusCode, resp.Header, string(text)}
}

// as sends a request with a fresh token of a user in their project.
func (w *world) as(user, method, path, body string) answer {
	w.t.Helper()
	project := ""
	for _, p := range people {
		if p.name == user {
			project = p.project
		}
	}
	return w.do(method, path, body, "X-Auth-Token", w.token(user, project))
}

// is fails the test unless the answer has the status; it returns the answer.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("got %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// says fails the test unless the answer is this error.
func (a answer) says(status int, message string) {
	a.t.Helper()
	want := fmt.Sprintf(`{"error":{"code":%d,"message":%s,"title":%q}}`+"\n", status, quote(message), http.StatusText(status))
	if a.status != status || a.body != want {
		a.t.Errorf("got %d %s want %d %s", a.status, a.body, status, want)
	}
}

// quote writes a string as JSON without escaping for HTML.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSpace(b.String())
}

// at returns the value at a path of member names in the answer's body.
func (a answer) at(names ...string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%v: %q", err, a.body)
	}
	for _, name := range names {
		m, ok := v.(map[string]any)
		if !ok {
			a.t.Fatalf("no %v in %s", names, a.body)
		}
		v = m[name]
	}
	return v
}

// names returns the name of every item of a list in the answer.
func (a answer) names(collection string) []string {
	a.t.Helper()
	found := []string{}
	for _, item := range a.at(collection).([]any) {
		found = append(found, item.(map[string]any)["name"].(string))
	}
	return found
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
