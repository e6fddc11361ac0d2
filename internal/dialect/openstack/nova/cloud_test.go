package nova

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

// The people of the recordings, with the ids they have there.
const (
	demo  = "24fa3f47f61d430ca700b103c5fbbca2"
	alice = "ed5135fb7bdc4f5eafcb3e0e762d5cba"
	bob   = "9debdf60291b47428320eaea44cb16d6"
	admin = "f0b85eead63846eeb11f985286212b53"
)

func people() openstacktest.Tokens {
	return openstacktest.Tokens{
		"<token alice>":          openstacktest.InProject(alice, demo, identity.RoleMember),
		"<token bob>":            openstacktest.InProject(bob, demo, identity.RoleMember),
		"<token quinn>":          openstacktest.InProject("c4c5c7f3d62943df83013c871af3995b", demo, identity.RoleMember),
		"<token nina>":           openstacktest.InProject("535f90efe0ce4926ada6f6029570f4c5", demo, identity.RoleMember),
		"<token rita>":           openstacktest.InProject("256dc0d0a29d4f4cb3959afcc5f38ef6", demo, identity.RoleReader),
		"<token carol>":          openstacktest.InProject("c0000000000000000000000000000001", "a0000000000000000000000000000001", identity.RoleMember),
		"<token admin>":          openstacktest.InProject(admin, "ad000000000000000000000000000001", identity.RoleAdmin),
		"<token alice unscoped>": {User: identity.User{ID: alice}, Region: "one"},
		"<token admin system>": {User: identity.User{ID: admin}, Region: "one",
			Scope: identity.Scope{Kind: identity.SystemScope}, Roles: []identity.Role{identity.RoleReader, identity.RoleMember, identity.RoleAdmin}},
	}
}

// cloud is the dialect over a database of its own.
type cloud struct {
	db      *store.DB
	dialect *Dialect
	handler http.Handler
}

func newCloud(t testing.TB) *cloud {
	t.Helper()
	db := sqlitetest.Open(t)
	now := func() time.Time { return time.Date(2026, 11, 21, 23, 27, 13, 0, time.UTC) }
	d := New(Options{
		Identity: people(),
		KeyPairs: keypair.New(db.KeyPairs(), sshkey.NewGenerator(sshkey.GeneratorSettings{}), keypair.Options{Now: now, NewID: uuid.NewString}),
		Compute: compute.New(db.Compute(), nil, compute.Options{
			Now: now, Quota: compute.Usage{Instances: 10, VCPUs: 20, RAMMiB: 51200}}),
		IdentityBase: openstack.Base{Fixed: "http://127.0.0.1:31500"},
		KeyPairQuota: 100,
		WeakKeys:     keypair.WeakPolicy{Action: keypair.RefuseWeak, Checks: weak.DefaultPolicy()},
	})
	return &cloud{db: db, dialect: d, handler: openstacktest.Serve(d)}
}

func (c *cloud) write(t testing.TB, fn func(*store.Tx) error) {
	t.Helper()
	if err := c.db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// put stores a private key pair of a user, in the place of one of that name.
func (c *cloud) put(t testing.TB, userID, name, typ, publicKey string) {
	t.Helper()
	c.drop(t, userID, name)
	c.putAs(t, keypair.Owner{Kind: keypair.User, ID: userID}, userID, name, typ, publicKey)
}

func (c *cloud) putAs(t testing.TB, o keypair.Owner, userID, name, typ, publicKey string) {
	t.Helper()
	k := keypair.KeyPair{
		ID: uuid.NewString(), Region: "one", Owner: o, CreatorID: userID,
		Name: name, Type: keypair.SSH, PublicKey: publicKey, CreatedAt: time.Unix(0, 0),
	}
	if typ == string(keypair.X509) {
		cert, err := sshkey.ParseCertificate(publicKey)
		if err != nil {
			t.Fatal(name, err)
		}
		k.Type, k.Blob = keypair.X509, cert.DER()
	} else {
		public, err := sshkey.ParsePublicKey(publicKey)
		if err != nil {
			t.Fatal(name, err)
		}
		k.Blob = public.Blob()
	}
	c.write(t, func(tx *store.Tx) error { return tx.InsertKeyPair(t.Context(), k) })
}

// drop forgets the key pair of that name, or all of the user's.
func (c *cloud) drop(t testing.TB, userID, name string) {
	t.Helper()
	for _, k := range c.pairs(t, userID) {
		if name == "" || k.Name == name {
			c.write(t, func(tx *store.Tx) error { return tx.DeleteKeyPair(t.Context(), k.ID) })
		}
	}
}

// pairs returns a user's key pairs.
func (c *cloud) pairs(t testing.TB, userID string) (all []keypair.KeyPair) {
	t.Helper()
	v := keypair.View{Region: "one", UserID: userID, Native: keypair.User}
	err := c.db.Read(t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.KeyPairs(t.Context(), v, "", 5000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// setQuota sets a project's limit of key pairs.
func (c *cloud) setQuota(t testing.TB, projectID string, most int) {
	t.Helper()
	c.write(t, func(tx *store.Tx) error { return tx.SetQuota(t.Context(), projectID, keypair.QuotaKeyPairs, most) })
}
