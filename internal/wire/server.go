package wire

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Timing holds how long a server waits for whom. The zero value of a field
// takes its default: 10 s for headers, 30 s to read, 2 minutes to write, 2
// minutes idle, 10 s of grace.
type Timing struct {
	// ReadHeader is the time for a request's line and headers, counted from
	// their first byte on a connection in use, from its opening on a new one.
	// Real clients send them in one packet: who needs longer than 10 s is
	// either on a dead line or holding sockets on purpose.
	ReadHeader time.Duration
	// Read is the time for the whole request, body included. The largest body
	// that any dialect reads is far below a megabyte, so 30 s is enough
	// for a line of 300 kbit/s.
	Read time.Duration
	// Write is the time from the end of the headers to the last byte of the
	// answer. It has to hold reading the body, the handler's own time limit and
	// sending, so it must be larger than Read and the request timeout together.
	Write time.Duration
	// Idle is how long a kept-alive connection may rest between requests. It is
	// longer than the 90 s after which Go's and most other clients drop theirs,
	// so that the client closes first and never writes into a closing socket.
	Idle time.Duration
	// Grace is how long a shutdown waits for requests under way before it cuts them.
	Grace time.Duration
}

// requestTimeout is the handlers' time limit where the surface says none; the
// default of Timing.Write leaves room for it.
const requestTimeout = 60 * time.Second

// orDefault returns t with every zero field set.
func (t Timing) orDefault() Timing {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.ReadHeader, 10 * time.Second},
		{&t.Read, 30 * time.Second},
		{&t.Write, 30*time.Second + requestTimeout + 30*time.Second},
		{&t.Idle, 2 * time.Minute},
		{&t.Grace, 10 * time.Second},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return t
}

// maxHeaderBytes bounds request line and headers together. Alibaba's RPC calls
// carry everything in the URL: a 16 KiB public key and 16 KiB of user data in
// base64, at three bytes for every escaped one, make some 114 KiB at worst.
const maxHeaderBytes = 128 << 10

// Server serves handlers on listeners until it is told to stop. It speaks
// HTTP/1.1 with keep-alive.
type Server struct {
	timing Timing
	log    *slog.Logger
	sites  []site
}

type site struct {
	listener Listener
	server   *http.Server
}

// NewServer makes a server that serves nothing yet. What net/http itself has
// to say goes to logger at debug level.
func NewServer(timing Timing, logger *slog.Logger) *Server {
	return &Server{timing: timing.orDefault(), log: logger}
}

// Handle gives the listener its handler. It must be called before
// [Server.Serve], which takes over closing the listener.
func (s *Server) Handle(l Listener, h http.Handler) {
	s.sites = append(s.sites, site{listener: l, server: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: s.timing.ReadHeader,
		ReadTimeout:       s.timing.Read,
		WriteTimeout:      s.timing.Write,
		IdleTimeout:       s.timing.Idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(debugLog{s.log, l.Name}, "", 0),
		// "OPTIONS *" is answered by the surface, and logged, like any request.
		DisableGeneralOptionsHandler: true,
	}})
}

// Serve serves until ctx ends or a listener fails, then shuts down: it stops
// accepting at once, waits for the requests under way for as long as
// [Timing.Grace] says, and closes what is left. The requests' own contexts
// outlive ctx and end only when they are cut.
//
// It returns nil after a shutdown that ctx asked for, also when some requests
// had to be cut (that is logged as a warning), and the error of a listener
// that failed.
func (s *Server) Serve(ctx context.Context) error {
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()

	failed := make(chan error, len(s.sites))
	for _, st := range s.sites {
		st.server.BaseContext = func(net.Listener) context.Context { return base }
		go func() {
			err := st.server.Serve(st.listener)
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("listener %s stopped serving: %w", st.listener.Name, err)
			}
		}()
	}

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-failed:
	}
	s.shutdown(context.WithoutCancel(ctx))
	return failure
}

// shutdown drains all sites at the same time, within one deadline.
func (s *Server) shutdown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.timing.Grace)
	defer cancel()
	var drained sync.WaitGroup
	for _, st := range s.sites {
		drained.Go(func() {
			// Serve may not have run yet, and then only this closes the socket.
			defer func() { _ = st.listener.Close() }()
			if err := st.server.Shutdown(ctx); err != nil {
				s.log.Warn("requests were cut at shutdown: they took longer than the grace period",
					"listener", st.listener.Name, "grace", s.timing.Grace)
				_ = st.server.Close()
			}
		})
	}
	drained.Wait()
}

// debugLog takes net/http's own lines. They tell of broken clients, and the
// longer ones quote what the client sent: only the beginning of the first line is kept.
type debugLog struct {
	log      *slog.Logger
	listener string
}

func (d debugLog) Write(p []byte) (int, error) {
	const longest = 200
	line, _, _ := strings.Cut(string(p), "\n")
	if len(line) > longest {
		line = line[:longest]
	}
	d.log.Debug("net/http: "+line, "listener", d.listener)
	return len(p), nil
}
