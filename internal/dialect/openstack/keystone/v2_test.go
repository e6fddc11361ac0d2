package keystone_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/keyreeve/keyreeve/internal/identity"
)

// v2Auth is the body of a login to v2.0; tenant is the text of a member with
// its comma.
func v2Auth(user, password, tenant string) string {
	return fmt.Sprintf(`{"auth": {%s"passwordCredentials": {"username": %q, "password": %q}}}`, tenant, user, password)
}

func TestV2Discovery(t *testing.T) {
	w := newWorld(t, nil)
	want := `{"version": {"id": "v2.0", "status": "deprecated", "updated": "2016-08-04T00:00:00Z", "links": [{"rel": "self", "href": "` + w.url +
		`/identity/v2.0/"}], "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v2.0+json"}]}}`
	for _, path := range []string{"/v2.0", "/v2.0/"} {
		if got := w.do("GET", path, "").is(200); got.body != want {
			t.Errorf("%s: %s want %s", path, got.body, want)
		}
	}
	if root := w.do("GET", "/", "").is(300).at("versions", "values").([]any); len(root) != 1 {
		t.Errorf("the root tells of %v", root)
	}
}

// A token has every member that clients read, and is one for v3, too.
func TestV2Token(t *testing.T) {
	w := newWorld(t, nil)
	demo := w.projects["demo"]
	got := w.do("POST", "/v2.0/tokens", v2Auth("alice", "alicepw", `"tenantId": "`+demo.ID+`", `)).is(200)
	text := got.at("access", "token", "id").(string)
	id := `"id": "[0-9a-f]{32}"`
	endpoint := func(path string) string {
		url := regexp.QuoteMeta(w.url + path)
		return fmt.Sprintf(`"endpoints_links": \[\], "endpoints": \[\{"region": "RegionOne", "publicURL": "%s", "internalURL": "%s", "adminURL": "%s", %s\}\]\}`, url, url, url, id)
	}
	want := fmt.Sprintf(`^\{"access": \{"token": \{"id": "[^"]+", "expires": "2026-11-22T01:36:59Z", "issued_at": "2026-11-22T00:36:59.000000", `+
		`"tenant": \{"id": "%[1]s", "name": "demo", "description": "", "enabled": true\}\}, "serviceCatalog": \[`+
		`\{"type": "identity", "name": "keystone", %[2]s, \{"type": "compute", "name": "nova", %[3]s, `+
		`\{"type": "image", "name": "glance", %[4]s, \{"type": "network", "name": "neutron", %[5]s, \{"type": "volumev3", "name": "cinderv3", %[9]s\], `+
		`"user": \{"id": "%[6]s", "username": "alice", "name": "alice", "roles": \[\{"name": "reader"\}, \{"name": "member"\}\], "roles_links": \[\]\}, `+
		`"metadata": \{"roles": \["%[7]s", "%[8]s"\], "is_admin": 0\}\}\}$`,
		demo.ID, endpoint("/identity/v2.0"), endpoint("/compute/v2/"+demo.ID), endpoint("/image"), endpoint("/network"),
		w.users["alice"].ID, identity.RoleReader.ID(), identity.RoleMember.ID(), endpoint("/volume/v3/"+demo.ID))
	if !regexp.MustCompile(want).MatchString(got.body) {
		t.Errorf("got  %s\nwant %s", got.body, want)
	}
	if got.header.Get("X-Subject-Token") != "" || got.header.Get("Vary") != "X-Auth-Token" {
		t.Errorf("headers: %v", got.header)
	}
	w.do("GET", "/v3/auth/tokens", "", "X-Auth-Token", text, "X-Subject-Token", text).is(200)
	tenants := w.do("GET", "/v2.0/tenants", "", "X-Auth-Token", text).is(200)
	if want := `{"tenants": [{"id": "` + demo.ID + `", "name": "demo", "description": "", "enabled": true}], "tenants_links": []}` + "\n"; tenants.body != want {
		t.Errorf("got %s want %s", tenants.body, want)
	}
	w.do("GET", "/v2.0/tenants", "").says(401, unauthorized)

	unscoped := w.do("POST", "/v2.0/tokens", v2Auth("alice", "alicepw", "")).is(200)
	access := unscoped.at("access").(map[string]any)
	if _, ok := access["token"].(map[string]any)["tenant"]; ok || len(access["serviceCatalog"].([]any)) != 0 || len(access["user"].(map[string]any)["roles"].([]any)) != 0 {
		t.Errorf("without a tenant: %s", unscoped.body)
	}
	bare := access["token"].(map[string]any)["id"].(string)
	scoped := w.do("POST", "/v2.0/tokens", fmt.Sprintf(`{"auth": {"tenantName": "demo", "token": {"id": %q}}}`, bare)).is(200)
	if scoped.at("access", "token", "tenant").(map[string]any)["id"] != demo.ID {
		t.Errorf("by token: %s", scoped.body)
	}
}

