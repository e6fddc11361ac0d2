package keystone_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store"
)

func TestDeleteUser(t *testing.T) {
	w := newWorld(t, nil)
	bob := w.users["bob"].ID
	token := w.token("bob", "demo")
	id, secret := w.appCredential("bob", `"name": "ci", "access_rules": [{"service": "compute", "method": "GET", "path": "/**"}]`)
	if _, _, err := w.identity.CreateAccessKey(t.Context(), operator(), bob, w.projects["demo"].ID); err != nil {
		t.Fatal(err)
	}
	w.as("alice", "DELETE", "/v3/users/"+bob, "").says(403, "You are not authorized to perform the requested action: identity:delete_user.")
	w.as("admin", "DELETE", "/v3/users/bob", "").says(404, "Could not find user: bob.")
	w.as("admin", "DELETE", "/v3/users/"+bob, "").is(204)
	w.as("admin", "GET", "/v3/users/"+bob, "").says(404, "Could not find user: "+bob+".")
	w.as("admin", "DELETE", "/v3/users/"+bob, "").says(404, "Could not find user: "+bob+".")
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", passwordAuth("bob", "bobpw", "")).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", appAuth(id, secret)).says(401, unauthorized)
	if given := w.as("admin", "GET", "/v3/role_assignments?user.id="+bob, "").at("role_assignments").([]any); len(given) != 0 {
		t.Errorf("roles are left: %v", given)
	}
	w.audited("user", "bob", audit.Delete, audit.Login, audit.Login) // and one who made the credential
	// The name is free again, for somebody else.
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "bob", "password": "bobpw"}}`).is(201)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
}

func TestDeleteProject(t *testing.T) {
	w := newWorld(t, nil)
	alt := w.projects["alt"].ID
	carol := w.users["carol"].ID
	w.as("admin", "PATCH", "/v3/users/"+carol, `{"user": {"default_project_id": "`+alt+`"}}`).is(200)
	token, unscoped := w.token("carol", "alt"), w.token("carol", "")
	id, secret := w.appCredential("carol", `"name": "ci"`)
	if _, _, err := w.identity.CreateAccessKey(t.Context(), operator(), carol, alt); err != nil {
		t.Fatal(err)
	}
	w.as("carol", "DELETE", "/v3/projects/"+alt, "").says(403, "You are not authorized to perform the requested action: identity:delete_project.")
	w.as("admin", "DELETE", "/v3/projects/alt", "").says(404, "Could not find project: alt.")

	// Nobody loses a machine, nor what is on it; everything else goes with it.
	put := func(change func(tx *store.Tx) error) {
		t.Helper()
		if err := w.db.Write(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	instance := func(id string) compute.Instance {
		return compute.Instance{ID: id, Region: "one", ProjectID: alt, UserID: carol, Name: "i", CreatedAt: epoch, UpdatedAt: epoch}
	}
	put(func(tx *store.Tx) error {
		for _, id := range []string{"i1", "i2"} {
			if err := tx.InsertInstance(t.Context(), instance(id)); err != nil {
				return err
			}
		}
		if err := tx.InsertVolume(t.Context(), compute.Volume{ID: "v", Region: "one", ProjectID: alt, UserID: carol, CreatedAt: epoch, UpdatedAt: epoch}); err != nil {
			return err
		}
		if err := tx.InsertImage(t.Context(), compute.Image{ID: "s", Name: "saved", ProjectID: alt, CreatedAt: epoch, UpdatedAt: epoch}); err != nil {
			return err
		}
		return tx.InsertKeyPair(t.Context(), keypair.KeyPair{ID: "k", Region: "one", Owner: keypair.Owner{Kind: keypair.Project, ID: alt}, Name: "k", Blob: []byte("k"), CreatedAt: epoch})
	})
	w.as("admin", "DELETE", "/v3/projects/"+alt, "").says(403, "Cannot delete project alt while it has 2 instances and 1 volume.")
	put(func(tx *store.Tx) error { return tx.DeleteInstance(t.Context(), "i1") })
	put(func(tx *store.Tx) error { return tx.DeleteVolume(t.Context(), "v") })
	w.as("admin", "DELETE", "/v3/projects/"+alt, "").says(403, "Cannot delete project alt while it has 1 instance.")
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).is(200)
	put(func(tx *store.Tx) error { return tx.DeleteInstance(t.Context(), "i2") })

	w.as("admin", "DELETE", "/v3/projects/"+alt, "").is(204)
	w.as("admin", "GET", "/v3/projects/"+alt, "").says(404, "Could not find project: "+alt+".")
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", appAuth(id, secret)).says(401, unauthorized)
	if have := w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", unscoped).is(200).names("projects"); len(have) != 0 {
		t.Errorf("carol is still in %v", have)
	}
	if _, ok := w.as("admin", "GET", "/v3/users/"+carol, "").at("user").(map[string]any)["default_project_id"]; ok {
		t.Error("what is gone is still carol's default project")
	}
	if err := w.db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Image(t.Context(), "s"); return err }); !fault.Is(err, fault.NotFound) {
		t.Errorf("its private image is left: %v", err)
	}
	w.audited("project", "alt", audit.Delete)
}

func TestDomains(t *testing.T) {
	w := newWorld(t, nil)
	const rule = "You are not authorized to perform the requested action: identity:"
	w.as("alice", "POST", "/v3/domains", `{"domain": {"name": "x"}}`).says(403, rule+"create_domain.")
	w.as("alice", "PATCH", "/v3/domains/default", `{"domain": {"name": "x"}}`).says(403, rule+"update_domain.")
	w.as("alice", "DELETE", "/v3/domains/default", "").says(403, rule+"delete_domain.")

	made := w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "branch", "description": "far away"}}`).is(201)
	id := made.at("domain", "id").(string)
	if made.at("domain", "enabled") != true || made.at("domain", "description") != "far away" || len(id) != 32 {
		t.Errorf("made %s", made.body)
	}
	path := "/v3/domains/" + id
	w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "branch"}}`).says(409, "Conflict occurred attempting to store domain - Duplicate entry found with name branch.")
	w.as("admin", "POST", "/v3/domains", `{"domain": {}}`).says(400, "'name' is a required property")
	w.as("admin", "PATCH", path, `{"domain": {"name": "Default"}}`).says(409, "Conflict occurred attempting to store domain - Duplicate entry found with name Default.")
	w.as("admin", "PATCH", "/v3/domains/nope", `{"domain": {"name": "x"}}`).says(404, "Could not find domain: nope.")
	w.as("admin", "PATCH", path, `{"domain": {"name": "twig", "description": null}}`).is(200)
	if have := w.as("admin", "GET", "/v3/domains?name__startswith=t", "").names("domains"); !slices.Equal(have, []string{"twig"}) {
		t.Errorf("domains: %v", have)
	}

	// Its people can work until it is disabled, and have to log in again after.
	project := w.as("admin", "POST", "/v3/projects", `{"project": {"name": "p", "domain_id": "`+id+`"}}`).is(201).at("project", "id").(string)
	user := w.as("admin", "POST", "/v3/users", `{"user": {"name": "u", "password": "pw", "domain_id": "`+id+`"}}`).is(201).at("user", "id").(string)
	for _, at := range []string{"/v3/projects/" + project, path} {
		w.as("admin", "PUT", at+"/users/"+user+"/roles/"+identity.RoleMember.ID(), "").is(204)
		w.as("admin", "PUT", at+"/users/"+w.users["alice"].ID+"/roles/"+identity.RoleReader.ID(), "").is(204)
	}
	logIn := func(scope string) answer {
		return w.do("POST", "/v3/auth/tokens", fmt.Sprintf(
			`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": %q, "password": "pw"}}}%s}}`, user, scope))
	}
	in := identity.Scope{Kind: identity.ProjectScope, ID: project}
	tokens := []string{
		logIn("").is(201).header.Get("X-Subject-Token"),
		logIn(`, "scope": {"domain": {"id": "` + id + `"}}`).is(201).header.Get("X-Subject-Token"),
		w.tokenIn("alice", in), w.tokenIn("alice", identity.Scope{Kind: identity.AccountScope, ID: id}),
	}
	other := w.token("alice", "demo")
	look := func() (good int) {
		for _, token := range tokens {
			if w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).status == 200 {
				good++
			}
		}
		return good
	}
	if n := look(); n != len(tokens) {
		t.Fatalf("%d of %d tokens are good", n, len(tokens))
	}
	w.as("admin", "DELETE", path, "").says(403, "Cannot delete a domain that is enabled, please disable it first.")
	w.as("admin", "PATCH", path, `{"domain": {"enabled": false}}`).is(200)
	logIn("").says(401, unauthorized)
	if n := look(); n != 0 {
		t.Errorf("%d tokens are good in a disabled domain", n)
	}
	w.as("admin", "PATCH", path, `{"domain": {"enabled": true}}`).is(200)
	if n := look(); n != 0 {
		t.Errorf("%d tokens came back with the domain", n)
	}
	logIn("").is(201)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", other).is(200)

	w.as("admin", "PATCH", "/v3/domains/default", `{"domain": {"enabled": false}}`).says(403, "The default domain cannot be disabled: nobody could enable it again.")
	w.as("admin", "DELETE", "/v3/domains/default", "").is(403)
	w.as("admin", "PATCH", path, `{"domain": {"enabled": false}}`).is(200)
	w.as("admin", "DELETE", path, "").is(204)
	w.as("admin", "GET", path, "").says(404, "Could not find domain: "+id+".")
	w.as("admin", "GET", "/v3/users/"+user, "").is(404)
	w.as("admin", "GET", "/v3/projects/"+project, "").is(404)
	w.audited("domain", "twig", audit.Delete, audit.Update, audit.Update, audit.Update, audit.Update)
	w.audited("project", "p", audit.Delete, audit.Create)
}

