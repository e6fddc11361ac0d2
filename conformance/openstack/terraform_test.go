package openstack

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// publicKeys are ways to write one public key in a file. Whoever keeps it as
// code compares what the cloud gives back with the file, byte for byte.
func publicKeys(t *testing.T) map[string]string {
	t.Helper()
	file := (&client{t: t, dir: t.TempDir()}).newKey("id", "-t", "ed25519") + ".pub"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(text))
	bare := strings.Join(strings.Fields(line)[:2], " ")
	return map[string]string{
		"as ssh-keygen writes it": string(text),
		"without a newline":       line,
		"without a comment":       bare,
		"with empty lines":        line + "\n\n\n",
		"from Windows":            line + "\r\n",
		"a comment with spaces":   bare + " kim's key, 서울 <kim@example.org> \n",
	}
}

// terraform replays the OpenStack provider's resources and data source: what
// apply, the second plan, import and destroy send. It is built on gophercloud
// and never asks for versions; older ones send none with key pairs unless the
// resource names a user.
func terraform(t *testing.T, cloud *cloud) {
	login := func(t *testing.T, a harness.Account) *replay {
		r := cloud.replays(t, "Accept: application/json", "User-Agent: HashiCorp Terraform/1.5.7 (+https://www.terraform.io) Terraform Plugin SDK/2.29.0 gophercloud/v1.7.0")
		r.login(passwordLogin(a, members{"project": members{"name": a.Project, "domain": members{"name": a.Domain}}}))
		return r
	}
	const keypairs = "/compute/v2.1/os-keypairs"
	v210 := []string{"X-OpenStack-Nova-API-Version: 2.10", "OpenStack-API-Version: compute 2.10"}

	for _, provider := range []struct {
		name          string
		versions      []string
		created, gone int
	}{
		{"older", nil, http.StatusOK, http.StatusAccepted},
		{"newer", v210, http.StatusCreated, http.StatusNoContent},
	} {
		t.Run(provider.name, func(t *testing.T) {
			r, versions, created, gone := login(t, cloud.Demo), provider.versions, provider.created, provider.gone
			name := "tf " + provider.name
			one := keypairs + "/" + url.PathEscape(name)
			for what, text := range publicKeys(t) {
				made := r.call(created, "POST", keypairs, object(members{"keypair": members{"name": name, "public_key": text}}), versions...)
				made.is("keypair.private_key", nil)
				// Reading after apply, the second plan, and import.
				for range 3 {
					read := r.call(http.StatusOK, "GET", one, "", versions...)
					if got := read.text("keypair.public_key"); got != text {
						t.Errorf("%s: %q became %q: Terraform would replace it", what, text, got)
					}
					read.is("keypair.fingerprint", made.text("keypair.fingerprint"))
					read.is("keypair.user_id", made.text("keypair.user_id"))
				}
				r.call(gone, "DELETE", one, "", versions...)
			}
			generated := r.call(created, "POST", keypairs, object(members{"keypair": members{"name": name}}), versions...)
			if !strings.HasPrefix(generated.text("keypair.private_key"), "-----BEGIN RSA PRIVATE KEY-----\n") {
				t.Error("no private key for the state")
			}
			source := r.call(http.StatusOK, "GET", one, "", v210...)
			source.is("keypair.public_key", generated.text("keypair.public_key"))
			r.call(gone, "DELETE", one, "", versions...)
			// Somebody else deleted it: destroy takes 404 for done, the plan for a reason to make it anew.
			r.call(http.StatusNotFound, "DELETE", one, "", versions...)
			r.call(http.StatusNotFound, "GET", one, "", versions...)
			// value_specs puts whatever the user likes into the object.
			r.call(http.StatusBadRequest, "POST", keypairs, object(members{"keypair": members{"name": name, "colour": "blue"}}), versions...).
				is("badRequest.code", 400.0)
		})
	}

	t.Run("for another user", func(t *testing.T) {
		r := login(t, cloud.Root)
		id := r.call(http.StatusOK, "GET", "/identity/v3/users?name="+cloud.outsider.Username, "").text("users.0.id")
		text := publicKeys(t)["as ssh-keygen writes it"]
		r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "tf-other", "public_key": text, "user_id": id}}), v210...)
		r.call(http.StatusOK, "GET", keypairs+"/tf-other?user_id="+id, "", v210...).is("keypair.public_key", text)
		r.call(http.StatusNotFound, "GET", keypairs+"/tf-other", "", v210...)
		r.call(http.StatusNoContent, "DELETE", keypairs+"/tf-other?user_id="+id, "", v210...)
	})

	t.Run("instance", func(t *testing.T) {
		r := login(t, cloud.Demo)
		text := publicKeys(t)["as ssh-keygen writes it"]
		r.call(http.StatusOK, "POST", keypairs, object(members{"keypair": members{"name": "tf-server", "public_key": text}}))
		image := r.call(http.StatusOK, "GET", "/image/v2/images?name=alpine-3.22", "").text("images.0.id")
		flavor := r.call(http.StatusOK, "GET", "/compute/v2.1/flavors/detail", "").named("flavors", "name", "m1.tiny").text("id")
		network := r.call(http.StatusOK, "GET", "/network/v2.0/networks?name=private&status=ACTIVE", "").text("networks.0.id")
		server := r.call(http.StatusAccepted, "POST", "/compute/v2.1/servers", object(members{"server": members{
			"name": "tf-1", "imageRef": image, "flavorRef": flavor, "key_name": "tf-server", "config_drive": false, "user_data": "",
			"networks": []members{{"uuid": network}}, "security_groups": []members{{"name": "default"}},
		}})).text("server.id")
		path := "/compute/v2.1/servers/" + server
		r.until(http.StatusOK, "GET", path, func(a reply) bool { return a.at("server.status") == "ACTIVE" })
		for range 2 { // apply, and the second plan
			read := r.call(http.StatusOK, "GET", path, "")
			read.is("server.key_name", "tf-server")
			read.is("server.flavor.id", flavor)
			read.is("server.image.id", image)
			read.is("server.security_groups.0.name", "default")
			read.text("server.addresses.private.0.addr")
			read.text("server.addresses.private.0.OS-EXT-IPS-MAC:mac_addr")
			r.call(http.StatusOK, "GET", "/network/v2.0/networks?name=private&status=ACTIVE", "").is("networks.0.id", network)
			r.call(http.StatusOK, "GET", "/compute/v2.1/flavors/"+flavor, "").is("flavor.name", "m1.tiny")
			r.call(http.StatusOK, "GET", "/image/v2/images/"+image, "").is("name", "alpine-3.22")
			r.call(http.StatusOK, "GET", path+"/tags", "", "X-OpenStack-Nova-API-Version: 2.26", "OpenStack-API-Version: compute 2.26").is("tags.0", nil)
			r.call(http.StatusOK, "GET", path+"/os-interface", "").is("interfaceAttachments.0.net_id", network)
		}
		r.call(http.StatusAccepted, "DELETE", keypairs+"/tf-server", "")
		r.call(http.StatusOK, "GET", path, "").is("server.key_name", "tf-server")
		r.call(http.StatusNoContent, "DELETE", path, "")
		r.until(http.StatusNotFound, "GET", path, nil)
	})
}

