package cinder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLists(t *testing.T) {
	c := newCloud(t)
	ids := map[string]string{}
	for n, name := range []string{"b", "a", "d", "c"} {
		ids[name] = c.create(fmt.Sprintf(`{"size": %d, "name": %q, "metadata": {"n": "%d"}}`, 1+n%2, name, n))
	}
	c.ask("carol", "", "POST", "/volumes", `{"volume": {"size": 1, "name": "other"}}`, 202)
	list := func(who, version, query string) (string, map[string]any) {
		t.Helper()
		got := c.ask(who, version, "GET", "/volumes/detail"+query, "", 200)
		var out []string
		for _, v := range got["volumes"].([]any) {
			out = append(out, v.(map[string]any)["name"].(string))
		}
		return strings.Join(out, " "), got
	}
	for query, want := range map[string]string{
		"": "c d a b", "?sort=name:asc": "a b c d", "?sort_key=size&sort_dir=asc": "d b c a", "?sort=size:desc,name": "c a d b",
		"?name=a": "a", "?status=available": "c d a b", "?status=error": "", "?size=2": "c a", "?metadata={'n':'2'}": "d", "?metadata={": "",
		"?bootable=True": "", "?limit=2": "c d", "?limit=2&marker=" + ids["d"]: "a b", "?offset=3": "b", "?limit=0": "",
		"?all_tenants=1": "c d a b", "?nothing=x": "c d a b", "?name~=c": "c",
	} {
		if got, _ := list("alice", "3.31", query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got, _ := list("admin", "", "?all_tenants=True"); got != "other c d a b" {
		t.Errorf("an administrator lists %q", got)
	}
	if got, _ := list("admin", "", "?all_tenants=True&project_id="+alt); got != "other" {
		t.Errorf("an administrator lists %q", got)
	}
	if got, _ := list("admin", "", ""); got != "" {
		t.Errorf("an administrator's own project has %q", got)
	}
	_, page := list("alice", "3.45", "?limit=3&with_count=true")
	next := page["volumes_links"].([]any)[0].(map[string]any)
	if next["rel"] != "next" || next["href"] != "http://cloud.example/v3/"+demo+"/volumes/detail?limit=3&with_count=true&marker="+ids["a"] || page["count"] != 4.0 {
		t.Errorf("page %v", page)
	}
	if _, last := list("alice", "3.44", "?with_count=true"); last["volumes_links"] != nil || last["count"] != nil {
		t.Errorf("the whole list has %v", names(last))
	}
	for query, want := range map[string]string{
		"?limit=x": "limit param must be an integer", "?offset=-1": "offset param must be positive",
		"?sort=nope": "Invalid sort key passed: nope.", "?sort=name:up": "Invalid sort direction up.",
	} {
		c.refused("alice", "", "GET", "/volumes"+query, "", 400, "badRequest", want)
	}
	c.refused("alice", "", "GET", "/volumes?marker=x", "", 404, "itemNotFound", "Volume x could not be found.")
	short := c.ask("alice", "", "GET", "/volumes?name=a", "", 200)["volumes"].([]any)[0].(map[string]any)
	if !slices.Equal(names(short), []string{"id", "links", "name"}) {
		t.Errorf("in short: %v", short)
	}
}
