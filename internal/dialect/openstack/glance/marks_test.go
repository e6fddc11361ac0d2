package glance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

// TestMarks walks what the owner of an image decides about it, step by step.
func TestMarks(t *testing.T) {
	d := service(t)
	h := openstacktest.Serve(d)
	one := "/v2/images/" + secret
	set := func(member, value string) string {
		return `[{"op": "replace", "path": "/` + member + `", "value": ` + value + `}]`
	}
	for _, c := range []struct {
		who, method, path, body string
		status                  int
		holds                   string
	}{
		{"owner", "PATCH", one, set("protected", "true"), 200, `"protected": true`},
		{"owner", "DELETE", one, "", 403, "Image " + secret + " is protected and cannot be deleted."},
		{"root", "DELETE", one, "", 403, "is protected"},
		{"owner", "PATCH", one, set("protected", `"yes"`), 400, "is not of type 'boolean'"},
		{"owner", "PATCH", one, set("protected", "false"), 200, `"protected": false`},

		{"owner", "PATCH", one, set("os_hidden", "true"), 200, `"os_hidden": true`},
		{"owner", "GET", "/v2/images?name=secret", "", 200, `"images": []`},
		{"owner", "GET", "/v2/images?os_hidden=true", "", 200, secret},
		{"owner", "GET", one, "", 200, secret},
		{"owner", "PATCH", one, set("os_hidden", "false"), 200, `"os_hidden": false`},

		{"owner", "PATCH", one, set("visibility", `"public"`), 403, "publicize_image"},
		{"owner", "PATCH", one, set("visibility", `"shared"`), 403, "An image is private or public here"},
		{"owner", "PATCH", one, set("visibility", `"secret"`), 400, "is not one of"},
		{"carol", "GET", one, "", 404, ""},
		{"root", "PATCH", one, set("visibility", `"public"`), 200, `"visibility": "public"`},
		{"carol", "GET", one, "", 200, secret},
		{"owner", "PATCH", one, set("visibility", `"private"`), 200, `"visibility": "private"`},
		{"carol", "GET", one, "", 404, ""},

		{"owner", "PUT", one + "/tags/blue", "", 204, ""},
		{"owner", "PUT", one + "/tags/blue", "", 204, ""},
		{"owner", "PUT", one + "/tags/red", "", 204, ""},
		{"owner", "GET", one, "", 200, `"tags": ["blue", "red"]`},
		{"owner", "GET", "/v2/images?tag=red&tag=blue", "", 200, secret},
		{"owner", "GET", "/v2/images?tag=red&tag=green", "", 200, `"images": []`},
		{"owner", "DELETE", one + "/tags/blue", "", 204, ""},
		{"owner", "DELETE", one + "/tags/blue", "", 404, "The resource could not be found."},
		{"owner", "PATCH", one, set("tags", `["b", "a", "b"]`), 200, `"tags": ["a", "b"]`},
		{"owner", "PATCH", one, set("tags", `"a"`), 400, "is not of type 'array'"},
		{"owner", "PATCH", one, set("tags", `[""]`), 400, "a tag has 1 to 255 characters"},
		{"alice", "PUT", "/v2/images/" + cirros + "/tags/mine", "", 403, "modify_image"},
		{"carol", "PUT", one + "/tags/mine", "", 404, ""},

		{"carol", "POST", "/v2/images/" + cirros + "/actions/deactivate", "", 403, "deactivate"},
		{"owner", "POST", one + "/actions/deactivate", "", 204, ""},
		{"owner", "POST", one + "/actions/deactivate", "", 204, ""},
		{"owner", "GET", one, "", 200, `"status": "deactivated"`},
		{"owner", "GET", one + "/file", "", 403, "The requested image has been deactivated."},
		{"root", "GET", one + "/file", "", 204, ""},
		{"owner", "GET", "/v2/images?status=deactivated", "", 200, secret},
		{"owner", "POST", one + "/actions/reactivate", "", 204, ""},
		{"owner", "GET", one, "", 200, `"status": "active"`},
	} {
		r := openstacktest.Request(t, c.who, c.method, c.path, c.body)
		if c.method == http.MethodPatch {
			r.Header.Set("Content-Type", patchTypes[0])
		}
		w := openstacktest.Answer(h, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s: %s %s %s: %d %s, want %d %s", c.who, c.method, c.path, c.body, w.Code, w.Body, c.status, c.holds)
		}
	}
}