// A token that has ended stays so, whatever is given back.
func TestTokensEndForGood(t *testing.T) {
	type step func(w *world)
	patch := func(path, body string) step {
		return func(w *world) { w.as("admin", "PATCH", path, body).is(200) }
	}
	for name, tc := range map[string]struct {
		scope      identity.ScopeKind
		take, give func(w *world) step
		other      bool // whether an unscoped token of the user ends too
	}{
		"role in a project": {identity.ProjectScope,
			func(w *world) step {
				return func(w *world) { w.as("admin", "DELETE", w.grant("carol", "alt", identity.RoleMember), "").is(204) }
			},
			func(w *world) step {
				return func(w *world) { w.as("admin", "PUT", w.grant("carol", "alt", identity.RoleMember), "").is(204) }
			}, false},
		"role on the domain": {identity.AccountScope,
			func(w *world) step {
				return func(w *world) { w.as("admin", "DELETE", w.on("/v3/domains/default", "carol"), "").is(204) }
			},
			func(w *world) step {
				return func(w *world) { w.as("admin", "PUT", w.on("/v3/domains/default", "carol"), "").is(204) }
			}, false},
		"role on the system": {identity.SystemScope,
			func(w *world) step {
				return func(w *world) { w.as("admin", "DELETE", w.on("/v3/system", "carol"), "").is(204) }
			},
			func(w *world) step {
				return func(w *world) { w.as("admin", "PUT", w.on("/v3/system", "carol"), "").is(204) }
			}, false},
		"project": {identity.ProjectScope,
			func(w *world) step {
				return patch("/v3/projects/"+w.projects["alt"].ID, `{"project": {"enabled": false}}`)
			},
			func(w *world) step {
				return patch("/v3/projects/"+w.projects["alt"].ID, `{"project": {"enabled": true}}`)
			}, false},
		"user": {identity.ProjectScope,
			func(w *world) step { return patch("/v3/users/"+w.users["carol"].ID, `{"user": {"enabled": false}}`) },
			func(w *world) step { return patch("/v3/users/"+w.users["carol"].ID, `{"user": {"enabled": true}}`) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			for _, at := range []string{"/v3/domains/default", "/v3/system"} {
				w.as("admin", "PUT", w.on(at, "carol"), "").is(204)
			}
			scope := identity.Scope{Kind: tc.scope, ID: map[identity.ScopeKind]string{
				identity.ProjectScope: w.projects["alt"].ID, identity.AccountScope: identity.DefaultAccountID}[tc.scope]}
			token, unscoped, colleague := w.tokenIn("carol", scope), w.token("carol", ""), w.token("alice", "demo")
			w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).is(200) // from here on it is in the cache
			tc.take(w)(w)
			w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
			tc.give(w)(w)
			w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
			want := 200
			if tc.other {
				want = 401
			}
			w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", unscoped).is(want)
			w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", colleague).is(200)
			w.tokenIn("carol", scope) // a new one is to be had
		})
	}
}

