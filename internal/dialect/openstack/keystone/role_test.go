package keystone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// A role that administrators make is shown wherever roles are and gives no
// rights.
func TestRolesOfOnesOwn(t *testing.T) {
	w := newWorld(t, nil)
	made := w.as("admin", "POST", "/v3/roles", `{"role": {"name": "auditor"}}`).is(201)
	id := made.at("role", "id").(string)
	if want := fmt.Sprintf(`{"role": {"id": %q, "name": "auditor", "domain_id": null, "description": null, "options": {}, "links": {"self": "%s/identity/v3/roles/%s"}}}`+"\n", id, w.url, id); made.body != want {
		t.Errorf("made %s want %s", made.body, want)
	}
	role := "/v3/roles/" + id
	w.as("admin", "POST", "/v3/roles", `{"role": {"name": "auditor"}}`).says(409, "Conflict occurred attempting to store role - Duplicate entry found with name auditor.")
	w.as("admin", "POST", "/v3/roles", `{"role": {"name": "admin"}}`).says(409, "Conflict occurred attempting to store role - Duplicate entry found with name admin.")
	w.as("admin", "POST", "/v3/roles", `{"role": {"name": "Admin"}}`).says(409, "Conflict occurred attempting to store role - Duplicate entry found with name Admin.")
	w.as("admin", "PATCH", role, `{"role": {"name": "member"}}`).says(409, "Conflict occurred attempting to store role - Duplicate entry found with name member.")
	w.as("admin", "PATCH", role, `{"role": {}}`).says(400, "{} does not have enough properties")
	w.as("admin", "PATCH", role, `{"role": {"name": "examiner", "description": "looks"}}`).is(200)
	if have := w.as("admin", "GET", "/v3/roles", "").names("roles"); !slices.Equal(have, []string{"admin", "member", "reader", "examiner"}) {
		t.Errorf("roles: %v", have)
	}
	for _, method := range []string{"PATCH", "DELETE"} {
		w.as("admin", method, "/v3/roles/nope", `{"role": {"name": "x"}}`).says(404, "Could not find role: nope.")
		w.as("alice", method, role, `{"role": {"name": "x"}}`).is(403)
	}
	w.as("alice", "POST", "/v3/roles", `{"role": {"name": "x"}}`).is(403)

	// Dora has nothing else: she gets in, and may do nothing.
	dora := w.as("admin", "POST", "/v3/users", `{"user": {"name": "dora", "password": "dorapw"}}`).is(201).at("user", "id").(string)
	demo := w.projects["demo"].ID
	grant := "/v3/projects/" + demo + "/users/" + dora + "/roles/" + id
	w.as("admin", "GET", grant, "").is(404)
	w.as("admin", "PUT", grant, "").is(204)
	w.as("admin", "GET", grant, "").is(204)
	if have := w.as("admin", "GET", "/v3/projects/"+demo+"/users/"+dora+"/roles", "").names("roles"); !slices.Equal(have, []string{"examiner"}) {
		t.Errorf("given: %v", have)
	}
	logIn := func() answer {
		return w.do("POST", "/v3/auth/tokens", passwordAuth("dora", "dorapw", `, "scope": {"project": {"id": "`+demo+`"}}`))
	}
	token := logIn().is(201)
	if have := fmt.Sprint(token.at("token", "roles")); have != "[map[id:"+id+" name:examiner]]" {
		t.Errorf("in the token: %s", have)
	}
	text := token.header.Get("X-Subject-Token")
	who := func() identity.Caller {
		t.Helper()
		_, caller, err := w.identity.LookUpToken(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		return caller
	}
	for access, want := range map[identity.Access]bool{identity.AnyUser: true, identity.ProjectReader: false, identity.ProjectMember: false, identity.Administrator: false} {
		if got := access.Check(who()) == nil; got != want {
			t.Errorf("%s: %v", access, got)
		}
	}
	// A new name is in what is known of her token.
	w.as("admin", "PATCH", role, `{"role": {"name": "auditor"}}`).is(200)
	if have := who(); len(have.Roles) != 1 || have.RoleName(have.Roles[0]) != "auditor" {
		t.Errorf("known of the token: %+v", have.RoleNames)
	}
	found := w.as("admin", "GET", "/v3/role_assignments?include_names&role.id="+id, "").at("role_assignments").([]any)
	if len(found) != 1 || found[0].(map[string]any)["role"].(map[string]any)["name"] != "auditor" {
		t.Errorf("assignments: %v", found)
	}
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", text).is(200)

	// It goes from wherever it was given: here it was her last, and in alice's
	// application credential.
	w.as("admin", "PUT", "/v3/projects/"+demo+"/users/"+w.users["alice"].ID+"/roles/"+id, "").is(204)
	app, secret := w.appCredential("alice", `"name": "ci", "roles": [{"name": "auditor"}, {"name": "reader"}]`)
	shown := w.as("alice", "GET", w.appCredentials("alice")+"/"+app, "").is(200)
	if !strings.Contains(shown.body, `"name": "auditor", "domain_id": null`) {
		t.Errorf("the credential's roles: %s", shown.body)
	}
	appToken := w.appToken(app, secret)
	alices := w.token("alice", "demo")
	w.as("admin", "DELETE", role, "").is(204)
	w.as("admin", "GET", role, "").says(404, "Could not find role: "+id+".")
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", text).says(401, unauthorized)
	logIn().says(401, unauthorized)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", appToken).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", appAuth(app, secret)).says(401, unauthorized)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", alices).is(200)
	if left := w.as("admin", "GET", "/v3/role_assignments?role.id="+id, "").at("role_assignments").([]any); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	w.audited("role", "auditor", audit.Delete, audit.Update, audit.Create)
}

