package neutron

import (
	"strconv"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestTags tags one thing of each kind that has tags.
func TestTags(t *testing.T) {
	k := desk{t, service(t)}
	pool := k.pool()
	net := k.send("alice", "POST", "networks", `{"network": {}}`, 201)
	for _, one := range []string{
		"networks/" + net,
		"subnets/" + k.send("alice", "POST", "subnets", `{"subnet": {"network_id": "`+net+`", "cidr": "10.5.0.0/24", "ip_version": 4}}`, 201),
		"ports/" + k.send("alice", "POST", "ports", `{"port": {"network_id": "`+net+`"}}`, 201),
		"floatingips/" + k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`"}}`, 201),
		"routers/" + k.send("alice", "POST", "routers", `{"router": {}}`, 201),
		"security-groups/" + compute.DefaultGroupID(demo),
	} {
		tags := one + "/tags"
		k.send("alice", "GET", tags, "", 200, `{"tags":[]}`)
		k.send("alice", "PUT", tags, `{"tags": ["red", "blue", "red"]}`, 200, `{"tags":["red","blue"]}`)
		k.send("alice", "PUT", tags+"/green", "", 201)
		k.send("alice", "PUT", tags+"/green", "", 201)
		k.send("alice", "GET", tags+"/green", "", 204)
		k.send("alice", "GET", one, "", 200, `"tags":["red","blue","green"]`)
		k.send("alice", "DELETE", tags+"/blue", "", 204)
		k.send("alice", "DELETE", tags+"/blue", "", 404, `"type": "TagNotFound", "message": "Tag blue could not be found."`)
		k.send("alice", "GET", tags+"/blue", "", 404, `"type": "TagNotFound"`)
		k.send("none", "PUT", tags+"/x", "", 403)
		// What else is changed leaves them.
		if kind, _, _ := strings.Cut(one, "/"); kind != "security-groups" {
			name := strings.TrimSuffix(kind, "s")
			k.send("alice", "PUT", one, `{"`+name+`": {"description": "d"}}`, 200, `"tags":["red","green"]`)
		}
		k.send("alice", "DELETE", tags, "", 204)
		k.send("alice", "GET", tags, "", 200, `{"tags":[]}`)
	}
	tags := "networks/" + net + "/tags"
	for body, want := range map[string]string{
		``: "Invalid tags body", `{"tags": "a"}`: "Invalid tags body", `{"tags": [1]}`: "'1' is not a valid string", `{"tags": [""]}`: "'' is not a valid tag",
		`{"tags": ["` + strings.Repeat("a", 256) + `"]}`: "exceeds maximum length of 255",
	} {
		k.send("alice", "PUT", tags, body, 400, want)
	}
	var many []string
	for n := range maxTags + 1 {
		many = append(many, `"t`+strconv.Itoa(n)+`"`)
	}
	k.send("alice", "PUT", tags, `{"tags": [`+strings.Join(many, ",")+`]}`, 400, "at most 256 tags")
	k.send("alice", "PUT", tags, `{"tags": [`+strings.Join(many[1:], ",")+`]}`, 200)
	k.send("alice", "PUT", tags+"/more", "", 400, "at most 256 tags")
	k.send("alice", "PUT", tags+"/"+strings.Repeat("a", 256), "", 400, "exceeds maximum length")
	// A shared network's are its owner's.
	k.send("alice", "GET", "networks/"+sharedNet+"/tags", "", 200, `{"tags":[]}`)
	k.send("alice", "PUT", "networks/"+sharedNet+"/tags/x", "", 403, "update_network is disallowed by policy")
	k.send("alice", "PUT", "networks/"+hiddenNet+"/tags/x", "", 404, "NetworkNotFound")
}

func TestTagFilters(t *testing.T) {
	k := desk{t, service(t)}
	for name, tags := range map[string]string{"a": `"red"`, "b": `"red", "blue"`, "c": `"green"`, "d": ``} {
		id := k.send("alice", "POST", "networks", `{"network": {"name": "`+name+`"}}`, 201)
		k.send("alice", "PUT", "networks/"+id+"/tags", `{"tags": [`+tags+`]}`, 200)
	}
	for query, want := range map[string]string{
		"tags=red": "a b", "tags=red,blue": "b", "tags-any=blue,green": "b c", "not-tags=red,blue": "a c d", "not-tags-any=red,blue": "c d",
		"tags=red&not-tags=blue": "a", "tags=none": "", "tags=red&tags=blue": "b",
	} {
		w := get(t, k.d, "alice", "/v2.0/networks?shared=False&sort_key=name&fields=name&"+query)
		got := strings.NewReplacer(`{"networks":[`, "", `]}`, "", `{"name":"`, "", `"}`, "", ",", " ").Replace(w.Body.String())
		if w.Code != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", query, w.Code, got, want)
		}
	}
}