// on is the path of the role reader on a domain or the system.
func (w *world) on(place, user string) string {
	return place + "/users/" + w.users[user].ID + "/roles/" + identity.RoleReader.ID()
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t, nil)
	path := "/v3/users/" + w.users["alice"].ID + "/password"
	change := func(old, password string, headers ...string) answer {
		return w.do("POST", path, fmt.Sprintf(`{"user": {"original_password": %q, "password": %q}}`, old, password), headers...)
	}
	token := w.token("alice", "demo")
	change("wrong", "new", "X-Auth-Token", token).says(401, unauthorized)
	w.do("POST", path, `{"user": {"password": "new"}}`).says(400, "'original_password' is a required property")
	change("alicepw", "").says(400, "Invalid input for field 'password': '' is too short")
	w.do("POST", "/v3/users/nope/password", `{"user": {"original_password": "a", "password": "b"}}`).says(401, unauthorized)
	w.do("GET", path, "").is(405)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).is(200)

	change("alicepw", "new").is(204)
	w.do("GET", "/v3/auth/projects", "", "X-Auth-Token", token).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "alicepw", "")).says(401, unauthorized)
	w.do("POST", "/v3/auth/tokens", passwordAuth("alice", "new", "")).is(201)
	w.audited("user", "alice", audit.Login, audit.LoginFailed, audit.Update, audit.LoginFailed, audit.Login)

	// Guessing here is guessing.
	for range 5 {
		change("wrong", "newer").says(401, unauthorized)
	}
	change("new", "newer").says(401, unauthorized)
	w.clock.add(5*time.Minute + time.Second)
	change("new", "newer").is(204)
}

