package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func openTogether(t testing.TB) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{SQLitePath: filepath.Join(t.TempDir(), "k.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// waiting returns when n writes wait for their turn.
func (db *DB) waiting(n int) {
	for {
		db.turns.mu.Lock()
		found := len(db.turns.queue)
		db.turns.mu.Unlock()
		if found == n {
			return
		}
		runtime.Gosched()
	}
}

// runTogether runs writes in one transaction, in their order: all of them wait
// while the first is held back.
func runTogether(ctx context.Context, db *DB, writes []func(context.Context) error) []error {
	errs := make([]error, len(writes))
	hold := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = db.Write(ctx, func(*Tx) error { <-hold; return errors.New("it only holds the others back") })
	})
	for !db.turns.isTaken() {
		runtime.Gosched()
	}
	for k, w := range writes {
		all.Go(func() { errs[k] = w(ctx) })
		db.waiting(k + 1)
	}
	close(hold)
	all.Wait()
	return errs
}

func (t *turns) isTaken() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken
}

func insertNamed(ctx context.Context, tx *Tx, id string) error {
	return tx.InsertAccount(ctx, identity.Account{ID: id, Name: "name of " + id})
}

func names(t interface{ Fatal(...any) }, db *DB) []string {
	var ids []string
	err := db.Read(context.Background(), func(tx *Tx) error {
		all, err := tx.Accounts(context.Background())
		for _, a := range all {
			ids = append(ids, a.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

// TestTogether: of writes that share a transaction, those that fail, panic or
// whose request ends are taken back, and the others stay.
func TestTogether(t *testing.T) {
	db := openTogether(t)
	stop := errors.New("stop")
	var tx0 querier
	sharing := 0
	in := func(fn func(context.Context, *Tx) error) func(context.Context) error {
		return func(ctx context.Context) error {
			return db.Write(ctx, func(tx *Tx) error {
				if tx0 == nil {
					tx0 = tx.q
				}
				if tx.q == tx0 {
					sharing++
				}
				return fn(ctx, tx)
			})
		}
	}
	var panicked any
	inserting := func(id string) func(context.Context) error {
		return in(func(ctx context.Context, tx *Tx) error { return insertNamed(ctx, tx, id) })
	}
	errs := runTogether(t.Context(), db, []func(context.Context) error{
		inserting("a"),
		in(func(ctx context.Context, tx *Tx) error { // sees what was written before it
			if _, err := tx.Account(ctx, "a"); err != nil {
				return err
			}
			return errors.Join(insertNamed(ctx, tx, "b"), stop)
		}),
		inserting("a"),
		func(ctx context.Context) (err error) {
			defer func() { panicked = recover() }()
			return in(func(ctx context.Context, tx *Tx) error {
				if err := insertNamed(ctx, tx, "c"); err != nil {
					return err
				}
				panic("boom")
			})(ctx)
		},
		func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			return in(func(ctx context.Context, tx *Tx) error {
				defer cancel()
				return insertNamed(ctx, tx, "d")
			})(ctx)
		},
		inserting("f"),
	})
	if got := names(t, db); !slices.Equal(got, []string{"a", "f"}) {
		t.Errorf("written: %v", got)
	}
	if errs[0] != nil || errs[5] != nil {
		t.Errorf("the sound ones: %v, %v", errs[0], errs[5])
	}
	if !errors.Is(errs[1], stop) || !fault.Is(errs[2], fault.Exists) || panicked != "boom" {
		t.Errorf("failing, repeating, panicking: %v, %v, %v", errs[1], errs[2], panicked)
	}
	if !fault.Is(errs[4], fault.Unavailable) {
		t.Errorf("ended while writing: %v", errs[4])
	}
	if sharing != 6 {
		t.Errorf("%d writes shared the transaction", sharing)
	}
}

// TestWaitingWriteGoesAway: who waits for other writes need not when the
// request ends, and those behind have their turn.
func TestWaitingWriteGoesAway(t *testing.T) {
	db := openTogether(t)
	hold, entered := make(chan struct{}), make(chan struct{})
	answers := make(chan error, 2)
	go func() {
		answers <- db.Write(t.Context(), func(tx *Tx) error { close(entered); <-hold; return insertNamed(t.Context(), tx, "a") })
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { gone <- db.Write(ctx, func(*Tx) error { panic("it has no turn") }) }()
	db.waiting(1)
	go func() {
		answers <- db.Write(t.Context(), func(tx *Tx) error { return insertNamed(t.Context(), tx, "b") })
	}()
	db.waiting(2)
	cancel()
	if err := <-gone; !fault.Is(err, fault.Unavailable) {
		t.Errorf("who went away: %v", err)
	}
	close(hold)
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if got := names(t, db); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("written: %v", got)
	}
}

// TestTogetherBroken: where SQLite takes a transaction back by itself, nobody
// of those who shared it is told that their write stayed, and the next one works.
func TestTogetherBroken(t *testing.T) {
	db := openTogether(t)
	ran := false
	errs := runTogether(t.Context(), db, []func(context.Context) error{
		func(ctx context.Context) error {
			return db.Write(ctx, func(tx *Tx) error { return insertNamed(ctx, tx, "a") })
		},
		func(ctx context.Context) error {
			return db.Write(ctx, func(tx *Tx) error {
				if err := insertNamed(ctx, tx, "b"); err != nil {
					return err
				}
				_, err := tx.q.ExecContext(ctx, "ROLLBACK") // as a full disk may do
				return err
			})
		},
		func(ctx context.Context) error {
			return db.Write(ctx, func(tx *Tx) error { ran = true; return insertNamed(ctx, tx, "c") })
		},
	})
	for k, err := range errs[:2] {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("write %d: %v", k, err)
		}
	}
	if !ran || errs[2] != nil {
		t.Errorf("the next one: %v", errs[2])
	}
	if got := names(t, db); !slices.Equal(got, []string{"c"}) {
		t.Errorf("written: %v", got)
	}
}

// TestTogetherAsOneByOne runs random writes that wait for each other, and wants
// the rows and the answers that they have one by one.
func TestTogetherAsOneByOne(t *testing.T) {
	db := openTogether(t)
	run := 0
	stop := errors.New("stop")
	rapid.Check(t, func(t *rapid.T) {
		run++
		type write struct {
			Insert []int
			Fails  bool
		}
		writes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) write {
			return write{rapid.SliceOfN(rapid.IntRange(0, 9), 0, 3).Draw(t, "insert"), rapid.Bool().Draw(t, "fails")}
		}), 1, 8).Draw(t, "writes")
		id := func(n int) string { return fmt.Sprintf("%d/%d", run, n) }

		there := map[int]bool{}
		want := make([]string, len(writes))
		for k, w := range writes {
			own := map[int]bool{}
			for _, n := range w.Insert {
				if (there[n] || own[n]) && want[k] == "" {
					want[k] = "exists"
				}
				own[n] = true
			}
			if want[k] == "" && w.Fails {
				want[k] = "stop"
			}
			if want[k] == "" {
				for n := range own {
					there[n] = true
				}
			}
		}

		ctx := context.Background()
		var tasks []func(context.Context) error
		for _, w := range writes {
			tasks = append(tasks, func(ctx context.Context) error {
				return db.Write(ctx, func(tx *Tx) error {
					for _, n := range w.Insert {
						if err := insertNamed(ctx, tx, id(n)); err != nil {
							return err
						}
					}
					if w.Fails {
						return stop
					}
					return nil
				})
			})
		}
		for k, err := range runTogether(ctx, db, tasks) {
			got := ""
			switch {
			case fault.Is(err, fault.Exists):
				got = "exists"
			case errors.Is(err, stop):
				got = "stop"
			case err != nil:
				got = err.Error()
			}
			if got != want[k] {
				t.Errorf("write %d of %+v: %q, want %q", k, writes, got, want[k])
			}
		}
		var rows, expected []string
		for _, name := range names(t, db) {
			if strings.HasPrefix(name, fmt.Sprint(run, "/")) {
				rows = append(rows, name)
			}
		}
		for n := range there {
			expected = append(expected, id(n))
		}
		slices.Sort(expected)
		if !slices.Equal(rows, expected) {
			t.Errorf("rows %v, want %v", rows, expected)
		}
	})
}

// TestWaitingAndLeaving has many writes that wait and give up at any moment: no
// write that goes on may wait for one that has left.
func TestWaitingAndLeaving(t *testing.T) {
	db := openTogether(t)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for n := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if worker%2 == 0 {
					go func() {
						for range n % 7 {
							runtime.Gosched()
						}
						cancel()
					}()
				}
				err := db.Write(ctx, func(tx *Tx) error { return insertNamed(ctx, tx, fmt.Sprint(worker, "/", n)) })
				if err != nil && worker%2 != 0 {
					t.Errorf("a write that nobody ended: %v", err)
				}
				cancel()
			}
		})
	}
	all.Wait()
}
