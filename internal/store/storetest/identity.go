package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

func user(id string) identity.User {
	return identity.User{ //nolint:gosec // no credentials but of tests
		ID: id, AccountID: "acc", Name: "user " + id, Email: id + "@example.com", Description: "somebody", Enabled: true,
		DefaultProjectID: "p1", PasswordHash: "$argon2id$1", APIPasswordHash: "$argon2id$2", CreatedAt: epoch,
		Attributes: identity.Properties{"shoe": `"42"`, "none": "null"}, Options: identity.Properties{identity.OptionLockPassword: "true"},
	}
}

func project(id string) identity.Project {
	return identity.Project{
		ID: id, AccountID: "acc", Name: "project " + id, Description: "some", Enabled: true, AppKey: "key" + id, CreatedAt: epoch, Tags: []string{"a", "b"},
		Attributes: identity.Properties{"cost": `{"centre": 42}`}, Options: identity.Properties{identity.OptionImmutable: "true"},
	}
}

// people makes an account, two projects, two users and a role.
func people(t testing.TB, db *store.DB) {
	t.Helper()
	ctx := t.Context()
	write(t, db, func(tx *store.Tx) error {
		steps := []error{
			tx.InsertAccount(ctx, account("acc")),
			tx.InsertProject(ctx, project("p1")), tx.InsertProject(ctx, project("p2")),
			tx.InsertUser(ctx, user("u1")), tx.InsertUser(ctx, user("u2")),
			tx.InsertAssignment(ctx, identity.Assignment{UserID: "u1", Scope: inProject("p1"), Role: identity.RoleMember}),
		}
		for _, err := range steps {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func inProject(id string) identity.Scope {
	return identity.Scope{Kind: identity.ProjectScope, ID: id}
}

func testAccounts(t *testing.T, s suite) {
	db := s.open(t)
	people(t, db)
	ctx := t.Context()
	yes, no := true, false

	read(t, db, func(tx *store.Tx) error {
		a, err := tx.AccountByName(ctx, "name of acc")
		same(t, a, account("acc"))
		if err != nil {
			return err
		}
		p, err := tx.ProjectByName(ctx, "acc", "project p1")
		same(t, p, project("p1"))
		if err != nil {
			return err
		}
		if p, err = tx.ProjectByAppKey(ctx, project("p1").AppKey); err != nil {
			return err
		}
		same(t, p, project("p1"))
		for _, unknown := range []string{"", "nosuch", "KEYP1"} {
			_, err := tx.ProjectByAppKey(ctx, unknown)
			refused(t, err, fault.NotFound)
		}
		u, err := tx.UserByName(ctx, "acc", "user u1")
		same(t, u, user("u1"))
		return err
	})

	// Taken ids and names, each in a transaction of its own.
	for what, insert := range map[string]func(tx *store.Tx) error{
		"account id":   func(tx *store.Tx) error { a := account("acc"); a.Name = "new"; return tx.InsertAccount(ctx, a) },
		"account name": func(tx *store.Tx) error { a := account("acc"); a.ID = "new"; return tx.InsertAccount(ctx, a) },
		"project name": func(tx *store.Tx) error {
			p := project("p1")
			p.ID, p.AppKey = "new", "new"
			return tx.InsertProject(ctx, p)
		},
		"appkey": func(tx *store.Tx) error { p := project("new"); p.AppKey = "keyp1"; return tx.InsertProject(ctx, p) },
		"user name": func(tx *store.Tx) error {
			u := user("u1")
			u.ID, u.Email = "new", ""
			return tx.InsertUser(ctx, u)
		},
		"renamed user": func(tx *store.Tx) error {
			u := user("u1")
			u.Name = "user u2"
			return tx.UpdateUser(ctx, u)
		},
	} {
		if err := db.Write(ctx, insert); !fault.Is(err, fault.Exists) {
			t.Errorf("%s taken: %v", what, err)
		}
	}
	// An e-mail address may be several people's.
	refused(t, db.Write(ctx, func(tx *store.Tx) error {
		u := user("new")
		u.Email = "u1@example.com"
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		found, err := tx.Users(ctx, identity.UserQuery{Email: u.Email})
		same(t, len(found), 2)
		if err != nil {
			return err
		}
		return fault.Missing("undo", "") // as it was
	}), fault.NotFound)
	// No e-mail is nobody's.
	write(t, db, func(tx *store.Tx) error {
		for _, id := range []string{"u3", "u4"} {
			u := user(id)
			u.Email, u.Enabled = "", false
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error {
		u := user("u5")
		u.AccountID = "nowhere"
		return tx.InsertUser(ctx, u)
	}), fault.Conflict)

	renamed := account("acc")
	renamed.Name, renamed.Description, renamed.Enabled = "new name", "", false
	write(t, db, func(tx *store.Tx) error { return tx.UpdateAccount(ctx, renamed) })
	read(t, db, func(tx *store.Tx) error {
		a, err := tx.Account(ctx, "acc")
		same(t, a, renamed)
		return err
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateAccount(ctx, account("none")) }), fault.NotFound)

	changed := user("u2")
	changed.Name, changed.Email, changed.Enabled, changed.PasswordHash = "renamed", "new@example.com", false, ""
	closed := project("p2")
	closed.Enabled, closed.Description = false, "closed"
	write(t, db, func(tx *store.Tx) error {
		if err := tx.UpdateUser(ctx, changed); err != nil {
			return err
		}
		return tx.UpdateProject(ctx, closed)
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateUser(ctx, user("nobody")) }), fault.NotFound)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateProject(ctx, project("none")) }), fault.NotFound)

	read(t, db, func(tx *store.Tx) error {
		u, err := tx.User(ctx, "u2")
		same(t, u, changed)
		if err != nil {
			return err
		}
		for _, c := range []struct {
			q    identity.UserQuery
			want string
		}{
			{identity.UserQuery{}, "[u2 u1 u3 u4]"}, // by name: "renamed" first
			{identity.UserQuery{Enabled: &yes}, "[u1]"},
			{identity.UserQuery{Enabled: &no, AccountID: "acc"}, "[u2 u3 u4]"},
			{identity.UserQuery{Name: "user u1"}, "[u1]"},
			{identity.UserQuery{Name: "USER U1"}, "[]"},
			{identity.UserQuery{Email: "new@example.com"}, "[u2]"},
			{identity.UserQuery{AccountID: "other"}, "[]"},
		} {
			found, err := tx.Users(ctx, c.q)
			if err != nil {
				return err
			}
			ids := []string{}
			for _, u := range found {
				ids = append(ids, u.ID)
			}
			if fmt.Sprint(ids) != c.want {
				t.Errorf("users of %+v: %v, want %s", c.q, ids, c.want)
			}
		}
		for _, c := range []struct {
			q    identity.ProjectQuery
			want string
		}{
			{identity.ProjectQuery{}, "[p1 p2]"},
			{identity.ProjectQuery{UserID: "u1"}, "[p1]"},
			{identity.ProjectQuery{UserID: "u2"}, "[]"},
			{identity.ProjectQuery{Enabled: &no}, "[p2]"},
			{identity.ProjectQuery{AccountID: "acc", Name: "project p2"}, "[p2]"},
		} {
			found, err := tx.Projects(ctx, c.q)
			if err != nil {
				return err
			}
			ids := []string{}
			for _, p := range found {
				ids = append(ids, p.ID)
			}
			if fmt.Sprint(ids) != c.want {
				t.Errorf("projects of %+v: %v, want %s", c.q, ids, c.want)
			}
		}
		return nil
	})

	// Roles: given twice is given once.
	onSystem := identity.Assignment{UserID: "u1", Scope: identity.Scope{Kind: identity.SystemScope}, Role: identity.RoleAdmin}
	for range 2 {
		write(t, db, func(tx *store.Tx) error { return tx.InsertAssignment(ctx, onSystem) })
	}
	read(t, db, func(tx *store.Tx) error {
		given, err := tx.Assignments(ctx, identity.AssignmentQuery{UserID: "u1"})
		same(t, given, []identity.Assignment{{UserID: "u1", Scope: inProject("p1"), Role: identity.RoleMember}, onSystem})
		return err
	})
	write(t, db, func(tx *store.Tx) error { return tx.DeleteAssignment(ctx, onSystem) })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteAssignment(ctx, onSystem) }), fault.NotFound)

	key := identity.AccessKey{ID: "KR1", UserID: "u1", ProjectID: "p1", SealedSecret: []byte{0, 1, 255}, Enabled: true, CreatedAt: epoch}
	write(t, db, func(tx *store.Tx) error { return tx.InsertAccessKey(ctx, key) })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertAccessKey(ctx, key) }), fault.Exists)
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.AccessKey(ctx, "KR1")
		same(t, got, key)
		return err
	})
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.AccessKey(ctx, "kr1"); return err }), fault.NotFound)
	second := key
	second.ID, second.ProjectID, second.Enabled = "KR0", "p2", false
	theirs := key
	theirs.ID, theirs.UserID = "KR2", "u2"
	write(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.InsertAccessKey(ctx, second), tx.InsertAccessKey(ctx, theirs))
	})
	keysOfU1 := func(want ...identity.AccessKey) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.AccessKeys(ctx, "u1")
			same(t, got, want)
			return err
		})
	}
	keysOfU1(second, key)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteAccessKey(ctx, "KR1") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteAccessKey(ctx, "KR1") }), fault.NotFound)
	keysOfU1(second)

	value := []byte{0, 255, 1}
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Setting(ctx, "one"); return err }), fault.NotFound)
	write(t, db, func(tx *store.Tx) error { return tx.InsertSetting(ctx, "one", value) })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertSetting(ctx, "one", value) }), fault.Exists)
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Setting(ctx, "one")
		same(t, got, value)
		return err
	})
}

