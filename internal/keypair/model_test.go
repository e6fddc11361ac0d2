package keypair_test

import (
	"bytes"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store"
)

// world is a plain reading of what key pairs are: a list that every question is
// answered from.
type world struct {
	rows   []keypair.KeyPair
	limits map[string]int // of projects where one is set
}

// sees is what a view is: the caller's own, and in a dialect of shared pairs
// the project's; of two with one name the native one counts.
func (w *world) sees(c identity.Caller, r keypair.Rules, userID string) []keypair.KeyPair {
	byName := map[string]keypair.KeyPair{}
	for _, k := range w.rows {
		own := k.Owner == keypair.Owner{Kind: keypair.User, ID: userID}
		ours := userID == c.User.ID && c.Project.ID != "" && k.Owner == keypair.Owner{Kind: keypair.Project, ID: c.Project.ID} &&
			(r.Owner == keypair.Project || k.CreatorID == userID)
		if k.Region != c.Region || !own && !ours {
			continue
		}
		if other, taken := byName[k.Name]; !taken || other.Owner.Kind != r.Owner {
			byName[k.Name] = k
		}
	}
	var seen []keypair.KeyPair
	for _, k := range byName {
		seen = append(seen, k)
	}
	slices.SortFunc(seen, func(a, b keypair.KeyPair) int { return strings.Compare(a.Name, b.Name) })
	return seen
}

// owner is who owns what the caller makes for a user.
func owner(c identity.Caller, r keypair.Rules, userID string) keypair.Owner {
	if r.Owner == keypair.Project {
		return keypair.Owner{Kind: keypair.Project, ID: c.Project.ID}
	}
	return keypair.Owner{Kind: keypair.User, ID: userID}
}

// refusal is what an import or a creation of that name is refused with, 0 for
// not at all.
func (w *world) refusal(c identity.Caller, r keypair.Rules, userID, name string) fault.Kind {
	limit, set := w.limits[c.Project.ID]
	if !set {
		limit = r.Quota
	}
	has := 0
	for _, k := range w.rows {
		if k.Region == c.Region && k.Owner == owner(c, r, userID) {
			has++
		}
	}
	if limit >= 0 && has >= limit {
		return fault.Quota
	}
	if r.Owner == keypair.Project {
		userID = c.User.ID
	}
	if slices.ContainsFunc(w.sees(c, r, userID), func(k keypair.KeyPair) bool { return k.Name == name }) {
		return fault.Exists
	}
	return 0
}

