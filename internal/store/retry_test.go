package store

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestRetry(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	var waits []time.Duration
	r := retry{attempts: 6, first: time.Microsecond, most: 5 * time.Microsecond, jitter: func(d time.Duration) time.Duration {
		waits = append(waits, d)
		return d
	}}
	fail := errors.New("in the way")

	calls := 0
	err := r.run(t.Context(), func() (bool, error) { calls++; return true, fail }, quiet)
	if !errors.Is(err, fail) || calls != 6 {
		t.Errorf("gave up after %d attempts with %v", calls, err)
	}
	want := []time.Duration{1000, 2000, 4000, 5000, 5000}
	if !slices.Equal(waits, want) {
		t.Errorf("waited %v, want %v", waits, want)
	}

	calls = 0
	if err := r.run(t.Context(), func() (bool, error) { calls++; return calls < 3, nil }, quiet); err != nil || calls != 3 {
		t.Errorf("%d attempts, %v", calls, err)
	}

	calls = 0
	if err := r.run(t.Context(), func() (bool, error) { calls++; return false, fail }, quiet); !errors.Is(err, fail) || calls != 1 {
		t.Errorf("%d attempts, %v", calls, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls = 0
	slow := retry{attempts: 6, first: time.Hour, most: time.Hour, jitter: func(d time.Duration) time.Duration { return d }}
	if err := slow.run(ctx, func() (bool, error) { calls++; return true, fail }, quiet); !errors.Is(err, fail) || calls != 1 {
		t.Errorf("%d attempts though the context was done, %v", calls, err)
	}
	for range 1000 {
		if d := defaultRetry.jitter(time.Millisecond); d <= 0 || d > time.Millisecond {
			t.Fatalf("a wait of %v of at most a millisecond", d)
		}
	}
}

func TestClassifyPostgres(t *testing.T) {
	state := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		err  error
		want class
	}{
		{state("23505"), duplicate}, {state("23503"), dangling},
		{state("40001"), conflict}, {state("40P01"), conflict}, {state("55P03"), conflict},
		{state("08006"), away}, {state("53300"), away}, {state("57P01"), away}, {state("25006"), away}, {state("58030"), away},
		{state("42601"), other}, {state("22021"), other}, {state("25P02"), other}, {state(""), other},
		{io.ErrUnexpectedEOF, away}, {&net.OpError{Op: "read", Err: errors.New("x")}, away},
		{errors.New("a mistake"), other},
	} {
		if got := classifyPostgres(c.err); got != c.want {
			t.Errorf("%v (%T): class %d, want %d", c.err, c.err, got, c.want)
		}
	}
}

func TestPostgresSchema(t *testing.T) {
	got := postgresSchema("CREATE TABLE t (\n a TEXT NOT NULL, b INTEGER, c BLOB\n) STRICT, WITHOUT ROWID;\nCREATE TABLE u (a TEXT) STRICT;")
	want := "CREATE TABLE t (\n a TEXT COLLATE \"C\" NOT NULL, b BIGINT, c BYTEA\n);\nCREATE TABLE u (a TEXT COLLATE \"C\");"
	if got != want {
		t.Errorf("got %s", got)
	}
}
