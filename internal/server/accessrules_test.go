package server

import (
	"net/http"
	"testing"

	"github.com/keyreeve/keyreeve/internal/identity"
)

// TestAccessRules brings the token of an application credential with access
// rules to every OpenStack service: each lets in what the rules say, by the path
// as it was written, and nothing else.
func TestAccessRules(t *testing.T) {
	w := newWorld(t)
	id, member := w.server.domain.Identity, w.callers["member"]
	project := member.ProjectID()
	rule := func(service, path string) identity.AccessRule {
		return identity.AccessRule{Service: service, Method: http.MethodGet, Path: path}
	}
	as := func(name string, rules ...identity.AccessRule) string {
		t.Helper()
		k, _, err := id.CreateAppCredential(t.Context(), member, identity.NewAppCredential{Name: name, Rules: rules})
		if err != nil {
			t.Fatal(err)
		}
		if w.tokens[name], _, _, err = id.IssueAppToken(t.Context(), k, []identity.Method{identity.ByAppCredential}, identity.Origin{}); err != nil {
			t.Fatal(err)
		}
		return name
	}
	places := []struct{ service, prefix, path string }{
		{"identity", "/identity", "/v3/auth/projects"},
		{"compute", "/compute", "/v2.1/servers"},
		{"compute", "/compute", "/v2.1/" + project + "/servers"},
		{"compute", "/compute", "/v2/os-keypairs"},
		{"compute", "/compute", "/v2/" + project + "/os-keypairs"},
		{"compute", "/compute", "/v2.1/os-keypairs/" + canary},
		{"image", "/image", "/v2/images"},
		{"network", "/network", "/v2.0/networks"},
		{"volumev3", "/volume", "/v3/" + project + "/volumes"},
	}
	free := as("anything")
	for _, p := range places {
		only := as("only "+p.service+p.path, rule(p.service, p.path))
		elsewhere := as("elsewhere "+p.service+p.path, rule("placement", "/**"), rule(p.service, p.path+"/x"), rule("image", p.prefix+p.path))
		for _, q := range places {
			want := http.StatusUnauthorized
			if q == p {
				want = http.StatusOK
			}
			if status, body := w.send(t, http.MethodGet, q.prefix+q.path, "", only); status != want {
				t.Errorf("%s at %s: %d, want %d: %s", only, q.path, status, want, body)
			}
		}
		if status, _ := w.send(t, http.MethodGet, p.prefix+p.path, "", elsewhere); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", elsewhere, status)
		}
		if status, _ := w.send(t, http.MethodGet, p.prefix+p.path, "", free); status != http.StatusOK {
			t.Errorf("a credential without rules at %s: %d", p.path, status)
		}
		if status, _ := w.send(t, http.MethodPost, p.prefix+p.path, "{}", only); status != http.StatusUnauthorized && status != http.StatusMethodNotAllowed {
			t.Errorf("%s by another method: %d", only, status)
		}
	}
	wide := as("wide", rule("compute", "/v2.1/**"), rule("compute", "/v2/{project_id}/os-keypairs/*"))
	for path, want := range map[string]int{
		"/v2.1/servers/detail": 200, "/v2.1/flavors/1": 200, "/v2/" + project + "/os-keypairs/" + canary: 200,
		"/v2/os-keypairs/" + canary: 401, "/v2/" + project + "/os-keypairs": 401, "/v2.1/os-keypairs/a%2Fb": 404,
		"/v2/" + project + "/os-keypairs/a%2Fb": 401,
	} {
		if status, body := w.send(t, http.MethodGet, "/compute"+path, "", wide); status != want {
			t.Errorf("wide at %s: %d, want %d: %s", path, status, want, body)
		}
	}
	// What is not served at all is no way around.
	only := as("nothing there", rule("compute", "/v2.1/servers"))
	if status, _ := w.send(t, http.MethodGet, "/compute/v2.1/nothing", "", only); status != http.StatusUnauthorized {
		t.Errorf("an unknown path: %d", status)
	}
	// TOAST has no place in the catalog that a rule could name: a credential with
	// rules gets in nowhere there.
	toast := toastPrefix + member.Project.AppKey + "/keypairs"
	for who, succeeds := range map[string]bool{free: true, wide: false} {
		if a := w.toast(t, http.MethodGet, toast, "", w.tokens[who]); a.Header.IsSuccessful != succeeds {
			t.Errorf("%s in TOAST: %+v", who, a.Header)
		}
	}
	// Every service of the server is among the places.
	seen := map[string]bool{"/compute/v1.0": true}
	for _, p := range places {
		seen[p.prefix] = true
	}
	for _, m := range w.server.dialects {
		if !seen[m.prefix] {
			t.Errorf("nothing is tried at %s", m.prefix)
		}
	}
}
