package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store"
)

func rule(id, userID string) identity.AccessRule {
	return identity.AccessRule{ID: id, UserID: userID, Service: "compute", Method: "GET", Path: "/" + id}
}

func appCredential(id, userID string, rules ...identity.AccessRule) identity.AppCredential {
	description, no := "for "+id, false
	return identity.AppCredential{
		ID: id, UserID: userID, ProjectID: "p1", Name: "name of " + id, Description: &description, SecretHash: "$argon2id$" + id,
		Roles: []identity.Role{identity.RoleReader, identity.RoleMember}, Unrestricted: &no, Rules: rules,
		ExpiresAt: epoch.Add(time.Hour), CreatedAt: epoch,
	}
}

func testAppCredentials(t *testing.T, s suite) {
	db := s.open(t)
	people(t, db)
	ctx := t.Context()
	// One with everything, one with nothing.
	full, bare := appCredential("k1", "u1", rule("r2", "u1"), rule("r1", "u1")), appCredential("k2", "u1")
	bare.Description, bare.Unrestricted, bare.Roles, bare.ExpiresAt = nil, nil, nil, time.Time{}
	elsewhere := appCredential("k3", "u1", rule("r1", "u1"))
	elsewhere.ProjectID = "p2"
	theirs := appCredential("k4", "u2")
	theirs.Name = full.Name
	write(t, db, func(tx *store.Tx) error {
		for _, r := range []identity.AccessRule{rule("r1", "u1"), rule("r2", "u1"), rule("r3", "u1"), rule("r4", "u2")} {
			if err := tx.InsertAccessRule(ctx, r); err != nil {
				return err
			}
		}
		for _, k := range []identity.AppCredential{full, bare, elsewhere, theirs} {
			if err := tx.InsertAppCredential(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	found := func(q identity.AppCredentialQuery) []identity.AppCredential {
		t.Helper()
		var all []identity.AppCredential
		read(t, db, func(tx *store.Tx) (err error) { all, err = tx.AppCredentials(ctx, q); return err })
		return all
	}
	same(t, found(identity.AppCredentialQuery{ID: "k1"}), []identity.AppCredential{full})
	same(t, found(identity.AppCredentialQuery{UserID: "u1"}), []identity.AppCredential{full, bare, elsewhere})
	same(t, found(identity.AppCredentialQuery{UserID: "u1", ProjectID: "p2"}), []identity.AppCredential{elsewhere})
	same(t, found(identity.AppCredentialQuery{UserID: "u2", Name: full.Name}), []identity.AppCredential{theirs})
	same(t, len(found(identity.AppCredentialQuery{ID: "k1", UserID: "u2"})), 0)

	for what, insert := range map[string]func(tx *store.Tx) error{
		"id":   func(tx *store.Tx) error { k := full; k.Name = "new"; return tx.InsertAppCredential(ctx, k) },
		"name": func(tx *store.Tx) error { k := full; k.ID = "new"; return tx.InsertAppCredential(ctx, k) },
		"rule": func(tx *store.Tx) error { r := rule("r1", "u1"); r.ID = "new"; return tx.InsertAccessRule(ctx, r) },
	} {
		if err := db.Write(ctx, insert); !fault.Is(err, fault.Exists) {
			t.Errorf("%s taken: %v", what, err)
		}
	}

	rules := func(userID string) string {
		var ids []string
		read(t, db, func(tx *store.Tx) error {
			all, err := tx.AccessRules(ctx, userID)
			for _, r := range all {
				ids = append(ids, r.ID)
			}
			return err
		})
		return fmt.Sprint(ids)
	}
	same(t, rules("u1"), "[r1 r2 r3]")
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteAccessRule(ctx, "r1") }), fault.Conflict)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteAccessRule(ctx, "none") }), fault.NotFound)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteAccessRule(ctx, "r3") })

	write(t, db, func(tx *store.Tx) error {
		return tx.DeleteAppCredentials(ctx, identity.AppCredentialQuery{UserID: "u1", ProjectID: "p1"})
	})
	same(t, found(identity.AppCredentialQuery{UserID: "u1"}), []identity.AppCredential{elsewhere})
	write(t, db, func(tx *store.Tx) error {
		if err := tx.DeleteAppCredentials(ctx, identity.AppCredentialQuery{UserID: "u1"}); err != nil {
			return err
		}
		return tx.DeleteAccessRulesOfUser(ctx, "u1")
	})
	same(t, rules("u1")+rules("u2"), "[][r4]")
	same(t, found(identity.AppCredentialQuery{UserID: "u2"}), []identity.AppCredential{theirs})
}

