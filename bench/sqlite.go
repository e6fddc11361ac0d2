package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver that the product uses
)

// bareTable has the columns and the unique key of the product's key pairs.
const bareTable = `CREATE TABLE key_pairs (
	id TEXT NOT NULL PRIMARY KEY, region TEXT NOT NULL, owner_kind INTEGER NOT NULL, owner_id TEXT NOT NULL,
	creator_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, public_key TEXT NOT NULL, blob BLOB NOT NULL,
	md5 BLOB NOT NULL, sha256 BLOB NOT NULL, algorithm TEXT NOT NULL, bits INTEGER NOT NULL, description TEXT NOT NULL,
	tags TEXT NOT NULL, resource_group TEXT NOT NULL, created_at INTEGER NOT NULL,
	UNIQUE (region, owner_kind, owner_id, name)) STRICT`

const bareColumns = "id, region, owner_kind, owner_id, creator_id, name, type, public_key, blob, md5, sha256, algorithm, bits, description, tags, resource_group, created_at"

// bareDB is SQLite alone, used as the product uses it: one writer and several
// readers, a log that is on the disk before a commit returns, and statements
// that are prepared once.
type bareDB struct {
	writer, reader *sql.DB
	put, get       *sql.Stmt
}

// openBare makes a database with as many key pairs as a list shows.
func openBare(ctx context.Context, path string) (*bareDB, error) {
	open := func(more string) (*sql.DB, error) {
		return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+more)
	}
	b := &bareDB{}
	var err error
	if b.writer, err = open("&_txlock=immediate"); err != nil {
		return nil, err
	}
	b.writer.SetMaxOpenConns(1)
	if b.reader, err = open("&_pragma=query_only(ON)"); err != nil {
		return nil, err
	}
	if _, err := b.writer.ExecContext(ctx, bareTable); err != nil {
		return nil, err
	}
	b.put, err = b.writer.PrepareContext(ctx, "INSERT INTO key_pairs ("+bareColumns+`) VALUES
		($1, 'region1', 1, 'owner', 'owner', $1, 'ssh', $2, $3, $4, $5, 'ed25519', 256, '', '{}', '', 1790000000000000)`)
	if err != nil {
		return nil, err
	}
	b.get, err = b.reader.PrepareContext(ctx, "SELECT "+bareColumns+` FROM key_pairs
		WHERE region = 'region1' AND owner_kind = 1 AND owner_id = 'owner' AND name = $1`)
	if err != nil {
		return nil, err
	}
	for i := range listed {
		if err := b.insertName(ctx, fmt.Sprintf("A%04d", i)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *bareDB) close() error { return errors.Join(b.reader.Close(), b.writer.Close()) }

// read looks one key pair up by its name, all columns of it.
func (b *bareDB) read(ctx context.Context, n uint64) error {
	var id, region, owner, creator, name, kind, text, algorithm, description, tags, group string
	var blob, md5, sha256 []byte
	var ownerKind, bits, created int64
	return b.get.QueryRowContext(ctx, fmt.Sprintf("A%04d", n%listed)).Scan(&id, &region, &ownerKind, &owner, &creator, &name, &kind,
		&text, &blob, &md5, &sha256, &algorithm, &bits, &description, &tags, &group, &created)
}

// insert adds one key pair, in a transaction of its own.
func (b *bareDB) insert(ctx context.Context, n uint64) error {
	return b.insertName(ctx, fmt.Sprintf("insert-%d", n))
}

func (b *bareDB) insertName(ctx context.Context, name string) error {
	blob := make([]byte, 51)
	_, err := b.put.ExecContext(ctx, name, publicKey, blob, blob[:16], blob[:32])
	return err
}
