package openstack

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// gopher logs in with gophercloud and returns its compute client.
func (c *cloud) gopher(t *testing.T, a harness.Account, microversion string) *gophercloud.ServiceClient {
	t.Helper()
	provider, err := openstack.AuthenticatedClient(t.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: c.AuthURL(), Username: a.Username, Password: a.Password,
		DomainName: a.Domain, TenantName: a.Project,
	})
	if err != nil {
		t.Fatal(err)
	}
	compute, err := openstack.NewComputeV2(provider, gophercloud.EndpointOpts{Region: a.Region})
	if err != nil {
		t.Fatal(err)
	}
	compute.Microversion = microversion
	return compute
}

// gopherKeyPairs makes, imports, reads, lists and deletes at the microversions
// at which the answers change shape.
func gopherKeyPairs(t *testing.T, cloud *cloud) {
	ctx := t.Context()
	for _, microversion := range []string{"", "2.1", "2.2", "2.10", "2.35", "2.92"} {
		t.Run("microversion "+microversion, func(t *testing.T) {
			compute := cloud.gopher(t, cloud.Demo, microversion)
			name := "gopher-" + strings.ReplaceAll(microversion, ".", "-") + "-end"
			typed := microversion != "" && microversion != "2.1"

			made, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: name}).Extract()
			if microversion == "2.92" { // keys are no longer made there
				if !gophercloud.ResponseCodeIs(err, http.StatusBadRequest) {
					t.Errorf("making a key: %v", err)
				}
				compute.Microversion = "2.91"
				made, err = keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: name}).Extract()
				compute.Microversion = microversion
			}
			if err != nil {
				t.Fatal(err)
			}
			private, err := ssh.ParsePrivateKey([]byte(made.PrivateKey))
			if err != nil {
				t.Fatal(err)
			}
			public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(made.PublicKey))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := ssh.FingerprintLegacyMD5(public), ssh.FingerprintLegacyMD5(private.PublicKey()); got != want || made.Fingerprint != want {
				t.Errorf("the private key is %s, the public key %s, shown %s", want, got, made.Fingerprint)
			}

			text := strings.TrimSpace(made.PublicKey) + " once more\n\n"
			imported, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: name + "2", PublicKey: text}).Extract()
			if err != nil {
				t.Fatal(err)
			}
			got, err := keypairs.Get(ctx, compute, name+"2", nil).Extract()
			if err != nil {
				t.Fatal(err)
			}
			if imported.PublicKey != text || got.PublicKey != text || imported.PrivateKey != "" || got.Fingerprint != made.Fingerprint {
				t.Errorf("imported %q; answered %+v, then %+v", text, imported, got)
			}
			if typed != (got.Type == "ssh") {
				t.Errorf("the type is %q", got.Type)
			}

			pages, err := keypairs.List(compute, nil).AllPages(ctx)
			if err != nil {
				t.Fatal(err)
			}
			all, err := keypairs.ExtractKeyPairs(pages)
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, k := range all {
				if k.Name == name || k.Name == name+"2" {
					found++
				}
			}
			if found != 2 {
				t.Errorf("the list holds %d of 2", found)
			}

			if _, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: name, PublicKey: text}).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusConflict) {
				t.Errorf("the same name again: %v", err)
			}
			for _, n := range []string{name, name + "2"} {
				if err := keypairs.Delete(ctx, compute, n, nil).ExtractErr(); err != nil {
					t.Error(err)
				}
				if _, err := keypairs.Get(ctx, compute, n, nil).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
					t.Errorf("%s after its deletion: %v", n, err)
				}
			}
		})
	}
}

// gopherQuota imports until the quota says no.
func gopherQuota(t *testing.T, cloud *cloud) {
	ctx := t.Context()
	compute := cloud.gopher(t, cloud.collector, "2.10")
	key := (&client{t: t, dir: t.TempDir()}).newKey("id", "-t", "ed25519")
	text, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	const quota = 100
	for i := range quota {
		if _, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: fmt.Sprintf("q%03d", i), PublicKey: string(text)}).Extract(); err != nil {
			t.Fatalf("key pair %d of %d: %v", i+1, quota, err)
		}
	}
	_, err = keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: "one-more", PublicKey: string(text)}).Extract()
	if !gophercloud.ResponseCodeIs(err, http.StatusForbidden) || !strings.Contains(err.Error(), "Quota exceeded, too many key pairs.") {
		t.Errorf("key pair %d: %v", quota+1, err)
	}
	if err := keypairs.Delete(ctx, compute, "q000", nil).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	if _, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: "one-more"}).Extract(); err != nil {
		t.Errorf("after a deletion: %v", err)
	}
}

// gopherServer starts a server with a key that gophercloud got, and logs in with it.
func gopherServer(t *testing.T, cloud *cloud) {
	ctx := t.Context()
	compute := cloud.gopher(t, cloud.Demo, "2.90")
	made, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: "gopher-server"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	defer keypairs.Delete(ctx, compute, made.Name, nil)
	created, err := servers.Create(ctx, compute, keypairs.CreateOptsExt{
		CreateOptsBuilder: servers.CreateOpts{Name: "gopher-1", ImageRef: cloud.imageID(t, "alpine-3.22"), FlavorRef: "1", Networks: "auto"},
		KeyName:           made.Name,
	}, nil).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.WaitForStatus(ctx, compute, created.ID, "ACTIVE"); err != nil {
		t.Fatal(err)
	}
	s, err := servers.Get(ctx, compute, created.ID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if s.KeyName != made.Name {
		t.Errorf("key_name is %q", s.KeyName)
	}
	c := cloud.client(t, cloud.Demo)
	letsIn(t, c.door("gopher-1", c.file("id", made.PrivateKey)))
	if err := servers.Delete(ctx, compute, created.ID).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "gopher-1 is gone", func() bool {
		_, err := servers.Get(ctx, compute, created.ID).Extract()
		return gophercloud.ResponseCodeIs(err, http.StatusNotFound)
	})
}

// networkID looks a network up by plain HTTP.
func (c *cloud) networkID(t *testing.T, name string) string {
	t.Helper()
	var list struct{ Networks []struct{ ID string } }
	c.demo.Get(t, "/network/v2.0/networks?name="+name, &list)
	if len(list.Networks) != 1 {
		t.Fatalf("there are %d networks named %s", len(list.Networks), name)
	}
	return list.Networks[0].ID
}

// imageID looks an image up by plain HTTP.
func (c *cloud) imageID(t *testing.T, name string) string {
	t.Helper()
	var list struct{ Images []struct{ ID string } }
	c.demo.Get(t, "/image/v2/images?name="+name, &list)
	if len(list.Images) != 1 {
		t.Fatalf("there are %d images named %s", len(list.Images), name)
	}
	return list.Images[0].ID
}
