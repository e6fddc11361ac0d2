package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/store"
)

func keyPair(o keypair.Owner, name string) keypair.KeyPair {
	return keypair.KeyPair{
		ID: uuid.NewString(), Region: "r1", Owner: o, CreatorID: "u1", Name: name, Type: keypair.SSH,
		PublicKey: "ssh-ed25519 AAAA  two  blanks \r\n", Blob: []byte("blob\x00\xff of " + name), Algorithm: "ed25519", Bits: 256,
		Description: "for tests", Tags: map[string]string{"a": "b\x00c", "é": ""}, ResourceGroup: "rg-1", CreatedAt: epoch,
	}
}

func ofUser(id string) keypair.Owner    { return keypair.Owner{Kind: keypair.User, ID: id} }
func ofProject(id string) keypair.Owner { return keypair.Owner{Kind: keypair.Project, ID: id} }

func testKeyPairs(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	k := keyPair(ofUser("u1"), "web")
	plain := keyPair(ofUser("u1"), "Web") // names compare exactly
	plain.Tags, plain.Description = nil, ""
	elsewhere := keyPair(ofUser("u1"), "web")
	elsewhere.Region = "r2"
	write(t, db, func(tx *store.Tx) error {
		for _, k := range []keypair.KeyPair{k, plain, elsewhere, keyPair(ofUser("u2"), "web"), keyPair(ofProject("u1"), "web")} {
			if err := tx.InsertKeyPair(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	view := keypair.View{Region: "r1", UserID: "u1", Native: keypair.User}
	read(t, db, func(tx *store.Tx) error {
		for _, want := range []keypair.KeyPair{k, plain} {
			got, err := tx.KeyPair(ctx, view, want.Name)
			if err != nil {
				return err
			}
			same(t, got, want)
		}
		_, err := tx.KeyPair(ctx, view, "WEB")
		refused(t, err, fault.NotFound)
		n, err := tx.CountKeyPairs(ctx, "r1", ofUser("u1"))
		if n != 2 {
			t.Errorf("counted %d of 2", n)
		}
		return err
	})

	again := keyPair(ofUser("u1"), "web")
	err := db.Write(ctx, func(tx *store.Tx) error { return tx.InsertKeyPair(ctx, again) })
	refused(t, err, fault.Exists)

	write(t, db, func(tx *store.Tx) error { return tx.DeleteKeyPair(ctx, k.ID) })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteKeyPair(ctx, k.ID) }), fault.NotFound)
	// The name is free again, and the others' are untouched.
	write(t, db, func(tx *store.Tx) error { return tx.InsertKeyPair(ctx, again) })
	read(t, db, func(tx *store.Tx) error {
		_, err := tx.KeyPair(ctx, keypair.View{Region: "r1", UserID: "u2"}, "web")
		return err
	})
}

// testKeyPairViews compares the store with a plain reading of what a view is,
// over a random population.
func testKeyPairViews(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same population each time
	// Bytewise: Z before a, both before é.
	names := []string{"Z", "a", "a b", "a-b", "aa", "b", "B", "_", "0", "10", "9", "é", "漢", "z", "~"}
	var population []keypair.KeyPair
	for _, o := range []keypair.Owner{ofUser("u1"), ofUser("u2"), ofProject("p1"), ofProject("p2")} {
		for _, region := range []string{"r1", "r2"} {
			for _, name := range names {
				if r.IntN(3) == 0 {
					continue
				}
				k := keyPair(o, name)
				k.Region = region
				k.CreatorID = []string{"u1", "u2"}[r.IntN(2)]
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
	inView := func(v keypair.View) map[string]keypair.KeyPair {
		seen := map[string]keypair.KeyPair{}
		for _, k := range population {
			own := k.Owner == ofUser(v.UserID)
			project := v.ProjectID != "" && k.Owner == ofProject(v.ProjectID) && (v.Shared || k.CreatorID == v.UserID)
			if k.Region != v.Region || !own && !project {
				continue
			}
			if _, ok := seen[k.Name]; !ok || k.Owner.Kind == v.Native {
				seen[k.Name] = k
			}
		}
		return seen
	}
	read(t, db, func(tx *store.Tx) error {
		for _, v := range []keypair.View{
			{Region: "r1", UserID: "u1", Native: keypair.User},
			{Region: "r1", UserID: "u1", ProjectID: "p1", Native: keypair.User},
			{Region: "r1", UserID: "u1", ProjectID: "p1", Shared: true, Native: keypair.Project},
			{Region: "r1", UserID: "u2", ProjectID: "p2", Shared: true, Native: keypair.User},
			{Region: "r2", UserID: "u2", ProjectID: "p1", Native: keypair.Project},
			{Region: "r3", UserID: "u1", ProjectID: "p1", Shared: true, Native: keypair.User},
		} {
			want := inView(v)
			for _, name := range names {
				got, err := tx.KeyPair(ctx, v, name)
				w, ok := want[name]
				if !ok {
					refused(t, err, fault.NotFound)
					continue
				}
				if err != nil {
					return err
				}
				same(t, got, w)
			}
			var ordered []keypair.KeyPair
			for _, k := range want {
				ordered = append(ordered, k)
			}
			slices.SortFunc(ordered, func(a, b keypair.KeyPair) int { return compareBytes(a.Name, b.Name) })
			for _, limit := range []int{1, 2, 5, 1000} {
				var paged []keypair.KeyPair
				after := ""
				for {
					page, err := tx.KeyPairs(ctx, v, after, limit)
					if err != nil {
						return err
					}
					if len(page) > limit {
						t.Fatalf("a page of %d with limit %d", len(page), limit)
					}
					if len(page) == 0 || len(paged) > len(population) {
						break
					}
					paged = append(paged, page...)
					after = page[len(page)-1].Name
				}
				same(t, paged, ordered)
			}
		}
		return nil
	})
}

func compareBytes(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// services are n key pair services on as many handles: processes on one database.
func (s suite) services(t testing.TB, n int) []*keypair.Service {
	var out []*keypair.Service
	for range n {
		out = append(out, keypair.New(s.open(t).KeyPairs(), nil, keypair.Options{
			Now: func() time.Time { return epoch }, NewID: uuid.NewString,
		}))
	}
	return out
}

// publicKey makes the line of a new key.
func publicKey(t testing.TB) string {
	t.Helper()
	k, err := sshkey.Generate(sshkey.SpecEd25519)
	if err != nil {
		t.Fatal(err)
	}
	return k.Public("").AuthorizedKey()
}

func caller(userID, projectID string) identity.Caller {
	return identity.Caller{
		User: identity.User{ID: userID}, Project: identity.Project{ID: projectID}, Scope: inProject(projectID),
		Roles: []identity.Role{identity.RoleReader, identity.RoleMember}, Region: "r1", Dialect: "test",
	}
}

func rules(owner keypair.OwnerKind, quota int) keypair.Rules {
	return keypair.Rules{
		Name: keypair.NameRule{Min: 1, Max: 255}, Owner: owner, Types: []keypair.Type{keypair.SSH},
		MaxPublicKey: 16384, Quota: quota, Weak: keypair.WeakPolicy{Action: keypair.AllowWeak},
	}
}

// race runs fn n times at once and counts the kinds of its errors.
func race(n int, fn func(i int) error) map[fault.Kind]int {
	var mu sync.Mutex
	kinds := map[fault.Kind]int{}
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			err := fn(i)
			mu.Lock()
			kinds[fault.KindOf(err)]++
			mu.Unlock()
		})
	}
	close(start)
	wg.Wait()
	return kinds
}

// testKeyPairRace: of 200 who make one name at once, in two processes, one wins.
func testKeyPairRace(t *testing.T, s suite) {
	svc := s.services(t, 2)
	for _, owner := range []keypair.OwnerKind{keypair.User, keypair.Project} {
		key := publicKey(t)
		kinds := race(200, func(i int) error {
			_, _, err := svc[i%2].Import(t.Context(), caller("u1", "p1"), rules(owner, -1), keypair.Request{Name: fmt.Sprint("one ", owner)}, key)
			return err
		})
		same(t, kinds, map[fault.Kind]int{0: 1, fault.Exists: 199})
	}
	db := s.open(t)
	entries, err := db.AuditEntries(t.Context(), audit.Query{Resource: "key pair", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("%d audit entries for two key pairs", len(entries))
	}

	// One caller's private and shared pairs are in one view: a name is for one of them.
	key := publicKey(t)
	for round := range 10 {
		kinds := race(8, func(i int) error {
			owner := []keypair.OwnerKind{keypair.User, keypair.Project}[i/2%2]
			_, _, err := svc[i%2].Import(t.Context(), caller("u1", "p1"), rules(owner, -1), keypair.Request{Name: fmt.Sprint("either ", round)}, key)
			return err
		})
		same(t, kinds, map[fault.Kind]int{0: 1, fault.Exists: 7})
	}
}

// testKeyPairQuotaRace: of 150 against a quota of 100, in two processes,
// exactly 100 get theirs.
func testKeyPairQuotaRace(t *testing.T, s suite) {
	svc := s.services(t, 2)
	key := publicKey(t)
	kinds := race(150, func(i int) error {
		_, _, err := svc[i%2].Import(t.Context(), caller("u1", "p1"), rules(keypair.User, 100), keypair.Request{Name: fmt.Sprint("k", i)}, key)
		return err
	})
	same(t, kinds, map[fault.Kind]int{0: 100, fault.Quota: 50})
	listed, err := svc[0].List(t.Context(), caller("u1", "p1"), rules(keypair.User, 100), "", keypair.Page{Limit: -1})
	if err != nil || len(listed) != 100 {
		t.Errorf("listed %d, %v", len(listed), err)
	}

	// A limit that is set for the project counts instead of the default.
	db := s.open(t)
	write(t, db, func(tx *store.Tx) error { return tx.SetQuota(t.Context(), "p1", keypair.QuotaKeyPairs, 101) })
	kinds = race(4, func(i int) error {
		_, _, err := svc[i%2].Import(t.Context(), caller("u1", "p1"), rules(keypair.User, 100), keypair.Request{Name: fmt.Sprint("more", i)}, key)
		return err
	})
	same(t, kinds, map[fault.Kind]int{0: 1, fault.Quota: 3})

	// One of many who delete the same wins.
	kinds = race(20, func(i int) error {
		return svc[i%2].Delete(t.Context(), caller("u1", "p1"), rules(keypair.User, 100), "", listed[0].Name)
	})
	same(t, kinds, map[fault.Kind]int{0: 1, fault.NotFound: 19})
}
