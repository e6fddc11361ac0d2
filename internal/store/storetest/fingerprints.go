package storetest

import (
	"crypto/rand"
	"encoding/hex"
	randv2 "math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/store"
)

// keyMaterial is a public key with its fingerprints as tools print them.
type keyMaterial struct {
	kind         keypair.Type
	text         string
	blob         []byte
	fingerprints []string
}

// put gives a key pair the key.
func (m keyMaterial) put(k keypair.KeyPair) keypair.KeyPair {
	k.Type, k.PublicKey, k.Blob = m.kind, m.text, m.blob
	return k
}

func plainKey(t testing.TB) (keyMaterial, ssh.PublicKey) {
	t.Helper()
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(publicKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	return sshMaterial(public), public
}

func sshMaterial(public ssh.PublicKey) keyMaterial {
	return keyMaterial{
		kind: keypair.SSH, text: string(ssh.MarshalAuthorizedKey(public)), blob: public.Marshal(),
		fingerprints: []string{ssh.FingerprintLegacyMD5(public), ssh.FingerprintSHA256(public)},
	}
}

// certificate is one of OpenSSH: it has its own fingerprints and those of the
// key that it certifies.
func certificate(t testing.TB, certified ssh.PublicKey) keyMaterial {
	t.Helper()
	private, err := sshkey.Generate(sshkey.SpecEd25519)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey([]byte(private.Text()))
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: certified, CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, signer); err != nil {
		t.Fatal(err)
	}
	m := sshMaterial(cert)
	m.fingerprints = append(m.fingerprints, sshMaterial(certified).fingerprints...)
	return m
}

// x509Certificate is one as Nova makes it, with the fingerprints that openssl
// prints and those of its key as an SSH key.
func x509Certificate(t testing.TB) keyMaterial {
	t.Helper()
	g := sshkey.NewGenerator(sshkey.GeneratorSettings{})
	cert, private, err := g.GenerateX509(t.Context(), "u1", epoch)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.ParsePublicKey(private.Public("").Blob())
	if err != nil {
		t.Fatal(err)
	}
	m := sshMaterial(public)
	m.kind, m.text, m.blob = keypair.X509, cert.PEM(), cert.DER()
	m.fingerprints = append(m.fingerprints, sshkey.FingerprintSHA1(m.blob), sshkey.FingerprintMD5(m.blob), sshkey.FingerprintSHA256(m.blob))
	return m
}

// fingerprint reads what a tool printed.
func fingerprint(t testing.TB, text string) sshkey.Fingerprint {
	t.Helper()
	f, err := sshkey.ParseFingerprint(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

// testFingerprints compares look-ups by fingerprint with a plain reading of
// what is listed, over a random population that shares a few keys.
func testFingerprints(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	plain, key := plainKey(t)
	other, _ := plainKey(t)
	materials := []keyMaterial{plain, other, certificate(t, key), certificate(t, key), x509Certificate(t)}
	r := randv2.New(randv2.NewPCG(3, 4)) //nolint:gosec // the same population each time
	var population []keypair.KeyPair
	for _, o := range []keypair.Owner{ofUser("u1"), ofUser("u2"), ofProject("p1"), ofProject("p2")} {
		for _, region := range []string{"r1", "r2"} {
			for _, name := range []string{"Z", "a", "b", "B", "_", "0", "10", "9", "é", "漢"} {
				if r.IntN(4) == 0 {
					continue
				}
				k := materials[r.IntN(len(materials))].put(keyPair(o, name))
				k.Region, k.CreatorID = region, []string{"u1", "u2"}[r.IntN(2)]
				population = append(population, k)
			}
		}
	}
	write(t, db, func(tx *store.Tx) error {
		for _, k := range population {
			if err := tx.InsertKeyPair(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(population, func(a, b keypair.KeyPair) int { return compareBytes(a.ID, b.ID) })

	having := func(all []keypair.KeyPair, printed string) (some []keypair.KeyPair) {
		for _, k := range all {
			for _, m := range materials {
				if string(m.blob) == string(k.Blob) && slices.Contains(m.fingerprints, printed) {
					some = append(some, k)
				}
			}
		}
		return some
	}
	read(t, db, func(tx *store.Tx) error {
		all, err := tx.AllKeyPairs(ctx, "", 1000)
		if err != nil {
			return err
		}
		same(t, all, population)
		page, err := tx.AllKeyPairs(ctx, all[2].ID, 3)
		if err != nil {
			return err
		}
		same(t, page, all[3:6])
		shadowed := 0
		for _, m := range materials {
			for _, printed := range m.fingerprints {
				f := fingerprint(t, printed)
				found, err := tx.AllKeyPairsOf(ctx, f, "", 1000)
				if err != nil {
					return err
				}
				want := having(population, printed)
				same(t, found, want)
				if found, err = tx.AllKeyPairsOf(ctx, f, want[0].ID, 2); err != nil {
					return err
				}
				same(t, found, want[1:3])
				for _, v := range []keypair.View{
					{Region: "r1", UserID: "u1", Native: keypair.User},
					{Region: "r1", UserID: "u1", ProjectID: "p1", Native: keypair.User},
					{Region: "r1", UserID: "u1", ProjectID: "p1", Shared: true, Native: keypair.Project},
					{Region: "r1", UserID: "u2", ProjectID: "p2", Shared: true, Native: keypair.User},
					{Region: "r2", UserID: "u2", ProjectID: "p1", Native: keypair.Project},
					{Region: "r3", UserID: "u1", ProjectID: "p1", Shared: true, Native: keypair.User},
				} {
					listed, err := tx.KeyPairs(ctx, v, "", 1000)
					if err != nil {
						return err
					}
					found, err := tx.FindKeyPairs(ctx, v, f, 1000)
					if err != nil {
						return err
					}
					want := having(listed, printed)
					same(t, found, want)
					if len(want) > 1 {
						if found, err = tx.FindKeyPairs(ctx, v, f, 1); err != nil {
							return err
						}
						same(t, found, want[:1])
					}
					v.Native = 0 // as if no kind hid the other
					unhidden, err := tx.FindKeyPairs(ctx, v, f, 1000)
					if err != nil {
						return err
					}
					shadowed += len(unhidden) - len(found)
				}
			}
		}
		if shadowed == 0 {
			t.Error("no name of the population hides another with a key that was looked for")
		}
		none, err := tx.AllKeyPairsOf(ctx, fingerprint(t, hex.EncodeToString(make([]byte, 16))), "", 10)
		same(t, none, []keypair.KeyPair(nil))
		return err
	})
}
