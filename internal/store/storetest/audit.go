package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

func testAudit(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	var written []audit.Entry
	for n := range 12 {
		e := audit.Entry{
			At: epoch.Add(time.Duration(n) * time.Second), RequestID: fmt.Sprint("req-", n), Dialect: "openstack", Region: "r1",
			UserID: fmt.Sprint("u", n%2), ProjectID: "p1", Action: audit.Import, Resource: []string{"key pair", "instance", "user"}[n%3],
			Name: fmt.Sprint("x", n%4), OwnerID: "o", Detail: "SHA256:…",
		}
		written = append(written, e)
		write(t, db, func(tx *store.Tx) error { return tx.AppendAudit(ctx, e) })
	}
	for _, q := range []audit.Query{
		{Limit: 1000}, {Limit: 3}, {Resource: "key pair", Limit: 10}, {Resource: "instance", Name: "x1", Limit: 10},
		{UserID: "u1", Limit: 2}, {Name: "x3", UserID: "u1", Resource: "key pair", Limit: 1}, {UserID: "nobody", Limit: 1},
	} {
		var want []audit.Entry
		for n := len(written) - 1; n >= 0; n-- {
			e := written[n]
			if (q.Resource == "" || q.Resource == e.Resource) && (q.Name == "" || q.Name == e.Name) &&
				(q.UserID == "" || q.UserID == e.UserID) && len(want) < q.Limit {
				want = append(want, e)
			}
		}
		got, err := db.AuditEntries(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
	for _, limit := range []int{0, -1, 1001} {
		_, err := db.AuditEntries(ctx, audit.Query{Limit: limit})
		refused(t, err, fault.Invalid)
	}

	// Two entries of one moment are two, the later written first.
	write(t, db, func(tx *store.Tx) error {
		for n := range 2 {
			if err := tx.AppendAudit(ctx, audit.Entry{At: epoch.Add(time.Hour), Detail: fmt.Sprint(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := db.AuditEntries(ctx, audit.Query{Limit: 2})
	if err != nil || len(got) != 2 || got[0].Detail != "1" || got[1].Detail != "0" {
		t.Errorf("two of one moment: %+v, %v", got, err)
	}
}
