package keystone_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/identity"
)

// What members are refused names the rule, whether or not the thing exists;
// administrators are told what is not there.
func TestMembersSeeThemselvesOnly(t *testing.T) {
	w := newWorld(t, nil)
	for _, tc := range []struct{ method, path, rule, missing string }{
		{"GET", "/v3/users", "list_users", ""},
		{"GET", "/v3/users/nope", "get_user", "user"},
		{"GET", "/v3/users/nope/projects", "list_user_projects", "user"},
		{"POST", "/v3/users", "create_user", ""},
		{"PATCH", "/v3/users/nope", "update_user", "user"},
		{"GET", "/v3/projects", "list_projects", ""},
		{"GET", "/v3/projects/nope", "get_project", "project"},
		{"POST", "/v3/projects", "create_project", ""},
		{"PATCH", "/v3/projects/nope", "update_project", "project"},
		{"GET", "/v3/domains", "list_domains", ""},
		{"GET", "/v3/domains/nope", "get_domain", "domain"},
		{"GET", "/v3/roles", "list_roles", ""},
		{"GET", "/v3/roles/nope", "get_role", "role"},
		{"GET", "/v3/role_assignments", "list_role_assignments", ""},
		{"GET", "/v3/services/nope", "get_service", "service"},
		{"GET", "/v3/endpoints/nope", "get_endpoint", "endpoint"},
		{"GET", "/v3/regions/nope", "get_region", "region"},
		{"GET", "/v3/groups", "list_groups", ""},
		{"GET", "/v3/groups/nope", "get_group", "group"},
	} {
		body := ""
		if tc.method != "GET" {
			body = "{}"
		}
		w.as("alice", tc.method, tc.path, body).says(403, "You are not authorized to perform the requested action: identity:"+tc.rule+".")
		if tc.missing != "" {
			w.as("admin", tc.method, tc.path, body).says(404, "Could not find "+tc.missing+": nope.")
		}
	}
	w.as("admin", "POST", "/v3/groups", `{"group": {"name": "x"}}`).says(403, "You are not authorized to perform the requested action: identity:create_group.")
	w.as("alice", "GET", "/v3/projects/"+w.projects["demo"].ID, "").is(200)
	w.as("alice", "GET", "/v3/projects/"+w.projects["alt"].ID, "").is(403)
	w.as("alice", "GET", "/v3/domains/default", "").is(200)
}

func TestUnknownPaths(t *testing.T) {
	w := newWorld(t, nil)
	const nothing = "(not found) The resource could not be found."
	w.do("GET", "/v3/nope", "").says(404, nothing)
	w.do("GET", "/v2.0/tokens/kr1.x", "").says(404, nothing)
	w.do("GET", "/v3/credentials", "").says(404, nothing)
	got := w.do("PUT", "/v3/auth/tokens", "")
	got.says(405, "(method not allowed) The method is not allowed for the requested URL.")
	if got.header.Get("Allow") != "DELETE, GET, HEAD, POST" {
		t.Errorf("Allow: %q", got.header.Get("Allow"))
	}
	w.do("GET", "//v3//auth/projects", "", "X-Auth-Token", w.token("alice", "demo")).is(200)
}

