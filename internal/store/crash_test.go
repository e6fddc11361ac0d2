package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// crashChild names the database that the test binary, run again, writes to
// until it is killed.
const crashChild = "KEYREEVE_STORE_CRASH_CHILD"

// writeUntilKilled says each account's id once it is stored.
func writeUntilKilled(path string) {
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	db, err := store.Open(ctx, store.Options{SQLitePath: path})
	fail(err)
	// Several at once share transactions.
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, n)
				fail(db.Write(ctx, func(tx *store.Tx) error {
					if err := tx.InsertAccount(ctx, identity.Account{ID: id, Name: id}); err != nil {
						return err
					}
					return tx.AppendAudit(ctx, audit.Entry{At: time.UnixMicro(int64(n) + 1), Resource: "domain", Name: id})
				}))
				fmt.Println(id)
			}
		})
	}
	all.Wait()
}

// TestKilledProcess kills a writing process many times: what it acknowledged is
// there, and no half of a transaction.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyreeve.db")
	acknowledged := map[string]bool{}
	for round := range 8 {
		child := exec.Command(self)
		child.Env = append(os.Environ(), crashChild+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		first := len(acknowledged)
		for lines.Scan() {
			acknowledged[lines.Text()] = true
			if len(acknowledged) == first+1+7*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("the writer ended by itself: %v", err)
		}
	}
	db, err := store.Open(t.Context(), store.Options{SQLitePath: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stored := map[string]bool{}
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Accounts(t.Context())
		for _, a := range all {
			stored[a.ID] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range acknowledged {
		if !stored[id] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	entries, err := db.AuditEntries(t.Context(), audit.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(stored) {
		t.Errorf("%d audit entries for %d changes", len(entries), len(stored))
	}
}