// The roles that give rights stay as they are.
func TestBuiltInRolesStay(t *testing.T) {
	w := newWorld(t, nil)
	for _, r := range identity.Roles() {
		path, what := "/v3/roles/"+r.ID(), " immutable role resource: `"+r.ID()+`. Set resource option "immutable" to false first.`
		for _, change := range []string{`"name": "x"`, `"options": {"immutable": false}`, `"options": {"immutable": null}`, `"seat": 5`} {
			w.as("admin", "PATCH", path, `{"role": {`+change+`}}`).says(403, "Unable to update"+what)
		}
		w.as("admin", "DELETE", path, "").says(403, "Unable to delete"+what)
	}
}

// A role may be for one domain: then it is in no token, and goes with the domain.
func TestRolesOfADomain(t *testing.T) {
	w := newWorld(t, nil)
	far := w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "far"}}`).is(201).at("domain", "id").(string)
	local := func(domain string) string {
		return w.as("admin", "POST", "/v3/roles", `{"role": {"name": "keeper", "domain_id": "`+domain+`"}}`).is(201).at("role", "id").(string)
	}
	here, there := local("default"), local(far)
	w.as("admin", "POST", "/v3/roles", `{"role": {"name": "keeper", "domain_id": "`+far+`"}}`).
		says(409, "Conflict occurred attempting to store role - Duplicate entry found with name keeper at domain ID "+far+".")
	w.as("admin", "POST", "/v3/roles", `{"role": {"name": "keeper", "domain_id": "nope"}}`).says(404, "Could not find domain: nope.")
	w.as("admin", "PATCH", "/v3/roles/"+here, `{"role": {"domain_id": "`+far+`"}}`).says(400, "Update of `domain_id` is not allowed.")
	for query, want := range map[string]int{"": 0, "&domain_id=default": 1, "&domain_id=" + far: 1, "&domain_id=nope": 0} {
		if have := w.as("admin", "GET", "/v3/roles?name=keeper"+query, "").names("roles"); len(have) != want {
			t.Errorf("?name=keeper%s: %v", query, have)
		}
	}
	alice := "/users/" + w.users["alice"].ID + "/roles/"
	w.as("admin", "PUT", "/v3/projects/"+w.projects["demo"].ID+alice+there, "").is(403)
	w.as("admin", "PUT", "/v3/system"+alice+here, "").
		says(400, "Role "+here+" is a domain-specific role. Unable to use a domain-specific role in a system assignment.")
	w.as("admin", "PUT", "/v3/projects/"+w.projects["demo"].ID+alice+here, "").is(204)
	w.as("admin", "PUT", "/v3/domains/"+far+alice+there, "").is(204)
	if _, caller, err := w.identity.LookUpToken(t.Context(), w.token("alice", "demo")); err != nil || len(caller.Roles) != 2 {
		t.Errorf("in alice's token: %v, %v", caller.Roles, err)
	}
	below := w.as("admin", "GET", "/v3/role_assignments?include_names&include_subtree&scope.project.id=default&role.id="+here, "").at("role_assignments").([]any)
	if len(below) != 1 || fmt.Sprint(below[0].(map[string]any)["role"]) != "map[domain:map[id:default name:Default] id:"+here+" name:keeper]" {
		t.Errorf("below the domain: %v", below)
	}
	w.as("admin", "GET", "/v3/role_assignments?include_subtree", "").says(400, "scope.project.id must be specified if include_subtree is also specified")
	w.as("admin", "PATCH", "/v3/domains/"+far, `{"domain": {"enabled": false}}`).is(200)
	w.as("admin", "DELETE", "/v3/domains/"+far, "").is(204)
	w.as("admin", "GET", "/v3/roles/"+there, "").is(404)
	w.as("admin", "GET", "/v3/roles/"+here, "").is(200)
}

// Names of people are their own in each domain. An e-mail address, by which
// people log in without naming a domain, is as good as a name as long as nobody
// else has it.
func TestNamesInDomains(t *testing.T) {
	w := newWorld(t, nil)
	far := w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "far"}}`).is(201).at("domain", "id").(string)
	user := func(members string) answer { return w.as("admin", "POST", "/v3/users", `{"user": {`+members+`}}`) }
	user(`"name": "alice", "domain_id": "` + far + `", "password": "farpw"`).is(201)
	user(`"name": "alice", "domain_id": "`+far+`"`).says(409, "Conflict occurred attempting to store user - Duplicate entry found with name alice at domain ID "+far+".")
	user(`"name": "eve", "email": "eve@example.com", "password": "evepw"`).is(201)

	// Without a domain a name is one of the default domain.
	v2 := func(name, password string) int {
		return w.do("POST", "/v2.0/tokens", fmt.Sprintf(`{"auth": {"passwordCredentials": {"username": %q, "password": %q}}}`, name, password)).status
	}
	for _, c := range []struct {
		name, password string
		want           int
	}{{"alice", "alicepw", 200}, {"alice", "farpw", 401}, {"eve@example.com", "evepw", 200}} {
		if got := v2(c.name, c.password); got != c.want {
			t.Errorf("%s with %s: %d", c.name, c.password, got)
		}
	}
	adam := user(`"name": "adam", "domain_id": "`+far+`", "email": "eve@example.com", "password": "adampw"`).is(201).at("user", "id").(string)
	for _, password := range []string{"evepw", "adampw"} {
		if got := v2("eve@example.com", password); got != 401 {
			t.Errorf("an address of two people with %s: %d", password, got)
		}
	}
	if got := v2("eve", "evepw"); got != 200 {
		t.Errorf("eve by her name: %d", got)
	}
	w.as("admin", "PATCH", "/v3/users/"+adam, `{"user": {"email": null}}`).is(200)
	if got := v2("eve@example.com", "evepw"); got != 200 {
		t.Errorf("an address that is one's own again: %d", got)
	}
	// A name that is somebody's e-mail address is the one with the name.
	user(`"name": "eve@example.com", "password": "mallorypw"`).is(201)
	if v2("eve@example.com", "evepw") != 401 || v2("eve@example.com", "mallorypw") != 200 {
		t.Error("a name and an e-mail address are mixed up")
	}
}
