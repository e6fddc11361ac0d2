package server

import (
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/internal/identity"
)

// TestWorkingCredentials: of the first credentials those count that still let
// somebody in.
func TestWorkingCredentials(t *testing.T) {
	w := newWorld(t)
	ctx, id := t.Context(), w.server.domain.Identity
	op := identity.Operator(w.server.opt.Config.Region.ID)
	first, err := w.server.domain.Dir.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	users, err := id.Users(ctx, op, identity.UserQuery{Name: identity.AdminName})
	if err != nil || len(users) != 1 {
		t.Fatal(users, err)
	}
	change := func(user string, c identity.UserChange) func() error {
		return func() error { _, err := id.UpdateUser(ctx, op, user, c); return err }
	}
	other, disabled, enabled := "another password", false, true
	for _, c := range []struct {
		name string
		do   func() error
		gone string
	}{
		{"untouched", func() error { return nil }, "[]"},
		{"disabled", change(first.Demo.UserID, identity.UserChange{Enabled: &disabled}), "[demo's password demo's API password demo's access key]"},
		{"enabled again", change(first.Demo.UserID, identity.UserChange{Enabled: &enabled}), "[]"},
		{"demo's password", change(first.Demo.UserID, identity.UserChange{Password: &other}), "[demo's password]"},
		{"admin's password", change(users[0].ID, identity.UserChange{Password: &other}), "[admin's password demo's password]"},
		{"demo's password back", change(first.Demo.UserID, identity.UserChange{Password: &first.Demo.Password}), "[admin's password]"},
		{"demo's access key", func() error { return id.DeleteAccessKey(ctx, op, first.Demo.AccessKeyID) }, "[admin's password demo's access key]"},
		{"demo", func() error { return id.DeleteUser(ctx, op, first.Demo.UserID) }, "[admin's password demo's password demo's API password demo's access key]"},
	} {
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		works, gone, err := first.Working(ctx, id)
		if err != nil || fmt.Sprint(gone) != c.gone {
			t.Errorf("%s: %v, %v", c.name, gone, err)
		}
		if c.gone == "[]" && works != first {
			t.Errorf("%s: %+v", c.name, works)
		}
	}
}
