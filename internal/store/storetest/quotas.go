package storetest

import (
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/internal/store"
)

func testQuotas(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	want := func(project, resource string, most int, set bool) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			n, ok, err := tx.Quota(ctx, project, resource)
			if n != most || ok != set {
				t.Errorf("the quota is %d, %v; want %d, %v", n, ok, most, set)
			}
			return err
		})
	}
	want("p1", "key_pairs", 0, false)
	for _, most := range []int{5, -1, 0} {
		write(t, db, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p1", "key_pairs", most) })
		want("p1", "key_pairs", most, true)
	}
	want("p1", "ram", 0, false)
	want("p2", "key_pairs", 0, false)
	// What is set without a project holds for all that have nothing of their own.
	write(t, db, func(tx *store.Tx) error { return tx.SetQuota(ctx, "", "key_pairs", 7) })
	want("p1", "key_pairs", 0, true)
	want("p2", "key_pairs", 7, true)
	want("", "key_pairs", 7, true)
	want("", "ram", 0, false)
	write(t, db, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p3", "network", 1) })
	for _, w := range []struct {
		resources []string
		projects  []string
	}{
		{[]string{"network", "port"}, []string{"p3"}}, {[]string{"network", "key_pairs"}, []string{"p1", "p3"}}, {[]string{"port"}, nil},
	} {
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.QuotaProjects(ctx, w.resources...)
			same(t, got, w.projects)
			return err
		})
	}
	write(t, db, func(tx *store.Tx) error { return tx.DeleteQuota(ctx, "p1", "key_pairs") })
	want("p1", "key_pairs", 7, true)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteQuota(ctx, "", "key_pairs") })
	want("p1", "key_pairs", 0, false)
}

func testUserQuotas(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	want := func(what string) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got := ""
			for _, resource := range []string{"cores", "ram"} {
				all, err := tx.UserQuotas(ctx, "p1", resource)
				if err != nil {
					return err
				}
				got += fmt.Sprintln(resource, all)
				for _, user := range []string{"u1", "u2"} {
					n, ok, err := tx.UserQuota(ctx, "p1", user, resource)
					if most, set := all[user]; n != most || ok != set || err != nil {
						t.Errorf("%s's %s: %d, %v, %v; all are %v", user, resource, n, ok, err, all)
					}
				}
			}
			same(t, got, what)
			return nil
		})
	}
	want("cores map[]\nram map[]\n")
	write(t, db, func(tx *store.Tx) error {
		for _, q := range []struct {
			project, user, resource string
			most                    int
		}{{"p1", "u1", "cores", 5}, {"p1", "u1", "cores", -1}, {"p1", "u2", "cores", 0}, {"p1", "u2", "ram", 7}, {"p2", "u1", "cores", 9}, {"p2", "u1", "ram", 9}} {
			if err := tx.SetUserQuota(ctx, q.project, q.user, q.resource, q.most); err != nil {
				return err
			}
		}
		return nil
	})
	want("cores map[u1:-1 u2:0]\nram map[u2:7]\n")
	// What is a user's is not the project's.
	read(t, db, func(tx *store.Tx) error {
		_, set, err := tx.Quota(ctx, "p1", "cores")
		same(t, set, false)
		return err
	})
	write(t, db, func(tx *store.Tx) error { return tx.DeleteUserQuota(ctx, "p1", "u1", "cores") })
	want("cores map[u2:0]\nram map[u2:7]\n")
	write(t, db, func(tx *store.Tx) error { return tx.DeleteUserQuota(ctx, "p1", "", "cores") })
	want("cores map[]\nram map[u2:7]\n")
	read(t, db, func(tx *store.Tx) error {
		all, err := tx.UserQuotas(ctx, "p2", "cores")
		same(t, all, map[string]int{"u1": 9})
		return err
	})
}