func token(text, userID string, expires time.Time) identity.Token {
	return identity.Token{
		Hash: identity.HashToken(text), UserID: userID, Scope: inProject("p1"), Methods: []identity.Method{identity.ByToken, identity.ByPassword},
		AuditIDs: []string{"own", "parent"}, IssuedAt: epoch, ExpiresAt: expires,
	}
}

func testTokens(t *testing.T, s suite) {
	db := s.open(t)
	people(t, db)
	ctx := t.Context()
	write(t, db, func(tx *store.Tx) error {
		for n := range 5 {
			if err := tx.InsertToken(ctx, token(fmt.Sprint("old", n), "u1", epoch.Add(time.Duration(n)*time.Second))); err != nil {
				return err
			}
		}
		if err := tx.InsertToken(ctx, token("mine", "u1", epoch.Add(time.Hour))); err != nil {
			return err
		}
		return tx.InsertToken(ctx, token("theirs", "u2", epoch.Add(time.Hour)))
	})
	there := func(text string) bool {
		err := db.Read(ctx, func(tx *store.Tx) error {
			got, err := tx.Token(ctx, identity.HashToken(text))
			if err == nil && text == "mine" {
				same(t, got, token("mine", "u1", epoch.Add(time.Hour)))
			}
			return err
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	if !there("mine") || there("yours") {
		t.Error("tokens are not found by their hash")
	}
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertToken(ctx, token("mine", "u2", epoch)) }), fault.Exists)

	// At most two, the longest expired first, and none that is still good.
	write(t, db, func(tx *store.Tx) error { return tx.DeleteExpiredTokens(ctx, epoch.Add(3*time.Second), 2) })
	if there("old0") || there("old1") || !there("old2") {
		t.Error("not the two oldest tokens were cleared away")
	}
	write(t, db, func(tx *store.Tx) error { return tx.DeleteExpiredTokens(ctx, epoch.Add(3*time.Second), 10) })
	if there("old2") || !there("old3") || !there("mine") {
		t.Error("a good token was cleared away, or an expired one was not")
	}

	write(t, db, func(tx *store.Tx) error { return tx.DeleteToken(ctx, identity.HashToken("old3")) })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteToken(ctx, identity.HashToken("old3")) }), fault.NotFound)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteTokens(ctx, identity.TokenQuery{UserID: "u1"}) })
	if there("mine") || there("old4") || !there("theirs") {
		t.Error("not exactly the user's tokens are gone")
	}

	var before, after int64
	read(t, db, func(tx *store.Tx) (err error) { before, err = tx.Epoch(ctx); return err })
	write(t, db, func(tx *store.Tx) error { return tx.BumpEpoch(ctx) })
	read(t, db, func(tx *store.Tx) (err error) { after, err = tx.Epoch(ctx); return err })
	if after <= before {
		t.Errorf("the epoch went from %d to %d", before, after)
	}
}

