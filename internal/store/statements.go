package store

import (
	"context"
	"database/sql/driver"
)

// keepStatements makes connections that prepare each statement once. A
// statement that database/sql prepares cannot do that for transactions on a
// pool of one connection, and costs more at each use.
type keepStatements struct{ driver.Connector }

// mostStatements bounds what one connection keeps. This package has fewer.
const mostStatements = 500

// Connect implements driver.Connector.
func (k keepStatements) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &keepingConn{conn: c.(conn), kept: map[string]stmt{}}, nil
}

// conn and stmt are what the SQLite driver's connections and statements are.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keepingConn is used by one goroutine at a time, as driver.Conn says. It
// relies on rows being closed before the same statement runs again, which
// [Tx.each] sees to.
type keepingConn struct {
	conn
	kept map[string]stmt
}

// Close implements driver.Conn.
func (c *keepingConn) Close() error {
	for _, s := range c.kept {
		_ = s.Close() // the connection goes, and all of its own with it
	}
	clear(c.kept)
	return c.conn.Close()
}

// QueryContext implements driver.QueryerContext.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args)
}

// ExecContext implements driver.ExecerContext. Without parameters it may be a
// script, which is not worth keeping.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return c.conn.ExecContext(ctx, query, args)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args)
}

func (c *keepingConn) statement(ctx context.Context, query string) (stmt, error) {
	if s, ok := c.kept[query]; ok {
		return s, nil
	}
	if len(c.kept) >= mostStatements {
		for q, s := range c.kept {
			delete(c.kept, q)
			if err := s.Close(); err != nil {
				return nil, err
			}
		}
	}
	p, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := p.(stmt)
	c.kept[query] = s
	return s, nil
}
