package job

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a store of jobs for tests of the runner; the real one has its own tests.
type memory struct {
	mu     sync.Mutex
	jobs   []Job
	leases map[string]lease
}

type lease struct {
	owner string
	until time.Time
}

func (m *memory) ClaimJob(_ context.Context, node, owner string, now time.Time, d time.Duration) (Job, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	busy := map[string]bool{}
	for k := range m.jobs {
		j := &m.jobs[k]
		l, leased := m.leases[j.ID]
		free := !leased || !now.Before(l.until)
		if free && !busy[j.Subject] && !j.RunAt.After(now) && (j.Node == "" || j.Node == node) {
			m.leases[j.ID] = lease{owner, now.Add(d)}
			j.Attempts++
			return *j, true, nil
		}
		busy[j.Subject] = true
	}
	return Job{}, false, nil
}

func (m *memory) ExtendJob(_ context.Context, id, owner string, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leases[id].owner != owner {
		return false, nil
	}
	m.leases[id] = lease{owner, until}
	return true, nil
}

func (m *memory) FinishJob(_ context.Context, id, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leases[id].owner == owner {
		m.jobs = slices.DeleteFunc(m.jobs, func(j Job) bool { return j.ID == id })
		delete(m.leases, id)
	}
	return nil
}

func (m *memory) RetryJob(_ context.Context, id, owner string, at time.Time, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.jobs {
		if m.jobs[k].ID == id && m.leases[id].owner == owner {
			m.jobs[k].RunAt, m.jobs[k].LastError = at, text
			delete(m.leases, id)
		}
	}
	return nil
}

func (m *memory) ReleaseJobs(context.Context, string) error { clear(m.leases); return nil }

func TestRunnerKeepsTheOrderOfASubject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{leases: map[string]lease{}}
		for i, subject := range []string{"a", "b", "a", "c", "a", "b"} {
			m.jobs = append(m.jobs, Job{ID: string(rune('0' + i)), Kind: "k", Subject: subject})
		}
		var mu sync.Mutex
		running, order := map[string]bool{}, map[string]string{}
		r := NewRunner(m, Options{Node: "n", Owner: "o"})
		r.Handle("k", func(_ context.Context, j Job) error {
			mu.Lock()
			if running[j.Subject] {
				t.Errorf("two jobs of %s at once", j.Subject)
			}
			running[j.Subject] = true
			order[j.Subject] += j.ID
			mu.Unlock()
			time.Sleep(time.Minute) // far longer than a lease: it must be extended
			mu.Lock()
			running[j.Subject] = false
			mu.Unlock()
			return nil
		})
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if order["a"] != "024" || order["b"] != "15" || order["c"] != "3" || len(m.jobs) != 0 {
			t.Errorf("order %v, left %v", order, m.jobs)
		}
	})
}

func TestRunnerTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{leases: map[string]lease{}, jobs: []Job{
			{ID: "1", Kind: "fails twice", Subject: "a"}, {ID: "2", Kind: "panics once", Subject: "b"}, {ID: "3", Kind: "unknown", Subject: "c"},
		}}
		r := NewRunner(m, Options{Node: "n", Owner: "o"})
		r.Handle("fails twice", func(_ context.Context, j Job) error {
			if j.Attempts < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		r.Handle("panics once", func(_ context.Context, j Job) error {
			if j.Attempts == 1 {
				panic("oops")
			}
			return nil
		})
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(m.jobs) != 1 || m.jobs[0].ID != "3" || m.jobs[0].LastError == "" {
			t.Errorf("left: %+v", m.jobs)
		}
	})
}

func TestBackoff(t *testing.T) {
	for attempts, want := range map[int]time.Duration{0: 100 * time.Millisecond, 1: 100 * time.Millisecond, 4: 800 * time.Millisecond, 99: time.Minute} {
		if got := backoff(attempts); got != want {
			t.Errorf("backoff(%d) = %v, want %v", attempts, got, want)
		}
	}
}