// testRemovals has users, projects and accounts go with all that hangs on them,
// and nothing that does not.
func testRemovals(t *testing.T, s suite) {
	db := s.open(t)
	people(t, db)
	ctx := t.Context()
	scopes := map[string]identity.Scope{
		"p1": inProject("p1"), "p2": inProject("p2"), "acc": {Kind: identity.AccountScope, ID: "acc"}, "none": {}, "system": {Kind: identity.SystemScope},
	}
	named := func(user, scope string) identity.Token {
		k := token(user+" in "+scope, user, epoch.Add(time.Hour))
		k.Scope = scopes[scope]
		return k
	}
	fill := func(tx *store.Tx) error {
		for _, user := range []string{"u1", "u2"} {
			for scope := range scopes {
				if err := tx.InsertToken(ctx, named(user, scope)); err != nil {
					return err
				}
				if scope == "none" {
					continue
				}
				if err := tx.InsertAssignment(ctx, identity.Assignment{UserID: user, Scope: scopes[scope], Role: identity.RoleReader}); err != nil {
					return err
				}
			}
			if err := tx.InsertAccessRule(ctx, rule("r"+user, user)); err != nil {
				return err
			}
			if err := tx.InsertAppCredential(ctx, appCredential("k"+user, user, rule("r"+user, user))); err != nil {
				return err
			}
			k := identity.AccessKey{ID: "KR" + user, UserID: user, ProjectID: "p1", SealedSecret: []byte{1}, CreatedAt: epoch}
			if err := tx.InsertAccessKey(ctx, k); err != nil {
				return err
			}
		}
		if err := tx.SetQuota(ctx, "p1", "cores", 1); err != nil {
			return err
		}
		for _, user := range []string{"u1", "u2"} {
			if err := tx.SetUserQuota(ctx, "p1", user, "cores", 1); err != nil {
				return err
			}
		}
		for _, k := range []keypair.KeyPair{keyPair(ofUser("u1"), "private"), keyPair(ofProject("p1"), "shared")} {
			if err := tx.InsertKeyPair(ctx, k); err != nil {
				return err
			}
		}
		return nil
	}
	tokens := func(tx *store.Tx, user string) string {
		left := ""
		for _, scope := range []string{"none", "p1", "p2", "acc", "system"} {
			if _, err := tx.Token(ctx, named(user, scope).Hash); err == nil {
				left += " " + scope
			} else if !fault.Is(err, fault.NotFound) {
				t.Error(err)
			}
		}
		return left
	}
	credentials := func(tx *store.Tx, user string) string {
		apps, err1 := tx.AppCredentials(ctx, identity.AppCredentialQuery{UserID: user})
		rules, err2 := tx.AccessRules(ctx, user)
		given, err3 := tx.Assignments(ctx, identity.AssignmentQuery{UserID: user})
		_, err4 := tx.AccessKey(ctx, "KR"+user)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Error(err1, err2, err3)
		}
		return fmt.Sprintf("%d apps, %d rules, %d roles, access key: %v", len(apps), len(rules), len(given), err4 == nil)
	}
	// Each is tried and then undone.
	undo := fmt.Errorf("undo")
	try := func(name string, change func(tx *store.Tx) error, look func(tx *store.Tx)) {
		t.Helper()
		err := db.Write(ctx, func(tx *store.Tx) error {
			if err := fill(tx); err != nil {
				return err
			}
			if err := change(tx); err != nil {
				return err
			}
			look(tx)
			return undo
		})
		if err != undo { //nolint:errorlint // it is handed through
			t.Errorf("%s: %v", name, err)
		}
	}

	try("user", func(tx *store.Tx) error { return tx.DeleteUser(ctx, "u1") }, func(tx *store.Tx) {
		_, err := tx.User(ctx, "u1")
		refused(t, err, fault.NotFound)
		left, err := tx.UserQuotas(ctx, "p1", "cores")
		same(t, left, map[string]int{"u2": 1})
		same(t, err, nil)
		same(t, tokens(tx, "u1")+";"+tokens(tx, "u2"), "; none p1 p2 acc system")
		same(t, credentials(tx, "u1"), "0 apps, 0 rules, 0 roles, access key: false")
		same(t, credentials(tx, "u2"), "1 apps, 1 rules, 4 roles, access key: true")
		_, err = tx.KeyPair(ctx, keypair.View{Region: "r1", UserID: "u1", Native: keypair.User}, "private")
		same(t, err, nil)
	})
	try("project", func(tx *store.Tx) error { return tx.DeleteProject(ctx, "p1", epoch) }, func(tx *store.Tx) {
		_, err := tx.Project(ctx, "p1")
		refused(t, err, fault.NotFound)
		same(t, tokens(tx, "u1"), " none p2 acc system")
		same(t, credentials(tx, "u1"), "0 apps, 1 rules, 3 roles, access key: false")
		u, err := tx.User(ctx, "u1")
		same(t, u.DefaultProjectID, "")
		same(t, err, nil)
		_, ok, err := tx.Quota(ctx, "p1", "cores")
		same(t, fmt.Sprint(ok, err), "false <nil>")
		left, err := tx.UserQuotas(ctx, "p1", "cores")
		same(t, fmt.Sprint(left, err), "map[] <nil>")
	})
	try("account", func(tx *store.Tx) error {
		for _, id := range []string{"p1", "p2"} {
			if err := tx.DeleteProject(ctx, id, epoch); err != nil {
				return err
			}
		}
		for _, id := range []string{"u1", "u2"} {
			if err := tx.DeleteUser(ctx, id); err != nil {
				return err
			}
		}
		return tx.DeleteAccount(ctx, "acc")
	}, func(tx *store.Tx) {
		_, err := tx.Account(ctx, "acc")
		refused(t, err, fault.NotFound)
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteAccount(ctx, "acc") }), fault.Conflict)
	for _, remove := range []func(tx *store.Tx) error{
		func(tx *store.Tx) error { return tx.DeleteUser(ctx, "none") },
		func(tx *store.Tx) error { return tx.DeleteProject(ctx, "none", epoch) },
		func(tx *store.Tx) error { return tx.DeleteAccount(ctx, "none") },
	} {
		refused(t, db.Write(ctx, remove), fault.NotFound)
	}

	// Tokens alone.
	for _, c := range []struct {
		q      identity.TokenQuery
		u1, u2 string
	}{
		{identity.TokenQuery{UserID: "u1"}, "", " none p1 p2 acc system"},
		{identity.TokenQuery{UserID: "u1", Scope: scopes["p1"]}, " none p2 acc system", " none p1 p2 acc system"},
		{identity.TokenQuery{UserID: "u2", Scope: scopes["system"]}, " none p1 p2 acc system", " none p1 p2 acc"},
		{identity.TokenQuery{Scope: scopes["p2"]}, " none p1 acc system", " none p1 acc system"},
		{identity.TokenQuery{Scope: scopes["acc"]}, " none p1 p2 system", " none p1 p2 system"},
		{identity.TokenQuery{AccountID: "acc"}, "", ""},
		{identity.TokenQuery{AccountID: "other"}, " none p1 p2 acc system", " none p1 p2 acc system"},
		{identity.TokenQuery{AppCredentialID: "ku1"}, " none p1 p2 acc system", " none p1 p2 acc system"},
	} {
		try(fmt.Sprint(c.q), func(tx *store.Tx) error {
			made := token("of the credential", "u1", epoch.Add(time.Hour))
			made.AppCredentialID, made.Scope = "ku1", scopes["system"]
			if err := tx.InsertToken(ctx, made); err != nil {
				return err
			}
			got, err := tx.Token(ctx, made.Hash)
			same(t, got, made)
			if err != nil {
				return err
			}
			if err := tx.DeleteTokens(ctx, c.q); err != nil {
				return err
			}
			if _, err = tx.Token(ctx, made.Hash); fault.Is(err, fault.NotFound) != (c.q.AppCredentialID != "" || c.u1 == "") {
				t.Errorf("%+v: the token of the credential: %v", c.q, err)
			}
			return nil
		}, func(tx *store.Tx) {
			if left := tokens(tx, "u1") + ";" + tokens(tx, "u2"); left != c.u1+";"+c.u2 {
				t.Errorf("%+v leaves%s, want%s;%s", c.q, left, c.u1, c.u2)
			}
		})
	}
	// Account's people elsewhere, and others in the account.
	try("account's", func(tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, account("far")); err != nil {
			return err
		}
		u, p := user("u9"), project("p9")
		u.AccountID, p.AccountID = "far", "far"
		if err := tx.InsertProject(ctx, p); err != nil {
			return err
		}
		scopes["p9"] = inProject("p9")
		for _, err := range []error{tx.InsertUser(ctx, u), tx.InsertToken(ctx, named("u9", "p1")), tx.InsertToken(ctx, named("u9", "p9")), tx.InsertToken(ctx, named("u1", "p9"))} {
			if err != nil {
				return err
			}
		}
		return tx.DeleteTokens(ctx, identity.TokenQuery{AccountID: "far"})
	}, func(tx *store.Tx) {
		same(t, tokens(tx, "u1")+";"+tokens(tx, "u9"), " none p1 p2 acc system;")
		_, err := tx.Token(ctx, named("u1", "p9").Hash)
		refused(t, err, fault.NotFound)
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteTokens(ctx, identity.TokenQuery{}) }), fault.Internal)
}

