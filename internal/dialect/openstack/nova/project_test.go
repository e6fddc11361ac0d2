package nova

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// registry is the projects that there are; administrators see all of them.
type registry map[string]bool

func (r registry) Project(_ context.Context, c identity.Caller, id string) (identity.Project, error) {
	switch {
	case !c.Admin():
		return identity.Project{}, &fault.Error{Kind: fault.Forbidden}
	case !r[id]:
		return identity.Project{}, fault.Missing("project", id)
	}
	return identity.Project{ID: id}, nil
}

// Quotas of a project that is not there are neither shown nor kept.
func TestQuotasOfNoProject(t *testing.T) {
	c := newCloud(t)
	const other, none = "a0000000000000000000000000000001", "a0000000000000000000000000000009"
	c.dialect.opt.Projects = registry{demo: true, other: true}
	const sets, body = "/v2.1/os-quota-sets/", `{"quota_set": {"key_pairs": 3}}`
	const refusal = `{"badRequest": {"code": 400, "message": "Project ID ` + none + ` is not a valid project."}}`
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		holds                   string
	}{
		{"admin", http.MethodGet, none, "", 400, refusal},
		{"admin", http.MethodGet, none + "/detail", "", 400, refusal},
		{"admin", http.MethodGet, none + "/defaults", "", 400, refusal},
		{"admin", http.MethodPut, none, body, 400, refusal},
		{"alice", http.MethodGet, none, "", 403, "os_compute_api:os-quota-sets:show"},
		{"alice", http.MethodPut, none, body, 403, "os_compute_api:os-quota-sets:update"},
		{"alice", http.MethodGet, none + "/defaults", "", 200, `"key_pairs": 100`}, // as Nova: nothing is hidden in them
		{"admin", http.MethodPut, other, body, 200, `"key_pairs": 3`},
		{"admin", http.MethodGet, other, "", 200, `"key_pairs": 3`},
		{"alice", http.MethodGet, demo, "", 200, `"key_pairs": 100`},
		{"admin", http.MethodDelete, none, "", 202, ""}, // there is nothing to forget
	} {
		w := c.call(t, x.who, "", x.method, sets+x.path, x.body)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.holds) {
			t.Errorf("%s %s as %s: %d %s, want %d %s", x.method, x.path, x.who, w.Code, w.Body, x.status, x.holds)
		}
	}
}
