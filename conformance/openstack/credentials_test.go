package openstack

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/applicationcredentials"
	tokens3 "github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// appShown is what `openstack application credential create` and show tell.
type appShown struct {
	ID, Name, Secret string
	Roles            string
	Unrestricted     bool
	ExpiresAt        *string `json:"expires_at"`
}

// appEnv is what openstack clients read to log in with an application credential.
func appEnv(cloud *cloud, a harness.Account, more ...string) []string {
	return append([]string{"OS_AUTH_TYPE=v3applicationcredential", "OS_AUTH_URL=" + cloud.AuthURL(),
		"OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=" + a.Region}, more...)
}

// appCredentials has a person give programs credentials of their own.
func appCredentials(t *testing.T, cloud *cloud) {
	a := cloud.programmer
	owner := cloud.client(t, a)
	var ci appShown
	owner.read(&ci, "application", "credential", "create", "--description", "for builds", "--expiration", "2999-01-01T00:00:00", "ci")
	if ci.Name != "ci" || len(ci.Secret) != 86 || ci.Unrestricted || !strings.Contains(ci.Roles, "member") || !strings.Contains(ci.Roles, "reader") ||
		ci.ExpiresAt == nil || *ci.ExpiresAt != "2999-01-01T00:00:00.000000" {
		t.Errorf("application credential create: %+v", ci)
	}
	program := cloud.clientWith(t, appEnv(cloud, a, "OS_APPLICATION_CREDENTIAL_ID="+ci.ID, "OS_APPLICATION_CREDENTIAL_SECRET="+ci.Secret)...)
	program.must("keypair", "create", "made-by-ci")
	var rows []keyRow
	owner.read(&rows, "keypair", "list")
	if !hasName(rows, "made-by-ci") {
		t.Errorf("the owner does not see what their program made: %+v", rows)
	}
	program.refused("Using method 'application_credential' is not allowed for managing additional application credentials", "application", "credential", "create", "more")

	named := cloud.clientWith(t, appEnv(cloud, a, "OS_USERNAME="+a.Username, "OS_USER_DOMAIN_NAME="+a.Domain,
		"OS_APPLICATION_CREDENTIAL_NAME=ci", "OS_APPLICATION_CREDENTIAL_SECRET="+ci.Secret)...)
	named.must("keypair", "delete", "made-by-ci")
	scoped := cloud.clientWith(t, appEnv(cloud, a, "OS_APPLICATION_CREDENTIAL_ID="+ci.ID, "OS_APPLICATION_CREDENTIAL_SECRET="+ci.Secret, "OS_PROJECT_NAME="+a.Project, "OS_PROJECT_DOMAIN_NAME="+a.Domain)...)
	scoped.refused("Application credentials cannot request a scope. (HTTP 401)", "keypair", "list")

	// One that may only look at key pairs, and only with a reader's role.
	var narrow appShown
	owner.read(&narrow, "application", "credential", "create", "--role", "reader", "--unrestricted", "--access-rules",
		`[{"service": "compute", "method": "GET", "path": "/v2.1/os-keypairs"}]`, "narrow")
	if narrow.Roles != "reader" || !narrow.Unrestricted {
		t.Errorf("application credential create: %+v", narrow)
	}
	looker := cloud.clientWith(t, appEnv(cloud, a, "OS_APPLICATION_CREDENTIAL_ID="+narrow.ID, "OS_APPLICATION_CREDENTIAL_SECRET="+narrow.Secret)...)
	looker.read(&rows, "keypair", "list")
	looker.refused("HttpException: 401", "keypair", "create", "x")
	looker.refused("HttpException: 401", "flavor", "list")
	looker.refused("HttpException: 401", "image", "list")

	var listed []struct{ ID, Name string }
	owner.read(&listed, "application", "credential", "list")
	if len(listed) != 2 {
		t.Errorf("application credential list: %+v", listed)
	}
	var shownNow map[string]any
	owner.read(&shownNow, "application", "credential", "show", "ci")
	if shownNow["id"] != ci.ID || shownNow["secret"] != nil {
		t.Errorf("application credential show: %+v", shownNow)
	}
	var rules []struct{ ID, Service, Method, Path string }
	owner.read(&rules, "access", "rule", "list")
	if len(rules) != 1 || rules[0].Service != "compute" || rules[0].Method != "GET" || rules[0].Path != "/v2.1/os-keypairs" {
		t.Fatalf("access rule list: %+v", rules)
	}
	owner.refused("1 of 1 access rules failed to delete.", "access", "rule", "delete", rules[0].ID)

	owner.must("application", "credential", "delete", "ci", "narrow")
	owner.must("access", "rule", "delete", rules[0].ID)
	program.refused("HTTP 401", "keypair", "list")
	if strings.Contains(cloud.Log(), ci.Secret) {
		t.Error("the server's log holds the secret of an application credential")
	}
}

