package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/server"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

func (a *app) demo() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole path: make a key pair, start an instance, log in",
		Long: `Start a server of its own in a temporary folder, make a key pair through the
OpenStack API, start an instance with it, log in over SSH, delete the key pair,
log in once more, see another key refused, and clean up. Each step is printed.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
			defer cancel()
			return a.runDemo(ctx)
		},
	}
	a.configFlag(c)
	return c
}

func (a *app) runDemo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "keyreeve-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var stop func() error
	defer func() {
		if stop == nil {
			return
		}
		if stopErr := stop(); err == nil {
			err = stopErr
		}
	}()
	s := &story{out: a.stdout}
	var at server.Addresses
	var creds server.Credentials
	cloud := &cloud{ctx: ctx}
	var key ssh.Signer
	var door door

	s.step("Start a server in %s", func() string { return dir }, func() (err error) {
		at, stop, err = a.temporaryServer(ctx, dir)
		if err != nil {
			return err
		}
		creds, err = server.DataDir(dir).Credentials()
		return err
	})
	s.step("Log in as %s", func() string { return creds.Demo.Username + " at " + at.Main }, func() error {
		return cloud.logIn(at.Main, creds.Demo)
	})
	s.step("Make the key pair %s", func() string { return "demo: " + ssh.FingerprintSHA256(key.PublicKey()) }, func() (err error) {
		key, err = cloud.makeKeyPair("demo")
		return err
	})
	s.step("Start the instance %s", func() string { return "web-1: " + door.String() }, func() (err error) {
		door, err = cloud.startInstance("web-1", "debian-13", "m1.tiny", "demo")
		return err
	})
	s.step("Log in over SSH with the key: %s", func() string { return door.said }, func() error {
		return door.knock(ctx, key)
	})
	s.step("Delete the key pair %s", func() string { return "demo" }, func() error {
		return cloud.deleteKeyPair("demo")
	})
	s.step("Log in once more, the instance keeps its key: %s", func() string { return door.said }, func() error {
		return door.knock(ctx, key)
	})
	s.step("See another key refused%s", func() string { return "" }, func() error {
		other, err := strangersKey()
		if err != nil {
			return err
		}
		if err := door.knock(ctx, other); err == nil {
			return fmt.Errorf("the instance let a stranger in")
		}
		return ctx.Err()
	})
	s.step("Delete the instance %s", func() string { return "web-1" }, func() error {
		return cloud.deleteInstance()
	})
	if s.err == nil {
		_, _ = fmt.Fprintln(a.stdout, "\nAll of it worked. Start a server that stays with 'keyreeve serve'.")
	}
	return s.err
}

// strangersKey makes a key that the instance does not know.
func strangersKey() (ssh.Signer, error) {
	k, err := sshkey.Generate(sshkey.SpecEd25519)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromSigner(k.Signer())
}

// story prints the steps of the demo and stops at the first that fails.
type story struct {
	out io.Writer
	n   int
	err error
}

// step does one thing and says it. What it says is asked for afterwards, when
// it is known.
func (s *story) step(sentence string, what func() string, do func() error) {
	if s.err != nil {
		return
	}
	s.n++
	began := time.Now()
	if err := do(); err != nil {
		s.err = fmt.Errorf("step %d (%s) failed: %w", s.n, fmt.Sprintf(sentence, "…"), err)
		return
	}
	_, _ = fmt.Fprintf(s.out, "%d. %s  (%d ms)\n", s.n, fmt.Sprintf(sentence, what()), time.Since(began).Milliseconds())
}

// temporaryServer starts a server on free ports and returns where it listens
// and what stops it.
func (a *app) temporaryServer(ctx context.Context, dir string) (server.Addresses, func() error, error) {
	cfg, err := config.Load(a.configFile, a.env,
		config.Flag{Name: "demo", Key: "data.dir", Value: dir},
		config.Flag{Name: "demo", Key: "database.url", Value: ""},
		config.Flag{Name: "demo", Key: "listen.main", Value: "127.0.0.1:0"},
		config.Flag{Name: "demo", Key: "listen.admin", Value: "127.0.0.1:0"},
		config.Flag{Name: "demo", Key: "sim.gateway", Value: ""},
	)
	if err != nil {
		return server.Addresses{}, nil, err
	}
	ready := make(chan server.Addresses, 1)
	s, err := server.Open(ctx, server.Options{
		Config: cfg, Version: a.version, Log: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func(at server.Addresses, _ bool) { ready <- at },
	})
	if err != nil {
		return server.Addresses{}, nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- s.Run(running) }()
	stop := func() error { cancel(); return <-done }
	select {
	case at := <-ready:
		return at, stop, nil
	case err := <-done:
		cancel()
		return server.Addresses{}, nil, err
	case <-ctx.Done():
		return server.Addresses{}, nil, errors.Join(ctx.Err(), stop())
	}
}
