package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Where one connection writes, writes run one after another. Those that wait
// while one is under way go on in its transaction and share its commit, which is
// most of what a small write costs, for it waits for the disk. Each is in a
// savepoint of its own (https://www.sqlite.org/lang_savepoint.html): one that
// fails takes nothing of the others back. None is answered before the commit,
// not even one that failed, for it may have seen what the others wrote. And
// nobody is waited for: a write that meets no other is committed at once.

// batch is one transaction of several writes. All but err belongs to the write
// whose turn it is; err is for all of them once done is closed.
type batch struct {
	tx *sql.Tx
	// writes counts those that had it, whole those of them that stay.
	writes, whole int
	broken        error // why none of them stays
	done          chan struct{}
	err           error
}

// mostTogether bounds how long the first of a batch waits for the last.
const mostTogether = 64

// errUnfinished stands for the error of a write that panics.
var errUnfinished = errors.New("the write did not come to its end")

// writeTogether is [DB.Write] where one connection writes.
func (db *DB) writeTogether(ctx context.Context, fn func(*Tx) error) (err error) {
	if err := db.turns.take(ctx); err != nil {
		return db.fault(err, "waiting for other writes")
	}
	// The end of one request must not end what is everybody's.
	all := context.WithoutCancel(ctx)
	b, err := db.join(all)
	if err != nil {
		return err
	}
	err = errUnfinished
	defer func() {
		db.leave(all, b, err)
		if b.err != nil && !fault.Is(err, fault.Unavailable) {
			err = b.err
		}
	}()
	if ended := ctx.Err(); ended != nil {
		return db.fault(ended, "waiting for other writes")
	}
	if err := fn(&Tx{db: db, q: b.tx, write: true}); err != nil {
		return err
	}
	return db.fault(ctx.Err(), "committing a write")
}

// join begins a savepoint, in a new transaction when none is open. When it
// fails, the turn is passed on.
func (db *DB) join(ctx context.Context) (*batch, error) {
	if db.open == nil {
		tx, err := db.writer.BeginTx(ctx, db.engine.writes)
		if err != nil {
			db.turns.pass()
			return nil, db.fault(err, "beginning a write")
		}
		db.open = &batch{tx: tx, done: make(chan struct{})}
	}
	b := db.open
	b.writes++
	if _, b.broken = b.tx.ExecContext(ctx, "SAVEPOINT one"); b.broken != nil {
		db.settle(b)
		return nil, b.err
	}
	return b, nil
}

// leave ends the savepoint of a write that ended with err, passes the turn on,
// and returns when the transaction has ended.
func (db *DB) leave(ctx context.Context, b *batch, err error) {
	end := "RELEASE one"
	if err != nil {
		end = "ROLLBACK TO one; RELEASE one"
	} else {
		b.whole++
	}
	// There is no savepoint any more where SQLite has taken the whole transaction
	// back by itself, as it may when the disk is full
	// (https://www.sqlite.org/lang_transaction.html).
	if _, failed := b.tx.ExecContext(ctx, end); failed != nil {
		b.broken = errors.Join(err, failed)
	}
	goesOn := b.broken == nil && b.writes < mostTogether && db.turns.hand()
	if !goesOn {
		db.settle(b)
	}
	<-b.done
}

// settle ends the transaction, tells all of its writes and passes the turn on.
func (db *DB) settle(b *batch) {
	switch {
	case b.broken != nil:
		b.err = &fault.Error{Kind: fault.Unavailable, Resource: "database", Msg: "a write that shared its commit broke it; try again", Err: b.broken}
	case b.whole > 0:
		b.err = db.fault(b.tx.Commit(), "committing a write")
	}
	// It does nothing after the commit. Where it fails, the connection is gone, and
	// the transaction with it.
	_ = b.tx.Rollback()
	close(b.done)
	db.open = nil
	db.turns.pass()
}

// turns is a lock that is given to those who wait for it in their order.
type turns struct {
	mu    sync.Mutex
	taken bool
	queue []chan struct{} // the oldest first; closed when the turn has come
}

// take waits for the turn. It is an error when ctx ends before; else the turn
// must be passed on.
func (t *turns) take(ctx context.Context) error {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	t.queue = append(t.queue, turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := slices.Index(t.queue, turn); k >= 0 {
		t.queue = slices.Delete(t.queue, k, k+1)
		return ctx.Err()
	}
	return nil // it came at the same moment
}

// pass gives the turn to the one who has waited longest, or to whoever comes.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = t.give()
}

// hand is pass where somebody waits; else the turn stays with its holder. To ask
// first and pass then would be too late: who waited may be gone by then.
func (t *turns) hand() (taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.give()
}

// give is for holders of mu.
func (t *turns) give() (taken bool) {
	if len(t.queue) == 0 {
		return false
	}
	close(t.queue[0])
	t.queue = t.queue[1:]
	return true
}
