package openstack

import (
	"net/http"
	"strings"
	"testing"
)

// enter replays how web consoles let a person in: a token without scope, the
// person's projects, and a token for one of them.
func (r *replay) enter(cloud *cloud) (project string) {
	r.t.Helper()
	a := cloud.Demo
	unscoped := r.login(passwordLogin(a, members{"unscoped": members{}}))
	unscoped.is("token.project", nil)
	unscoped.is("token.catalog", nil)
	list := r.call(http.StatusOK, "GET", "/identity/v3/users/"+unscoped.text("token.user.id")+"/projects", "")
	project = list.named("projects", "name", a.Project).text("id")
	r.call(http.StatusOK, "GET", "/identity/v3/auth/projects", "").is("projects.0.id", project)
	// They ask for the system too, which a member has no role on.
	if status, _ := r.try("POST", "/identity/v3/auth/tokens", tokenLogin(r.headers.Get("X-Auth-Token"), members{"system": members{"all": true}})); status != http.StatusUnauthorized {
		r.t.Errorf("a member's token for the system: status %d", status)
	}
	scoped := r.login(tokenLogin(r.headers.Get("X-Auth-Token"), members{"project": members{"id": project}}))
	scoped.is("token.project.id", project)
	scoped.named("token.catalog", "type", "compute").text("endpoints.0.url")
	return project
}

// horizon replays Horizon: novaclient with the legacy version header, at the
// version that it picks for a feature.
func horizon(t *testing.T, cloud *cloud) {
	r := cloud.replays(t, "Accept: application/json", "User-Agent: python-novaclient")
	project := r.enter(cloud)
	r.call(http.StatusOK, "GET", "/compute/v2.1/", "").is("version.version", "2.93")
	v29, v242 := "X-OpenStack-Nova-API-Version: 2.9", "X-OpenStack-Nova-API-Version: 2.42"
	const keypairs = "/compute/v2.1/os-keypairs"

	// The overview and the panel of key pairs.
	r.call(http.StatusOK, "GET", "/compute/v2.1/limits?reserved=1", "").is("limits.absolute.maxTotalKeypairs", 100.0)
	r.call(http.StatusOK, "GET", "/compute/v2.1/os-quota-sets/"+project, "").is("quota_set.key_pairs", 100.0)
	made := r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "horizon made", "type": "ssh"}}), v29)
	if !strings.HasPrefix(made.text("keypair.private_key"), "-----BEGIN RSA PRIVATE KEY-----\n") {
		t.Error("there is nothing to download")
	}
	// Its form drops line ends from what is pasted.
	pasted := strings.TrimSpace(publicKeys(t)["as ssh-keygen writes it"])
	r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "horizon-pasted", "type": "ssh", "public_key": pasted}}), v29).
		is("keypair.public_key", pasted)
	windows := r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "horizon_x509", "type": "x509"}}), v29)
	if !strings.HasPrefix(windows.text("keypair.public_key"), "-----BEGIN CERTIFICATE-----\n") {
		t.Error("no certificate")
	}
	list := r.call(http.StatusOK, "GET", keypairs, "", v29)
	list.named("keypairs", "keypair.name", "horizon made").is("keypair.type", "ssh")
	list.named("keypairs", "keypair.name", "horizon_x509").is("keypair.type", "x509")
	r.call(http.StatusOK, "GET", keypairs+"/horizon-pasted", "").is("keypair.public_key", pasted)
	r.call(http.StatusConflict, "POST", keypairs, object(members{"keypair": members{"name": "horizon-pasted", "type": "ssh"}}), v29).
		is("conflictingRequest.message", "Key pair 'horizon-pasted' already exists.")

	// Launching an instance with one.
	image := r.call(http.StatusOK, "GET", "/image/v2/images?limit=1000&sort_key=created_at&sort_dir=desc&status=active&visibility=public", "").named("images", "name", "alpine-3.22").text("id")
	network := r.call(http.StatusOK, "GET", "/network/v2.0/networks?shared=True", "").named("networks", "name", "private").text("id")
	r.call(http.StatusOK, "GET", "/network/v2.0/security-groups?tenant_id="+project, "").is("security_groups.0.name", "default")
	r.call(http.StatusOK, "GET", "/compute/v2.1/os-availability-zone", "").is("availabilityZoneInfo.0.zoneName", "nova")
	r.call(http.StatusOK, "GET", "/compute/v2.1/flavors/detail?is_public=True", "").named("flavors", "id", "1").is("name", "m1.tiny")
	server := r.call(http.StatusAccepted, "POST", "/compute/v2.1/servers", object(members{"server": members{
		"name": "horizon-1", "imageRef": image, "flavorRef": "1", "key_name": "horizon-pasted", "description": "", "availability_zone": "nova",
		"min_count": 1, "max_count": 1, "config_drive": false, "OS-DCF:diskConfig": "AUTO",
		"networks": []members{{"uuid": network}}, "security_groups": []members{{"name": "default"}},
	}}), v242).text("server.id")
	path := "/compute/v2.1/servers/" + server
	r.until(http.StatusOK, "GET", path, func(a reply) bool { return a.at("server.status") == "ACTIVE" }, v242)
	page := r.call(http.StatusOK, "GET", "/compute/v2.1/servers/detail?limit=21&project_id="+project, "", v242)
	page.named("servers", "id", server).is("key_name", "horizon-pasted")
	r.call(http.StatusOK, "POST", path+"/action", `{"os-getConsoleOutput": {"length": 35}}`).text("output")
	r.call(http.StatusOK, "GET", path+"/os-instance-actions", "", v242).is("instanceActions.0.action", "create")
	r.call(http.StatusNoContent, "DELETE", path, "")
	for _, name := range []string{"horizon%20made", "horizon-pasted", "horizon_x509"} {
		r.call(http.StatusAccepted, "DELETE", keypairs+"/"+name, "")
	}
	r.until(http.StatusNotFound, "GET", path, nil)
}