// TestTooManyTags stops where Glance does.
func TestTooManyTags(t *testing.T) {
	h := openstacktest.Serve(service(t))
	put := func(tags string) (int, string) {
		r := openstacktest.Request(t, "owner", http.MethodPatch, "/v2/images/"+secret, `[{"op": "replace", "path": "/tags", "value": [`+tags+`]}]`)
		r.Header.Set("Content-Type", patchTypes[0])
		w := openstacktest.Answer(h, r)
		return w.Code, w.Body.String()
	}
	var all []string
	for k := range 128 {
		all = append(all, `"`+strings.Repeat("x", k+1)+`"`)
	}
	if code, body := put(strings.Join(all, ",")); code != http.StatusOK {
		t.Errorf("128 tags: %d %s", code, body)
	}
	if code, body := put(strings.Join(append(all, `"y"`), ",")); code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "Maximum: 128") {
		t.Errorf("129 tags: %d %s", code, body)
	}
}

// TestTooManyProperties bounds what everybody's lists of images have to carry.
func TestTooManyProperties(t *testing.T) {
	h := openstacktest.Serve(service(t))
	add := func(from, to int, name, value string) (int, string) {
		var ops []string
		for k := from; k < to; k++ {
			ops = append(ops, fmt.Sprintf(`{"op": "add", "path": "/%s%d", "value": "%s"}`, name, k, value))
		}
		r := openstacktest.Request(t, "owner", http.MethodPatch, "/v2/images/"+secret, "["+strings.Join(ops, ",")+"]")
		r.Header.Set("Content-Type", patchTypes[0])
		w := openstacktest.Answer(h, r)
		return w.Code, w.Body.String()
	}
	for _, c := range []struct {
		from, to    int
		name, value string
		status      int
		holds       string
	}{
		{0, 1, strings.Repeat("한", 255), "x", 400, "at most 255 characters"},
		{0, 1, strings.Repeat("한", 254), "x", 200, ""},
		{0, 100, "p", "x", 200, ""},
		{100, 128, "p", "x", 413, "number of allowed image properties. Maximum: 128"},
		{100, 120, "p", "x", 200, ""},
		{0, 2, "p", strings.Repeat("x", 20_000), 200, ""},
		{2, 4, "p", strings.Repeat("x", 20_000), 413, "bytes of image properties"},
		{0, 2, "p", "x", 200, ""},
		{2, 4, "p", strings.Repeat("x", 20_000), 200, ""},
	} {
		if code, body := add(c.from, c.to, c.name, c.value); code != c.status || !strings.Contains(body, c.holds) {
			t.Errorf("%d to %d of %.5s with %d bytes: %d %.300s, want %d %s", c.from, c.to, c.name, len(c.value), code, body, c.status, c.holds)
		}
	}
}

// TestNothingIsBrought walks the calls that would bring an image or share one.
func TestNothingIsBrought(t *testing.T) {
	h := openstacktest.Serve(service(t))
	one := "/v2/images/" + secret
	for _, c := range []struct {
		who, method, path string
		status            int
		holds             string
	}{
		{"owner", "POST", "/v2/images", 403, "Images cannot be uploaded or imported here"},
		{"alice", "POST", "/v2/images", 403, "add_image"},
		{"owner", "PUT", one + "/file", 403, "Images cannot be uploaded"},
		{"carol", "PUT", one + "/file", 404, "No image found"},
		{"owner", "PUT", one + "/stage", 403, "Images cannot be uploaded"},
		{"owner", "POST", one + "/import", 403, "Images cannot be uploaded"},
		{"owner", "POST", "/v2/tasks", 403, "Images cannot be uploaded"},
		{"owner", "GET", "/v2/tasks", 200, `"tasks": []`},
		{"owner", "GET", "/v2/tasks/x", 404, "No task found with ID x"},
		{"owner", "GET", "/v2/info/import", 200, `"value": []`},
		{"owner", "GET", "/v2/info/stores", 404, "Multi backend is not supported at this site."},
		{"owner", "GET", one + "/file", 204, ""},
		{"carol", "GET", one + "/file", 404, "No image found"},
		{"owner", "GET", one + "/members", 403, "Only shared images have members."},
		{"owner", "POST", one + "/members", 403, "Only shared images have members."},
		{"owner", "GET", one + "/members/x", 403, "Only shared images have members."},
		{"owner", "PUT", one + "/members/x", 403, "Only shared images have members."},
		{"owner", "DELETE", one + "/members/x", 403, "Only shared images have members."},
		{"carol", "GET", one + "/members", 404, "No image found"},
	} {
		w := openstacktest.Answer(h, openstacktest.Request(t, c.who, c.method, c.path, "{}"))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
			t.Errorf("%s: %s %s: %d %s, want %d %s", c.who, c.method, c.path, w.Code, w.Body, c.status, c.holds)
		}
	}
}