// People come with their name or e-mail address and with either password.
func TestV2People(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.identity.CreateUser(t.Context(), operator(), identity.NewUser{
		Name: "dora", Email: "dora@example.com", Password: "dorapw", APIPassword: "dora-api",
		Grants: []identity.Assignment{{Scope: identity.Scope{Kind: identity.ProjectScope, ID: w.projects["demo"].ID}, Role: identity.RoleMember}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Another one's name may be the e-mail address of the first.
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "bob@example.com", "password": "otherpw"}}`).is(201)
	w.as("admin", "PATCH", "/v3/users/"+w.users["bob"].ID, `{"user": {"email": "bob@example.com"}}`).is(200)
	const tenant = `"tenantName": "demo", `
	id, secret := w.appCredential("alice", `"name": "ci"`)
	app := w.appToken(id, secret)
	for _, tc := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"name", v2Auth("dora", "dorapw", tenant), 200, ""},
		{"name, API password", v2Auth("dora", "dora-api", tenant), 200, ""},
		{"e-mail", v2Auth("dora@example.com", "dorapw", tenant), 200, ""},
		{"e-mail, API password", v2Auth("dora@example.com", "dora-api", tenant), 200, ""},
		{"user id", fmt.Sprintf(`{"auth": {"passwordCredentials": {"userId": %q, "password": "bobpw"}}}`, w.users["bob"].ID), 200, ""},
		{"an e-mail that is a name", v2Auth("bob@example.com", "otherpw", ""), 200, ""},
		{"an e-mail behind a name", v2Auth("bob@example.com", "bobpw", ""), 401, unauthorized},
		{"wrong password", v2Auth("dora", "x", tenant), 401, unauthorized},
		{"no API password", v2Auth("alice", "", tenant), 401, unauthorized},
		{"nobody", v2Auth("nobody", "x", tenant), 401, unauthorized},
		{"tenant of others", v2Auth("dora", "dorapw", `"tenantName": "alt", `), 401, unauthorized},
		{"no such tenant", v2Auth("dora", "dorapw", `"tenantName": "nope", `), 401, unauthorized},
		{"no such tenant id", v2Auth("dora", "dorapw", `"tenantId": "nope", `), 401, unauthorized},
		{"a bad token", `{"auth": {"token": {"id": "kr1.x"}}}`, 401, unauthorized},
		{"a token of a credential", `{"auth": {"token": {"id": "` + app + `"}}}`, 403, "You are not authorized to perform the requested action: " +
			"Using an application credential's token to create another token. Create a new token with the application credential instead."},
		{"empty", `{}`, 400, "Expecting to find auth in request body." + blame},
		{"nothing", ``, 400, "Expecting to find auth in request body." + blame},
		{"no JSON", `{`, 400, "Expecting to find valid JSON in request body." + blame},
		{"no credentials", `{"auth": {}}`, 400, "Expecting to find passwordCredentials in auth." + blame},
		{"no password", `{"auth": {"passwordCredentials": {"username": "dora"}}}`, 400, "Expecting to find password in passwordCredentials." + blame},
		{"no name", `{"auth": {"passwordCredentials": {"password": "x"}}}`, 400, "Expecting to find username or userId in passwordCredentials." + blame},
		{"a number", `{"auth": {"tenantId": 5, "passwordCredentials": {"username": "dora", "password": "dorapw"}}}`, 400, "Invalid input for field 'tenantId': 5 is not of type 'string', 'null'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := *w
			w.t = t
			got := w.do("POST", "/v2.0/tokens", tc.body)
			if tc.status == 200 {
				got.is(200)
				return
			}
			got.says(tc.status, tc.message)
		})
	}
	// The API password is for those APIs that have none better.
	w.do("POST", "/v3/auth/tokens", passwordAuth("dora", "dora-api", "")).says(401, unauthorized)
}