// skyline replays Skyline's console: pages of everything at 2.79, asked for by
// the browser through a proxy that adds nothing but the address.
func skyline(t *testing.T, cloud *cloud) {
	r := cloud.replays(t, "Accept: application/json, text/plain, */*", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "OpenStack-API-Version: compute 2.79")
	project := r.enter(cloud)
	token := r.headers.Get("X-Auth-Token")
	r.call(http.StatusOK, "GET", "/identity/v3/auth/tokens", "", "X-Subject-Token: "+token).is("token.project.id", project)
	const keypairs = "/compute/v2.1/os-keypairs"

	text := publicKeys(t)["as ssh-keygen writes it"]
	r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "skyline-1", "public_key": text}})).is("keypair.type", "ssh")
	made := r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "skyline-2"}}))
	if !strings.HasPrefix(made.text("keypair.private_key"), "-----BEGIN RSA PRIVATE KEY-----\n") {
		t.Error("there is nothing to download")
	}
	// It turns pages by the name of the last one.
	page := r.call(http.StatusOK, "GET", keypairs+"?limit=1&marker=skyline-1", "")
	page.is("keypairs.0.keypair.name", "skyline-2")
	page.is("keypairs_links.0.rel", "next")
	r.call(http.StatusOK, "GET", keypairs+"/skyline-1", "").is("keypair.public_key", text)

	image := r.call(http.StatusOK, "GET", "/image/v2/images?status=active&sort_key=name&sort_dir=asc&limit=10", "").named("images", "name", "alpine-3.22").text("id")
	network := r.call(http.StatusOK, "GET", "/network/v2.0/networks", "").named("networks", "name", "private").text("id")
	server := r.call(http.StatusAccepted, "POST", "/compute/v2.1/servers", object(members{"server": members{
		"name": "skyline-server", "imageRef": image, "flavorRef": "1", "key_name": "skyline-1", "availability_zone": "nova",
		"block_device_mapping_v2": []members{{"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "local", "delete_on_termination": true}},
		"networks":                []members{{"uuid": network}}, "security_groups": []members{{"name": "default"}}, "min_count": 1, "max_count": 1,
	}})).text("server.id")
	path := "/compute/v2.1/servers/" + server
	r.until(http.StatusOK, "GET", path, func(a reply) bool { return a.at("server.status") == "ACTIVE" })
	read := r.call(http.StatusOK, "GET", path, "")
	read.is("server.key_name", "skyline-1")
	read.is("server.flavor.original_name", "m1.tiny")
	read.is("server.locked", false)
	r.call(http.StatusOK, "GET", "/compute/v2.1/servers/detail?limit=10&sort_key=created_at&sort_dir=desc", "").named("servers", "id", server).is("name", "skyline-server")
	r.call(http.StatusNoContent, "DELETE", path, "")
	r.call(http.StatusNoContent, "DELETE", keypairs+"/skyline-1", "")
	r.call(http.StatusNoContent, "DELETE", keypairs+"/skyline-2", "")
	r.until(http.StatusNotFound, "GET", path, nil)
}
