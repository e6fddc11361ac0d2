package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration takes the schema from number-1 to number.
type migration struct {
	number int
	name   string
	sql    string
	fill   func(context.Context, *Tx) error // what comes after sql; nil for nothing
}

// fills are the parts of migrations that SQL cannot calculate, by their
// numbers. Each must keep working on the schema of its own number.
var fills = map[int]func(context.Context, *Tx) error{2: fillFingerprints, 6: fillDefaultGroups}

// migrations returns the embedded ones in order. Their files are numbered
// without gaps from 0001, which is a matter of the build: it panics otherwise.
func migrations() []migration {
	files, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		panic(err)
	}
	var out []migration
	for i, f := range files {
		text, err := migrationFiles.ReadFile(f)
		if err != nil {
			panic(err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(f, "migrations/"), ".sql")
		digits, _, _ := strings.Cut(name, "_")
		if n, err := strconv.Atoi(digits); err != nil || n != i+1 {
			panic("migration " + f + " is not number " + strconv.Itoa(i+1))
		}
		out = append(out, migration{number: i + 1, name: name, sql: string(text), fill: fills[i+1]})
	}
	return out
}

// migrate brings the schema up to date, each step in its own transaction. Two
// processes that start together take turns: each step holds the row of the
// version. A schema that is newer than what this program knows is refused
// before anything is written.
func (db *DB) migrate(ctx context.Context, known []migration) error {
	version, err := db.schemaVersion(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the database's schema version: %w", err)
	}
	first := version
	for version < len(known) {
		step := known[version]
		err := db.Write(ctx, func(tx *Tx) error {
			now, err := tx.lockedVersion(ctx)
			if err != nil || now >= step.number {
				return err // somebody else has done it
			}
			if _, err := tx.exec(ctx, "migrating", db.engine.schema(step.sql)); err != nil {
				return err
			}
			if step.fill != nil {
				if err := step.fill(ctx, tx); err != nil {
					return err
				}
			}
			_, err = tx.exec(ctx, "migrating", `UPDATE schema_version SET version = $1 WHERE id = 1`, step.number)
			return err
		})
		if err != nil {
			return fmt.Errorf("cannot bring the database from schema %d to %s: %w", version, step.name, err)
		}
		if version, err = db.schemaVersion(ctx); err != nil {
			return fmt.Errorf("cannot read the database's schema version: %w", err)
		}
		db.log.Debug("took a step of the database's schema", "step", step.name)
	}
	if first > 0 && version > first {
		db.log.Info("migrated the database", "from_schema", first, "to_schema", version)
	}
	if version > len(known) {
		return fmt.Errorf("the database has schema %d, this keyreeve knows %d: use a newer keyreeve or another data folder",
			version, len(known))
	}
	return nil
}

// schemaVersion returns the schema's version, 0 for a database that has nothing
// yet. The table that says so is made on the way.
func (db *DB) schemaVersion(ctx context.Context) (int, error) {
	var version int
	read := func(tx *Tx) (err error) { version, err = tx.lockedVersion(ctx); return err }
	// Reading first: an old program must not write to a newer database. A
	// statement that fails for want of the table is the sign of an empty one.
	err := db.Write(ctx, read)
	if fault.Is(err, fault.Internal) {
		err = db.retry.run(ctx, func() (bool, error) {
			err := db.writeOnce(ctx, func(tx *Tx) error {
				_, err := tx.exec(ctx, "making the table of the schema version", db.engine.schema(
					`CREATE TABLE IF NOT EXISTS schema_version (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT;
					INSERT INTO schema_version (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`))
				return err
			})
			// PostgreSQL may refuse one of two who make the same table at once.
			return fault.Is(err, fault.Exists) || err != nil && db.engine.classify(err) == conflict, err
		}, db.log)
		if err != nil {
			return 0, err
		}
		err = db.Write(ctx, read)
	}
	return version, err
}

// lockedVersion reads the version and keeps others from changing it.
func (t *Tx) lockedVersion(ctx context.Context) (int, error) {
	n, err := t.number(ctx, "schema version", `SELECT version FROM schema_version WHERE id = 1`+t.db.engine.rowLock)
	return int(n), err
}
