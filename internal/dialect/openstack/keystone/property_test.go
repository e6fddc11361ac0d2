package keystone_test

import (
	"fmt"
	"strings"
	"testing"
)

// What administrators say of a thing beyond what is known of it is kept and
// shown, value for value, and a change leaves what it does not name.
func TestAttributesOfOnesOwn(t *testing.T) {
	w := newWorld(t, nil)
	for _, kind := range []string{"user", "project", "domain", "role"} {
		made := w.as("admin", "POST", "/v3/"+kind+"s", `{"`+kind+`": {"name": "thing", "cost": 12345678901234567890, "nested": {"a": [1, null, "ü"]}, "id": "mine", "links": 5}}`).is(201)
		id := made.at(kind, "id").(string)
		if id == "mine" || !strings.Contains(made.body, `"cost": 12345678901234567890, "nested": {"a": [1, null, "\u00fc"]}`) {
			t.Errorf("%s: made %s", kind, made.body)
		}
		path := "/v3/" + kind + "s/" + id
		w.as("admin", "PATCH", path, `{"`+kind+`": {"nested": null, "seat": "5"}}`).is(200)
		w.as("admin", "PATCH", path, `{"`+kind+`": {"name": "other"}}`).is(200)
		for _, where := range []string{path, "/v3/" + kind + "s?name=other"} {
			if got := w.as("admin", "GET", where, "").is(200).body; !strings.Contains(got, `"cost": 12345678901234567890, "nested": null, "seat": "5"}`) {
				t.Errorf("%s: %s", where, got)
			}
		}
		w.as("admin", "PATCH", path, fmt.Sprintf(`{"%s": {"long": %q}}`, kind, strings.Repeat("x", 16<<10))).
			says(400, "attributes and options have 16431 bytes, 16384 are the most")
		w.as("admin", "PATCH", path, `{"`+kind+`": {"long": [{"x": 1e400}]}}`).says(400, "The value of long has a number that is too large.")
		if got := w.as("admin", "GET", path, "").is(200).body; strings.Contains(got, "long") {
			t.Errorf("%s: what was refused is kept: %s", kind, got)
		}
	}
	w.as("alice", "PATCH", "/v3/users/"+w.users["alice"].ID, `{"user": {"seat": "5"}}`).is(403)
}

// Options are those that Keystone knows, with their types; a null takes one away.
func TestOptions(t *testing.T) {
	w := newWorld(t, nil)
	alice := "/v3/users/" + w.users["alice"].ID
	for _, c := range []struct{ path, options, complaint string }{
		{"/v3/users", `{"immutable": true}`, "Invalid input for field 'options': Additional properties are not allowed ('immutable' was unexpected)"},
		{"/v3/users", `{"lock_password": "yes"}`, "Invalid input for field 'options/lock_password': 'yes' is not of type 'boolean', 'null'"},
		{"/v3/users", `{"multi_factor_auth_rules": [[]]}`, "Invalid input for field 'options/multi_factor_auth_rules/0': [] is too short"},
		{"/v3/users", `{"multi_factor_auth_rules": [["password"], ["password"]]}`, "Invalid input for field 'options/multi_factor_auth_rules': [['password'], ['password']] has non-unique elements"},
		{"/v3/users", `null`, "Invalid input for field 'options': None is not of type 'object'"},
		{"/v3/projects", `{"lock_password": true}`, "Invalid input for field 'options': Additional properties are not allowed ('lock_password' was unexpected)"},
		{"/v3/domains", `{"immutable": 1}`, "Invalid input for field 'options/immutable': 1 is not of type 'boolean', 'null'"},
		{"/v3/roles", `{"x": true}`, "Invalid input for field 'options': Additional properties are not allowed ('x' was unexpected)"},
	} {
		kind := strings.TrimSuffix(strings.TrimPrefix(c.path, "/v3/"), "s")
		w.as("admin", "POST", c.path, `{"`+kind+`": {"name": "x", "options": `+c.options+`}}`).says(400, c.complaint)
	}
	all := `"ignore_change_password_upon_first_use": true, "ignore_lockout_failure_attempts": false, "ignore_password_expiry": true, ` +
		`"ignore_user_inactivity": true, "lock_password": false, "multi_factor_auth_enabled": false, "multi_factor_auth_rules": [["password", "totp"]]`
	if got := w.as("admin", "PATCH", alice, `{"user": {"options": {`+all+`}}}`).is(200).body; !strings.Contains(got, `"options": {`+all+`}`) {
		t.Errorf("shown: %s", got)
	}
	w.as("admin", "PATCH", alice, `{"user": {"options": {"multi_factor_auth_rules": null, "multi_factor_auth_enabled": null, "ignore_user_inactivity": null}}}`).is(200)
	want := `"options": {"ignore_change_password_upon_first_use": true, "ignore_lockout_failure_attempts": false, "ignore_password_expiry": true, "lock_password": false}`
	if got := w.as("admin", "GET", alice, "").body; !strings.Contains(got, want) {
		t.Errorf("left: %s", got)
	}
	w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "x", "explicit_domain_id": "0123456789abcdef0123456789abcdef"}}`).
		says(400, "The id of a domain cannot be chosen here; leave explicit_domain_id out.")
}

// What is immutable is neither changed nor removed until it is made mutable,
// and that alone.
func TestImmutable(t *testing.T) {
	w := newWorld(t, nil)
	for _, kind := range []string{"project", "domain", "role"} {
		id := w.as("admin", "POST", "/v3/"+kind+"s", `{"`+kind+`": {"name": "rock", "options": {"immutable": true}}}`).is(201).at(kind, "id").(string)
		path := "/v3/" + kind + "s/" + id
		for _, change := range []string{
			`"name": "sand"`, `"name": "sand", "options": {"immutable": false}`, `"seat": 5`, `"options": {"immutable": true}`, `"options": {}`,
		} {
			w.as("admin", "PATCH", path, `{"`+kind+`": {`+change+`}}`).
				says(403, "Unable to update immutable "+kind+" resource: `"+id+`. Set resource option "immutable" to false first.`)
		}
		w.as("admin", "DELETE", path, "").says(403, "Unable to delete immutable "+kind+" resource: `"+id+`. Set resource option "immutable" to false first.`)
		if kind == "project" {
			for method, doing := range map[string]string{"PUT": "create", "DELETE": "delete"} {
				w.as("admin", method, path+"/tags/a", "").says(403, "Cannot "+doing+" project tags for "+id+
					`, project is immutable. Set "immutable" option to false before creating project tags.`)
			}
		}
		w.as("admin", "PATCH", path, `{"`+kind+`": {"options": {"immutable": null}}}`).is(200)
		w.as("admin", "PATCH", path, `{"`+kind+`": {"name": "sand"}}`).is(200)
		if kind == "domain" {
			w.as("admin", "PATCH", path, `{"domain": {"enabled": false}}`).is(200)
		}
		w.as("admin", "DELETE", path, "").is(204)
	}
	// A domain does not take an immutable project with it.
	id := w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "land", "enabled": false}}`).is(201).at("domain", "id").(string)
	rock := w.as("admin", "POST", "/v3/projects", `{"project": {"name": "rock", "domain_id": "`+id+`", "options": {"immutable": true}}}`).is(201).at("project", "id").(string)
	w.as("admin", "DELETE", "/v3/domains/"+id, "").says(403, "Unable to delete immutable project resource: `"+rock+`. Set resource option "immutable" to false first.`)
	w.as("admin", "GET", "/v3/projects/"+rock, "").is(200)
}

