package storetest

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// interrupted does something before its next write.
type interrupted struct {
	identity.Store
	before func()
}

func (i *interrupted) Write(ctx context.Context, fn func(identity.Tx) error) error {
	if before := i.before; before != nil {
		i.before = nil
		before()
	}
	return i.Store.Write(ctx, fn)
}

// testLoginRace ends what a login was proved with after it was checked and
// before its token is made: no token comes of it.
func testLoginRace(t *testing.T, s suite) {
	ctx := t.Context()
	elsewhere := s.identity(t)
	if err := elsewhere.Bootstrap(ctx, elsewhere.NewSecrets()); err != nil {
		t.Fatal(err)
	}
	op := identity.Operator("r1")
	sealer, err := identity.NewSealer(make([]byte, identity.MasterKeySize), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	store := &interrupted{Store: s.open(t).Identity()}
	here := identity.New(store, sealer, identity.Options{Region: "r1"})
	p, err := elsewhere.CreateProject(ctx, op, identity.NewProject{Name: "race"})
	if err != nil {
		t.Fatal(err)
	}
	in := identity.Scope{Kind: identity.ProjectScope, ID: p.ID}
	u, err := elsewhere.CreateUser(ctx, op, identity.NewUser{Name: "runner", Password: "own", APIPassword: "api",
		Grants: []identity.Assignment{{Scope: in, Role: identity.RoleMember}}})
	if err != nil {
		t.Fatal(err)
	}
	password := func(ch identity.UserChange) func(string) {
		return func(string) {
			if _, err := elsewhere.UpdateUser(ctx, op, u.ID, ch); err != nil {
				t.Error(err)
			}
		}
	}
	for name, c := range map[string]struct {
		byKey bool
		end   func(keyID string)
	}{
		"API password changed": {false, password(identity.UserChange{APIPassword: new("another")})},
		"API password removed": {false, password(identity.UserChange{APIPassword: new("")})},
		"access key deleted": {true, func(id string) {
			if err := elsewhere.DeleteAccessKey(ctx, op, id); err != nil {
				t.Error(err)
			}
		}},
	} {
		k, secret, err := elsewhere.CreateAccessKey(ctx, op, u.ID, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		login := identity.APILogin{AppKey: p.AppKey, Name: "runner", Secret: "api"}
		if c.byKey {
			login.Name, login.Secret = k.ID, secret
		}
		if _, _, _, err := here.LogInByAPI(ctx, login); err != nil {
			t.Errorf("%s: before: %v", name, err)
		}
		store.before = func() { c.end(k.ID) }
		_, _, _, err = here.LogInByAPI(ctx, login)
		if store.before != nil {
			t.Errorf("%s: nothing came in between", name)
		}
		refused(t, err, fault.Unauthenticated)
		password(identity.UserChange{APIPassword: new("api")})("")
	}

	// So it is with the user's own password.
	known, err := here.LogIn(ctx, identity.Login{UserID: u.ID, Password: "own"})
	if err != nil {
		t.Fatal(err)
	}
	store.before = func() { password(identity.UserChange{Password: new("other")})("") }
	_, _, _, err = here.IssueToken(ctx, known, in, []identity.Method{identity.ByPassword}, identity.Origin{})
	refused(t, err, fault.Unauthenticated)
}
