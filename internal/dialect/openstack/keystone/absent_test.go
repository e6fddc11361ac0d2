package keystone_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// What Keystone keeps of a resource and Keyreeve does not is refused: taken and
// forgotten it would be a wrong success.
func TestNothingIsTakenAndForgotten(t *testing.T) {
	w := newWorld(t, nil)
	option := func(name string) string {
		return "Invalid input for field 'options': Additional properties are not allowed ('" + name + "' was unexpected)"
	}
	alice, demo := "/v3/users/"+w.users["alice"].ID, "/v3/projects/"+w.projects["demo"].ID
	domain := "/v3/domains/" + w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "far", "options": {}, "tags": []}}`).is(201).at("domain", "id").(string)
	for _, c := range []struct{ method, path, body, message string }{
		{"POST", "/v3/users", `{"user": {"name": "x", "options": {"ignore_password_expiry": true}}}`, option("ignore_password_expiry")},
		{"PATCH", alice, `{"user": {"options": {"lock_password": true}}}`, option("lock_password")},
		{"PATCH", alice, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`, option("multi_factor_auth_rules")},
		{"PATCH", alice, `{"user": {"options": null}}`, "Invalid input for field 'options': None is not of type 'object'"},
		{"POST", "/v3/projects", `{"project": {"name": "x", "options": {"immutable": true}}}`, option("immutable")},
		{"PATCH", demo, `{"project": {"options": {"immutable": true}}}`, option("immutable")},
		{"POST", "/v3/projects", `{"project": {"name": "x", "tags": ["a"]}}`, "Projects have no tags here; leave tags out."},
		{"PATCH", demo, `{"project": {"tags": ["a"]}}`, "Projects have no tags here; leave tags out."},
		{"PATCH", demo, `{"project": {"tags": 5}}`, "Invalid input for field 'tags': 5 is not of type 'array'"},
		{"POST", "/v3/domains", `{"domain": {"name": "x", "options": {"immutable": true}}}`, option("immutable")},
		{"POST", "/v3/domains", `{"domain": {"name": "x", "tags": ["a"]}}`, "Domains have no tags here; leave tags out."},
		{"PATCH", domain, `{"domain": {"tags": ["a"]}}`, "Domains have no tags here; leave tags out."},
		{"POST", "/v3/domains", `{"domain": {"name": "x", "explicit_domain_id": "0123456789abcdef0123456789abcdef"}}`,
			"The id of a domain cannot be chosen here; leave explicit_domain_id out."},
	} {
		w.as("admin", c.method, c.path, c.body).says(http.StatusBadRequest, c.message)
	}
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "x", "options": {}}}`).is(201)
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "x", "options": {}, "tags": []}}`).is(201)

	everything := []string{"admin", "alt", "demo", "x"}
	for query, want := range map[string][]string{
		"?tags=a": {}, "?tags-any=a,b": {}, "?not-tags=a": everything, "?not-tags-any=a,b": everything, "?tags-any=a&name=demo": {},
	} {
		if have := w.as("admin", "GET", "/v3/projects"+query, "").is(200).names("projects"); !slices.Equal(have, want) {
			t.Errorf("projects%s: got %v, want %v", query, have, want)
		}
	}
}

// Who is asked for their groups has none.
func TestNobodyIsInAGroup(t *testing.T) {
	w := newWorld(t, nil)
	alice := "/v3/users/" + w.users["alice"].ID + "/groups"
	for _, who := range []string{"alice", "admin"} {
		if have := w.as(who, "GET", alice, "").is(200).names("groups"); len(have) != 0 {
			t.Errorf("%s sees alice in %v", who, have)
		}
	}
	w.as("bob", "GET", alice, "").says(403, "You are not authorized to perform the requested action: identity:list_groups_for_user.")
	w.as("admin", "GET", "/v3/users/nope/groups", "").says(404, "Could not find user: nope.")
	w.as("admin", "GET", "/v3/groups/nope/users", "").says(404, "Could not find group: nope.")
	w.as("alice", "GET", "/v3/groups/nope/users", "").is(403)
}

// Keystone's tokens know no fractions of seconds.
func TestTokenTimesAreWholeSeconds(t *testing.T) {
	w := newWorld(t, nil)
	w.clock.add(543210 * time.Microsecond)
	token := w.token("alice", "demo")
	shown := w.do("GET", "/v3/auth/tokens", "", "X-Auth-Token", token, "X-Subject-Token", token).is(200)
	if issued, expires := shown.at("token", "issued_at"), shown.at("token", "expires_at"); issued != "2026-11-22T00:36:59.000000Z" || expires != "2026-11-22T01:36:59.000000Z" {
		t.Errorf("issued at %v, expires at %v", issued, expires)
	}
}