func TestUsers(t *testing.T) {
	w := newWorld(t, nil)
	made := w.as("admin", "POST", "/v3/users", `{"user": {"name": "dora", "password": "dorapw", "email": "dora@example.com", "description": "d"}}`).is(201)
	if made.at("user", "email") != "dora@example.com" || made.at("user", "domain_id") != "default" || made.at("user", "enabled") != true {
		t.Errorf("made %s", made.body)
	}
	id := made.at("user", "id").(string)
	if strings.Contains(made.body, "dorapw") || strings.Contains(made.body, "argon") {
		t.Errorf("the password is told: %s", made.body)
	}
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "dora"}}`).says(409,
		"Conflict occurred attempting to store user - Duplicate entry found with name dora at domain ID default.")
	bare := w.as("admin", "POST", "/v3/users", `{"user": {"name": "bare"}}`).is(201)
	if have := keysOf(bare.at("user").(map[string]any)); !slices.Equal(have, []string{"domain_id", "enabled", "id", "links", "name", "options", "password_expires_at"}) {
		t.Errorf("members: %v", have)
	}
	for body, message := range map[string]string{
		`{}`:                     "'name' is a required property",
		`{"user": {}}`:           "'name' is a required property",
		`{"user": {"name": ""}}`: "Invalid input for field 'name': '' is too short",
		`{"user": {"name": 5}}`:  "Invalid input for field 'name': 5 is not of type 'string'",
		`{"user": {"name": "x", "enabled": "yes"}}`:              "Invalid input for field 'enabled': 'yes' is not of type 'boolean'",
		`{"user": {"name": "` + strings.Repeat("x", 256) + `"}}`: "Invalid input for field 'name': '" + strings.Repeat("x", 256) + "' is too long",
		`{"user": {"name": "x", "password": ""}}`:                "Invalid input for field 'password': '' is too short",
	} {
		w.as("admin", "POST", "/v3/users", body).says(400, message)
	}
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "x", "domain_id": "nope"}}`).says(404, "Could not find domain: nope.")

	for query, want := range map[string][]string{
		"?name=dora":     {"dora"},
		"?name=DORA":     {},
		"?name=":         {},
		"?tenant_id=x":   {"admin", "alice", "bare", "bob", "carol", "dora", "rita"},
		"?enabled=false": {},
		"?password_expires_at=gt:2016-12-08T22:02:00Z": {},
		"?idp_id=x":                       {},
		"?enabled=true&name=bare":         {"bare"},
		"?domain_id=nope":                 {},
		"?domain_id=default&name=nothing": {},
	} {
		if have := w.as("admin", "GET", "/v3/users"+query, "").is(200).names("users"); !slices.Equal(have, want) {
			t.Errorf("users%s: got %v, want %v", query, have, want)
		}
	}

	login := func(password string) answer {
		return w.do("POST", "/v3/auth/tokens", passwordAuth("dora", password, ""))
	}
	token := login("dorapw").is(201).header.Get("X-Subject-Token")
	w.as("admin", "PATCH", "/v3/users/"+id, `{"user": {"password": "other", "description": null}}`).is(200)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).is(401)
	login("dorapw").is(401)
	token = login("other").is(201).header.Get("X-Subject-Token")
	shown := w.do("GET", "/v3/users/"+id, "", "X-Auth-Token", token).is(200)
	if _, ok := shown.at("user").(map[string]any)["description"]; ok {
		t.Errorf("null did not take the description away: %s", shown.body)
	}
	w.as("admin", "PATCH", "/v3/users/"+id, `{"user": {"enabled": false}}`).is(200)
	w.do("GET", "/v3/users/"+id, "", "X-Auth-Token", token).is(401)
	login("other").is(401)
	w.as("admin", "PATCH", "/v3/users/"+id, `{"user": {"name": "alice"}}`).says(409,
		"Conflict occurred attempting to store user - Duplicate entry found with name alice at domain ID default.")
	w.as("admin", "PATCH", "/v3/users/"+id, `{"user": {"domain_id": "other"}}`).says(400, "Cannot change Domain ID.")
}

