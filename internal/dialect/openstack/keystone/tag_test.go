package keystone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTags(t *testing.T) {
	w := newWorld(t, nil)
	demo := "/v3/projects/" + w.projects["demo"].ID
	tags := func(path string) []string {
		t.Helper()
		got := []string{}
		for _, tag := range w.as("alice", "GET", path, "").is(200).at("tags").([]any) {
			got = append(got, tag.(string))
		}
		return got
	}
	made := w.as("admin", "PUT", demo+"/tags/red%20one", "").is(201)
	if at := made.header.Get("Location"); at != w.url+"/identity"+demo+"/tags/red%20one" || made.body != "" {
		t.Errorf("made %q at %s", made.body, at)
	}
	w.as("admin", "PUT", demo+"/tags/red%20one", "").is(201)
	w.as("admin", "PUT", demo+"/tags/blue", "").is(201)
	if got := tags(demo + "/tags"); !slices.Equal(got, []string{"red one", "blue"}) {
		t.Errorf("tags %v", got)
	}
	if got := w.as("alice", "GET", demo, "").is(200).at("project", "tags"); fmt.Sprint(got) != "[red one blue]" {
		t.Errorf("the project's tags: %v", got)
	}
	w.as("alice", "GET", demo+"/tags/blue", "").is(204)
	w.as("alice", "HEAD", demo+"/tags/green", "").is(404)
	w.as("alice", "GET", demo+"/tags/green", "").says(404, "Could not find project tag: green.")
	w.as("admin", "DELETE", demo+"/tags/green", "").says(404, "Could not find project tag: green.")
	w.as("admin", "DELETE", demo+"/tags/blue", "").is(204)
	replaced := w.as("admin", "PUT", demo+"/tags", `{"tags": ["x", "y"]}`).is(200)
	if replaced.body != `{"links": {"self": "`+w.url+"/identity"+demo+`/tags"}, "tags": ["x", "y"]}`+"\n" {
		t.Errorf("replaced: %s", replaced.body)
	}

	for _, c := range []struct{ method, path, body, says string }{
		{"PUT", demo + "/tags", `{"tags": ["a,b"]}`, "Invalid input for field 'tags/0': 'a,b' does not match '^[^,/]*$'"},
		{"PUT", demo + "/tags", `{"tags": ["a", "a"]}`, "Invalid input for field 'tags': ['a', 'a'] has non-unique elements"},
		{"PUT", demo + "/tags", `{"tags": "a"}`, "Invalid input for field 'tags': 'a' is not of type 'array'"},
		{"PUT", demo + "/tags", `{}`, "'tags' is a required property"},
		{"PUT", demo + "/tags/a,b", "", "'a,b' does not match '^[^,/]*$'"},
		{"PATCH", demo, `{"project": {"tags": [""]}}`, "Invalid input for field 'tags/0': '' is too short"},
		{"PATCH", demo, `{"project": {"tags": [" "]}}`, "a tag has 1 to 255 characters, and no comma or slash"},
		{"POST", "/v3/projects", `{"project": {"name": "x", "tags": [5]}}`, "Invalid input for field 'tags/0': 5 is not of type 'string'"},
		{"POST", "/v3/domains", `{"domain": {"name": "x", "tags": ["a/b"]}}`, "Invalid input for field 'tags/0': 'a/b' does not match '^[^,/]*$'"},
	} {
		w.as("admin", c.method, c.path, c.body).says(400, c.says)
	}
	many := make([]string, 80)
	for i := range many {
		many[i] = fmt.Sprintf(`"t%d"`, i)
	}
	w.as("admin", "PUT", demo+"/tags", `{"tags": [`+strings.Join(many, ",")+`]}`).is(200)
	w.as("admin", "PUT", demo+"/tags/one-more", "").says(400, "81 tags are too many, 80 are the most")
	w.as("admin", "DELETE", demo+"/tags", "").is(204)
	if got := tags(demo + "/tags"); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	for _, method := range []string{"PUT", "DELETE"} {
		w.as("alice", method, demo+"/tags/a", "").is(403)
		w.as("admin", method, "/v3/projects/nope/tags/a", "").says(404, "Could not find project: nope.")
	}
	w.as("carol", "GET", demo+"/tags", "").is(403)

	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "both", "tags": ["a", "b"]}}`).is(201)
	w.as("admin", "POST", "/v3/projects", `{"project": {"name": "one", "tags": ["a"]}}`).is(201)
	others := []string{"admin", "alt", "demo"}
	for query, want := range map[string][]string{
		"?tags=a": {"both", "one"}, "?tags=a,b": {"both"}, "?tags-any=a,b": {"both", "one"}, "?tags=a&not-tags=b": {"one"},
		"?not-tags=a,b": append(slices.Clone(others), "one"), "?not-tags-any=a,b": others, "?tags-any=c": {}, "?tags=a&name=one": {"one"},
	} {
		if have := w.as("admin", "GET", "/v3/projects"+query, "").is(200).names("projects"); !slices.Equal(have, want) {
			t.Errorf("projects%s: got %v, want %v", query, have, want)
		}
	}
	id := w.as("admin", "POST", "/v3/domains", `{"domain": {"name": "far", "tags": ["a"]}}`).is(201).at("domain", "id").(string)
	if got := w.as("admin", "PATCH", "/v3/domains/"+id, `{"domain": {"tags": ["b", "c"]}}`).is(200).at("domain", "tags"); fmt.Sprint(got) != "[b c]" {
		t.Errorf("the domain's tags: %v", got)
	}
}

// Projects do not nest: what is above and below them is told truthfully.
func TestHierarchy(t *testing.T) {
	w := newWorld(t, nil)
	demo := "/v3/projects/" + w.projects["demo"].ID
	for query, want := range map[string]string{
		"?parents_as_list": `"parents": []`, "?parents_as_ids": `"parents": {"default": null}`,
		"?subtree_as_list=1": `"subtree": []`, "?subtree_as_ids": `"subtree": null`,
		"?parents_as_ids&subtree_as_ids": `"parents": {"default": null}, "subtree": null}`,
	} {
		if got := w.as("alice", "GET", demo+query, "").is(200).body; !strings.Contains(got, want) {
			t.Errorf("%s: %s", query, got)
		}
	}
	for _, query := range []string{"", "?parents_as_list=0&subtree_as_ids=false"} {
		if got := w.as("alice", "GET", demo+query, "").is(200).body; strings.Contains(got, "parents") || strings.Contains(got, "subtree") {
			t.Errorf("%s: %s", query, got)
		}
	}
	w.as("alice", "GET", demo+"?subtree_as_list&subtree_as_ids", "").says(400, "Cannot use subtree_as_list and subtree_as_ids query params at the same time.")
}