func testFailures(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Failures(ctx, "user:1"); return err }), fault.NotFound)
	stale := identity.Failures{Count: 3, Since: epoch.Add(-48 * time.Hour)}
	locked := identity.Failures{Since: epoch.Add(-48 * time.Hour), LockedUntil: epoch.Add(time.Hour)}
	want := identity.Failures{Count: 2, Since: epoch, LockedUntil: epoch.Add(time.Minute)}
	for _, c := range []struct {
		key string
		f   identity.Failures
	}{{"stale", stale}, {"locked", locked}, {"user:1", identity.Failures{Count: 1, Since: epoch}}, {"user:1", want}} {
		write(t, db, func(tx *store.Tx) error { return tx.PutFailures(ctx, c.key, c.f) })
	}
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Failures(ctx, "user:1")
		same(t, got, want)
		if err != nil {
			return err
		}
		if got, err = tx.Failures(ctx, "locked"); err != nil {
			return err
		}
		same(t, got, locked)
		_, err = tx.Failures(ctx, "stale")
		refused(t, err, fault.NotFound)
		return nil
	})
	for range 2 {
		write(t, db, func(tx *store.Tx) error { return tx.DeleteFailures(ctx, "user:1") })
	}
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Failures(ctx, "user:1"); return err }), fault.NotFound)
}

