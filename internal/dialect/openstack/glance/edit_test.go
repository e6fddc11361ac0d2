package glance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

func TestPatch(t *testing.T) {
	d := service(t)
	h := openstacktest.Serve(d)
	for _, c := range []struct {
		who, media, patch string
		status            int
		holds             string
	}{
		{"owner", patchTypes[0], `[{"op": "replace", "path": "/name", "value": "new name"}]`, 200, `"name": "new name"`},
		{"owner", patchTypes[1], `[{"replace": "/name", "value": "newer"}]`, 200, `"name": "newer"`},
		{"owner", patchTypes[0], `[{"op": "add", "path": "/a~1b~0c", "value": "x"}, {"op": "replace", "path": "/min_disk", "value": 7}]`, 200, `"a/b~c": "x"`},
		{"owner", patchTypes[0], `[{"op": "remove", "path": "/a~1b~0c"}]`, 200, `"min_disk": 7`},
		{"owner", patchTypes[0], `[{"op": "remove", "path": "/a~1b~0c"}]`, 409, "Property a/b~c does not exist."},
		{"owner", patchTypes[0], `[{"op": "replace", "path": "/name", "value": "lost"}, {"op": "replace", "path": "/id", "value": "x"}]`, 403, "Attribute 'id' is read-only."},
		{"owner", patchTypes[0], `[{"op": "replace", "path": "/os_admin_user", "value": "x"}]`, 403, "Attribute 'os_admin_user' is read-only."},
		{"owner", patchTypes[0], `[{"op": "remove", "path": "/name"}]`, 403, "Property name may not be removed."},
		{"owner", patchTypes[0], `[{"op": "replace", "path": "/name", "value": 5}]`, 400, "5 is not of type 'string'"},
		{"owner", patchTypes[0], `[{"op": "replace", "path": "/min_ram", "value": "5"}]`, 400, "'5' is not of type 'integer'"},
		{"owner", patchTypes[0], `[{"op": "move", "path": "/name", "value": "x"}]`, 400, "Operations must be one of"},
		{"owner", patchTypes[0], `[{"op": "add", "path": "name", "value": "x"}]`, 400, "does not start with"},
		{"owner", patchTypes[0], `[{"op": "add", "path": "/a/b", "value": "x"}]`, 400, "Invalid JSON pointer"},
		{"owner", patchTypes[0], `[{"op": "add", "path": "/a"}]`, 400, "requires a member named"},
		{"owner", patchTypes[0], `{}`, 400, "must be a JSON array"},
		{"owner", patchTypes[0], `[1]`, 400, "Operations must be JSON objects."},
		{"owner", "application/json", `[]`, 415, "Unsupported Content-Type"},
		{"alice", patchTypes[0], `[]`, 403, "modify_image"},
		{"carol", patchTypes[0], `[]`, 404, "No image found with ID " + secret},
		{"owner", patchTypes[0], `[]`, 200, `"name": "newer"`},
	} {
		r := openstacktest.Request(t, c.who, http.MethodPatch, "/v2/images/"+secret, c.patch)
		r.Header.Set("Content-Type", c.media)
		w := openstacktest.Answer(h, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s as %s: %d %s, want %d %s", c.patch, c.who, w.Code, w.Body, c.status, c.holds)
		}
		if c.status == http.StatusUnsupportedMediaType && w.Header().Get("Accept-Patch") == "" {
			t.Error("nothing says what is taken instead")
		}
	}
}

func TestDelete(t *testing.T) {
	d := service(t)
	h := openstacktest.Serve(d)
	for _, c := range []struct {
		who, id string
		status  int
		holds   string
	}{
		{"alice", secret, 403, "delete_image"}, // a reader
		{"carol", secret, 404, "No image found with ID " + secret},
		{"carol", cirros, 403, "delete_image"}, // another's, which everybody sees
		{"owner", secret, 204, ""},
		{"owner", secret, 404, "No image found with ID " + secret},
		{"root", cirros, 204, ""},
	} {
		w := openstacktest.Answer(h, openstacktest.Request(t, c.who, http.MethodDelete, "/v2/images/"+c.id, ""))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s by %s: %d %s", c.id, c.who, w.Code, w.Body)
		}
	}
	if w := get(t, d, "owner", "/v2/images"); strings.Contains(w.Body.String(), secret) || !strings.Contains(w.Body.String(), cirrosAlt) {
		t.Errorf("what is left: %s", w.Body)
	}
}
