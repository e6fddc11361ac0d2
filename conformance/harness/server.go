package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// readyWithin bounds every wait for a server to start or to end.
const readyWithin = 30 * time.Second

// Addresses is the ready file.
type Addresses struct {
	Main  string `json:"main"`
	Admin string `json:"admin"`
}

// Server is one data folder and the keyreeve process that serves it, if any.
// Its methods fail the test that the server was started for.
type Server struct {
	Addresses
	// Root and Demo are the first administrator and user, from `keyreeve credentials`.
	Root, Demo Account
	// Dir is the data folder.
	Dir string

	t       testing.TB
	env     []string
	process *process
	banner  output
	log     output
}

// process is a running program; err is how it ended, once ended is closed.
type process struct {
	*exec.Cmd
	ended chan struct{}
	err   error
}

// Start serves a fresh data folder on free ports until the test ends, when the
// process must end well at SIGTERM. The log is shown if the test has failed.
// Settings are environment variables such as "KEYREEVE_KEYPAIR_QUOTA=5".
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	home := t.TempDir()
	s := &Server{t: t, Dir: filepath.Join(home, "data")}
	s.env = Environ(home, append([]string{
		"KEYREEVE_LISTEN_MAIN=127.0.0.1:0",
		"KEYREEVE_LISTEN_ADMIN=127.0.0.1:0",
		"KEYREEVE_SIM_NETWORK=" + leaseNetwork(t),
		"KEYREEVE_SIM_FLOATING=" + leaseNetwork(t),
		"KEYREEVE_LOG_LEVEL=debug",
	}, settings...)...)
	t.Cleanup(func() {
		if s.process != nil {
			s.Stop()
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log.String())
		}
	})
	s.Launch()
	s.readCredentials()
	return s
}

// Launch starts the process, waits until it is ready and returns how long that took.
func (s *Server) Launch() time.Duration {
	s.t.Helper()
	began := time.Now()
	s.Begin()
	for time.Since(began) < readyWithin {
		text, err := os.ReadFile(s.readyFile())
		if err == nil {
			if err := json.Unmarshal(text, &s.Addresses); err != nil {
				s.t.Fatalf("the ready file %q: %v", text, err)
			}
			return time.Since(began)
		}
		select {
		case <-s.process.ended:
			err := s.process.err
			s.process = nil
			s.t.Fatalf("the server ended before it was ready: %v", err)
		case <-time.After(2 * time.Millisecond):
		}
	}
	s.Kill()
	s.t.Fatalf("the server was not ready within %v", readyWithin)
	return 0
}

// Begin starts the process and does not wait.
func (s *Server) Begin() {
	s.t.Helper()
	if err := os.Remove(s.readyFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	p := &process{Cmd: s.Command("serve", "--data", s.Dir, "--ready-file", s.readyFile()), ended: make(chan struct{})}
	p.Stdout, p.Stderr = &s.banner, &s.log
	if err := p.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	s.process = p
}

func (s *Server) readyFile() string { return filepath.Join(filepath.Dir(s.Dir), "ready.json") }

// Stop sends SIGTERM and expects the process to end with status 0.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Errorf("SIGTERM: %v", err)
	}
	select {
	case <-s.process.ended:
		if s.process.err != nil {
			s.t.Errorf("after SIGTERM the server ended with %v, not with 0", s.process.err)
		}
	case <-time.After(readyWithin):
		s.t.Errorf("the server did not end within %v after SIGTERM", readyWithin)
		_ = s.process.Process.Kill()
		<-s.process.ended
	}
	s.process = nil
}

// Kill ends the process with SIGKILL, in the middle of whatever it does.
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.process.Process.Kill(); err != nil {
		s.t.Errorf("SIGKILL: %v", err)
	}
	<-s.process.ended
	if s.process.ProcessState.Exited() {
		s.t.Errorf("the server had ended by itself, with %v", s.process.ProcessState)
	}
	s.process = nil
}

// Command is a keyreeve command with the server's environment.
func (s *Server) Command(args ...string) *exec.Cmd {
	s.t.Helper()
	c := exec.Command(Binary(s.t), args...)
	c.Env = s.env
	return c
}

// Run runs a keyreeve command on the data folder and returns its standard output.
func (s *Server) Run(stdin string, args ...string) string {
	s.t.Helper()
	c := s.Command(append(args, "--data", s.Dir)...)
	c.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		s.t.Fatalf("keyreeve %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.String()
}

// Log is the log that the server's processes have written so far.
func (s *Server) Log() string { return s.log.String() }

// Banner is what the server's processes have told the person who started them.
func (s *Server) Banner() string { return s.banner.String() }

// output takes what a process writes while it is being read.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *output) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *output) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
