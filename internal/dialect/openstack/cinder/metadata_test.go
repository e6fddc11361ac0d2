package cinder

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestMetadata(t *testing.T) {
	c := newCloud(t)
	path := "/volumes/" + c.create(`{"size": 1, "metadata": {"a": "1"}}`) + "/metadata"
	is := func(got map[string]any, want string) {
		t.Helper()
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	is(c.ask("rita", "", "GET", path, "", 200), "map[metadata:map[a:1]]")
	is(c.ask("alice", "", "POST", path, `{"metadata": {"b": "2"}}`, 200), "map[metadata:map[a:1 b:2]]")
	is(c.ask("alice", "", "PUT", path+"/b", `{"meta": {"b": "3"}}`, 200), "map[meta:map[b:3]]")
	is(c.ask("alice", "", "GET", path+"/b", "", 200), "map[meta:map[b:3]]")
	c.refused("alice", "", "PUT", path+"/b", `{"meta": {"c": "3"}}`, 400, "badRequest", "Request body and URI mismatch")
	c.ask("alice", "", "DELETE", path+"/a", "", 200)
	c.refused("alice", "", "DELETE", path+"/a", "", 404, "itemNotFound", "Metadata item was not found")
	c.refused("alice", "", "GET", path+"/a", "", 404, "itemNotFound", "Metadata item was not found")
	is(c.ask("alice", "", "PUT", path, `{"metadata": {"z": "9"}}`, 200), "map[metadata:map[z:9]]")
	many := map[string]string{}
	for n := range maxMetadata + 1 {
		many[fmt.Sprint("k", n)] = "v"
	}
	text, _ := json.Marshal(map[string]any{"metadata": many})
	c.refused("alice", "", "PUT", path, string(text), 400, "badRequest", "a volume has at most 128 entries.")
	is(c.ask("alice", "", "GET", path, "", 200), "map[metadata:map[z:9]]")
}
