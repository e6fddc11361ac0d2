package nova

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// memory is a store of key pairs and quotas without a database.
type memory struct {
	mu    sync.Mutex
	pairs []keypair.KeyPair
	quota map[string]int // by project and resource
	audit []audit.Entry
}

func (m *memory) Read(_ context.Context, fn func(keypair.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(memoryTx{m})
}

func (m *memory) Write(ctx context.Context, fn func(keypair.Tx) error) error { return m.Read(ctx, fn) }

type memoryTx struct{ *memory }

func sees(v keypair.View, k keypair.KeyPair) bool {
	if k.Owner.Kind == keypair.User {
		return k.Owner.ID == v.UserID
	}
	return v.ProjectID != "" && k.Owner.ID == v.ProjectID && (v.Shared || k.CreatorID == v.UserID)
}

func (m memoryTx) KeyPair(_ context.Context, v keypair.View, name string) (keypair.KeyPair, error) {
	for _, k := range m.pairs {
		if sees(v, k) && k.Name == name {
			return k, nil
		}
	}
	return keypair.KeyPair{}, fault.Missing("key pair", name)
}

func (m memoryTx) KeyPairs(_ context.Context, v keypair.View, after string, limit int) ([]keypair.KeyPair, error) {
	var out []keypair.KeyPair
	for _, k := range m.pairs {
		if sees(v, k) && k.Name > after {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b keypair.KeyPair) int { return cmp.Compare(a.Name, b.Name) })
	return out[:min(limit, len(out))], nil
}

func (m memoryTx) CountKeyPairs(_ context.Context, _ string, o keypair.Owner) (n int, _ error) {
	for _, k := range m.pairs {
		if k.Owner == o {
			n++
		}
	}
	return n, nil
}

func (m memoryTx) InsertKeyPair(_ context.Context, k keypair.KeyPair) error {
	m.memory.pairs = append(m.pairs, k)
	return nil
}

func (m memoryTx) DeleteKeyPair(_ context.Context, id string) error {
	m.memory.pairs = slices.DeleteFunc(m.pairs, func(k keypair.KeyPair) bool { return k.ID == id })
	return nil
}

func (m memoryTx) Quota(_ context.Context, projectID, resource string) (int, bool, error) {
	n, ok := m.quota[projectID+" "+resource]
	return n, ok, nil
}

func (memoryTx) Lock(context.Context, string) error { return nil }

func (m memoryTx) AppendAudit(_ context.Context, e audit.Entry) error {
	m.memory.audit = append(m.audit, e)
	return nil
}

// machines is as much of compute's store as limits need.
type machines struct{ used compute.Usage }

type machinesTx struct {
	compute.Tx
	machines
}

func (m machines) Read(_ context.Context, fn func(compute.Tx) error) error {
	return fn(machinesTx{machines: m})
}
func (m machines) Write(ctx context.Context, fn func(compute.Tx) error) error { return m.Read(ctx, fn) }

func (machinesTx) Quota(context.Context, string, string) (int, bool, error) { return 0, false, nil }

func (m machinesTx) Usage(context.Context, string) (compute.Usage, error) { return m.used, nil }

// The people of the recordings, with the ids they have there.
const (
	demo  = "24fa3f47f61d430ca700b103c5fbbca2"
	alice = "ed5135fb7bdc4f5eafcb3e0e762d5cba"
	bob   = "9debdf60291b47428320eaea44cb16d6"
	admin = "f0b85eead63846eeb11f985286212b53"
)

type tokens map[string]identity.Caller

func (t tokens) CheckToken(_ context.Context, text string) (identity.Token, identity.Caller, error) {
	c, ok := t[text]
	if !ok {
		return identity.Token{}, identity.Caller{}, &fault.Error{Kind: fault.Unauthenticated, Msg: "no such token"}
	}
	return identity.Token{UserID: c.User.ID, Scope: c.Scope}, c, nil
}

func inProject(userID, projectID string, role identity.Role) identity.Caller {
	roles := role.Implied()
	slices.Reverse(roles)
	return identity.Caller{
		User: identity.User{ID: userID}, Region: "one", Project: identity.Project{ID: projectID},
		Scope: identity.Scope{Kind: identity.ProjectScope, ID: projectID}, Roles: roles,
	}
}

func people() tokens {
	return tokens{
		"<token alice>":          inProject(alice, demo, identity.RoleMember),
		"<token bob>":            inProject(bob, demo, identity.RoleMember),
		"<token quinn>":          inProject("c4c5c7f3d62943df83013c871af3995b", demo, identity.RoleMember),
		"<token nina>":           inProject("535f90efe0ce4926ada6f6029570f4c5", demo, identity.RoleMember),
		"<token rita>":           inProject("256dc0d0a29d4f4cb3959afcc5f38ef6", demo, identity.RoleReader),
		"<token carol>":          inProject("c0000000000000000000000000000001", "a0000000000000000000000000000001", identity.RoleMember),
		"<token admin>":          inProject(admin, "ad000000000000000000000000000001", identity.RoleAdmin),
		"<token alice unscoped>": {User: identity.User{ID: alice}, Region: "one"},
		"<token admin system>": {User: identity.User{ID: admin}, Region: "one",
			Scope: identity.Scope{Kind: identity.SystemScope}, Roles: []identity.Role{identity.RoleReader, identity.RoleMember, identity.RoleAdmin}},
	}
}

// cloud is the dialect over stores in memory.
type cloud struct {
	*memory
	dialect *Dialect
	handler http.Handler
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	m := &memory{quota: map[string]int{}}
	now := func() time.Time { return time.Date(2026, 11, 21, 23, 27, 13, 0, time.UTC) }
	d := New(Options{
		Identity: people(),
		KeyPairs: keypair.New(m, sshkey.NewGenerator(sshkey.GeneratorSettings{}), keypair.Options{Now: now, NewID: uuid.NewString}),
		Compute: compute.New(machines{}, nil, compute.Options{
			Now: now, Quota: compute.Usage{Instances: 10, VCPUs: 20, RAMMiB: 51200}}),
		IdentityBase: openstack.Base{Fixed: "http://127.0.0.1:31500"},
		KeyPairQuota: 100,
		WeakKeys:     keypair.WeakPolicy{Action: keypair.RefuseWeak, Checks: weak.DefaultPolicy()},
	})
	return &cloud{memory: m, dialect: d, handler: wire.Wrap(d.Surface(), wire.Instruments{}, d.Handler())}
}

// put stores a private key pair of a user, in the place of one of that name.
func (c *cloud) put(t *testing.T, userID, name, typ, publicKey string) {
	t.Helper()
	c.drop(userID, name)
	k := keypair.KeyPair{
		ID: uuid.NewString(), Region: "one", Owner: keypair.Owner{Kind: keypair.User, ID: userID}, CreatorID: userID,
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
	c.pairs = append(c.pairs, k)
}

func (c *cloud) drop(userID, name string) {
	c.pairs = slices.DeleteFunc(c.pairs, func(k keypair.KeyPair) bool {
		return k.Owner.ID == userID && (name == "" || k.Name == name)
	})
}

func (c *cloud) has(userID, name string) bool {
	return slices.ContainsFunc(c.pairs, func(k keypair.KeyPair) bool { return k.Owner.ID == userID && k.Name == name })
}
