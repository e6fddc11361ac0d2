package compute_test

import (
	"crypto/rsa"
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/store"
)

// TestSealedPassword opens a Windows instance's password with the private key
// of its key pair, whichever type that has.
func TestSealedPassword(t *testing.T) {
	y, _ := newAbleYard(t)
	ctx := t.Context()
	ssh, err := sshkey.Generate(sshkey.SpecRSA2048)
	y.must(err)
	ed, err := sshkey.Generate(sshkey.SpecEd25519)
	y.must(err)
	cert, certKey, err := sshkey.NewGenerator(sshkey.GeneratorSettings{}).GenerateX509(ctx, "u", time.Now())
	y.must(err)
	images, err := y.service.Images(ctx, y.caller)
	y.must(err)
	windows := ""
	for _, i := range images {
		if i.OSType == compute.Windows {
			windows = i.ID
		}
	}
	for _, c := range []struct {
		name   string
		typ    keypair.Type
		text   string
		blob   []byte
		opener any
	}{
		{"rsa", keypair.SSH, ssh.Public("c").AuthorizedKey() + "\n", ssh.Public("").Blob(), ssh.Signer()},
		{"x509", keypair.X509, cert.PEM(), cert.DER(), certKey.Signer()},
		{"ed25519", keypair.SSH, ed.Public("c").AuthorizedKey() + "\n", ed.Public("").Blob(), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			y.must(y.db.Write(ctx, func(tx *store.Tx) error {
				return tx.InsertKeyPair(ctx, keypair.KeyPair{
					ID: uuid.NewString(), Region: "r", Owner: keypair.Owner{Kind: keypair.User, ID: "u"}, CreatorID: "u",
					Name: c.name, Type: c.typ, PublicKey: c.text, Blob: c.blob, CreatedAt: time.Unix(1, 0),
				})
			}))
			made, err := y.service.Create(ctx, y.caller, compute.CreateRequest{
				Name: "w", FlavorID: "3", ImageID: windows, AdminPass: "P@ss wörd", KeyName: c.name,
				Keys: keypair.View{Region: "r", UserID: "u", Native: keypair.User},
			})
			y.must(err)
			id := made[0].ID
			sealed := func() string {
				t.Helper()
				text, err := y.service.SealedPassword(ctx, y.caller, id)
				y.must(err)
				return text
			}
			if sealed() != "" {
				t.Error("there is a password before there is a guest")
			}
			y.do()
			text := sealed()
			if c.opener == nil {
				if text != "" {
					t.Errorf("sealed to what seals nothing: %s", text)
				}
				return
			}
			raw, err := base64.StdEncoding.DecodeString(text)
			y.must(err)
			open, err := rsa.DecryptPKCS1v15(nil, c.opener.(*rsa.PrivateKey), raw) //nolint:staticcheck // as clients do
			y.must(err)
			if string(open) != "P@ss wörd" {
				t.Errorf("it says %q", open)
			}
			refused(t, y.service.ChangePassword(ctx, y.caller, id, "x"), fault.Conflict)
			y.must(y.service.ClearPassword(ctx, y.caller, id))
			if sealed() != "" {
				t.Error("it is still there")
			}
		})
	}
}