// TestModel lets random callers make, import, find, list and delete key pairs
// through dialects of both kinds, and wants of every answer what the model says.
func TestModel(t *testing.T) {
	r := newRig(t, nil)
	// Under the race detector SQLite is ten times slower, and it has nothing to
	// see here: only one at a time asks.
	if checks := flag.Lookup("rapid.checks"); raceDetector && checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("20"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = checks.Value.Set(checks.DefValue) }()
	}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		runs++ // a run has owners and keys of its own, so that all can use one database
		one, other := ed25519Key(t), ed25519Key(t)
		texts := []string{line(one), line(other), line(certify(t, other))}
		prints := map[string][]string{ssh.FingerprintLegacyMD5(one): texts[:1], ssh.FingerprintSHA256(other): texts[1:]}
		id := func(name string) string { return fmt.Sprintf("%s%d", name, runs) }
		admin := user(id("admin"), id("p"))
		admin.Roles = append(admin.Roles, identity.RoleAdmin)
		callers := []identity.Caller{
			user(id("alice"), id("p")), user(id("alice"), ""), user(id("alice"), id("q")),
			user(id("bob"), id("p")), user(id("carol"), id("q")), admin,
		}
		w := &world{limits: map[string]int{}}
		aCaller := func(t *rapid.T) identity.Caller {
			c := rapid.SampledFrom(callers).Draw(t, "caller")
			c.Region = id(rapid.SampledFrom([]string{"one", "two"}).Draw(t, "region"))
			return c
		}
		aDialect := func(t *rapid.T, c identity.Caller) keypair.Rules {
			kinds := []keypair.OwnerKind{keypair.User, keypair.Project}
			if c.Project.ID == "" {
				kinds = kinds[:1]
			}
			rules := anything(rapid.SampledFrom(kinds).Draw(t, "owner"))
			rules.Quota = rapid.SampledFrom([]int{-1, 2, 3}).Draw(t, "quota")
			return rules
		}
		// aUser is whom the call is about: the caller, mostly.
		aUser := func(t *rapid.T, c identity.Caller) string {
			if c.Admin() && rapid.Bool().Draw(t, "another's") {
				return id("alice")
			}
			return c.User.ID
		}
		aName := rapid.SampledFrom([]string{"a", "b", "B", "c", "é", "c d"})

		made := func(t *rapid.T, c identity.Caller, rules keypair.Rules, userID, name string, k keypair.KeyPair, err error) {
			if want := w.refusal(c, rules, userID, name); fault.KindOf(err) != want {
				t.Fatalf("%q: got %v, want %v", name, err, want)
			}
			if err != nil {
				return
			}
			if k.Name != name || k.Owner != owner(c, rules, userID) || k.CreatorID != c.User.ID || k.Region != c.Region {
				t.Fatalf("made %+v", k)
			}
			w.rows = append(w.rows, k)
		}
		t.Repeat(map[string]func(*rapid.T){
			"import": func(t *rapid.T) {
				c := aCaller(t)
				rules, userID, name := aDialect(t, c), aUser(t, c), aName.Draw(t, "name")
				text := rapid.SampledFrom(texts).Draw(t, "key")
				k, warnings, err := r.Import(ctx, c, rules, keypair.Request{Name: name, UserID: userID}, text)
				if len(warnings) > 0 {
					t.Fatalf("warnings of a sound key: %v", warnings)
				}
				if err == nil && k.PublicKey != text {
					t.Fatalf("kept %q of %q", k.PublicKey, text)
				}
				made(t, c, rules, userID, name, k, err)
			},
			"generate": func(t *rapid.T) {
				c := aCaller(t)
				rules, userID, name := aDialect(t, c), aUser(t, c), aName.Draw(t, "name")
				k, private, err := r.Generate(ctx, c, rules, keypair.Request{Name: name, UserID: userID})
				if err == nil && !bytes.Equal(private.Public("").Blob(), k.Blob) {
					t.Fatalf("the private half of %s is another's", k.PublicKey)
				}
				made(t, c, rules, userID, name, k, err)
			},
			"import of no key": func(t *rapid.T) {
				c := aCaller(t)
				rules, userID, name := aDialect(t, c), aUser(t, c), aName.Draw(t, "name")
				_, _, err := r.Import(ctx, c, rules, keypair.Request{Name: name, UserID: userID}, "no key")
				want := fault.Invalid
				if w.refusal(c, rules, userID, name) == fault.Quota {
					want = fault.Quota
				}
				if fault.KindOf(err) != want {
					t.Fatalf("got %v, want %v", err, want)
				}
			},
			"delete": func(t *rapid.T) {
				c := aCaller(t)
				rules, userID, name := aDialect(t, c), aUser(t, c), aName.Draw(t, "name")
				err := r.Delete(ctx, c, rules, userID, name)
				for _, k := range w.sees(c, rules, userID) {
					if k.Name == name {
						if err != nil {
							t.Fatal(err)
						}
						w.rows = slices.DeleteFunc(w.rows, func(row keypair.KeyPair) bool { return row.ID == k.ID })
						return
					}
				}
				if !fault.Is(err, fault.NotFound) {
					t.Fatalf("got %v for a name that is not seen", err)
				}
			},
			"limit": func(t *rapid.T) {
				project := id(rapid.SampledFrom([]string{"p", "q"}).Draw(t, "project"))
				limit := rapid.IntRange(-1, 4).Draw(t, "limit")
				if err := r.db.Write(ctx, func(tx *store.Tx) error { return tx.SetQuota(ctx, project, keypair.QuotaKeyPairs, limit) }); err != nil {
					t.Fatal(err)
				}
				w.limits[project] = limit
			},
			"": func(t *rapid.T) {
				c := aCaller(t)
				rules, userID := aDialect(t, c), aUser(t, c)
				want := w.sees(c, rules, userID)
				if got := listed(t, r, c, rules, userID, rapid.IntRange(1, 4).Draw(t, "page")); !slices.Equal(ids(got), ids(want)) {
					t.Fatalf("listed %s, want %s", names(got), names(want))
				}
				for _, name := range []string{"a", "b"} {
					k, err := r.Get(ctx, c, rules, userID, name)
					i := slices.IndexFunc(want, func(k keypair.KeyPair) bool { return k.Name == name })
					if i < 0 && !fault.Is(err, fault.NotFound) || i >= 0 && (err != nil || k.ID != want[i].ID) {
						t.Fatalf("%q: got %+v, %v", name, k, err)
					}
				}
				for print := range prints {
					found, err := r.Find(ctx, c, rules, userID, print)
					if err != nil {
						t.Fatal(err)
					}
					var having []keypair.KeyPair
					for _, k := range want {
						if slices.Contains(prints[print], k.PublicKey) {
							having = append(having, k)
						}
					}
					if !slices.Equal(ids(found), ids(having)) {
						t.Fatalf("%s finds %s, want %s", print, names(found), names(having))
					}
				}
				n, err := r.Count(ctx, c, userID)
				private := 0
				for _, k := range w.rows {
					if k.Region == c.Region && k.Owner == (keypair.Owner{Kind: keypair.User, ID: userID}) {
						private++
					}
				}
				if err != nil || n != private {
					t.Fatalf("counted %d of %d, %v", n, private, err)
				}
			},
		})
	})
}

