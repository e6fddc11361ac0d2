package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// Tx is one transaction, as every domain package sees it. It is for one
// goroutine, and only until the function that it was given to returns.
//
// Look-ups and changes of what is not there give NotFound, inserts of what is
// there Exists. Any method gives Unavailable when the database does not answer,
// stays busy or the context ends, and Internal for what is our mistake. After
// an error, only those of look-ups aside, the transaction is good for nothing
// but its end.
type Tx struct {
	db    *DB
	q     querier
	write bool
}

var (
	_ identity.Tx = (*Tx)(nil)
	_ keypair.Tx  = (*Tx)(nil)
	_ compute.Tx  = (*Tx)(nil)
)

// querier is a pool or a transaction. Neither the statements nor their plans
// are made anew at each call: pgx keeps them for each connection, and so does
// the SQLite engine.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Read runs fn on a reader, without a transaction: each statement sees a
// consistent state. fn must not write.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return fn(&Tx{db: db, q: db.reader})
}

// Write runs fn in a transaction and commits it when fn returns nil; an error
// or a panic rolls it back. On SQLite writes that wait for each other share one
// transaction, each in a savepoint of its own. When the database asks for it, fn runs again from
// the start: it must have no other effects. Unavailable when the database stays
// busy, and when the answer to the commit was lost: it may have happened then.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if db.engine.oneWriter {
		return db.writeTogether(ctx, fn)
	}
	return db.retry.run(ctx, func() (again bool, err error) {
		err = db.writeOnce(ctx, fn)
		return err != nil && db.engine.classify(err) == conflict, err
	}, db.log)
}

func (db *DB) writeOnce(ctx context.Context, fn func(*Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, db.engine.writes)
	if err != nil {
		return db.fault(err, "beginning a write")
	}
	// It does nothing after the commit; on a panic it must happen. Where it fails,
	// the connection is gone, and the transaction with it.
	defer func() { _ = tx.Rollback() }()
	if err := fn(&Tx{db: db, q: tx, write: true}); err != nil {
		return err
	}
	return db.fault(tx.Commit(), "committing a write")
}

// Identity is the identity package's store.
func (db *DB) Identity() identity.Store {
	return part[identity.Tx]{db, func(tx *Tx) identity.Tx { return tx }}
}

// KeyPairs is the keypair package's store.
func (db *DB) KeyPairs() keypair.Store {
	return part[keypair.Tx]{db, func(tx *Tx) keypair.Tx { return tx }}
}

// Compute is the compute package's store.
func (db *DB) Compute() compute.Store {
	return part[compute.Tx]{db, func(tx *Tx) compute.Tx { return tx }}
}

// part shows a DB to one domain package, whose transactions are a T.
type part[T any] struct {
	db *DB
	as func(*Tx) T
}

func (p part[T]) Read(ctx context.Context, fn func(T) error) error {
	return p.db.Read(ctx, func(tx *Tx) error { return fn(p.as(tx)) })
}

func (p part[T]) Write(ctx context.Context, fn func(T) error) error {
	return p.db.Write(ctx, func(tx *Tx) error { return fn(p.as(tx)) })
}

// errUnstorable is for text that PostgreSQL cannot hold: no row has it, on
// either engine.
var errUnstorable = &fault.Error{Kind: fault.Invalid, Msg: "text must be valid UTF-8 without NUL characters"}

func storable(args []any) bool {
	for _, a := range args {
		var s string
		switch a := a.(type) {
		case string:
			s = a
		case *string:
			if a != nil {
				s = *a
			}
		}
		if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// storableText makes text storable that comes from anywhere, such as an error's.
func storableText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// watched is the context that a statement runs under. Where statements are
// brief, ctx is looked at before each and between rows instead: to have it
// watched meanwhile costs two goroutines, as much as the statement itself.
func (t *Tx) watched(ctx context.Context) (context.Context, error) {
	if t.db.engine.brief {
		return context.WithoutCancel(ctx), ctx.Err()
	}
	return ctx, ctx.Err()
}

// exec runs a statement and returns how many rows it touched.
func (t *Tx) exec(ctx context.Context, during, query string, args ...any) (int64, error) {
	if !storable(args) {
		return 0, errUnstorable
	}
	watched, err := t.watched(ctx)
	if err != nil {
		return 0, t.db.fault(err, during)
	}
	res, err := t.q.ExecContext(watched, query, args...)
	if err != nil {
		return 0, t.db.fault(err, during)
	}
	n, err := res.RowsAffected()
	return n, t.db.fault(err, during)
}

// insert runs an INSERT; a taken unique value is an Exists fault of the
// resource and name.
func (t *Tx) insert(ctx context.Context, resource, name, query string, args ...any) error {
	_, err := t.exec(ctx, "inserting: "+resource, query, args...)
	return taken(err, resource, name)
}

// change runs an UPDATE or DELETE of one row; when it touches none, it is a
// NotFound fault of the resource and name.
func (t *Tx) change(ctx context.Context, resource, name, query string, args ...any) error {
	n, err := t.exec(ctx, "changing: "+resource, query, args...)
	if err == nil && n == 0 {
		err = fault.Missing(resource, name)
	}
	return taken(err, resource, name)
}

func taken(err error, resource, name string) error {
	if fault.Is(err, fault.Exists) {
		return &fault.Error{Kind: fault.Exists, Resource: resource, Name: name, Err: err}
	}
	return err
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// errEnough is what the function of [Tx.each] returns when it wants no more rows.
var errEnough = errors.New("enough rows")

// each calls fn with each row of a query. The query is done when it returns, so
// that one connection needs each statement once.
func (t *Tx) each(ctx context.Context, during string, fn func(scanner) error, query string, args ...any) error {
	if !storable(args) {
		return nil
	}
	watched, err := t.watched(ctx)
	if err != nil {
		return t.db.fault(err, during)
	}
	rows, err := t.q.QueryContext(watched, query, args...)
	if err != nil {
		return t.db.fault(err, during)
	}
	defer rows.Close()
	for rows.Next() {
		if ctx.Err() != nil {
			return t.db.fault(ctx.Err(), during)
		}
		if err := fn(rows); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return t.db.fault(err, during)
		}
	}
	return t.db.fault(rows.Err(), during)
}

// all returns every row of a query.
func all[T any](ctx context.Context, t *Tx, resource string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := t.each(ctx, "reading: "+resource, func(s scanner) error {
		v, err := scan(s)
		out = append(out, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// one returns the only row of a query, or a NotFound fault of the resource and name.
func one[T any](ctx context.Context, t *Tx, resource, name string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	found, err := all(ctx, t, resource, scan, query, args...)
	return single(found, err, resource, name)
}

func single[T any](found []T, err error, resource, name string) (T, error) {
	var zero T
	switch {
	case err != nil:
		return zero, err
	case len(found) == 0:
		return zero, fault.Missing(resource, name)
	case len(found) > 1:
		return zero, &fault.Error{Kind: fault.Internal, Resource: resource, Name: name, Msg: "more than one row"}
	}
	return found[0], nil
}

// number reads one integer.
func (t *Tx) number(ctx context.Context, resource, query string, args ...any) (int64, error) {
	return one(ctx, t, resource, "", func(s scanner) (n int64, err error) { return n, s.Scan(&n) }, query, args...)
}
