package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is the engine of PostgreSQL and of databases that speak its
// protocol. Writes run at READ COMMITTED; what must not interleave takes a
// [Tx.Lock] or meets a unique index.
func postgres(opt Options) (engine, error) {
	config, err := pgx.ParseConfig(opt.URL)
	if err != nil {
		// pgx's own text takes the password out of the URL.
		return engine{}, fmt.Errorf("the database URL does not work: %w; it looks like postgres://user@host:5432/name", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "keyreeve"
	}
	conns := opt.MaxConns
	if conns <= 0 {
		conns = max(10, 4*runtime.GOMAXPROCS(0))
	}
	return engine{
		open: func(ctx context.Context) (*sql.DB, *sql.DB, error) {
			db := stdlib.OpenDB(*config)
			db.SetMaxOpenConns(conns)
			db.SetMaxIdleConns(conns)
			db.SetConnMaxIdleTime(5 * time.Minute)
			if err := db.PingContext(ctx); err != nil {
				_ = db.Close() // what went wrong is said already
				return nil, nil, fmt.Errorf("the database at %s cannot be reached: %s; see that it runs, and that its URL, user and password are right",
					net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), whyUnreachable(err))
			}
			return db, db, nil
		},
		schema:     postgresSchema,
		classify:   classifyPostgres,
		writes:     &sql.TxOptions{Isolation: sql.LevelReadCommitted},
		rowLock:    " FOR UPDATE",
		shareLock:  " FOR SHARE",
		skipLocked: " FOR UPDATE SKIP LOCKED",
	}, nil
}

var (
	sqliteType   = regexp.MustCompile(`\b(TEXT|INTEGER|REAL|BLOB)\b`)
	sqliteEnding = regexp.MustCompile(`\) STRICT(, WITHOUT ROWID)?`)

	// Text compares by its bytes, as in SQLite, whatever the database's locale.
	postgresTypes = map[string]string{"TEXT": `TEXT COLLATE "C"`, "INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION", "BLOB": "BYTEA"}
)

func postgresSchema(text string) string {
	text = sqliteEnding.ReplaceAllLiteralString(text, ")")
	return sqliteType.ReplaceAllStringFunc(text, func(t string) string { return postgresTypes[t] })
}

// classifyPostgres goes by SQLSTATE,
// https://www.postgresql.org/docs/current/errcodes-appendix.html. What the
// server did not say is trouble on the way to it.
func classifyPostgres(err error) class {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		if connectionTrouble(err) {
			return away
		}
		return other
	}
	switch e.Code {
	case "23505", "42710", "42P07": // unique_violation; duplicate_object and duplicate_table, of two who make the same table at once
		return duplicate
	case "23503": // foreign_key_violation
		return dangling
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return conflict
	case "25006": // read_only_sql_transaction: a standby
		return away
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "53", "57", "58": // connection, resources, operator intervention, system
		return away
	}
	return other
}

// whyUnreachable finds the cause among what pgx says of every address it tried.
func whyUnreachable(err error) string {
	var told *pgconn.PgError
	var lookup *net.DNSError
	var system syscall.Errno
	switch {
	case errors.As(err, &told):
		return told.Message
	case errors.As(err, &lookup):
		return lookup.Err
	case errors.As(err, &system):
		return system.Error()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func connectionTrouble(err error) bool {
	var connect *pgconn.ConnectError
	var net net.Error
	return errors.As(err, &connect) || errors.As(err, &net) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}
