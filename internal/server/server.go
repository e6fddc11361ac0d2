// Package server puts Keyreeve together: the data folder, the domain's services
// over the store, the driver, every dialect, and the listeners that serve them.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// Options are what a server needs beside its configuration.
type Options struct {
	Config  config.Config
	Log     *slog.Logger
	Version string
	// ReadyFile gets the addresses, as JSON, when every listener answers; empty: none.
	ReadyFile string
	// Ready is called then, and told whether no server of this data folder got so far before.
	Ready func(a Addresses, first bool)
}

// Server is a running Keyreeve.
type Server struct {
	opt       Options
	listeners []wire.Listener
	domain    *Domain
	machines  *machines
	metrics   *metrics
	weak      weak.Policy
	dialects  []mounted
	draining  atomic.Bool
	unlock    func()
}

// Open opens the data folder, the listeners, the database and the driver, and
// begins to work on the jobs that are on record. Each error is a sentence for
// the person who starts the server.
func Open(ctx context.Context, opt Options) (_ *Server, err error) {
	s := &Server{opt: opt, unlock: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(ctx))
		}
	}()
	if s.weak, err = LoadWeakPolicy(opt.Config.Keypair); err != nil {
		return nil, err
	}
	dir := DataDir(opt.Config.Data.Dir)
	if err := dir.Open(); err != nil {
		return nil, err
	}
	if s.unlock, err = dir.Lock(); err != nil {
		s.unlock = func() {}
		return nil, err
	}
	// Before anything is made: where a port is taken, nothing stays behind.
	if s.listeners, err = wire.Listen(ctx,
		wire.Address{Name: "main", Addr: opt.Config.Listen.Main},
		wire.Address{Name: "admin", Addr: opt.Config.Listen.Admin},
	); err != nil {
		return nil, err
	}
	if s.domain, err = OpenDomain(ctx, opt.Config, opt.Log); err != nil {
		return nil, err
	}
	if err = s.domain.Bootstrap(ctx); err != nil {
		return nil, err
	}
	if s.machines, err = s.domain.openMachines(ctx, opt.Log); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s.domain, s.machines, opt.Version)
	s.dialects = s.services()
	return s, nil
}

// Run serves until ctx ends, then drains and closes everything.
func (s *Server) Run(ctx context.Context) error {
	cfg := s.opt.Config
	// Writing has to hold reading, the handler's own time and sending.
	timing := wire.Timing{Grace: cfg.Limits.ShutdownGrace.Duration,
		Write: time.Minute + cfg.Limits.RequestTimeout.Duration}
	w := wire.NewServer(timing, s.opt.Log)
	surfaces := s.surfaces()
	var at Addresses
	for _, l := range s.listeners {
		w.Handle(l, surfaces[l.Name])
		switch l.Name {
		case "main":
			at.Main = l.URL()
		case "admin":
			at.Admin = l.URL()
		}
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		if err := s.domain.Generator.Run(background); err != nil {
			s.opt.Log.Error("no key pairs are made ahead of time any more", "error", err)
		}
	}()

	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	context.AfterFunc(serving, func() {
		s.draining.Store(true)
		s.opt.Log.Info("shutting down", "grace", cfg.Limits.ShutdownGrace.Duration)
	})
	served := make(chan error, 1)
	go func() { served <- w.Serve(serving) }()
	announced := s.announce(ctx, at)
	if announced != nil {
		stopServing()
	}
	err := errors.Join(announced, <-served)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Limits.ShutdownGrace.Duration)
	defer cancel()
	return errors.Join(err, s.Close(grace))
}

// announce waits until every listener answers, writes the addresses down and
// tells whoever waits for them.
func (s *Server) announce(ctx context.Context, at Addresses) error {
	for _, base := range []string{at.Main, at.Admin} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("the listener at %s does not answer: %w", base, err)
		}
		_ = resp.Body.Close()
	}
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	first := !s.domain.Dir.has("addresses.json")
	if s.opt.ReadyFile != "" {
		if err := writeFile(s.opt.ReadyFile, text); err != nil {
			return fmt.Errorf("%w; name another ready file", err)
		}
	}
	if err := s.domain.Dir.write("addresses.json", text); err != nil {
		return err
	}
	if s.opt.Ready != nil {
		s.opt.Ready(at, first)
	}
	return nil
}

// Close ends the listeners, the jobs, the machines and the database. It is called by
// [Server.Run]; a server that was never run needs it.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	for _, l := range s.listeners {
		_ = l.Close() // again, where it has served
	}
	s.listeners = nil
	if s.machines != nil {
		errs = append(errs, s.machines.close(ctx))
		s.machines = nil
	}
	if s.domain != nil {
		errs = append(errs, s.domain.Close())
		s.domain = nil
	}
	s.unlock()
	return errors.Join(errs...)
}

// SSHPort is where the driver's guests listen.
func (s *Server) SSHPort() int { return s.machines.driver.Info().SSHPort }

// surfaces builds the handler of each listener.
func (s *Server) surfaces() map[string]http.Handler {
	in := wire.Instruments{Log: s.opt.Log, Observer: s.metrics}
	var mounts []wire.Mount
	for _, d := range s.dialects {
		mounts = append(mounts, wire.Mount{Prefix: d.prefix, Handler: wire.Wrap(masked(d.surface), in, d.handler)})
	}
	front := wire.Wrap(masked(wire.Surface{Name: "front", Quiet: probes}), in, s.front())
	main := wire.FromClients(s.proxies(), wire.CollapseSlashes(wire.Mounts(front, mounts...)))
	admin := wire.Wrap(wire.Surface{Name: "admin", Quiet: probes, Timeout: 2 * time.Minute}, in, s.admin())
	return map[string]http.Handler{"main": main, "admin": admin}
}

// masked keeps out of the log what any service has for a secret in its paths: a
// mistyped URL carries its secret to another service.
func masked(s wire.Surface) wire.Surface {
	own, all := s.Redact, wire.MaskAfter("appkeys", "tokens")
	s.Redact = func(path string) string {
		if own != nil {
			path = own(path)
		}
		return all(path)
	}
	return s
}

// proxies are the networks of the proxies that are trusted to name the client.
func (s *Server) proxies() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range s.opt.Config.Listen.TrustedProxies {
		n, err := config.ParseNetwork(text)
		if err != nil { // [config.Load] has let it through
			panic(err)
		}
		networks = append(networks, n)
	}
	return networks
}

// front answers on the main listener what no dialect does.
func (s *Server) front() http.Handler {
	mux := wire.NewMux(http.NotFoundHandler())
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		var b strings.Builder
		fmt.Fprintf(&b, "Keyreeve %s\n\nAPIs here:\n", s.opt.Version)
		for _, d := range s.dialects {
			fmt.Fprintf(&b, "  %-14s %s\n", d.prefix, d.title)
		}
		_, _ = w.Write([]byte(b.String()))
	})
	return mux
}