// testRevocation has two processes on one database: what one revokes, the
// other refuses at its next request, though it has the token in its cache.
func testRevocation(t *testing.T, s suite) {
	ctx := t.Context()
	here, there := s.identity(t), s.identity(t)
	secrets := here.NewSecrets()
	if err := here.Bootstrap(ctx, secrets); err != nil {
		t.Fatal(err)
	}
	refused(t, there.Bootstrap(ctx, there.NewSecrets()), fault.Exists)

	u, err := there.LogIn(ctx, identity.Login{Name: identity.DemoName, AccountID: identity.DefaultAccountID, Password: secrets.DemoPassword})
	if err != nil {
		t.Fatal(err)
	}
	issue := func() (string, identity.Caller) {
		t.Helper()
		text, _, c, err := here.IssueToken(ctx, u, inProject(secrets.DemoProjectID), []identity.Method{identity.ByPassword}, identity.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from the cache
			for _, svc := range []*identity.Service{here, there} {
				_, got, err := svc.CheckToken(ctx, text, identity.Use{})
				if err != nil {
					t.Fatal(err)
				}
				same(t, got.Project, c.Project)
				same(t, got.Roles, []identity.Role{identity.RoleReader, identity.RoleMember})
			}
		}
		return text, c
	}

	text, c := issue()
	if err := here.RevokeToken(ctx, c, text); err != nil {
		t.Fatal(err)
	}
	_, _, err = there.CheckToken(ctx, text, identity.Use{})
	refused(t, err, fault.Unauthenticated)
	refused(t, there.RevokeToken(ctx, c, text), fault.NotFound)

	text, _ = issue()
	given := identity.Assignment{UserID: u.ID, Scope: inProject(secrets.DemoProjectID), Role: identity.RoleMember}
	if err := there.Ungrant(ctx, identity.Operator("r1"), given); err != nil {
		t.Fatal(err)
	}
	_, _, err = here.CheckToken(ctx, text, identity.Use{})
	refused(t, err, fault.Unauthenticated)
}

func (s suite) identity(t testing.TB) *identity.Service {
	t.Helper()
	sealer, err := identity.NewSealer(make([]byte, identity.MasterKeySize), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return identity.New(s.open(t).Identity(), sealer, identity.Options{Region: "r1"})
}