func ids(all []keypair.KeyPair) []string {
	out := []string{}
	for _, k := range all {
		out = append(out, k.ID)
	}
	return out
}

// listed reads a whole list page by page.
func listed(t *rapid.T, r rig, c identity.Caller, rules keypair.Rules, userID string, size int) []keypair.KeyPair {
	t.Helper()
	var all []keypair.KeyPair
	for page := (keypair.Page{Limit: size}); ; page.After = all[len(all)-1].Name {
		some, err := r.List(t.Context(), c, rules, userID, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(some) > size {
			t.Fatalf("a page of %d with limit %d", len(some), size)
		}
		if all = append(all, some...); len(some) == 0 {
			return all
		}
	}
}

// TestModelAtOnce lets random batches of imports and deletions run at once, in
// two processes: nobody ever has more than the quota, and of each name as many
// were made as were deleted, or one more, which is listed then.
func TestModelAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyreeve.db")
	processes := []rig{openRig(t, path, nil), openRig(t, path, nil)}
	text := vector(t, "ed25519.pub")
	const quota = 3
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		ctx := t.Context()
		callers := []identity.Caller{user(fmt.Sprint("alice", runs), ""), user(fmt.Sprint("bob", runs), "")}
		rules := anything(keypair.User)
		rules.Quota = quota
		type step struct {
			Caller int
			Name   string
			Delete bool
		}
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				rapid.IntRange(0, 1).Draw(t, "caller"),
				rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "name"),
				rapid.IntRange(0, 2).Draw(t, "delete") == 0,
			}
		}), 1, 24).Draw(t, "steps")
		errs := make([]error, len(steps))
		var wg sync.WaitGroup
		for i, s := range steps {
			wg.Go(func() {
				r, c := processes[i%2], callers[s.Caller]
				if s.Delete {
					errs[i] = r.Delete(ctx, c, rules, "", s.Name)
				} else {
					_, _, errs[i] = r.Import(ctx, c, rules, keypair.Request{Name: s.Name}, text)
				}
				if n, err := r.Count(ctx, c, ""); err != nil || n > quota {
					t.Errorf("%d key pairs with a quota of %d, %v", n, quota, err)
				}
			})
		}
		wg.Wait()
		for who, c := range callers {
			all := listed(t, processes[0], c, rules, "", 10)
			present := map[string]int{}
			for _, k := range all {
				present[k.Name]++
			}
			left, full, deleted := map[string]int{}, false, false
			for i, s := range steps {
				if s.Caller != who {
					continue
				}
				switch kind := fault.KindOf(errs[i]); {
				case errs[i] == nil && s.Delete:
					left[s.Name]--
					deleted = true
				case errs[i] == nil:
					left[s.Name]++
				case s.Delete && kind == fault.NotFound, !s.Delete && kind == fault.Exists:
				case !s.Delete && kind == fault.Quota:
					full = true
				default:
					t.Fatalf("%+v: %v", s, errs[i])
				}
			}
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				if left[name] != present[name] {
					t.Fatalf("%s of %s: made and deleted leave %d, listed are %d", name, c.User.ID, left[name], present[name])
				}
			}
			if full && !deleted && len(all) != quota {
				t.Fatalf("%s was refused for the quota with %d of %d", c.User.ID, len(all), quota)
			}
		}
	})
}
