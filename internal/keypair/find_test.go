package keypair_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store"
)

func names(all []keypair.KeyPair) string {
	var out []string
	for _, k := range all {
		out = append(out, k.Name)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestFind(t *testing.T) {
	ctx, r := t.Context(), newRig(t, nil)
	alice, bob, rules := user("alice", "p"), user("bob", "p"), anything(keypair.User)
	plain, certified := vector(t, "rsa2048.pub"), vector(t, "rsa2048-cert.pub")
	r.take(t, alice, rules, "web", keypair.SSH, plain)
	r.take(t, alice, rules, "db", keypair.SSH, strings.Fields(plain)[0]+" "+strings.Fields(plain)[1]+" another comment\n")
	cert := r.take(t, alice, rules, "cert", keypair.SSH, certified)
	r.take(t, alice, rules, "other", keypair.SSH, vector(t, "ed25519.pub"))
	r.take(t, bob, rules, "bobs", keypair.SSH, plain)
	r.take(t, bob, anything(keypair.Project), "shared", keypair.SSH, plain)
	elsewhere := alice
	elsewhere.Region = "two"
	r.take(t, elsewhere, rules, "far", keypair.SSH, plain)
	windows, private, err := r.Generate(ctx, alice, rules, keypair.Request{Name: "win", Type: keypair.X509})
	if err != nil {
		t.Fatal(err)
	}

	// What ssh-keygen -l printed of both vectors.
	var printed [2]string
	for _, row := range strings.Split(vector(t, "fingerprints.tsv"), "\n") {
		if columns := strings.Split(row, "\t"); columns[0] == "rsa2048-cert.pub" {
			printed = [2]string{columns[2], columns[3]}
		}
	}
	bare, hex := strings.TrimPrefix(printed[0], "SHA256:"), strings.ReplaceAll(strings.TrimPrefix(printed[1], "MD5:"), ":", "")
	whole, _, _, _, err := ssh.ParseAuthorizedKey([]byte(certified))
	if err != nil {
		t.Fatal(err)
	}
	admin := user("root", "")
	admin.Roles = append(admin.Roles, identity.RoleAdmin)
	for _, c := range []struct {
		caller identity.Caller
		rules  keypair.Rules
		user   string
		text   string
		want   string
	}{
		{alice, rules, "", printed[0], "cert db web"},
		{alice, rules, "", bare, "cert db web"},
		{alice, rules, "", bare + "=", "cert db web"},
		{alice, rules, "", "sha256:" + bare + "=", "cert db web"},
		{alice, rules, "", printed[1], "cert db web"},
		{alice, rules, "", hex, "cert db web"},
		{alice, rules, "", " " + strings.ToUpper(printed[1]) + "\n", "cert db web"},
		{alice, rules, "alice", hex, "cert db web"},
		// What Nova shows of a certificate.
		{alice, rules, "", cert.FingerprintMD5(), "cert"},
		{alice, rules, "", ssh.FingerprintSHA256(whole), "cert"},
		// An X.509 certificate by what Nova and openssl show, and by its key.
		{alice, rules, "", windows.FingerprintMD5(), "win"},
		{alice, rules, "", strings.ToUpper(strings.ReplaceAll(windows.FingerprintMD5(), ":", "")), "win"},
		{alice, rules, "", private.Public("").FingerprintSHA256(), "win"},
		// Who sees what.
		{alice, anything(keypair.Project), "", hex, "cert db shared web"},
		{bob, rules, "", hex, "bobs shared"},
		{user("carol", "p"), rules, "", hex, ""},
		{elsewhere, rules, "", hex, "far"},
		{admin, rules, "alice", hex, "cert db web"},
		{admin, rules, "", hex, ""},
		{alice, rules, "", strings.Repeat("0", 32), ""},
	} {
		found, err := r.Find(ctx, c.caller, c.rules, c.user, c.text)
		if err != nil || names(found) != c.want {
			t.Errorf("%s looks for %s: got %s, %v, want %s", c.caller.User.ID, c.text, names(found), err, c.want)
		}
		for _, k := range found {
			if same, err := r.Get(ctx, c.caller, c.rules, c.user, k.Name); err != nil || same.ID != k.ID {
				t.Errorf("%s: found %s, but sees %s under that name: %v", c.caller.User.ID, k.ID, same.ID, err)
			}
		}
	}

	everybodys := func(c identity.Caller, text string) (all []keypair.KeyPair, err error) {
		err = r.FindAll(ctx, c, text, func(k keypair.KeyPair) error { all = append(all, k); return nil })
		return all, err
	}
	if all, err := everybodys(identity.Operator("one"), hex); err != nil || names(all) != "bobs cert db far shared web" {
		t.Errorf("the operator finds %s, %v", names(all), err)
	}
	enough := errors.New("enough")
	if err := r.FindAll(ctx, admin, hex, func(keypair.KeyPair) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("an error of the function came back as %v", err)
	}

	_, err = r.Find(ctx, bob, rules, "alice", hex)
	refusedAs(t, err, fault.Forbidden)
	_, err = everybodys(bob, hex)
	refusedAs(t, err, fault.Forbidden)
	for _, text := range []string{"", "web", hex[1:], "SHA256:" + bare[1:], plain} {
		_, err = r.Find(ctx, alice, rules, "", text)
		refusedAs(t, err, fault.Invalid)
		var f *fault.Error
		if !errors.As(err, &f) || f.Field != "fingerprint" || !strings.Contains(f.Msg, "MD5") || !strings.Contains(f.Msg, "SHA256:") {
			t.Errorf("%q: %v", text, err)
		}
		_, err = everybodys(admin, text)
		refusedAs(t, err, fault.Invalid)
	}
}

// TestAll walks through more key pairs than a page holds.
func TestAll(t *testing.T) {
	ctx, r := t.Context(), newRig(t, nil)
	k := r.take(t, user("alice", "p"), anything(keypair.User), "first", keypair.SSH, vector(t, "ed25519.pub"))
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		for i := range 500 {
			k.ID, k.Name = fmt.Sprint("id", i), fmt.Sprint("name", i)
			k.Owner.ID = fmt.Sprint("user", i%7)
			if err := tx.InsertKeyPair(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, walk := range map[string]func(func(keypair.KeyPair) error) error{
		"all": func(fn func(keypair.KeyPair) error) error { return r.All(ctx, identity.Operator("one"), fn) },
		"by fingerprint": func(fn func(keypair.KeyPair) error) error {
			return r.FindAll(ctx, identity.Operator("one"), k.FingerprintMD5(), fn)
		},
	} {
		seen, last := map[string]bool{}, ""
		err := walk(func(k keypair.KeyPair) error {
			if k.ID <= last {
				t.Fatalf("%s: %s comes after %s", name, k.ID, last)
			}
			last, seen[k.Name] = k.ID, true
			return nil
		})
		if err != nil || len(seen) != 501 {
			t.Errorf("%s: walked through %d of 501, %v", name, len(seen), err)
		}
	}
	refusedAs(t, r.All(ctx, user("bob", "p"), func(keypair.KeyPair) error { t.Error("shown to bob"); return nil }), fault.Forbidden)
}

// TestCutBlob has blobs that are no whole key.
func TestCutBlob(t *testing.T) {
	for _, blob := range []string{"", "\x00\x00\x00", "\x00\x00\x00\xffssh-rsa", "\xff\xff\xff\xffssh-rsa"} {
		k := keypair.KeyPair{Type: keypair.SSH, Blob: []byte(blob)}
		if _, err := k.Key(); err == nil || k.Certified() != nil {
			t.Errorf("%q is taken for a key", blob)
		}
	}
}

func refusedAs(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("got %v, want a fault of kind %q", err, kind)
	}
}
