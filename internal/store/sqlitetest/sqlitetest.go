// Package sqlitetest gives each test an SQLite database of its own. To make the
// schema step by step takes longer than most tests, so that it is done once a
// process, and what came out is copied.
package sqlitetest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/keyreeve/keyreeve/internal/store"
)

// template is the file of a database that has its schema and nothing else.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "keyreeve-schema-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "keyreeve.db")
	db, err := store.Open(context.Background(), store.Options{SQLitePath: path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // the last connection takes the log into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// File makes the file of a database with the whole schema and returns its path.
func File(t testing.TB) string {
	t.Helper()
	text, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyreeve.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Open opens a new database, which is closed when the test ends.
func Open(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{SQLitePath: File(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