func TestInexactFilters(t *testing.T) {
	w := newWorld(t, nil)
	w.as("admin", "POST", "/v3/users", `{"user": {"name": "Alicia"}}`).is(201)
	for query, want := range map[string][]string{
		"users?name__contains=lic":                                      {"Alicia", "alice"},
		"users?name__contains=LIC":                                      {},
		"users?name__icontains=ALIC":                                    {"Alicia", "alice"},
		"users?name__startswith=al":                                     {"alice"},
		"users?name__istartswith=aL":                                    {"Alicia", "alice"},
		"users?name__endswith=ce":                                       {"alice"},
		"users?name__iendswith=IA":                                      {"Alicia"},
		"users?name__equals=alice&name__endswith=b":                     {"bob"}, // what is no comparator is ignored
		"users?name__contains=a&name__contains=d":                       {"admin"},
		"users?name=alice&name=bob":                                     {},
		"users?name__contains=&enabled=0":                               {},
		"users?domain_id__startswith=def&name=rita":                     {"rita"},
		"users?domain_id__startswith=x":                                 {},
		"users?email__contains=x&name=rita":                             {"rita"},
		"projects?name__contains=e":                                     {"demo"},
		"projects?name__iendswith=N":                                    {"admin"},
		"projects?parent_id=default&name__contains=l":                   {"alt"},
		"projects?parent_id=" + w.projects["demo"].ID:                   {},
		"projects?is_domain=true":                                       {},
		"projects?is_domain=false&name=demo":                            {"demo"},
		"roles?name__endswith=er":                                       {"member", "reader"},
		"domains?name__istartswith=def":                                 {"Default"},
		"services?name__contains=nova":                                  {"nova", "nova_legacy"},
		"users/" + w.users["rita"].ID + "/projects?name__contains=x":    {},
		"users/" + w.users["rita"].ID + "/projects?name=demo&enabled=1": {"demo"},
	} {
		collection := query[:slices.IndexFunc([]byte(query+"?"), func(b byte) bool { return b == '?' || b == '/' })]
		if query[len(collection)] == '/' {
			collection = "projects"
		}
		if have := w.as("admin", "GET", "/v3/"+query, "").is(200).names(collection); !slices.Equal(have, want) {
			t.Errorf("%s: %v, want %v", query, have, want)
		}
	}
}
