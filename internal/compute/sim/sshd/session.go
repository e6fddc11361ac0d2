package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute/sim/shell"
	"github.com/keyreeve/keyreeve/internal/compute/sim/tty"
)

// connection is a client that is logged in. Answers to a client that has gone
// are lost, and closing what it closed fails: neither is anybody's concern, and
// reading ends all the same.
type connection struct {
	s        *Server
	login    *login
	conn     *ssh.ServerConn
	running  atomic.Int64 // sessions whose program has not ended
	open     atomic.Int64 // those that the client has not closed, too
	sessions sync.WaitGroup
	shells   shells
}

// maxLingering is how many sessions may have ended here while the client has
// not closed its side: one that never does must not gather any number of them.
const maxLingering = 16

// accept opens a session and refuses every other kind of channel.
func (c *connection) accept(ctx context.Context, nc ssh.NewChannel) {
	if nc.ChannelType() != "session" {
		reason := ssh.UnknownChannelType
		if nc.ChannelType() == "direct-tcpip" || nc.ChannelType() == "direct-streamlocal@openssh.com" {
			reason = ssh.Prohibited
		}
		_ = nc.Reject(reason, "a simulated guest only has sessions")
		return
	}
	ended := sync.OnceFunc(func() { c.running.Add(-1) })
	leave := func() { ended(); c.open.Add(-1) }
	running, open := c.running.Add(1), c.open.Add(1)
	if running > c.s.Limits.Sessions || open > c.s.Limits.Sessions+maxLingering {
		leave()
		_ = nc.Reject(ssh.ResourceShortage, "too many sessions")
		return
	}
	ch, requests, err := nc.Accept()
	if err != nil {
		leave()
		return
	}
	c.sessions.Go(func() {
		defer leave()
		defer func() { _ = ch.Close() }()
		ctx, cancel := context.WithTimeout(ctx, c.s.Limits.SessionTime)
		defer cancel()
		// A session that is over time, or whose connection ends, stops waiting for its client.
		stop := context.AfterFunc(ctx, func() { _ = ch.Close() })
		defer stop()
		(&session{c: c, ch: ch, cancel: cancel, ended: ended}).serve(ctx, requests)
	})
}

// session is one shell, command or sftp server.
type session struct {
	c      *connection
	ch     ssh.Channel
	cancel context.CancelFunc
	ended  func() // gives its place among those that run back

	env     []string
	term    string // TERM; empty without a pty
	tty     *tty.Terminal
	started bool
	run     func() // what a granted request starts, once the client knows that it is granted
	done    sync.WaitGroup
}

// The payloads of RFC 4254, sections 6.2, 6.4, 6.5 and 6.7.
type (
	ptyRequest struct {
		Term              string
		Cols, Rows        uint32
		WidthPx, HeightPx uint32
		Modes             string
	}
	windowChange struct{ Cols, Rows, WidthPx, HeightPx uint32 }
	envRequest   struct{ Name, Value string }
	textRequest  struct{ Text string }
)

// Bounds of a client's environment.
const (
	maxEnv      = 32
	maxEnvBytes = 1024
)

// handlers are the requests that are granted; all others are refused: agent
// and X11 forwarding among them.
var handlers = map[string]func(s *session, ctx context.Context, payload []byte) bool{
	"env":           (*session).setEnv,
	"pty-req":       (*session).pty,
	"window-change": (*session).resize,
	"shell":         func(s *session, ctx context.Context, _ []byte) bool { return s.start(ctx, "", "") },
	"exec": func(s *session, ctx context.Context, p []byte) bool {
		var r textRequest
		return ssh.Unmarshal(p, &r) == nil && s.start(ctx, r.Text, "")
	},
	"subsystem": func(s *session, ctx context.Context, p []byte) bool {
		var r textRequest
		return ssh.Unmarshal(p, &r) == nil && r.Text == "sftp" && s.start(ctx, "", r.Text)
	},
	"signal": func(s *session, _ context.Context, _ []byte) bool {
		if s.started {
			s.cancel()
		}
		return true
	},
}

func (s *session) serve(ctx context.Context, requests <-chan *ssh.Request) {
	for r := range requests {
		f := handlers[r.Type]
		ok := f != nil && f(s, ctx, r.Payload)
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if s.run != nil {
			s.done.Go(s.run)
			s.run = nil
		}
	}
	// The client closed the channel: whatever runs is over.
	s.cancel()
	s.done.Wait()
}

func (s *session) setEnv(_ context.Context, payload []byte) bool {
	var r envRequest
	if ssh.Unmarshal(payload, &r) != nil || r.Name != "LANG" && !strings.HasPrefix(r.Name, "LC_") ||
		len(s.env) >= maxEnv || len(r.Name)+len(r.Value) > maxEnvBytes {
		return false
	}
	s.env = append(s.env, r.Name+"="+r.Value)
	return true
}

