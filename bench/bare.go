package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver that the product uses
)

// The names of the bare limits.
const (
	limitEcho   = "net/http echo"
	limitRead   = "SQLite point read"
	limitInsert = "SQLite insert"
	limitRSA    = "RSA-2048 generation"
)

// bareLimits prepares what to compare with: an answer of as many bytes by
// net/http alone in a process of its own, and SQLite and RSA in this one.
func bareLimits(ctx context.Context, dir string, answerBytes int) ([]work, func(), error) {
	echo, closeEcho, err := startEcho(ctx, answerBytes)
	if err != nil {
		return nil, nil, err
	}
	read, insert, closeDB, err := bareSQLite(ctx, filepath.Join(dir, "bare.db"))
	if err != nil {
		closeEcho()
		return nil, nil, err
	}
	return []work{
		{name: limitEcho, do: echo},
		{name: limitRead, do: read},
		{name: limitInsert, do: insert},
		{name: limitRSA, do: func(context.Context, uint64) error {
			_, err := rsa.GenerateKey(rand.Reader, 2048)
			return err
		}},
	}, func() { closeEcho(); closeDB() }, nil
}

// loopbackClient is the client of every measurement over HTTP.
func loopbackClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}, Timeout: time.Minute}
}

// echoCommand is this program's argument that makes it the echo server.
const echoCommand = "serve-echo"

// serveEcho answers every request with so many bytes, on a free port that it
// prints, until its standard input ends.
func serveEcho(size string) error {
	n, err := strconv.Atoi(size)
	if err != nil {
		return err
	}
	answer := []byte(strings.Repeat("x", n))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close()
	}()
	fmt.Printf("http://%s\n", l.Addr())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func startEcho(ctx context.Context, size int) (func(context.Context, uint64) error, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	c := exec.CommandContext(ctx, self, echoCommand, strconv.Itoa(size))
	stdin, err := c.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = stdin.Close()
		_ = c.Wait()
	}
	var base string
	if _, err := fmt.Fscanln(stdout, &base); err != nil {
		stop()
		return nil, nil, fmt.Errorf("the echo server does not start: %w", err)
	}
	e := &target{base: base, http: loopbackClient()}
	return func(ctx context.Context, _ uint64) error {
		_, _, err := e.ask(ctx, http.MethodGet, "/", nil, http.StatusOK)
		return err
	}, stop, nil
}

// bareTable has the columns and the unique key of the product's key pairs.
const bareTable = `CREATE TABLE key_pairs (
	id TEXT NOT NULL PRIMARY KEY, region TEXT NOT NULL, owner_kind INTEGER NOT NULL, owner_id TEXT NOT NULL,
	creator_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, public_key TEXT NOT NULL, blob BLOB NOT NULL,
	md5 BLOB NOT NULL, sha256 BLOB NOT NULL, algorithm TEXT NOT NULL, bits INTEGER NOT NULL, description TEXT NOT NULL,
	tags TEXT NOT NULL, resource_group TEXT NOT NULL, created_at INTEGER NOT NULL,
	UNIQUE (region, owner_kind, owner_id, name)) STRICT`

const bareColumns = "id, region, owner_kind, owner_id, creator_id, name, type, public_key, blob, md5, sha256, algorithm, bits, description, tags, resource_group, created_at"

// bareSQLite opens a database as the product does, with one writer and several
// readers, a log that is on the disk before a commit returns, and prepared
// statements.
func bareSQLite(ctx context.Context, path string) (read, insert func(context.Context, uint64) error, closeDB func(), err error) {
	open := func(more string) (*sql.DB, error) {
		return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+more)
	}
	writer, err := open("&_txlock=immediate")
	if err != nil {
		return nil, nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := open("&_pragma=query_only(ON)")
	if err != nil {
		return nil, nil, nil, err
	}
	closeDB = func() { _, _ = reader.Close(), writer.Close() }
	if _, err := writer.ExecContext(ctx, bareTable); err != nil {
		return nil, nil, closeDB, err
	}
	put, err := writer.PrepareContext(ctx, "INSERT INTO key_pairs ("+bareColumns+") VALUES ($1, 'region1', 1, 'owner', 'owner', $1, 'ssh', $2, $3, $4, $5, 'ed25519', 256, '', '{}', '', 1790000000000000)")
	if err != nil {
		return nil, nil, closeDB, err
	}
	get, err := reader.PrepareContext(ctx, "SELECT "+bareColumns+" FROM key_pairs WHERE region = 'region1' AND owner_kind = 1 AND owner_id = 'owner' AND name = $1")
	if err != nil {
		return nil, nil, closeDB, err
	}
	blob := make([]byte, 51)
	insertName := func(ctx context.Context, name string) error {
		_, err := put.ExecContext(ctx, name, publicKey, blob, blob[:16], blob[:32])
		return err
	}
	for i := range listed {
		if err := insertName(ctx, fmt.Sprintf("A%04d", i)); err != nil {
			return nil, nil, closeDB, err
		}
	}
	read = func(ctx context.Context, n uint64) error {
		var id, region, owner, creator, name, kind, text, algorithm, description, tags, group string
		var blob, md5, sha256 []byte
		var ownerKind, bits, created int64
		return get.QueryRowContext(ctx, fmt.Sprintf("A%04d", n%listed)).Scan(&id, &region, &ownerKind, &owner, &creator, &name, &kind,
			&text, &blob, &md5, &sha256, &algorithm, &bits, &description, &tags, &group, &created)
	}
	insert = func(ctx context.Context, n uint64) error { return insertName(ctx, fmt.Sprintf("insert-%d", n)) }
	return read, insert, closeDB, nil
}
