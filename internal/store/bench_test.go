package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store"
)

var benchView = keypair.View{Region: "r1", UserID: "u1", ProjectID: "p1", Native: keypair.User}

func benchPair(n int) keypair.KeyPair {
	return keypair.KeyPair{
		ID: uuid.NewString(), Region: "r1", Owner: keypair.Owner{Kind: keypair.User, ID: "u1"}, CreatorID: "u1",
		Name: fmt.Sprintf("pair-%06d", n), Type: keypair.SSH, PublicKey: longText(381),
		Blob: []byte(longText(279)), Algorithm: "rsa", Bits: 2048, CreatedAt: time.UnixMicro(int64(n)),
	}
}

func longText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'A' + byte(i%26)
	}
	return string(b)
}

// benchDB has n key pairs of one user.
func benchDB(b *testing.B, n int) *store.DB {
	db := open(b, sqliteOptions(b))
	err := db.Write(b.Context(), func(tx *store.Tx) error {
		for i := range n {
			if err := tx.InsertKeyPair(b.Context(), benchPair(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkShow is what showing a key pair asks of the store when the token is
// in the cache: the epoch and the key pair.
func BenchmarkShow(b *testing.B) {
	db := benchDB(b, 1000)
	// As a request's context: one that can end.
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		err := db.Read(ctx, func(tx *store.Tx) error {
			if _, err := tx.Epoch(ctx); err != nil {
				return err
			}
			_, err := tx.KeyPair(ctx, benchView, fmt.Sprintf("pair-%06d", n%1000))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEpoch(b *testing.B) {
	db := benchDB(b, 1)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if err := db.Ready(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkShowParallel(b *testing.B) {
	db := benchDB(b, 1000)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.RunParallel(func(pb *testing.PB) {
		n := 0
		for pb.Next() {
			n++
			err := db.Read(ctx, func(tx *store.Tx) error {
				_, err := tx.KeyPair(ctx, benchView, fmt.Sprintf("pair-%06d", n%1000))
				return err
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkList100(b *testing.B) {
	db := benchDB(b, 1000)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		err := db.Read(ctx, func(tx *store.Tx) error {
			all, err := tx.KeyPairs(ctx, benchView, "pair-000500", 100)
			if len(all) != 100 {
				b.Fatalf("%d key pairs", len(all))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsert is what making a key pair asks of the store: lock, quota,
// count, name, row and audit entry, on the disk when it returns.
func BenchmarkInsert(b *testing.B) {
	db := benchDB(b, 0)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if err := benchInsert(ctx, db, n); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsertTogether is the same by eight at once.
func BenchmarkInsertTogether(b *testing.B) {
	db := benchDB(b, 0)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var n atomic.Int64
	b.SetParallelism((8 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := benchInsert(ctx, db, int(n.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchInsert(ctx context.Context, db *store.DB, n int) error {
	k := benchPair(n)
	k.Owner.ID = fmt.Sprint("u", n%1000)
	return db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, "key pairs of "+k.Owner.ID); err != nil {
			return err
		}
		if _, _, err := tx.Quota(ctx, "p1", keypair.QuotaKeyPairs); err != nil {
			return err
		}
		if _, err := tx.CountKeyPairs(ctx, k.Region, k.Owner); err != nil {
			return err
		}
		_, _ = tx.KeyPair(ctx, benchView, "none of them")
		if err := tx.InsertKeyPair(ctx, k); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, audit.Entry{At: k.CreatedAt, Action: audit.Import, Resource: "key pair", Name: k.Name, UserID: "u1"})
	})
}

func BenchmarkToken(b *testing.B) {
	db := benchDB(b, 0)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	err := db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, identity.Account{ID: "a", Name: "a"}); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, identity.User{ID: "u1", AccountID: "a", Name: "u1"}); err != nil {
			return err
		}
		return tx.InsertToken(ctx, identity.Token{Hash: identity.HashToken("t"), UserID: "u1", AuditIDs: []string{"x"}})
	})
	if err != nil {
		b.Fatal(err)
	}
	hash := identity.HashToken("t")
	b.ReportAllocs()
	for b.Loop() {
		err := db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Token(ctx, hash); return err })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIdleClaim(b *testing.B) {
	db := benchDB(b, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := db.ClaimJob(b.Context(), "n", "o", time.Now(), time.Second); ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// The bare benchmarks are the driver's own: the limit of what the store can do.
func bareDB(b *testing.B) *sql.DB {
	path := filepath.Join(b.TempDir(), "bare.db")
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	return db
}

func BenchmarkBareRead(b *testing.B) {
	db := bareDB(b)
	for i := range 1000 {
		if _, err := db.Exec(`INSERT INTO t (name, body) VALUES ($1, $2)`, fmt.Sprintf("pair-%06d", i), longText(700)); err != nil {
			b.Fatal(err)
		}
	}
	st, err := db.Prepare(`SELECT id, name, body FROM t WHERE name = $1`)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		var id int
		var name, body string
		if err := st.QueryRow(fmt.Sprintf("pair-%06d", n%1000)).Scan(&id, &name, &body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareInsert(b *testing.B) {
	db := bareDB(b)
	st, err := db.Prepare(`INSERT INTO t (name, body) VALUES ($1, $2)`)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if _, err := st.Exec(fmt.Sprintf("pair-%06d", n), longText(700)); err != nil {
			b.Fatal(err)
		}
	}
}
