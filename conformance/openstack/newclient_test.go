package openstack

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// newClient replays the OpenStack client of 2026, which nobody has installed
// yet: it makes keys itself and sends them without a comment, and it speaks of
// servers at 2.93, the newest version that both sides know.
func newClient(t *testing.T, cloud *cloud) {
	a := cloud.pioneer
	r := cloud.replays(t, "Accept: application/json", "User-Agent: openstacksdk/4.8.0 keystoneauth1/5.12.0 python-requests/2.32.5 CPython/3.13.7")
	at := func(version string) []string {
		return []string{"OpenStack-API-Version: compute " + version, "X-OpenStack-Nova-API-Version: " + version}
	}
	r.call(http.StatusOK, "GET", "/identity/v3", "")
	r.login(passwordLogin(a, members{"project": members{"name": a.Project, "domain": members{"name": a.Domain}}}))
	r.call(http.StatusOK, "GET", "/compute/v2.1", "").is("version.version", "2.93")

	r.pioneerKeys(t, at)
	r.pioneerServer(t, cloud, at)
	r.call(http.StatusOK, "GET", "/compute/v2.1/limits?reserved=False", "").is("limits.absolute.maxTotalKeypairs", 100.0)
}

// pioneerKeys makes key pairs and pages through them.
func (r *replay) pioneerKeys(t *testing.T, at func(string) []string) {
	t.Helper()
	const keypairs = "/compute/v2.1/os-keypairs"
	for name, version := range map[string]string{"k1": "2.10", "k2": "2.10", "dot.name@host": "2.92"} {
		key := publicKeys(t)["without a comment"]
		made := r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": name, "public_key": key}}), at(version)...)
		made.is("keypair.public_key", key)
		made.is("keypair.private_key", nil)
		made.is("keypair.type", "ssh")
	}
	var names []string
	path := keypairs + "?limit=2"
	for path != "" {
		page := r.call(http.StatusOK, "GET", path, "", at("2.35")...)
		items := page.at("keypairs").([]any)
		for i := range items {
			names = append(names, page.text(fmt.Sprintf("keypairs.%d.keypair.name", i)))
		}
		// It makes the address of the next page itself.
		path = ""
		if len(items) > 0 {
			path = keypairs + "?limit=2&marker=" + strings.ReplaceAll(names[len(names)-1], "@", "%40")
		}
	}
	if want := []string{"dot.name@host", "k1", "k2"}; !slices.Equal(names, want) {
		t.Errorf("the pages hold %q, want %q", names, want)
	}
	r.call(http.StatusNoContent, "DELETE", keypairs+"/k2", "", at("2.10")...)
	r.call(http.StatusNoContent, "DELETE", keypairs+"/dot.name@host", "", at("2.10")...)
}

