package keystone_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/identity"
)

const mayNotManage = "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials.."

// The answer to making a credential has all that clients read; those after it
// have no secret.
func TestAppCredential(t *testing.T) {
	w := newWorld(t, nil)
	path := w.appCredentials("alice")
	made := w.as("alice", "POST", path, `{"application_credential": {"name": "ci", "description": "for builds", "unrestricted": false,
		"expires_at": "2026-11-22T01:00:00", "roles": [{"name": "reader"}], "access_rules": [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]}}`).is(201)
	k := made.at("application_credential").(map[string]any)
	id := k["id"].(string)
	for name, want := range map[string]any{
		"name": "ci", "description": "for builds", "unrestricted": false, "expires_at": "2026-11-22T01:00:00.000000",
		"user_id": w.users["alice"].ID, "project_id": w.projects["demo"].ID, "system": nil,
	} {
		if k[name] != want {
			t.Errorf("%s is %v, want %v", name, k[name], want)
		}
	}
	rule := k["access_rules"].([]any)[0].(map[string]any)
	if rule["service"] != "compute" || rule["method"] != "GET" || rule["path"] != "/v2.1/servers" || len(rule["id"].(string)) != 32 {
		t.Errorf("access rule: %v", rule)
	}
	if !strings.HasSuffix(made.body, "\n") || len(k["secret"].(string)) != 86 {
		t.Errorf("made: %q", made.body)
	}
	delete(k, "secret")
	shown := w.as("alice", "GET", path+"/"+id, "").is(200).at("application_credential")
	listed := w.as("alice", "GET", path, "").is(200).at("application_credentials").([]any)
	if fmt.Sprint(shown) != fmt.Sprint(k) || len(listed) != 1 || fmt.Sprint(listed[0]) != fmt.Sprint(k) {
		t.Errorf("made %v\nshown %v\nlisted %v", k, shown, listed)
	}

	// Somebody's own, and administrators'.
	w.as("bob", "GET", path, "").says(403, "You are not authorized to perform the requested action: identity:list_application_credentials.")
	w.as("bob", "GET", path+"/"+id, "").says(403, "You are not authorized to perform the requested action: identity:get_application_credential.")
	w.as("bob", "DELETE", path+"/"+id, "").says(403, "You are not authorized to perform the requested action: identity:delete_application_credential.")
	w.as("bob", "GET", w.appCredentials("bob")+"/"+id, "").says(404, "Could not find Application Credential: "+id+".")
	w.as("admin", "GET", path+"/"+id, "").is(200)
	for _, who := range []string{"bob", "admin"} {
		w.as(who, "POST", path, `{"application_credential": {"name": "theirs"}}`).says(403, "You are not authorized to perform the requested action: identity:create_application_credential.")
	}
	w.as("alice", "POST", path, `{"application_credential": {"name": "ci"}}`).says(409,
		"Conflict occurred attempting to store application_credential - Duplicate entry found with name ci.")
	w.appCredential("bob", `"name": "ci"`) // a name is taken for one user alone

	w.as("admin", "DELETE", path+"/"+id, "").is(204)
	w.as("alice", "GET", path+"/"+id, "").says(404, "Could not find Application Credential: "+id+".")
	w.as("alice", "DELETE", path+"/"+id, "").says(404, "Could not find Application Credential: "+id+".")
	w.audited("application credential", id, audit.Delete, audit.Create)
}

