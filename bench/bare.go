package main

import (
	"context"
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
)

// The names of the bare limits.
const (
	limitEcho   = "net/http echo"
	limitRead   = "SQLite point read"
	limitInsert = "SQLite insert"
)

// bareLimits prepares what to compare with: an answer of as many bytes by
// net/http alone in a process of its own, and SQLite in this one.
func bareLimits(ctx context.Context, dir string, answerBytes int) ([]work, func(), error) {
	echo, closeEcho, err := startEcho(ctx, answerBytes)
	if err != nil {
		return nil, nil, err
	}
	db, err := openBare(ctx, filepath.Join(dir, "bare.db"))
	if err != nil {
		closeEcho()
		return nil, nil, err
	}
	return []work{
		{name: limitEcho, do: echo},
		{name: limitRead, do: db.read},
		{name: limitInsert, do: db.insert},
	}, func() { closeEcho(); _ = db.close() }, nil
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
