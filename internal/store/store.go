// Package store keeps Keyreeve's data in SQLite or PostgreSQL. It is the only
// package that knows SQL.
//
// Both engines run the same statements: $1 parameters, times as microseconds,
// booleans as 0 and 1, lists and maps as JSON text. What must differ is in
// sqlite.go and postgres.go and nowhere else.
//
// A [DB] gives each domain package its own view ([DB.Identity], [DB.KeyPairs],
// [DB.Compute]) of one transaction type, [Tx], and is the store of jobs itself.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Options say which database to open.
type Options struct {
	// URL is a PostgreSQL connection URL (postgres://user@host/name?…) or its
	// key=value form. Empty: SQLite.
	URL string
	// SQLitePath is the SQLite database file. It is made when it is not there;
	// its folder must be.
	SQLitePath string
	// MaxConns bounds the connections to PostgreSQL, or SQLite's readers. 0: a
	// number that suits the processors.
	MaxConns int
	// Log hears of migrations and of writes that were given up. nil: slog's default.
	Log *slog.Logger
	// NewID makes ids of rows that nobody refers to, such as audit entries; they
	// should grow with time. nil: UUID version 7 (RFC 9562).
	NewID func() string
}

// DB is an open database. Its methods are safe for concurrent use, by many
// goroutines and by many processes on one database.
type DB struct {
	engine engine
	writer *sql.DB
	reader *sql.DB // the same as writer where the engine needs no second
	log    *slog.Logger
	newID  func() string
	retry  retry
	// Where the engine has one writer, writes take turns, and what is open goes
	// with the turn; nil when a transaction is to be begun.
	turns turns
	open  *batch
}

// engine is what the databases differ in.
type engine struct {
	// open connects, before migrations.
	open func(ctx context.Context) (writer, reader *sql.DB, err error)
	// schema turns a migration into the engine's own words.
	schema func(sqlite string) string
	// classify tells what sort of failure err is.
	classify func(err error) class
	// writes begin with these; nil for the driver's default.
	writes *sql.TxOptions
	// rowLock and skipLocked end a SELECT whose rows this transaction is about to
	// change: rowLock waits for others that do, skipLocked passes their rows by.
	// Empty where there is one writer at a time.
	rowLock, skipLocked string
	// shareLock ends a SELECT whose rows nobody may change before this transaction
	// ends; others may hold them as well.
	shareLock string
	// oneWriter is set where a write transaction is alone from its beginning.
	oneWriter bool
	// brief is set where a statement takes microseconds and never waits.
	brief bool
}

// class is a sort of database failure.
type class uint8

const (
	other     class = iota // a mistake of ours, or a broken database
	duplicate              // a unique index has the value already
	dangling               // a reference to a row that is not there, or that is still referred to
	conflict               // another transaction was in the way: running it again may help
	away                   // the database does not answer or has no room; later it may
)

// Open connects to the database and brings its schema up to date. Errors are
// whole sentences for the person who starts the program. Close the DB after use.
func Open(ctx context.Context, opt Options) (*DB, error) {
	db := &DB{log: opt.Log, newID: opt.NewID, retry: defaultRetry}
	if db.log == nil {
		db.log = slog.Default()
	}
	if db.newID == nil {
		db.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	var err error
	switch {
	case opt.URL != "":
		db.engine, err = postgres(opt)
	case opt.SQLitePath != "":
		db.engine, err = sqlite(opt)
	default:
		err = errors.New("no database was named: set a PostgreSQL URL or a path for a SQLite file")
	}
	if err != nil {
		return nil, err
	}
	if db.writer, db.reader, err = db.engine.open(ctx); err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, migrations()); err != nil {
		_ = db.Close() // what went wrong is said already
		return nil, err
	}
	return db, nil
}

// Close waits for running statements and closes all connections.
func (db *DB) Close() error {
	if db.reader == db.writer {
		return db.writer.Close()
	}
	// The writer goes last: the last connection of SQLite tidies its log away.
	return errors.Join(db.reader.Close(), db.writer.Close())
}

// Ready reports whether the database answers; the error says what is wrong with
// it. Faults: Unavailable, Internal.
func (db *DB) Ready(ctx context.Context) error {
	return db.Read(ctx, func(tx *Tx) error { _, err := tx.Epoch(ctx); return err })
}

// Stats returns the state of the connection pools by their names: "reader" and
// "writer" for SQLite, "pool" for PostgreSQL. Writes to SQLite queue before they
// ask for its one connection.
func (db *DB) Stats() map[string]sql.DBStats {
	if db.reader == db.writer {
		return map[string]sql.DBStats{"pool": db.writer.Stats()}
	}
	return map[string]sql.DBStats{"reader": db.reader.Stats(), "writer": db.writer.Stats()}
}

// fault turns a failure of the database into one of the domain.
func (db *DB) fault(err error, during string) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	// A transaction that is done before its function returns was ended by its context.
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone) {
		return &fault.Error{Kind: fault.Unavailable, Resource: "database", Msg: "the request ended while it was " + during, Err: err}
	}
	switch db.engine.classify(err) {
	case duplicate:
		return &fault.Error{Kind: fault.Exists, Msg: during, Err: err}
	case dangling:
		return &fault.Error{Kind: fault.Conflict, Msg: during + ": what it refers to is not there, or something still refers to it", Err: err}
	case conflict:
		return &fault.Error{Kind: fault.Unavailable, Resource: "database", Msg: "it stays busy; try again later", Err: err}
	case away:
		return &fault.Error{Kind: fault.Unavailable, Resource: "database", Msg: "it cannot be used now; see that it runs and has room", Err: err}
	}
	return &fault.Error{Kind: fault.Internal, Resource: "database", Msg: during, Err: err}
}