// pioneerServer takes a server from its making to its end, at 2.93.
func (r *replay) pioneerServer(t *testing.T, cloud *cloud, at func(string) []string) {
	t.Helper()
	r.call(http.StatusMultipleChoices, "GET", "/image/", "")
	r.call(http.StatusNotFound, "GET", "/image/v2/images/alpine-3.22", "")
	image := r.call(http.StatusOK, "GET", "/image/v2/images?name=alpine-3.22", "").text("images.0.id")
	r.call(http.StatusNotFound, "GET", "/compute/v2.1/flavors/m1.tiny", "", at("2.61")...)
	flavor := r.call(http.StatusOK, "GET", "/compute/v2.1/flavors/detail?is_public=None", "", at("2.61")...).named("flavors", "name", "m1.tiny").text("id")
	r.call(http.StatusNotFound, "GET", "/network/v2.0/networks/private", "")
	network := r.call(http.StatusOK, "GET", "/network/v2.0/networks?name=private", "").text("networks.0.id")

	made := r.call(http.StatusAccepted, "POST", "/compute/v2.1/servers", object(members{"server": members{
		"min_count": 1, "max_count": 1, "name": "ncli1", "key_name": "k1", "imageRef": image, "flavorRef": flavor,
		"networks": []any{members{"uuid": network}},
		"block_device_mapping_v2": []any{members{"uuid": image, "boot_index": 0, "source_type": "image",
			"destination_type": "local", "delete_on_termination": true}},
	}}), at("2.93")...)
	one := "/compute/v2.1/servers/" + made.text("server.id")
	is := func(status string) func(reply) bool {
		return func(a reply) bool {
			return a.at("server.status") == status && a.at("server.OS-EXT-STS:task_state") == nil
		}
	}
	r.until(http.StatusOK, "GET", one, is("ACTIVE"), at("2.93")...)
	shown := r.call(http.StatusOK, "GET", one, "", at("2.93")...)
	shown.is("server.key_name", "k1")
	shown.is("server.image.id", image)
	shown.is("server.flavor.original_name", "m1.tiny")
	shown.is("server.flavor.id", nil)
	shown.is("server.locked", false)
	shown.is("server.description", nil)
	shown.is("server.OS-EXT-SRV-ATTR:hostname", "ncli1")

	// It looks servers up by name as an id first.
	r.call(http.StatusNotFound, "GET", "/compute/v2.1/servers/ncli1", "", at("2.93")...)
	for _, list := range []string{"/compute/v2.1/servers?name=ncli1", "/compute/v2.1/servers/detail?name=ncli1", "/compute/v2.1/servers/detail?deleted=False"} {
		r.call(http.StatusOK, "GET", list, "", at("2.93")...).is("servers.0.id", made.text("server.id"))
	}
	r.call(http.StatusOK, "GET", "/image/v2/images?id=in%3A"+image, "").is("images.0.name", "alpine-3.22")
	r.call(http.StatusAccepted, "POST", one+"/action", `{"os-stop": null}`, at("2.93")...)
	r.until(http.StatusOK, "GET", one, is("SHUTOFF"), at("2.93")...)
	r.call(http.StatusAccepted, "POST", one+"/action", `{"os-start": null}`, at("2.93")...)
	r.until(http.StatusOK, "GET", one, is("ACTIVE"), at("2.93")...)
	rebuilt := r.call(http.StatusAccepted, "POST", one+"/action", object(members{"rebuild": members{"imageRef": image}}), at("2.93")...)
	rebuilt.is("server.key_name", "k1")
	rebuilt.is("server.status", "REBUILD")
	r.until(http.StatusOK, "GET", one, is("ACTIVE"), at("2.93")...)
	id := r.call(http.StatusOK, "GET", one, "", at("2.93")...).text("server.tenant_id")
	r.call(http.StatusOK, "GET", "/compute/v2.1/os-quota-sets/"+id, "", at("2.56")...).is("quota_set.key_pairs", 100.0)
	r.call(http.StatusOK, "GET", "/network/v2.0/quotas/"+id, "").is("quota.network", 100.0)
	r.call(http.StatusNoContent, "DELETE", one, "", at("2.93")...)
	r.until(http.StatusNotFound, "GET", one, nil, at("2.93")...)

	// An administrator asks for somebody's key pairs, by name.
	root := cloud.replays(t)
	root.login(passwordLogin(cloud.Root, members{"project": members{"name": cloud.Root.Project, "domain": members{"name": cloud.Root.Domain}}}))
	root.call(http.StatusNotFound, "GET", "/identity/v3/users/pioneer", "")
	user := root.call(http.StatusOK, "GET", "/identity/v3/users?name=pioneer", "").text("users.0.id")
	root.call(http.StatusOK, "GET", "/compute/v2.1/os-keypairs?user_id="+user, "", at("2.10")...).is("keypairs.0.keypair.name", "k1")
	taken := object(members{"keypair": members{"name": "k1", "user_id": user, "public_key": publicKeys(t)["without a newline"]}})
	root.call(http.StatusConflict, "POST", "/compute/v2.1/os-keypairs", taken, at("2.10")...)
}