// testTokenRace issues tokens while what they are good for is taken away and
// given back: none of them outlives that.
func testTokenRace(t *testing.T, s suite) {
	ctx := t.Context()
	here, there := s.identity(t), s.identity(t)
	secrets := here.NewSecrets()
	if err := here.Bootstrap(ctx, secrets); err != nil {
		t.Fatal(err)
	}
	op := identity.Operator("r1")
	u, err := here.User(ctx, op, secrets.DemoUserID)
	if err != nil {
		t.Fatal(err)
	}
	scope := inProject(secrets.DemoProjectID)
	member := identity.Assignment{UserID: u.ID, Scope: scope, Role: identity.RoleMember}
	project := func(enabled bool) error {
		_, err := there.UpdateProject(ctx, op, scope.ID, identity.ProjectChange{Enabled: &enabled})
		return err
	}
	for name, c := range map[string]struct{ take, give func() error }{
		"role":    {func() error { return there.Ungrant(ctx, op, member) }, func() error { return there.Grant(ctx, op, member) }},
		"project": {func() error { return project(false) }, func() error { return project(true) }},
	} {
		issued := 0
		for range 15 {
			texts := make(chan string, 4)
			for range cap(texts) {
				go func() {
					text, _, _, err := here.IssueToken(context.WithoutCancel(ctx), u, scope, []identity.Method{identity.ByPassword}, identity.Origin{})
					if err != nil && !fault.Is(err, fault.Unauthenticated) {
						t.Error(err)
					}
					texts <- text
				}()
			}
			made := []string{<-texts} // the others are on their way
			if err := c.take(); err != nil {
				t.Fatal(err)
			}
			for range cap(texts) - 1 {
				made = append(made, <-texts)
			}
			if err := c.give(); err != nil {
				t.Fatal(err)
			}
			for _, text := range made {
				if text == "" {
					continue
				}
				issued++
				_, _, err := here.CheckToken(ctx, text, identity.Use{})
				refused(t, err, fault.Unauthenticated)
			}
		}
		if issued < 15 {
			t.Errorf("%s: only %d tokens were issued before it was taken away", name, issued)
		}
	}
}
