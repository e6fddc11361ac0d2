package store

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/identity"
)

// staleFailures is when a count of failed logins is cleared away: much longer
// than any window they count in.
const staleFailures = 24 * time.Hour

func scanFailures(s scanner) (f identity.Failures, err error) {
	err = s.Scan(&f.Count, instant{&f.Since}, instant{&f.LockedUntil})
	return f, err
}

// Failures implements [identity.Tx]. In a write it keeps others from counting
// until the transaction ends, so that no failure goes uncounted.
func (t *Tx) Failures(ctx context.Context, key string) (identity.Failures, error) {
	if t.write {
		if err := t.Lock(ctx, "login failures of "+key); err != nil {
			return identity.Failures{}, err
		}
	}
	return one(ctx, t, "login failures", key, scanFailures,
		`SELECT count, since, locked_until FROM login_failures WHERE key = $1`, key)
}

// PutFailures implements [identity.Tx]. It also clears a few stale counts away:
// anyone can make new ones, from as many addresses as they have.
func (t *Tx) PutFailures(ctx context.Context, key string, f identity.Failures) error {
	_, err := t.exec(ctx, "counting failed logins",
		`INSERT INTO login_failures (key, count, since, locked_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET count = excluded.count, since = excluded.since, locked_until = excluded.locked_until`,
		key, f.Count, micros(f.Since), micros(f.LockedUntil))
	if err != nil {
		return err
	}
	stale, err := all(ctx, t, "login failures", func(s scanner) (k string, err error) { return k, s.Scan(&k) },
		`SELECT key FROM login_failures WHERE since < $1 AND locked_until < $2 ORDER BY since LIMIT 10`+t.db.engine.skipLocked,
		micros(f.Since.Add(-staleFailures)), micros(f.Since))
	if err != nil {
		return err
	}
	for _, k := range stale {
		if err := t.DeleteFailures(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// DeleteFailures implements [identity.Tx].
func (t *Tx) DeleteFailures(ctx context.Context, key string) error {
	_, err := t.exec(ctx, "clearing failed logins", `DELETE FROM login_failures WHERE key = $1`, key)
	return err
}
