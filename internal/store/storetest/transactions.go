package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

func account(id string) identity.Account {
	return identity.Account{ID: id, Name: "name of " + id, Description: "ü – 漢字 🔑", Enabled: true, CreatedAt: epoch}
}

func testTransactions(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	if err := db.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	missing := func(id string) {
		t.Helper()
		refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Account(ctx, id); return err }), fault.NotFound)
	}

	// An error takes everything back, the audit entry too.
	stop := errors.New("stop")
	err := db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, account("a")); err != nil {
			return err
		}
		if err := tx.AppendAudit(ctx, audit.Entry{At: epoch, Action: audit.Create}); err != nil {
			return err
		}
		// What the transaction wrote, it reads.
		if _, err := tx.Account(ctx, "a"); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("the function's error became %v", err)
	}
	missing("a")
	if all, err := db.AuditEntries(ctx, audit.Query{Limit: 10}); err != nil || len(all) != 0 {
		t.Fatalf("an audit entry without its change: %v, %v", all, err)
	}

	// So does a panic, and the writer is free afterwards.
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.InsertAccount(ctx, account("b")); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	missing("b")

	// So does the end of the context.
	gone, cancel := context.WithCancel(ctx)
	err = db.Write(gone, func(tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, account("c")); err != nil {
			return err
		}
		cancel()
		return nil
	})
	refused(t, err, fault.Unavailable)
	missing("c")

	// A read does not write.
	err = db.Read(ctx, func(tx *store.Tx) error { return tx.Lock(ctx, "x") })
	refused(t, err, fault.Internal)

	write(t, db, func(tx *store.Tx) error { return tx.InsertAccount(ctx, account("d")) })
	read(t, db, func(tx *store.Tx) error { _, err := tx.Account(ctx, "d"); return err })
	for name, st := range db.Stats() {
		if st.OpenConnections == 0 {
			t.Errorf("pool %s has no connection", name)
		}
	}
}

func testMigrations(t *testing.T, s suite) {
	// Two processes that start together, several times over, and again later.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := store.Open(t.Context(), s.opt)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Ready(t.Context()); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	db := s.open(t)
	write(t, db, func(tx *store.Tx) error { return tx.InsertAccount(t.Context(), account("a")) })
	again := s.open(t)
	read(t, again, func(tx *store.Tx) error { _, err := tx.Account(t.Context(), "a"); return err })
}

// testLocks wants that a name is held by one transaction at a time, and that
// what the one before wrote is seen once it is.
func testLocks(t *testing.T, s suite) {
	dbs := []*store.DB{s.open(t), s.open(t)}
	ctx := t.Context()
	const each = 10
	var held, most int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n := range 8 {
		db := dbs[n%2]
		wg.Go(func() {
			for range each {
				err := db.Write(ctx, func(tx *store.Tx) error {
					if err := tx.Lock(ctx, "the counter"); err != nil {
						return err
					}
					mu.Lock()
					held++
					most = max(most, held)
					mu.Unlock()
					defer func() { mu.Lock(); held--; mu.Unlock() }()
					f, err := tx.Failures(ctx, "counter")
					if err != nil && !fault.Is(err, fault.NotFound) {
						return err
					}
					time.Sleep(time.Millisecond)
					f.Count++
					f.Since = epoch
					return tx.PutFailures(ctx, "counter", f)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d transactions held one lock at a time", most)
	}
	read(t, dbs[0], func(tx *store.Tx) error {
		f, err := tx.Failures(ctx, "counter")
		if f.Count != 8*each {
			t.Errorf("counted %d of %d", f.Count, 8*each)
		}
		return err
	})
}

// testUnstorableText wants the same of both engines for text that one of them
// cannot hold.
func testUnstorableText(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	for _, text := range []string{"a\x00b", "a\xffb"} {
		read(t, db, func(tx *store.Tx) error {
			_, err := tx.AccountByName(ctx, text)
			refused(t, err, fault.NotFound)
			return nil
		})
		a := account("a")
		a.Description = text
		refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertAccount(ctx, a) }), fault.Invalid)
	}
}
