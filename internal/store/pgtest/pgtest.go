// Package pgtest gives tests databases on a PostgreSQL of their own: a
// temporary cluster behind a unix socket, one for each test binary, that ends
// with it.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Main runs the tests and then stops the cluster. Use it in TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping PostgreSQL:", err)
		return max(code, 1)
	}
	return code
}

// URL makes an empty database and returns its URL. The database goes when the
// test ends. Without PostgreSQL the test fails, or is skipped with -short.
func URL(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("PostgreSQL is left out with -short")
	}
	shared.once.Do(func() { shared.err = shared.start() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	name := fmt.Sprintf("test%d", shared.databases.Add(1))
	if err := shared.sql("CREATE DATABASE " + name); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if err := shared.sql("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("removing a database: %v", err)
		}
	})
	return shared.url(name)
}

var shared cluster

// cluster is a PostgreSQL server under a temporary folder.
type cluster struct {
	once      sync.Once
	err       error // of start
	dir       string
	postgres  *os.Process
	ended     chan struct{}
	log       bytes.Buffer
	databases atomic.Int64
}

func (c *cluster) url(database string) string {
	return "postgres://postgres@/" + database + "?host=" + c.dir + "&sslmode=disable"
}

func (c *cluster) sql(statement string) error {
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.Exec(statement)
	return err
}

func (c *cluster) start() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	owner, err := credential()
	if err != nil {
		return err
	}
	// Not os.MkdirTemp's default folder: a socket's path has at most 107 bytes.
	if c.dir, err = os.MkdirTemp("/tmp", "pgtest"); err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(c.dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(c.dir, "data")
	// A locale that does not sort by bytes: nothing may rely on the database's.
	//nolint:gosec // the program is PostgreSQL's, where its package puts it
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=und", "--no-sync")
	initdb.Dir = c.dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	//nolint:gosec // as above
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300",
		"-c", "shared_buffers=64MB", "-c", "deadlock_timeout=100ms")
	server.Dir = c.dir
	server.Stdout, server.Stderr = &c.log, &c.log
	server.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true, Pdeathsig: syscall.SIGINT}
	started := make(chan error)
	c.ended = make(chan struct{})
	go func() {
		// The server is told to stop when the thread that started it ends: with
		// the test binary, however that ends, and not before.
		runtime.LockOSThread()
		err := server.Start()
		started <- err
		if err == nil {
			_ = server.Wait() // how it ended is in its log
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	c.postgres = server.Process
	return c.await()
}

// await returns when the server answers.
func (c *cluster) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("PostgreSQL ended as it started:\n%s", c.log.String())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *cluster) stop() error {
	if c.postgres != nil {
		// SIGINT is a fast shutdown: it does not wait for connections.
		if err := c.postgres.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		select {
		case <-c.ended:
		case <-time.After(20 * time.Second):
			_ = c.postgres.Kill()
			<-c.ended
		}
	}
	if c.dir == "" {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// binaries finds the newest PostgreSQL that Debian's packages have installed,
// or that is in the path.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("these tests need PostgreSQL: install it with `apt-get install postgresql`, or leave them out with `go test -short`")
}

// credential is whom the server runs as: it refuses root, so then as the user
// that its package makes.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres: run the tests as another user")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
