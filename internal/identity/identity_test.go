package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestPasswords(t *testing.T) {
	ctx, h := context.Background(), NewHasher(1, rand.Reader)
	hash, err := h.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q", hash)
	}
	for _, c := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "correct horse", true}, {hash, "wrong", false}, {hash, "", false},
		{"", "correct horse", false}, {"", "", false},
		{hash, "correct horse" + strings.Repeat("x", MaxPassword), false},
	} {
		if ok, err := h.Verify(ctx, c.hash, c.password); err != nil || ok != c.want {
			t.Errorf("Verify(%.20q, %.20q) = %v, %v", c.hash, c.password, ok, err)
		}
	}
	if _, err := h.Hash(ctx, strings.Repeat("x", MaxPassword+1)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a password that is too long: %v", err)
	}
	for _, damaged := range []string{"$argon2id$v=19$m=19456,t=2,p=1$c2FsdA", "$argon2i$v=19$m=8,t=1,p=1$c2FsdA$a2V5",
		"$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$" + strings.Repeat("A", 43)} {
		if _, err := h.Verify(ctx, damaged, "x"); err == nil {
			t.Errorf("%q was taken for a hash", damaged)
		}
	}
}

func TestPasswordsWaitForTheirTurn(t *testing.T) {
	h := NewHasher(1, rand.Reader)
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Verify(ctx, "", "x"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func TestSealer(t *testing.T) {
	key := make([]byte, MasterKeySize)
	_, _ = rand.Read(key)
	s, err := NewSealer(key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal("KR1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := s.Open("KR1", sealed); err != nil || string(plain) != "secret" {
		t.Errorf("Open: %q, %v", plain, err)
	}
	if strings.Contains(string(sealed), "secret") {
		t.Error("the secret is readable")
	}
	if _, err := s.Open("KR2", sealed); err == nil {
		t.Error("it opened under another name")
	}
	for i := range sealed {
		bad := slices.Clone(sealed)
		bad[i] ^= 1
		if _, err := s.Open("KR1", bad); err == nil {
			t.Fatalf("it opened with byte %d changed", i)
		}
	}
	if _, err := s.Open("KR1", nil); err == nil {
		t.Error("nothing opened")
	}
	if _, err := NewSealer(key[:31], rand.Reader); err == nil {
		t.Error("a short key was taken")
	}
}

func TestRoles(t *testing.T) {
	for given, want := range map[Role]string{RoleAdmin: "reader member admin", RoleMember: "reader member", RoleReader: "reader", "other": "other"} {
		var names []string
		for _, r := range expand([]Role{given}) {
			names = append(names, string(r))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s expands to %q, want %q", given, got, want)
		}
	}
	if r, ok := ParseRole(RoleMember.ID()); !ok || r != RoleMember {
		t.Errorf("a role is not found by its id")
	}
}

func TestAccess(t *testing.T) {
	project := Scope{Kind: ProjectScope, ID: "p"}
	callers := map[string]Caller{
		"unscoped": {},
		"reader":   {Scope: project, Roles: expand([]Role{RoleReader})},
		"member":   {Scope: project, Roles: expand([]Role{RoleMember})},
		"admin":    {Scope: project, Roles: expand([]Role{RoleAdmin})},
		"system":   {Scope: Scope{Kind: SystemScope}, Roles: expand([]Role{RoleAdmin})},
	}
	for access, allowed := range map[Access]string{
		0:             "",
		Public:        "unscoped reader member admin system",
		AnyUser:       "unscoped reader member admin system",
		ProjectReader: "reader member admin",
		ProjectMember: "member admin",
		Administrator: "admin system",
	} {
		for name, c := range callers {
			want := slices.Contains(strings.Fields(allowed), name)
			err := access.Check(c)
			if (err == nil) != want || err != nil && !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s for %s: %v", access, name, err)
			}
		}
	}
}

func TestRandomText(t *testing.T) {
	r := random{rand.Reader}
	if s := r.text(500, upperAndDigits); len(s) != 500 || strings.Trim(s, upperAndDigits) != "" {
		t.Errorf("%q", s)
	}
	if a, b := r.token(), r.token(); a == b || len(a) < 40 || len(a) > 255 {
		t.Errorf("tokens %q, %q", a, b)
	}
	if len(r.id()) != 32 || len(r.auditID()) != 22 {
		t.Errorf("ids %q, %q", r.id(), r.auditID())
	}
}

// What is drawn at random comes from the source that was given: with the same
// bytes, hashes and seals are the same.
func TestRandomnessComesFromOutside(t *testing.T) {
	still := func() (hash string, sealed []byte) {
		hash, err := NewHasher(1, bytes.NewReader(make([]byte, 16))).Hash(t.Context(), "pw")
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSealer(make([]byte, MasterKeySize), bytes.NewReader(make([]byte, 24)))
		if err != nil {
			t.Fatal(err)
		}
		if sealed, err = s.Seal("n", []byte("secret")); err != nil {
			t.Fatal(err)
		}
		return hash, sealed
	}
	hash, sealed := still()
	again, alike := still()
	if hash != again || !bytes.Equal(sealed, alike) {
		t.Errorf("%s and %s, %x and %x", hash, again, sealed, alike)
	}
}