func TestBadAppCredentials(t *testing.T) {
	w := newWorld(t, nil)
	path := w.appCredentials("rita")
	for members, message := range map[string]string{
		`"x": 1`:                                "'name' is a required property",
		`"name": ""`:                            "Invalid input for field 'name': '' is too short",
		`"name": "x", "unrestricted": "y"`:      "Invalid input for field 'unrestricted': 'y' is not of type 'boolean'",
		`"name": "x", "expires_at": "tomorrow"`: "Timestamp not in expected format." + blame,
		`"name": "x", "expires_at": "2026-11-22T00:36:58"`:                                          "The 'expires_at' must not be before now." + blame,
		`"name": "x", "roles": [{"name": "member"}]`:                                                "Invalid application credential: Cannot create an application credential with unassigned role",
		`"name": "x", "access_rules": [{"service": "compute", "method": "GET"}]`:                    "Invalid input for field 'access_rules': an access rule needs service, method and path, or the id of one that is there.",
		`"name": "x", "access_rules": [{"service": "compute", "method": "FETCH", "path": "/"}]`:     "Invalid input for field 'access_rules/0/method': 'FETCH' does not match '^(POST|GET|HEAD|PATCH|PUT|DELETE)$'",
		`"name": "x", "access_rules": [{"service": "compute", "method": "GET", "path": "servers"}]`: "Invalid input for field 'access_rules/0/path': 'servers' does not match '^\\\\/.*'",
	} {
		w.as("rita", "POST", path, `{"application_credential": {`+members+`}}`).says(400, message)
	}
	w.as("rita", "POST", path, `{"application_credential": {"name": "x", "roles": [{"name": "chief"}]}}`).says(404, "Could not find role: chief.")
	w.as("rita", "POST", path, `{"application_credential": {"name": "x", "access_rules": [{"id": "nope"}]}}`).says(404, "Could not find Access Rule: nope.")
	w.as("rita", "POST", path, `{"application_credential": {"name": "x", "access_rules": [{"service": "compute", "method": "GET", "path": "/`+strings.Repeat("*/", 17)+`"}]}}`).is(400)
	w.do("POST", path, `{"application_credential": {"name": "x"}}`, "X-Auth-Token", w.token("rita", "")).is(400)
	if have := w.as("rita", "GET", path, "").at("application_credentials").([]any); len(have) != 0 {
		t.Errorf("what was refused is there: %v", have)
	}
}

