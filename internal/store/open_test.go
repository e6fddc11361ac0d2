package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

func open(t testing.TB, opt store.Options) *store.DB {
	t.Helper()
	opt.Log = slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), opt)
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

// TestNewerSchema wants that a database of a newer program is refused in words
// that say what to do, and is not touched.
func TestNewerSchema(t *testing.T) {
	for name, c := range map[string]struct {
		fresh  func(testing.TB) store.Options
		driver string
	}{"SQLite": {sqliteOptions, "sqlite"}, "PostgreSQL": {postgresOptions, "pgx"}} {
		t.Run(name, func(t *testing.T) {
			opt := c.fresh(t)
			if err := open(t, opt).Close(); err != nil {
				t.Fatal(err)
			}
			source := opt.URL
			if source == "" {
				source = opt.SQLitePath
			}
			raw, err := sql.Open(c.driver, source)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			var known int
			if err := raw.QueryRow(`SELECT version FROM schema_version`).Scan(&known); err != nil {
				t.Fatal(err)
			}
			for _, q := range []string{`UPDATE schema_version SET version = 999`, `DROP TABLE bindings`} {
				if _, err := raw.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			_, err = store.Open(t.Context(), opt)
			if err == nil || !strings.Contains(err.Error(), "the database has schema 999, this keyreeve knows") ||
				!strings.Contains(err.Error(), "use a newer keyreeve or another data folder") {
				t.Errorf("a newer schema: %v", err)
			}
			var version int
			if err := raw.QueryRow(`SELECT version FROM schema_version`).Scan(&version); err != nil || version != 999 {
				t.Errorf("the refused database has schema %d now, %v", version, err)
			}
		})
	}
}

func TestFileModes(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := t.TempDir()
	fresh, loose := filepath.Join(dir, "fresh ?&#%20.db"), filepath.Join(dir, "loose.db")
	if err := os.WriteFile(loose, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fresh, loose} {
		db := open(t, store.Options{SQLitePath: path})
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertAccount(t.Context(), identity.Account{ID: "a", Name: "a"})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(f)
			if err != nil {
				t.Error(err)
			} else if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %o", f, info.Mode().Perm())
			}
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 6 {
		t.Errorf("the folder has %v, %v", files, err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		opt  store.Options
		want []string
	}{
		"nothing":        {store.Options{}, []string{"no database was named", "set"}},
		"no folder":      {store.Options{SQLitePath: filepath.Join(dir, "none", "k.db")}, []string{filepath.Join(dir, "none"), "is not there", "make it"}},
		"file as folder": {store.Options{SQLitePath: filepath.Join(text, "k.db")}, []string{"is not a folder", "choose another data folder"}},
		"folder as file": {store.Options{SQLitePath: dir}, []string{dir, "choose another"}},
		"not a database": {store.Options{SQLitePath: text}, []string{text, "is not a database", "move it away"}},
		"bad URL":        {store.Options{URL: "postgres://user:hunter2@host:port/db"}, []string{"the database URL does not work", "postgres://user@host"}},
		"unreachable": {store.Options{URL: "postgres://user:hunter2@127.0.0.1:1/db?sslmode=disable"},
			[]string{"127.0.0.1:1 cannot be reached: connection refused;", "see that it runs"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			db, err := store.Open(ctx, c.opt)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in %q", w, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is in %q", err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err)
			}
		})
	}
}

// TestUnwritableFolder runs only as far as the system forbids this user
// anything: root may write wherever a file system lets it.
func TestUnwritableFolder(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() == 0 {
		dir = "/sys" // takes no files, not even root's
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Options{SQLitePath: filepath.Join(dir, "k.db")})
	if err == nil || !strings.Contains(err.Error(), "cannot be written: permission denied; let this user write to "+dir) {
		t.Errorf("an unwritable folder: %v", err)
	}
}