func (s *session) pty(_ context.Context, payload []byte) bool {
	var r ptyRequest
	if ssh.Unmarshal(payload, &r) != nil || s.started || s.tty != nil || s.c.login.options.NoPTY || len(r.Term) > 64 {
		return false
	}
	s.term = r.Term
	s.tty = tty.New(s.ch, int(r.Cols), int(r.Rows))
	return true
}

func (s *session) resize(_ context.Context, payload []byte) bool {
	var r windowChange
	if s.tty == nil || ssh.Unmarshal(payload, &r) != nil {
		return false
	}
	s.tty.Resize(int(r.Cols), int(r.Rows))
	return true
}

// start runs the session's one program: a command line, a subsystem, or the
// shell when both are empty. A forced command takes their place.
func (s *session) start(ctx context.Context, command, subsystem string) bool {
	if s.started {
		return false
	}
	s.started = true
	if o := s.c.login.options; o.Forced {
		original := command
		if subsystem != "" {
			original = subsystem
		}
		if original != "" {
			s.env = append(s.env, "SSH_ORIGINAL_COMMAND="+original)
		}
		command, subsystem = o.Command, ""
	}
	if first, _, _ := strings.Cut(command, " "); first == "internal-sftp" || strings.HasSuffix(first, "/sftp-server") {
		subsystem = "sftp"
	}
	s.run = func() {
		status := 1
		defer func() {
			if r := recover(); r != nil {
				s.c.s.Log.Error("simulated session panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			}
			// Before the client knows that it may open the next one.
			s.ended()
			if s.c.login.down.Err() != nil {
				return // sshd is told to end, too: the connection is what the client sees close
			}
			_, _ = s.ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
			_ = s.ch.Close()
		}()
		if subsystem != "" {
			status = s.sftp()
			return
		}
		if !s.c.shells.enter() {
			return
		}
		defer s.c.shells.leave()
		status = s.shell(ctx, command)
	}
	return true
}

func (s *session) shell(ctx context.Context, command string) int {
	l := s.c.login
	run := shell.Login{
		Guest: l.guest, Account: l.account, Env: append(s.env, s.connEnv()...),
		Limits: s.c.s.Limits.Shell, Log: s.c.s.Log, Down: l.down,
	}
	var std shell.IO
	if s.tty != nil {
		go s.tty.Feed(s.ch)
		std = shell.IO{In: s.tty, Out: s.tty, Err: s.tty, Terminal: s.tty}
		if command == "" {
			s.greet()
		}
		told, tell := context.WithCancel(context.Background())
		run.Down = told
		defer context.AfterFunc(l.down, func() { s.wall(); tell() })()
	} else {
		in := newInput(s.ch)
		defer in.CloseRead()
		std = shell.IO{In: in, Out: s.ch, Err: s.ch.Stderr()}
	}
	if command == "" {
		return run.Interactive(ctx, std)
	}
	return run.Run(ctx, command, std)
}

// greet shows what a login shows first.
func (s *session) greet() {
	v := s.c.login.guest.As(s.c.login.account)
	if _, err := v.Stat(v.Cwd + "/.hushlogin"); err == nil {
		return
	}
	if motd, err := v.ReadFile("/etc/motd", 16<<10); err == nil {
		_, _ = s.tty.Write(motd)
	}
}

func (s *session) connEnv() []string {
	local, remote := hostPort(s.c.conn.LocalAddr()), hostPort(s.c.conn.RemoteAddr())
	env := []string{
		"SSH_CONNECTION=" + remote + " " + local,
		"SSH_CLIENT=" + remote + " " + local[strings.LastIndexByte(local, ' ')+1:],
	}
	if s.tty != nil {
		env = append(env, "SSH_TTY=/dev/pts/0", "TERM="+s.term)
	}
	return env
}

func hostPort(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "UNKNOWN 0"
	}
	return host + " " + port
}

// input is a session's standard input. Reading it can be ended from outside,
// which reading a channel cannot.
type input struct{ *io.PipeReader }

func newInput(ch ssh.Channel) *input {
	r, w := io.Pipe()
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{ch}, make([]byte, 8<<10))
		w.CloseWithError(err)
	}()
	return &input{r}
}

// CloseRead ends the reading.
func (i *input) CloseRead() { _ = i.PipeReader.Close() } // never fails

// Read reads; after CloseRead it is at the end.
func (i *input) Read(p []byte) (int, error) {
	n, err := i.PipeReader.Read(p)
	if errors.Is(err, io.ErrClosedPipe) {
		err = io.EOF
	}
	return n, err
}