// A login needs the secret and nothing else; it gives the credential's own
// project and roles.
func TestAppCredentialLogin(t *testing.T) {
	w := newWorld(t, nil)
	id, secret := w.appCredential("alice", `"name": "ci", "roles": [{"name": "reader"}]`)
	named := func(user string) string {
		return fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"name": "ci", "secret": %q, "user": %s}}}}`, secret, user)
	}
	for name, body := range map[string]string{
		"by id":                  appAuth(id, secret),
		"by name and user id":    named(fmt.Sprintf(`{"id": %q}`, w.users["alice"].ID)),
		"by name and user names": named(`{"name": "alice", "domain": {"name": "Default"}}`),
	} {
		token := w.do("POST", "/v3/auth/tokens", body).is(201).at("token").(map[string]any)
		want := map[string]any{"id": id, "name": "ci", "restricted": true}
		if fmt.Sprint(token["application_credential"]) != fmt.Sprint(want) {
			t.Errorf("%s: %v", name, token["application_credential"])
		}
		if m := token["methods"].([]any); len(m) != 1 || m[0] != "application_credential" {
			t.Errorf("%s: methods %v", name, m)
		}
		if roles := token["roles"].([]any); len(roles) != 1 || roles[0].(map[string]any)["name"] != "reader" {
			t.Errorf("%s: roles %v", name, roles)
		}
		if token["project"].(map[string]any)["name"] != "demo" {
			t.Errorf("%s: project %v", name, token["project"])
		}
	}
	for name, tc := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"wrong secret":      {appAuth(id, "x"), 401, unauthorized},
		"unknown":           {appAuth("0123456789abcdef0123456789abcdef", secret), 401, unauthorized},
		"another's name":    {named(fmt.Sprintf(`{"id": %q}`, w.users["bob"].ID)), 401, unauthorized},
		"nobody's name":     {named(`{"id": "nope"}`), 401, unauthorized},
		"no secret":         {`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "x"}}}}`, 400, "Expecting to find secret in application_credential." + blame},
		"no id":             {`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"secret": "x"}}}}`, 400, "Expecting to find id or name in application_credential." + blame},
		"name alone":        {`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"name": "ci", "secret": "x"}}}}`, 400, "Expecting to find user in application_credential." + blame},
		"user of no domain": {named(`{"name": "alice"}`), 400, "Expecting to find domain in user." + blame},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			w.do("POST", "/v3/auth/tokens", tc.body).says(tc.status, tc.message)
		})
	}
	const noScope = "Error authenticating with application credential: Application credentials cannot request a scope."
	for _, scope := range []string{`"unscoped"`, `{"system": {"all": true}}`, `{"project": {"id": "x"}}`} {
		body := strings.TrimSuffix(appAuth(id, secret), "}}") + `, "scope": ` + scope + `}}`
		got := w.do("POST", "/v3/auth/tokens", body).is(401)
		if got.at("error", "message") != noScope {
			t.Errorf("scope %s: %s", scope, got.body)
		}
	}
	// A token of it makes no other, which would be good for more.
	token := w.appToken(id, secret)
	for _, body := range []string{tokenAuth(token, ""), tokenAuth(token, `, "scope": {"project": {"id": "`+w.projects["demo"].ID+`"}}`)} {
		w.do("POST", "/v3/auth/tokens", body).says(403, "You are not authorized to perform the requested action: "+
			"Using an application credential's token to create another token. Create a new token with the application credential instead.")
	}
}

// Guesses lock the credential for the guesser's address, and not its user.
func TestAppCredentialLockOut(t *testing.T) {
	w := newWorld(t, nil)
	id, secret := w.appCredential("alice", `"name": "ci"`)
	for range 5 {
		w.do("POST", "/v3/auth/tokens", appAuth(id, "wrong")).says(401, unauthorized)
	}
	w.do("POST", "/v3/auth/tokens", appAuth(id, secret)).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).is(201)
	w.clock.add(5*time.Minute + time.Second)
	w.appToken(id, secret)
	w.audited("application credential", id, audit.LoginFailed, audit.LoginFailed, audit.LoginFailed, audit.LoginFailed, audit.LoginFailed, audit.Create)
}

// Credentials are managed by people, and by credentials that are said to.
func TestRestrictedAppCredential(t *testing.T) {
	w := newWorld(t, nil)
	path := w.appCredentials("alice")
	id, secret := w.appCredential("alice", `"name": "restricted"`)
	token := w.appToken(id, secret)
	w.do("POST", path, `{"application_credential": {"name": "more"}}`, "X-Auth-Token", token).says(403, mayNotManage)
	w.do("DELETE", path+"/"+id, "", "X-Auth-Token", token).says(403, mayNotManage)
	w.do("GET", path, "", "X-Auth-Token", token).is(200)
	_, c, err := w.identity.LookUpToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.identity.CreateAccessKey(t.Context(), c, c.User.ID, c.ProjectID()); err == nil {
		t.Error("it made an access key, which has all of its user's roles")
	}

	id, secret = w.appCredential("alice", `"name": "unrestricted", "unrestricted": true, "roles": [{"id": "`+identity.RoleReader.ID()+`"}]`)
	token = w.appToken(id, secret)
	w.do("POST", path, `{"application_credential": {"name": "child", "roles": [{"name": "member"}]}}`, "X-Auth-Token", token).says(400,
		"Invalid application credential: Cannot create an application credential with unassigned role")
	roles := w.do("POST", path, `{"application_credential": {"name": "child"}}`, "X-Auth-Token", token).is(201).at("application_credential", "roles").([]any)
	if len(roles) != 1 {
		t.Errorf("the child has more roles than its maker: %v", roles)
	}
	w.do("DELETE", path+"/"+id, "", "X-Auth-Token", token).is(204)
	w.do("GET", path, "", "X-Auth-Token", token).says(401, unauthorized)
}

// What ends a credential ends its tokens, for good.
func TestAppCredentialsEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(w *world, id string) // what happens
		undo   func(w *world)            // and is taken back, nil for what cannot be
		login  int                       // what the credential is good for after both
		token  int                       // and the token that was made before
	}{
		"nothing": {func(*world, string) {}, nil, 201, 200},
		"deleted": {func(w *world, id string) { w.as("alice", "DELETE", w.appCredentials("alice")+"/"+id, "").is(204) }, nil, 401, 401},
		"role taken": {func(w *world, _ string) {
			w.as("admin", "DELETE", w.grant("alice", "demo", identity.RoleMember), "").is(204)
		},
			func(w *world) { w.as("admin", "PUT", w.grant("alice", "demo", identity.RoleMember), "").is(204) }, 401, 401},
		"user disabled": {func(w *world, _ string) {
			w.as("admin", "PATCH", "/v3/users/"+w.users["alice"].ID, `{"user": {"enabled": false}}`).is(200)
		}, func(w *world) {
			w.as("admin", "PATCH", "/v3/users/"+w.users["alice"].ID, `{"user": {"enabled": true}}`).is(200)
		}, 401, 401},
		"project disabled": {func(w *world, _ string) {
			w.as("admin", "PATCH", "/v3/projects/"+w.projects["demo"].ID, `{"project": {"enabled": false}}`).is(200)
		}, func(w *world) {
			w.as("admin", "PATCH", "/v3/projects/"+w.projects["demo"].ID, `{"project": {"enabled": true}}`).is(200)
		}, 201, 401},
		"password changed": {func(w *world, _ string) {
			w.do("POST", "/v3/users/"+w.users["alice"].ID+"/password", `{"user": {"original_password": "alicepw", "password": "new"}}`).is(204)
		}, nil, 201, 401},
		"another's role taken": {func(w *world, _ string) {
			w.as("admin", "DELETE", w.grant("bob", "demo", identity.RoleMember), "").is(204)
		}, nil, 201, 200},
		"role elsewhere taken": {func(w *world, _ string) {
			w.as("admin", "PUT", w.grant("alice", "alt", identity.RoleReader), "").is(204)
			w.as("admin", "DELETE", w.grant("alice", "alt", identity.RoleReader), "").is(204)
		}, nil, 201, 200},
		"user deleted": {func(w *world, _ string) { w.as("admin", "DELETE", "/v3/users/"+w.users["alice"].ID, "").is(204) }, nil, 401, 401},
		"project deleted": {func(w *world, _ string) {
			w.as("admin", "DELETE", "/v3/projects/"+w.projects["demo"].ID, "").is(204)
		}, nil, 401, 401},
		"time": {func(w *world, _ string) { w.clock.add(30 * time.Minute) }, nil, 401, 401},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			id, secret := w.appCredential("alice", `"name": "ci", "expires_at": "2026-11-22T01:00:00Z"`)
			token := w.appToken(id, secret)
			look := func() int { return w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).status }
			if have := w.do("GET", "/v3/auth/tokens", "", "X-Auth-Token", token, "X-Subject-Token", token).at("token", "expires_at"); have != "2026-11-22T01:00:00.000000Z" {
				t.Errorf("the token ends at %v, not with its credential", have)
			}
			tc.change(w, id)
			if tc.undo != nil {
				if status := look(); status != 401 {
					t.Errorf("meanwhile the token is good for %d", status)
				}
				tc.undo(w)
			}
			if status := look(); status != tc.token {
				t.Errorf("the token is good for %d, want %d", status, tc.token)
			}
			if status := w.do("POST", "/v3/auth/tokens", appAuth(id, secret)).status; status != tc.login {
				t.Errorf("the credential is good for %d, want %d", status, tc.login)
			}
			switch name {
			case "deleted", "role taken", "user disabled":
				w.audited("application credential", id, audit.Delete, audit.Create)
			}
		})
	}
}

// grant is the path of a user's role in a project.
func (w *world) grant(user, project string, r identity.Role) string {
	return "/v3/projects/" + w.projects[project].ID + "/users/" + w.users[user].ID + "/roles/" + r.ID()
}

// audited fails the test unless this was done to a thing, the newest first.
func (w *world) audited(resource, name string, want ...audit.Action) {
	w.t.Helper()
	entries, err := w.db.AuditEntries(w.t.Context(), audit.Query{Resource: resource, Name: name, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	var have []audit.Action
	for _, e := range entries {
		have = append(have, e.Action)
	}
	if !slices.Equal(have, want) {
		w.t.Errorf("audit of %s %s: %v, want %v", resource, name, have, want)
	}
}

func TestAccessRules(t *testing.T) {
	w := newWorld(t, nil)
	const projects = `{"service": "identity", "method": "GET", "path": "/v3/auth/projects"}`
	id, secret := w.appCredential("alice", `"name": "narrow", "unrestricted": true, "access_rules": [`+projects+`, `+projects+`]`)
	token := w.appToken(id, secret)
	do := func(method, path string) answer { return w.do(method, path, "", "X-Auth-Token", token) }
	do("GET", "/v3/auth/projects").is(200)
	do("GET", "/v3/auth/projects?x=y").is(200)
	do("GET", "//v3//auth/projects").is(200)
	for _, refused := range [][2]string{{"HEAD", "/v3/auth/projects"}, {"GET", "/v3/auth/projects/"}, {"GET", "/v3/auth/domains"},
		{"GET", "/v2.0/tenants"}, {"POST", w.appCredentials("alice")}, {"DELETE", "/v3/auth/tokens"}, {"GET", "/v3/nothing/auth/projects"}} {
		if got := do(refused[0], refused[1]); got.status != http.StatusUnauthorized && got.status != http.StatusNotFound {
			t.Errorf("%s %s: %d %s", refused[0], refused[1], got.status, got.body)
		}
	}
	do("GET", "/v3/auth/domains").says(401, unauthorized)
	// Services ask what any token is good for.
	about := w.do("GET", "/v3/auth/tokens", "", "X-Auth-Token", token, "X-Subject-Token", token).is(200)
	if rules := about.at("token", "application_credential", "access_rules").([]any); len(rules) != 1 {
		t.Errorf("the token tells the rules %v", rules)
	}
	w.as("admin", "GET", "/v3/domains", "").is(200)

	// Rules are the user's, and shared between credentials.
	path := "/v3/users/" + w.users["alice"].ID + "/access_rules"
	rules := w.as("alice", "GET", path, "").is(200).at("access_rules").([]any)
	if len(rules) != 1 {
		t.Fatalf("%d rules were made, want 1: %v", len(rules), rules)
	}
	rule := rules[0].(map[string]any)
	one := path + "/" + rule["id"].(string)
	want := map[string]any{"id": rule["id"], "service": "identity", "method": "GET", "path": "/v3/auth/projects",
		"links": map[string]any{"self": w.url + "/identity/v3/access_rules/" + rule["id"].(string)}}
	if shown := w.as("alice", "GET", one, "").is(200).at("access_rule"); fmt.Sprint(shown) != fmt.Sprint(want) || fmt.Sprint(rule) != fmt.Sprint(want) {
		t.Errorf("listed %v\nshown %v\nwant %v", rule, shown, want)
	}
	second, _ := w.appCredential("alice", `"name": "second", "access_rules": [{"id": "`+rule["id"].(string)+`"}]`)
	for query, n := range map[string]int{"?service=identity": 1, "?service=compute": 0, "?method=GET&path=/v3/auth/projects": 1, "?path__startswith=/v2": 0, "?name=nothing": 0} {
		if have := w.as("alice", "GET", path+query, "").at("access_rules").([]any); len(have) != n {
			t.Errorf("access_rules%s: %v", query, have)
		}
	}
	w.as("bob", "GET", path, "").is(403)
	w.as("bob", "GET", one, "").is(403)
	w.as("bob", "DELETE", one, "").is(403)
	w.as("bob", "POST", w.appCredentials("bob"), `{"application_credential": {"name": "x", "access_rules": [{"id": "`+rule["id"].(string)+`"}]}}`).
		says(404, "Could not find Access Rule: "+rule["id"].(string)+".")
	w.as("alice", "GET", path+"/nope", "").says(404, "Could not find Access Rule: nope.")
	w.as("admin", "GET", path, "").is(200)

	w.as("alice", "DELETE", one, "").says(403, "May not delete access rule in use")
	w.as("alice", "DELETE", w.appCredentials("alice")+"/"+id, "").is(204)
	w.as("alice", "DELETE", one, "").says(403, "May not delete access rule in use")
	w.as("alice", "DELETE", w.appCredentials("alice")+"/"+second, "").is(204)
	w.as("alice", "DELETE", one, "").is(204)
	w.as("alice", "GET", one, "").is(404)
	w.audited("access rule", rule["id"].(string), audit.Delete)
}
