package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/job"
	"github.com/keyreeve/keyreeve/internal/store"
)

const lease = 10 * time.Second

// work makes a job that is made and due n seconds after the epoch.
func work(id, subject string, n int) job.Job {
	at := epoch.Add(time.Duration(n) * time.Second)
	return job.Job{ID: id, Kind: "test", Subject: subject, Action: "do", RunAt: at, CreatedAt: at}
}

func enqueue(t testing.TB, db *store.DB, jobs ...job.Job) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		for _, j := range jobs {
			if err := tx.EnqueueJob(t.Context(), j); err != nil {
				return err
			}
		}
		return nil
	})
}

// claims wants the id of the next job that node gets at that many seconds, or "".
func claims(t testing.TB, db *store.DB, node, owner string, at int, want string) job.Job {
	t.Helper()
	j, ok, err := db.ClaimJob(t.Context(), node, owner, epoch.Add(time.Duration(at)*time.Second), lease)
	if err != nil {
		t.Fatal(err)
	}
	if ok != (want != "") || j.ID != want {
		t.Fatalf("%s got job %q, want %q", owner, j.ID, want)
	}
	return j
}

func finish(t testing.TB, db *store.DB, id, owner string) {
	t.Helper()
	if err := db.FinishJob(t.Context(), id, owner); err != nil {
		t.Fatal(err)
	}
}

func testJobs(t *testing.T, s suite) {
	db := s.open(t)
	claims(t, db, "n1", "o1", 100, "")

	a1, a2, b1 := work("a1", "a", 1), work("a2", "a", 2), work("b1", "b", 3)
	b1.Node, b1.Attempts, b1.LastError = "n2", 2, "broken"
	enqueue(t, db, a2, b1, a1)
	changed := a1
	changed.Action, changed.Subject = "something else", "c"
	enqueue(t, db, changed) // is there already
	if n, err := db.PendingJobs(t.Context()); err != nil || n != 3 {
		t.Fatalf("%d jobs pending, %v", n, err)
	}

	claims(t, db, "n1", "o1", 0, "") // not due
	got := claims(t, db, "n1", "o1", 5, "a1")
	a1.Attempts = 1
	same(t, got, a1)
	claims(t, db, "n1", "o1", 5, "") // a2 waits for a1, b1 is n2's
	got = claims(t, db, "n2", "o2", 5, "b1")
	b1.Attempts = 3
	same(t, got, b1)
	finish(t, db, "b1", "o2")
	finish(t, db, "a1", "o1")
	claims(t, db, "n1", "o1", 5, "a2")

	// A job that waits to be tried again keeps its subject's younger ones waiting.
	enqueue(t, db, work("a3", "a", 3))
	if err := db.RetryJob(t.Context(), "a2", "o1", epoch.Add(60*time.Second), "no \x00 luck \xff"); err != nil {
		t.Fatal(err)
	}
	claims(t, db, "n1", "o1", 59, "")
	if got := claims(t, db, "n1", "o1", 60, "a2"); got.Attempts != 2 || got.LastError != "no \uFFFD luck \uFFFD" {
		t.Errorf("tried again as %+v", got)
	}
	finish(t, db, "a2", "o1")
	claims(t, db, "n1", "o1", 60, "a3")

	// An older job that appears late waits for the leased younger one.
	enqueue(t, db, work("a0", "a", 0))
	claims(t, db, "n1", "o1", 61, "")
	finish(t, db, "a3", "o1")
	claims(t, db, "n1", "o1", 61, "a0")

	// Of one moment, the lower id is first.
	enqueue(t, db, work("d2", "d", 1), work("d1", "d", 1))
	claims(t, db, "n1", "o1", 61, "d1")
}

