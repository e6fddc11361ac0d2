package keypair_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"crypto/rand"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
	"github.com/keyreeve/keyreeve/internal/store"
)

// vagrant is the key whose private half every Vagrant box has
// (https://github.com/hashicorp/vagrant/tree/main/keys).
const vagrant = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN1YdxBpNlzxDqfJyw/QKow1F+wvG9hXGoqiysfJOn5Y vagrant insecure public key"

// windowsCertificate is a self-signed certificate of a key.
func windowsCertificate(t testing.TB, key *rsa.PrivateKey) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// summary is one line of a finding: its name, the checks, and what else.
func summary(f keypair.Finding) string {
	words := []string{f.KeyPair.Name + ":"}
	for _, w := range f.Weaknesses {
		words = append(words, w.Check)
	}
	if f.Unusable {
		words = append(words, "unusable")
	}
	if f.Unreadable != nil {
		words = append(words, "unreadable")
	}
	if len(f.SharesPrime) > 0 {
		words = append(words, "shares with "+names(f.SharesPrime))
	}
	return strings.Join(words, " ")
}

func TestAudit(t *testing.T) {
	ctx, r := t.Context(), newRig(t, nil)
	alice, bob := user("alice", "p"), user("bob", "p2")
	bob.Region = "two"
	private, shared := anything(keypair.User), anything(keypair.Project)

	p, q, s, u, v := prime(t, 1024), prime(t, 1024), prime(t, 1024), prime(t, 1024), prime(t, 1024)
	one, two, three, alone := rsaKey(t, p, q), rsaKey(t, p, s), rsaKey(t, s, u), rsaKey(t, u, v)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caller identity.Caller
		rules  keypair.Rules
		name   string
		kind   keypair.Type
		key    string
	}{
		{alice, private, "sound", keypair.SSH, vector(t, "ed25519.pub")},
		{alice, private, "sound-rsa", keypair.SSH, vector(t, "rsa2048.pub")},
		{alice, private, "sound-rsa-again", keypair.SSH, vector(t, "rsa2048.pub")},
		{alice, private, "sound-cert", keypair.SSH, vector(t, "rsa2048-cert.pub")},
		{alice, private, "dsa", keypair.SSH, vector(t, "dsa1024.pub")},
		{alice, shared, "dsa-cert", keypair.SSH, vector(t, "dsa1024-cert.pub")},
		{bob, shared, "short", keypair.SSH, vector(t, "rsa1024.pub")},
		{bob, private, "short-windows", keypair.X509, windowsCertificate(t, small)},
		{bob, private, "vagrant", keypair.SSH, vagrant},
		{alice, private, "one", keypair.SSH, line(one)},
		{bob, shared, "one-again", keypair.SSH, line(one)},
		{bob, private, "two-cert", keypair.SSH, line(certify(t, two))},
		{alice, shared, "three", keypair.SSH, line(three)},
		{alice, shared, "four", keypair.SSH, line(alone)},
	} {
		r.take(t, c.caller, c.rules, c.name, c.kind, c.key)
	}
	damaged := r.take(t, alice, private, "damaged", keypair.SSH, line(rsaKey(t, prime(t, 1024), prime(t, 1024))))
	damaged.ID, damaged.Owner.ID, damaged.Blob = "damaged", "carol", damaged.Blob[:100]
	if err := r.db.Write(ctx, func(tx *store.Tx) error { return tx.InsertKeyPair(ctx, damaged) }); err != nil {
		t.Fatal(err)
	}

	audit := func(p weak.Policy) (found []string, sum keypair.Audited) {
		t.Helper()
		sum, err := r.Audit(ctx, identity.Operator("one"), p, func(f keypair.Finding) error {
			found = append(found, summary(f))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(found)
		return found, sum
	}
	want := []string{
		"damaged: unreadable",
		"dsa-cert: unusable",
		"dsa: unusable",
		"four: rsa-shared shares with three",
		"one-again: rsa-shared shares with two-cert",
		"one: rsa-shared shares with two-cert",
		"short-windows: rsa-size",
		"short: rsa-size",
		"three: rsa-shared shares with four",
		"three: rsa-shared shares with two-cert",
		"two-cert: rsa-shared shares with one one-again",
		"two-cert: rsa-shared shares with three",
		"vagrant: published",
	}
	found, sum := audit(weak.DefaultPolicy())
	if !slices.Equal(found, want) {
		t.Errorf("found\n  %s\nwant\n  %s", strings.Join(found, "\n  "), strings.Join(want, "\n  "))
	}
	if sum != (keypair.Audited{KeyPairs: 16, Findings: len(want)}) {
		t.Errorf("counted %+v", sum)
	}
	// The policy is the caller's.
	found, _ = audit(weak.Policy{MinRSABits: 1024, RefuseDSA: true})
	if got := strings.Join(found, "; "); strings.Contains(got, "short") || !strings.Contains(got, "dsa: dsa unusable") {
		t.Errorf("by another policy: %s", got)
	}

	enough := errors.New("enough")
	for _, n := range []int{0, len(want) - 1} { // within the walk, and within the shared primes
		reported := 0
		_, err := r.Audit(ctx, identity.Operator("one"), weak.DefaultPolicy(), func(keypair.Finding) error {
			if reported++; reported > n {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || reported != n+1 {
			t.Errorf("stopped after %d findings of %d: %v", reported, n+1, err)
		}
	}
	_, err = r.Audit(ctx, alice, weak.DefaultPolicy(), func(keypair.Finding) error { t.Error("shown to alice"); return nil })
	refusedAs(t, err, fault.Forbidden)
}

// TestAuditBounds has more keys share one prime than a finding names.
func TestAuditBounds(t *testing.T) {
	ctx, r := t.Context(), newRig(t, nil)
	policy := weak.Policy{MinRSABits: 1024}
	common := prime(t, 512)
	for i := range keypair.MaxSharesPrime + 3 {
		key := rsaKey(t, common, prime(t, 512))
		r.take(t, user("alice", ""), anything(keypair.User), fmt.Sprint("device", i), keypair.SSH, line(key))
	}
	findings := 0
	_, err := r.Audit(ctx, identity.Operator("one"), policy, func(f keypair.Finding) error {
		findings++
		if len(f.SharesPrime) != keypair.MaxSharesPrime || slices.ContainsFunc(f.SharesPrime, func(k keypair.KeyPair) bool { return k.ID == f.KeyPair.ID }) {
			t.Errorf("%s", summary(f))
		}
		return nil
	})
	if err != nil || findings != keypair.MaxSharesPrime+3 {
		t.Errorf("%d findings, %v", findings, err)
	}
}
