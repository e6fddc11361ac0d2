package keypair_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

// TestNoKeyIsMadeInVain asks for key pairs that cannot be kept of a service that
// has no generator at all: to make a key costs tens of milliseconds of a
// processor, which nobody may have for the asking.
func TestNoKeyIsMadeInVain(t *testing.T) {
	ctx := t.Context()
	db := sqlitetest.Open(t)
	s := keypair.New(db.KeyPairs(), nil, keypair.Options{Now: time.Now, NewID: uuid.NewString})
	c := identity.Caller{User: identity.User{ID: "alice"}, Region: "one"}
	r := keypair.Rules{
		Name:  keypair.NameRule{Min: 1, Max: 255},
		Types: []keypair.Type{keypair.SSH}, Generates: []keypair.Type{keypair.SSH}, Owner: keypair.User, MaxPublicKey: 16 << 10, Quota: 2,
	}
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPS4lOnydjzukmW7xoiMdnJvRhS/65CflAYSai1fMTL a"
	for n, want := range []fault.Kind{fault.Exists, fault.Quota} {
		name := string(rune('a' + n))
		if _, _, err := s.Import(ctx, c, r, keypair.Request{Name: name}, key); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Generate(ctx, c, r, keypair.Request{Name: name}); !fault.Is(err, want) {
			t.Errorf("%d key pairs: %v, want %v", n+1, err, want)
		}
	}
}