func TestProjects(t *testing.T) {
	w := newWorld(t, nil)
	made := w.as("admin", "POST", "/v3/projects", `{"project": {"name": "new", "description": "d", "enabled": false}}`).is(201)
	if made.at("project", "enabled") != false || made.at("project", "parent_id") != "default" || made.at("project", "description") != "d" {
		t.Errorf("made %s", made.body)
	}
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "new"}}`).says(409,
		"Conflict occurred attempting to store project - Duplicate entry found with name new at domain ID default.")
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "`+strings.Repeat("x", 65)+`"}}`).is(400)
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "n", "is_domain": true}}`).is(400)
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "n", "parent_id": "`+w.projects["demo"].ID+`"}}`).is(400)
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "n", "parent_id": "default"}}`).is(201)

	if have := w.as("admin", "GET", "/v3/projects?enabled=0", "").names("projects"); !slices.Equal(have, []string{"new"}) {
		t.Errorf("disabled projects: %v", have)
	}
	token := w.token("alice", "demo")
	demo := w.projects["demo"].ID
	w.as("admin", "PATCH", "/v3/projects/"+demo, `{"project": {"enabled": false, "name": "demo2"}}`).is(200)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).is(401)
	unscoped := w.token("alice", "")
	if have := w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", unscoped).names("projects"); len(have) != 0 {
		t.Errorf("a token can be had for %v", have)
	}
	if have := w.do("GET", "/v3/users/"+w.users["alice"].ID+"/projects", "", "X-Auth-Token", unscoped).names("projects"); !slices.Equal(have, []string{"demo2"}) {
		t.Errorf("alice's projects: %v", have)
	}
}

func TestGrants(t *testing.T) {
	w := newWorld(t, nil)
	bob, admin := w.users["bob"].ID, w.users["admin"].ID
	for _, tc := range []struct{ path, target string }{
		{"/v3/projects/" + w.projects["alt"].ID, w.projects["alt"].ID},
		{"/v3/domains/default", "default"},
		{"/v3/system", "system"},
	} {
		roles := tc.path + "/users/" + bob + "/roles"
		role := roles + "/" + identity.RoleReader.ID()
		absent := fmt.Sprintf("Could not find role assignment with role: %s, user or group: %s, project, domain, or system: %s.",
			identity.RoleReader.ID(), bob, tc.target)
		w.as("admin", "GET", role, "").says(404, absent)
		w.as("admin", "DELETE", role, "").says(404, absent)
		w.as("admin", "PUT", role, "").is(204)
		w.as("admin", "PUT", role, "").is(204)
		w.as("admin", "HEAD", role, "").is(204)
		if have := w.as("admin", "GET", roles, "").names("roles"); !slices.Equal(have, []string{"reader"}) {
			t.Errorf("%s: %v", roles, have)
		}
		w.as("admin", "DELETE", role, "").is(204)
		w.as("admin", "GET", role, "").is(404)
		w.as("bob", "PUT", role, "").is(403)
		w.as("admin", "PUT", roles+"/nope", "").says(404, "Could not find role: nope.")
		w.as("admin", "PUT", roles+"/reader", "").says(404, "Could not find role: reader.")
		w.as("admin", "PUT", tc.path+"/users/nope/roles/"+identity.RoleReader.ID(), "").says(404, "Could not find user: nope.")
	}
	reader := "/users/" + bob + "/roles/" + identity.RoleReader.ID()
	w.as("admin", "PUT", "/v3/projects/nope"+reader, "").says(404, "Could not find project: nope.")
	w.as("admin", "PUT", "/v3/domains/nope"+reader, "").says(404, "Could not find domain: nope.")
	if have := w.as("admin", "GET", "/v3/system/users/"+admin+"/roles", "").names("roles"); !slices.Equal(have, []string{"admin"}) {
		t.Errorf("the administrator's roles on the system: %v", have)
	}
}

func TestRoleAssignments(t *testing.T) {
	w := newWorld(t, nil)
	demo, alice, admin := w.projects["demo"].ID, w.users["alice"].ID, w.users["admin"].ID
	for query, want := range map[string]int{
		"":                                 7,
		"?user.id=" + alice:                1,
		"?user.id=" + alice + "&effective": 2,
		"?scope.project.id=" + demo:        3,
		"?scope.project.id=" + demo + "&effective=true":                                5,
		"?scope.project.id=" + demo + "&effective&role.id=" + identity.RoleReader.ID(): 3,
		"?scope.domain.id=default":                                                     1,
		"?scope.system=all":                                                            1,
		"?scope.system=all&effective":                                                  3,
		"?user.id=" + admin:                                                            3,
		"?user.id=":                                                                    0,
		"?group.id=x":                                                                  0,
		"?scope.OS-INHERIT:inherited_to=projects":                                      0,
		"?scope.project.id=" + demo + "&scope.domain.id=default":                       0,
		"?effective=0&scope.project.id=" + demo:                                        3,
		"?user.id=" + alice + "&role.id=" + identity.RoleAdmin.ID():                    0,
		"?user.id=" + alice + "&role.id=" + identity.RoleMember.ID() + "&x=y":          1,
	} {
		if have := w.as("admin", "GET", "/v3/role_assignments"+query, "").is(200).at("role_assignments").([]any); len(have) != want {
			t.Errorf("role_assignments%s: %d, want %d: %v", query, len(have), want, have)
		}
	}
	got := w.as("admin", "GET", "/v3/role_assignments?include_names&user.id="+alice, "")
	want := fmt.Sprintf(`{"role_assignments": [{"links": {"assignment": "%[1]s/identity/v3/projects/%[2]s/users/%[3]s/roles/%[4]s"}, `+
		`"scope": {"project": {"id": "%[2]s", "name": "demo", "domain": {"id": "default", "name": "Default"}}}, `+
		`"user": {"id": "%[3]s", "name": "alice", "domain": {"id": "default", "name": "Default"}}, "role": {"id": "%[4]s", "name": "member"}}], `+
		`"links": {"next": null, "self": "%[1]s/identity/v3/role_assignments?include_names&user.id=%[3]s", "previous": null}}`+"\n",
		w.url, demo, alice, identity.RoleMember.ID())
	if got.body != want {
		t.Errorf("got %s want %s", got.body, want)
	}
}

func TestOwnScopes(t *testing.T) {
	w := newWorld(t, nil)
	for _, tc := range []struct{ user, system, domains string }{{"alice", `[]`, ``}, {"admin", `[{"all": true}]`, "Default"}} {
		token := w.token(tc.user, "")
		got := w.do("GET", "/v3/auth/system", "", "X-Auth-Token", token).is(200)
		if want := `{"system": ` + tc.system + `, "links": {"self": "` + w.url + `/identity/v3/auth/system"}}` + "\n"; got.body != want {
			t.Errorf("got %s want %s", got.body, want)
		}
		if have := strings.Join(w.do("GET", "/v3/auth/domains", "", "X-Auth-Token", token).is(200).names("domains"), ","); have != tc.domains {
			t.Errorf("%s: domains %s", tc.user, have)
		}
	}
}

// The administrator's view of the catalog and the catalog itself agree.
func TestEndpoints(t *testing.T) {
	w := newWorld(t, nil)
	types := map[string]string{}
	for _, s := range w.as("admin", "GET", "/v3/services", "").is(200).at("services").([]any) {
		s := s.(map[string]any)
		types[s["id"].(string)] = s["type"].(string)
		w.as("admin", "GET", "/v3/services/"+s["id"].(string), "").is(200)
	}
	seen := map[string]bool{}
	for _, e := range w.as("admin", "GET", "/v3/endpoints", "").is(200).at("endpoints").([]any) {
		e := e.(map[string]any)
		seen[types[e["service_id"].(string)]+" "+e["interface"].(string)+" "+strings.TrimPrefix(e["url"].(string), w.url)] = true
		w.as("admin", "GET", "/v3/endpoints/"+e["id"].(string), "").is(200)
	}
	for _, want := range []string{
		"identity admin /identity/v3", "compute internal /compute/v2.1", "image public /image",
		"network public /network", "compute_legacy public /compute/v2/%(project_id)s",
	} {
		if !seen[want] {
			t.Errorf("no endpoint %s in %v", want, seen)
		}
	}
	for query, want := range map[string]int{"endpoints?interface=public": 6, "endpoints?region_id=nope": 0, "endpoints?name=nova": 0, "regions?name=RegionOne": 0, "services?type=compute": 1, "services?name=nope": 0, "regions": 1} {
		collection, _, _ := strings.Cut(query, "?")
		if have := w.as("admin", "GET", "/v3/"+query, "").is(200).at(collection).([]any); len(have) != want {
			t.Errorf("%s: %d, want %d", query, len(have), want)
		}
	}
	w.as("admin", "GET", "/v3/regions/RegionOne", "").is(200)
	if have := w.as("admin", "GET", "/v3/roles?name=member", "").is(200).names("roles"); !slices.Equal(have, []string{"member"}) {
		t.Errorf("roles: %v", have)
	}
	if have := w.as("admin", "GET", "/v3/domains?enabled=false", "").is(200).names("domains"); len(have) != 0 {
		t.Errorf("disabled domains: %v", have)
	}
	if have := w.as("admin", "GET", "/v3/groups", "").is(200).at("groups").([]any); len(have) != 0 {
		t.Errorf("groups: %v", have)
	}
}

// Neither passwords nor tokens get into the log, whatever happens to them; who
// asked does.
func TestLogKeepsSecrets(t *testing.T) {
	w := newWorld(t, nil)
	token := w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).is(201).header.Get("X-Subject-Token")
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "wrongpw", "")).is(401)
	w.do("POST", "/v3/auth/tokens", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": 1, "password": "oddpw"}}}}}`).is(400)
	w.do("GET", "/v3/auth/tokens", "", "X-Auth-Token", token, "X-Subject-Token", "kr1.stray").is(404)
	w.do("POST", "/v3/auth/tokens", tokenAuth(token, "")).is(201)
	w.do("GET", "/v2.0/tokens/"+token, "").is(404)
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "dora", "password": "dorapw"}}`).is(201)
	log := w.log.String()
	for _, secret := range []string{"alicepw", "wrongpw", "oddpw", "dorapw", token, "kr1."} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if n := strings.Count(log, "user="+w.users["alice"].ID); n != 3 {
		t.Errorf("alice is noted %d times, want 3: %s", n, log)
	}
	if got := w.do("GET", "/v3", ""); len(got.header.Values("X-Openstack-Request-Id")) != 1 || got.status != http.StatusOK {
		t.Errorf("discovery: %d %v", got.status, got.header)
	}
}
