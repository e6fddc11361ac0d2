package keypair_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// raceDetector says whether the tests run under it.
var raceDetector = false

// rig is a service over a new SQLite database.
type rig struct {
	db *store.DB
	*keypair.Service
	path string
}

func newRig(t testing.TB, log *slog.Logger) rig {
	t.Helper()
	return openRig(t, sqlitetest.File(t), log)
}

func openRig(t testing.TB, path string, log *slog.Logger) rig {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{SQLitePath: path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	generator := sshkey.NewGenerator(sshkey.GeneratorSettings{})
	return rig{db, keypair.New(db.KeyPairs(), generator, keypair.Options{
		Now: func() time.Time { return epoch }, NewID: uuid.NewString, Log: log,
	}), path}
}

// user is a member of a project.
func user(id, project string) identity.Caller {
	return identity.Caller{
		User: identity.User{ID: id}, Project: identity.Project{ID: project}, Region: "one", Dialect: "test",
		Roles: []identity.Role{identity.RoleReader, identity.RoleMember},
	}
}

// anything are rules that take every key.
func anything(owner keypair.OwnerKind) keypair.Rules {
	both := []keypair.Type{keypair.SSH, keypair.X509}
	return keypair.Rules{
		Name:  keypair.NameRule{Min: 1, Max: 255},
		Types: both, Generates: both, Spec: sshkey.SpecEd25519, Owner: owner, MaxPublicKey: 16 << 10, Quota: -1,
		Weak: keypair.WeakPolicy{Action: keypair.AllowWeak, Checks: weak.DefaultPolicy()},
	}
}

func (r rig) take(t testing.TB, c identity.Caller, rules keypair.Rules, name string, kind keypair.Type, key string) keypair.KeyPair {
	t.Helper()
	k, _, err := r.Import(t.Context(), c, rules, keypair.Request{Name: name, Type: kind}, key)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return k
}

// vector reads a public key that ssh-keygen made.
func vector(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "sshkey", "testdata", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func prime(t testing.TB, bits int) *big.Int {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rsaKey is the public key with two primes, as OpenSSH writes it.
func rsaKey(t testing.TB, p, q *big.Int) ssh.PublicKey {
	t.Helper()
	key, err := ssh.NewPublicKey(&rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func line(key ssh.PublicKey) string { return string(ssh.MarshalAuthorizedKey(key)) }

func ed25519Key(t rapid.TB) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certify makes an OpenSSH certificate of a key.
func certify(t rapid.TB, key ssh.PublicKey) ssh.PublicKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: key, CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	return cert
}