// ansible replays the key pair module of the collection openstack.cloud: it
// lists at 2.10, looks for the name itself, and compares the text with that of
// the file without its end.
func ansible(t *testing.T, cloud *cloud) {
	a := cloud.Demo
	r := cloud.replays(t, "Accept: application/json", "User-Agent: ansible openstacksdk/1.5.0 keystoneauth1/5.3.0 python-requests/2.31.0 CPython/3.11.2")
	r.call(http.StatusOK, "GET", "/identity/v3", "")
	r.login(passwordLogin(a, members{"project": members{"name": a.Project, "domain": members{"name": a.Domain}}}))
	r.call(http.StatusOK, "GET", "/compute/v2.1", "").is("version.version", "2.93")
	v210 := []string{"X-OpenStack-Nova-API-Version: 2.10", "OpenStack-API-Version: compute 2.10"}
	const keypairs = "/compute/v2.1/os-keypairs"
	find := func() reply {
		return r.call(http.StatusOK, "GET", keypairs, "", v210...).named("keypairs", "keypair.name", "play")
	}
	for what, file := range publicKeys(t) {
		text := strings.TrimRight(file, " \r\n")
		if found := find(); found.body != nil {
			t.Errorf("there is one already: %v", found.body)
		}
		r.call(http.StatusCreated, "POST", keypairs, object(members{"keypair": members{"name": "play", "public_key": text}}), v210...).is("keypair.name", "play")
		if got := find().text("keypair.public_key"); got != text {
			t.Errorf("%s: %q became %q: the second play would fail", what, text, got)
		}
		r.call(http.StatusNoContent, "DELETE", keypairs+"/play", "", v210...)
	}
}
