package openstack

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	gopher1 "github.com/gophercloud/gophercloud"
	openstack1 "github.com/gophercloud/gophercloud/openstack"
	keypairs1 "github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/keypairs"
	tenants1 "github.com/gophercloud/gophercloud/openstack/identity/v2/tenants"
)

// identityV2 works with key pairs as NHN Cloud's tools do: gophercloud before
// its second version, a login to the Identity API v2.0, and Nova's legacy API.
func identityV2(t *testing.T, cloud *cloud) {
	var c struct {
		Demo struct{ ProjectID, ToastID, APIPassword string }
	}
	if err := json.Unmarshal([]byte(cloud.Run("", "credentials", "--format", "json")), &c); err != nil {
		t.Fatal(err)
	}
	a := cloud.Demo
	key := (&client{t: t, dir: t.TempDir()}).newKey("id", "-t", "ed25519")
	text, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	for name, login := range map[string]gopher1.AuthOptions{
		"TOAST ID and API password, tenant by id": {Username: c.Demo.ToastID, Password: c.Demo.APIPassword, TenantID: c.Demo.ProjectID},
		"user name and password, tenant by name":  {Username: a.Username, Password: a.Password, TenantName: a.Project},
	} {
		t.Run(name, func(t *testing.T) {
			login.IdentityEndpoint = cloud.Main + "/identity/v2.0"
			provider, err := openstack1.AuthenticatedClient(login)
			if err != nil {
				t.Fatal(err)
			}
			where := gopher1.EndpointOpts{Region: a.Region}
			compute, err := openstack1.NewComputeV2(provider, where)
			if err != nil {
				t.Fatal(err)
			}
			if want := cloud.Main + "/compute/v2/" + c.Demo.ProjectID + "/"; compute.Endpoint != want {
				t.Errorf("compute is at %s, want %s", compute.Endpoint, want)
			}
			for _, find := range []func(*gopher1.ProviderClient, gopher1.EndpointOpts) (*gopher1.ServiceClient, error){
				openstack1.NewImageServiceV2, openstack1.NewNetworkV2, openstack1.NewIdentityV2,
			} {
				if _, err := find(provider, where); err != nil {
					t.Error(err)
				}
			}

			keyName := "v2 " + strings.Fields(name)[0]
			imported, err := keypairs1.Create(compute, keypairs1.CreateOpts{Name: keyName, PublicKey: string(text)}).Extract()
			if err != nil {
				t.Fatal(err)
			}
			if imported.PublicKey != string(text) || imported.PrivateKey != "" {
				t.Errorf("imported %+v", imported)
			}
			made, err := keypairs1.Create(compute, keypairs1.CreateOpts{Name: keyName + " made"}).Extract()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(made.PrivateKey, "-----BEGIN RSA PRIVATE KEY-----\n") {
				t.Error("there is no private key in the answer")
			}
			got, err := keypairs1.Get(compute, keyName, nil).Extract()
			if err != nil {
				t.Fatal(err)
			}
			if got.PublicKey != imported.PublicKey || got.Fingerprint != imported.Fingerprint || got.UserID == "" {
				t.Errorf("got %+v", got)
			}
			pages, err := keypairs1.List(compute, nil).AllPages()
			if err != nil {
				t.Fatal(err)
			}
			all, err := keypairs1.ExtractKeyPairs(pages)
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, k := range all {
				if k.Name == keyName || k.Name == keyName+" made" {
					found++
				}
			}
			if found != 2 {
				t.Errorf("the list holds %d of 2", found)
			}
			for _, n := range []string{keyName, keyName + " made"} {
				if err := keypairs1.Delete(compute, n, nil).ExtractErr(); err != nil {
					t.Error(err)
				}
			}
			if _, err := keypairs1.Get(compute, keyName, nil).Extract(); err == nil {
				t.Error("it is still there")
			}

			identity, err := openstack1.NewIdentityV2(provider, where)
			if err != nil {
				t.Fatal(err)
			}
			tenantPages, err := tenants1.List(identity, nil).AllPages()
			if err != nil {
				t.Fatal(err)
			}
			tenants, err := tenants1.ExtractTenants(tenantPages)
			if err != nil || len(tenants) != 1 || tenants[0].ID != c.Demo.ProjectID || tenants[0].Name != a.Project || !tenants[0].Enabled {
				t.Errorf("tenants: %+v, %v", tenants, err)
			}
		})
	}
	_, err = openstack1.AuthenticatedClient(gopher1.AuthOptions{IdentityEndpoint: cloud.Main + "/identity/v2.0", Username: a.Username, Password: "wrong", TenantName: a.Project})
	if _, ok := err.(gopher1.ErrDefault401); !ok {
		t.Errorf("a wrong password: %v", err)
	}
}