// Who may not change their own password is told so once they have proved it;
// administrators change it.
func TestLockedPassword(t *testing.T) {
	w := newWorld(t, nil)
	alice := "/v3/users/" + w.users["alice"].ID
	w.as("admin", "PATCH", alice, `{"user": {"options": {"lock_password": true}}}`).is(200)
	change := func(old string) answer {
		return w.do("POST", alice+"/password", `{"user": {"original_password": "`+old+`", "password": "another"}}`)
	}
	change("wrong").says(401, unauthorized)
	change("alicepw").says(400, "You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password.")
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).is(201)
	w.as("admin", "PATCH", alice, `{"user": {"password": "given"}}`).is(200)
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "given", "")).is(201)
	w.as("admin", "PATCH", alice, `{"user": {"options": {"lock_password": false}}}`).is(200)
	change("given").is(204)
}

// Who is not to be locked out is not, from whatever address.
func TestIgnoredLockout(t *testing.T) {
	w := newWorld(t, nil)
	w.as("admin", "PATCH", "/v3/users/"+w.users["alice"].ID, `{"user": {"options": {"ignore_lockout_failure_attempts": true}}}`).is(200)
	for range 6 { // five lock
		for _, user := range []string{"alice", "bob"} {
			w.do("POST", "/v3/auth/tokens", passwordAuth(user, "wrong", "")).is(401)
		}
	}
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).is(201)
	w.do("POST", "/v3/auth/tokens", passwordAuth("bob", "bobpw", "")).is(401)
}

// A login has to satisfy one of the user's rules, if there are any and they are
// not turned off.
func TestFactorRules(t *testing.T) {
	w := newWorld(t, nil)
	id, secret := w.appCredential("alice", `"name": "ci"`)
	alice := "/v3/users/" + w.users["alice"].ID
	old := w.token("alice", "demo")
	for _, c := range []struct {
		options                string
		password, app, rescope int
	}{
		{`"multi_factor_auth_rules": [["password", "totp"]]`, 401, 401, 401},
		{`"multi_factor_auth_enabled": false`, 201, 201, 201},
		{`"multi_factor_auth_enabled": true, "multi_factor_auth_rules": [["password", "totp"], ["application_credential"]]`, 401, 201, 401},
		{`"multi_factor_auth_rules": [["password"]]`, 201, 401, 201},
		{`"multi_factor_auth_rules": []`, 201, 201, 201},
	} {
		w.as("admin", "PATCH", alice, `{"user": {"options": {`+c.options+`}}}`).is(200)
		if got := w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).status; got != c.password {
			t.Errorf("%s: by password %d, want %d", c.options, got, c.password)
		}
		if got := w.do("POST", "/v3/auth/tokens", appAuth(id, secret)).status; got != c.app {
			t.Errorf("%s: by application credential %d, want %d", c.options, got, c.app)
		}
		again := `{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + old + `"}}}}`
		if got := w.do("POST", "/v3/auth/tokens", again).status; got != c.rescope {
			t.Errorf("%s: by token %d, want %d", c.options, got, c.rescope)
		}
		// Tokens that are there go on.
		w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", old).is(200)
	}
}
