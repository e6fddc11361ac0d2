package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// The pragmas of every connection, https://www.sqlite.org/pragma.html.
//
// With journal_mode=WAL and synchronous=FULL the log is on the disk before a
// commit is acknowledged: neither a killed process nor a power cut loses it,
// as far as the disk keeps what it says it has. A power cut may cost what was
// under way, never the rest.
var sqlitePragmas = []string{
	"busy_timeout(5000)", // ms; another process may be writing
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"foreign_keys(ON)",
	"temp_store(MEMORY)",
	"journal_size_limit(67108864)", // a log that grew gives its room back
	"trusted_schema(OFF)",
}

// sqlite is the engine of one file. One connection writes, so writes queue in
// this process rather than at the file's lock; many read meanwhile (WAL).
func sqlite(opt Options) (engine, error) {
	path, err := filepath.Abs(opt.SQLitePath)
	if err != nil {
		return engine{}, fmt.Errorf("the database path %q does not work: %w", opt.SQLitePath, err)
	}
	readers := opt.MaxConns
	if readers <= 0 {
		readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	return engine{
		open: func(ctx context.Context) (*sql.DB, *sql.DB, error) {
			if err := prepareFile(path); err != nil {
				return nil, nil, err
			}
			writer, err := openSQLite(path, 1, url.Values{"_txlock": {"immediate"}})
			if err != nil {
				return nil, nil, err
			}
			if err := awaitSQLite(ctx, writer); err != nil {
				_ = writer.Close() // what went wrong is said already
				return nil, nil, sqliteOpenError(path, err)
			}
			reader, err := openSQLite(path, readers, url.Values{"_pragma": {"query_only(ON)"}})
			if err != nil {
				_ = writer.Close()
				return nil, nil, err
			}
			return writer, reader, nil
		},
		schema:    func(text string) string { return text },
		classify:  classifySQLite,
		oneWriter: true,
		brief:     true,
	}, nil
}

// awaitSQLite opens the first connection. SQLite refuses at once to turn a file
// to WAL while another program does the same, whatever the busy timeout says.
func awaitSQLite(ctx context.Context, db *sql.DB) error {
	const patience = 5 * time.Second // as long as the busy timeout
	start := time.Now()
	for {
		err := db.PingContext(ctx)
		if !isBusy(err) || time.Since(start) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func isBusy(err error) bool {
	var e *modernc.Error
	return errors.As(err, &e) && (e.Code()&0xff == lib.SQLITE_BUSY || e.Code()&0xff == lib.SQLITE_LOCKED)
}

func openSQLite(path string, conns int, params url.Values) (*sql.DB, error) {
	params["_pragma"] = append(sqlitePragmas[:len(sqlitePragmas):len(sqlitePragmas)], params["_pragma"]...)
	params.Set("_dqs", "0") // "x" is a column, never text
	u := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	connector, err := modernc.NewConnector(u.String())
	if err != nil {
		return nil, sqliteOpenError(path, err)
	}
	db := sql.OpenDB(keepStatements{connector})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns) // a connection that stays keeps its statements
	return db, nil
}

// prepareFile makes the file for its owner's eyes only; SQLite gives its log
// and index files the mode of the database.
func prepareFile(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s is not there: make it, or choose another data folder", dir)
	} else if err != nil {
		return fmt.Errorf("the folder %s cannot be read: %w", dir, err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a folder: choose another data folder", dir)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("the database %s cannot be written: %w; let this user write to %s, or choose another data folder", path, errors.Unwrap(err), dir)
	}
	defer func() { _ = f.Close() }() // nothing was written
	// SQLite makes files beside the database; what only the database allows is not enough.
	probe, err := os.CreateTemp(dir, ".keyreeve-*")
	if err != nil {
		return fmt.Errorf("the folder %s cannot be written: %w; let this user write to it, or choose another data folder", dir, errors.Unwrap(err))
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("the folder %s cannot be written: %w", dir, err)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("the database %s cannot be read: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file: choose another path for the database", path)
	}
	if info.Mode().Perm() != 0o600 {
		if err := f.Chmod(0o600); err != nil {
			return fmt.Errorf("the database %s may be read by others and its mode cannot be changed: %w", path, err)
		}
	}
	return nil
}

func sqliteOpenError(path string, err error) error {
	if isBusy(err) {
		return fmt.Errorf("the database %s is in use by a program that does not let go: stop that one first", path)
	}
	var e *modernc.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_NOTADB:
			return fmt.Errorf("%s is not a database: move it away, or choose another data folder", path)
		case lib.SQLITE_CORRUPT:
			return fmt.Errorf("the database %s is damaged: restore a backup, or choose another data folder", path)
		}
	}
	return fmt.Errorf("the database %s cannot be opened: %w", path, err)
}

// classifySQLite goes by the result codes, https://www.sqlite.org/rescode.html.
// Nothing is a conflict that is worth another try: a transaction that has begun
// is the only writer, and one that could not begin has waited long.
func classifySQLite(err error) class {
	var e *modernc.Error
	if !errors.As(err, &e) {
		return other
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return duplicate
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return dangling
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL, lib.SQLITE_IOERR,
		lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_INTERRUPT, lib.SQLITE_NOMEM:
		return away
	}
	return other
}