// gopherAppCredential logs in with a credential as programs do that use
// gophercloud, and is thrown out when its time is over.
func gopherAppCredential(t *testing.T, cloud *cloud) {
	ctx := t.Context()
	a := cloud.Demo
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{IdentityEndpoint: cloud.AuthURL(),
		Username: a.Username, Password: a.Password, DomainName: a.Domain, TenantName: a.Project})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := openstack.NewIdentityV3(provider, gophercloud.EndpointOpts{Region: a.Region})
	if err != nil {
		t.Fatal(err)
	}
	user, err := tokens3.Get(ctx, identity, provider.Token()).ExtractUser()
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(4 * time.Second)
	made, err := applicationcredentials.Create(ctx, identity, user.ID, applicationcredentials.CreateOpts{Name: "gopher", ExpiresAt: &end}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	program, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{IdentityEndpoint: cloud.AuthURL(),
		ApplicationCredentialID: made.ID, ApplicationCredentialSecret: made.Secret})
	if err != nil {
		t.Fatal(err)
	}
	compute, err := openstack.NewComputeV2(program, gophercloud.EndpointOpts{Region: a.Region})
	if err != nil {
		t.Fatal(err)
	}
	list := func() error { _, err := keypairs.List(compute, nil).AllPages(ctx); return err }
	if err := list(); err != nil {
		t.Error(err)
	}
	eventually(t, "the token ends with its credential", func() bool { return gophercloud.ResponseCodeIs(list(), http.StatusUnauthorized) })
	if time.Now().Before(end) {
		t.Error("the token ended before its credential")
	}
	if _, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{IdentityEndpoint: cloud.AuthURL(),
		ApplicationCredentialID: made.ID, ApplicationCredentialSecret: made.Secret}); err == nil {
		t.Error("a credential whose time is over lets in")
	}
	if err := applicationcredentials.Delete(ctx, identity, user.ID, made.ID).ExtractErr(); err != nil {
		t.Error(err)
	}
}

// administration has the administrator make people, projects and domains with
// the openstack command, and take them away again.
func administration(t *testing.T, cloud *cloud) {
	root := cloud.client(t, cloud.Root)
	root.must("domain", "create", "--description", "far away", "branch")
	root.must("project", "create", "--domain", "branch", "branch-work")
	root.must("user", "create", "--domain", "branch", "--password", "first-password", "branch-user")
	root.must("role", "add", "--user", "branch-user", "--user-domain", "branch", "--project", "branch-work", "--project-domain", "branch", "member")

	person := harness.Account{Username: "branch-user", Password: "first-password", Project: "branch-work", Domain: "branch", Region: cloud.Demo.Region}
	c := cloud.client(t, person)
	key := c.newKey("id", "-t", "ed25519")
	c.must("keypair", "create", "--public-key", key+".pub", "branch-key")
	c.must("user", "password", "set", "--original-password", "first-password", "--password", "second-password")
	c.refused("HTTP 401", "keypair", "list")
	person.Password = "second-password"
	c = cloud.client(t, person)
	c.must("keypair", "delete", "branch-key")

	var users []struct{ ID, Name string }
	root.read(&users, "user", "list", "--domain", "branch")
	if len(users) != 1 || users[0].Name != "branch-user" {
		t.Errorf("user list: %+v", users)
	}
	c.must("server", "create", "--image", "alpine-3.22", "--flavor", "m1.tiny", "--wait", "branch-1")
	root.refused("Cannot delete project branch-work while it has 1 instance.", "project", "delete", "--domain", "branch", "branch-work")
	root.refused("Cannot delete a domain that is enabled, please disable it first.", "domain", "delete", "branch")
	c.must("server", "delete", "--wait", "branch-1")
	root.must("project", "delete", "--domain", "branch", "branch-work")
	c.refused("HTTP 401", "keypair", "list")
	root.must("user", "delete", "--domain", "branch", "branch-user")
	root.must("domain", "set", "--disable", "branch")
	root.must("domain", "delete", "branch")
	var domains []struct{ Name string }
	root.read(&domains, "domain", "list")
	if text, _ := json.Marshal(domains); strings.Contains(string(text), "branch") {
		t.Errorf("domain list: %s", text)
	}
}
