package store_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/pgtest"
	"github.com/keyreeve/keyreeve/internal/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Run(t, sqliteOptions) }

func TestPostgreSQL(t *testing.T) { storetest.Run(t, postgresOptions) }

func sqliteOptions(t testing.TB) store.Options {
	return store.Options{SQLitePath: filepath.Join(t.TempDir(), "keyreeve.db"), Log: slog.New(slog.DiscardHandler)}
}

func postgresOptions(t testing.TB) store.Options {
	return store.Options{URL: pgtest.URL(t), Log: slog.New(slog.DiscardHandler)}
}
