package cli_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"math/big"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/server"
)

// storeKey user|project NAME FILE puts a public key into the data folder, as
// the demo user's or the demo project's, however weak it is.
func storeKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: store user|project NAME FILE")
	}
	ctx := context.Background()
	cfg, err := config.Load("", []string{"KEYREEVE_DATA_DIR=" + ts.Getenv("KEYREEVE_DATA_DIR")})
	ts.Check(err)
	d, err := server.OpenDomain(ctx, cfg, slog.New(slog.DiscardHandler))
	ts.Check(err)
	ts.Check(d.Bootstrap(ctx))
	creds, err := d.Dir.Credentials()
	ts.Check(err)
	rules := keypair.Rules{
		Name: keypair.NameRule{Min: 1, Max: 255}, Types: []keypair.Type{keypair.SSH, keypair.X509}, MaxPublicKey: 1 << 14, Quota: -1,
		Owner: map[string]keypair.OwnerKind{"user": keypair.User, "project": keypair.Project}[args[0]],
		Weak:  keypair.WeakPolicy{Action: keypair.AllowWeak},
	}
	caller := identity.Caller{
		User: identity.User{ID: creds.Demo.UserID}, Project: identity.Project{ID: creds.Demo.ProjectID},
		Region: cfg.Region.ID, Roles: []identity.Role{identity.RoleMember},
	}
	text, kind := ts.ReadFile(args[2]), keypair.SSH
	if strings.Contains(text, "CERTIFICATE") {
		kind = keypair.X509
	}
	_, _, err = d.KeyPairs.Import(ctx, caller, rules, keypair.Request{Name: args[1], Type: kind}, text)
	ts.Check(err)
	ts.Check(d.Close())
}

// sharePrime FILE FILE writes two RSA public keys that have a prime in common.
func sharePrime(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shareprime FILE FILE")
	}
	common, err := rand.Prime(rand.Reader, 1024)
	ts.Check(err)
	for _, file := range args {
		other, err := rand.Prime(rand.Reader, 1024)
		ts.Check(err)
		public, err := ssh.NewPublicKey(&rsa.PublicKey{N: new(big.Int).Mul(common, other), E: 65537})
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(file), ssh.MarshalAuthorizedKey(public), 0o600))
	}
}