func testJobLeases(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	enqueue(t, db, work("a", "a", 0), work("b", "b", 1))
	claims(t, db, "n1", "o1", 2, "a") // until 12
	claims(t, db, "n2", "o2", 3, "b") // until 13
	claims(t, db, "n2", "o2", 11, "")

	if ok, err := db.ExtendJob(ctx, "a", "o1", epoch.Add(20*time.Second)); err != nil || !ok {
		t.Fatalf("a lease was not extended: %v", err)
	}
	if ok, err := db.ExtendJob(ctx, "a", "o2", epoch.Add(99*time.Second)); err != nil || ok {
		t.Fatalf("another's lease was extended: %v", err)
	}
	refused(t, db.FinishJob(ctx, "a", "o2"), fault.Conflict)
	refused(t, db.RetryJob(ctx, "a", "o2", epoch, ""), fault.Conflict)

	// b's lease runs out first; its owner has lost it then.
	if j := claims(t, db, "n3", "o3", 13, "b"); j.Attempts != 2 {
		t.Errorf("the second attempt counts as %d", j.Attempts)
	}
	if ok, err := db.ExtendJob(ctx, "b", "o2", epoch.Add(99*time.Second)); err != nil || ok {
		t.Fatalf("a lost lease was extended: %v", err)
	}
	refused(t, db.FinishJob(ctx, "b", "o2"), fault.Conflict)
	claims(t, db, "n1", "o4", 19, "")
	claims(t, db, "n1", "o4", 20, "a")

	// The node starts again: what its former process had is free at once, what
	// others have is not.
	if err := db.ReleaseJobs(ctx, "n1"); err != nil {
		t.Fatal(err)
	}
	claims(t, db, "n1", "o5", 20, "a")
	claims(t, db, "n1", "o5", 20, "")
	refused(t, db.FinishJob(ctx, "a", "o4"), fault.Conflict)
	finish(t, db, "a", "o5")
	finish(t, db, "b", "o3")
	if n, err := db.PendingJobs(ctx); err != nil || n != 0 {
		t.Errorf("%d jobs pending, %v", n, err)
	}
}

// testJobRace has 16 workers in two processes do many jobs of few subjects:
// each once, one at a time for a subject, in the order in which they were made.
func testJobRace(t *testing.T, s suite) {
	dbs := []*store.DB{s.open(t), s.open(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const subjects, each = 12, 8
	for n := range each {
		for _, s := range rand.Perm(subjects) { //nolint:gosec // an order, no secret
			enqueue(t, dbs[n%2], work(fmt.Sprintf("%02d-%02d", s, n), fmt.Sprint("s", s), n))
		}
	}
	var mu sync.Mutex
	running := map[string]bool{}
	last := map[string]string{}
	done := 0
	var wg sync.WaitGroup
	for n := range 16 {
		db, owner := dbs[n%2], fmt.Sprint("o", n%2)
		wg.Go(func() {
			for {
				j, ok, err := db.ClaimJob(ctx, owner, owner, epoch.Add(time.Minute), time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if done == subjects*each {
					mu.Unlock()
					return
				}
				if !ok {
					mu.Unlock()
					time.Sleep(time.Millisecond)
					continue
				}
				if running[j.Subject] {
					t.Errorf("job %s runs while another of its subject does", j.ID)
				}
				if j.ID <= last[j.Subject] {
					t.Errorf("job %s runs after %s", j.ID, last[j.Subject])
				}
				running[j.Subject], last[j.Subject] = true, j.ID
				mu.Unlock()
				time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond) //nolint:gosec // a wait, no secret
				mu.Lock()
				running[j.Subject] = false
				done++
				mu.Unlock()
				if err := db.FinishJob(ctx, j.ID, owner); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := dbs[0].PendingJobs(t.Context()); err != nil || n != 0 {
		t.Errorf("%d jobs pending, %v", n, err)
	}
}

// testHastenedJobs makes what waits due, of one subject alone.
func testHastenedJobs(t *testing.T, s suite) {
	db := s.open(t)
	late, after, other, soon := work("late", "a", 100), work("after", "a", 5), work("other", "b", 100), work("soon", "a", 2)
	late.CreatedAt, soon.CreatedAt = epoch, epoch.Add(time.Second)
	enqueue(t, db, late, after, other, soon)
	claims(t, db, "n1", "o1", 10, "")
	write(t, db, func(tx *store.Tx) error {
		return tx.HastenJobs(t.Context(), "a", epoch.Add(5*time.Second))
	})
	claims(t, db, "n1", "o1", 4, "")
	for _, id := range []string{"late", "soon", "after"} {
		claims(t, db, "n1", "o1", 10, id)
		finish(t, db, id, "o1")
	}
	claims(t, db, "n1", "o1", 99, "")
	claims(t, db, "n1", "o1", 100, "other")
}
