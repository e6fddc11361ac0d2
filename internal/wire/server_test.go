package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listenOn opens one listener on a free loopback port.
func listenOn(t *testing.T, name string) Listener {
	t.Helper()
	ls, err := Listen(t.Context(), Address{name, "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	return ls[0]
}

func TestListen(t *testing.T) {
	ls, err := Listen(t.Context(), Address{"main", "127.0.0.1:0"}, Address{"admin", ":0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range ls {
		defer l.Close()
		if !strings.HasPrefix(l.URL(), "http://127.0.0.1:") || strings.HasSuffix(l.URL(), ":0") {
			t.Errorf("%s: URL %s", l.Name, l.URL())
		}
		c, err := net.Dial("tcp", strings.TrimPrefix(l.URL(), "http://"))
		if err != nil {
			t.Errorf("%s: nobody listens at %s: %v", l.Name, l.URL(), err)
			continue
		}
		_ = c.Close()
	}
	taken := ls[0].Addr().String()
	for _, tc := range []struct {
		addr Address
		want string
	}{
		{Address{"main", taken},
			"cannot listen on " + taken + " (main): the port is taken; set [listen] main or KEYREEVE_LISTEN_MAIN to another address, port 0 picks a free one"},
		{Address{"ecs", "192.0.2.1:0"}, "(ecs): this machine has no such address; set [listen] ecs or KEYREEVE_LISTEN_ECS"},
		{Address{"admin", "127.0.0.1"}, "(admin): this is not an address of the form host:port (missing port in address)"},
		{Address{"admin", "127.0.0.1:nosuchport"}, "(admin): there is no such host or port"},
		{Address{"admin", "127.0.0.1:70000"}, "(admin): this is not an address of the form host:port (invalid port)"},
	} {
		free := "127.0.0.1:0"
		_, err := Listen(t.Context(), Address{"first", free}, tc.addr)
		var le *listenError
		if !errors.As(err, &le) || !strings.Contains(err.Error(), tc.want) || errors.Unwrap(le) == nil {
			t.Errorf("%v:\n got %v\nwant %s", tc.addr, err, tc.want)
		}
	}
}

func TestListenClosesTheOthersOnFailure(t *testing.T) {
	first := listenOn(t, "main")
	at := first.Addr().String()
	_ = first.Close()
	if _, err := Listen(t.Context(), Address{"main", at}, Address{"admin", "bad"}); err == nil {
		t.Fatal("a bad address was taken")
	}
	again, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatalf("the first listener was left open: %v", err)
	}
	_ = again.Close()
}

// start serves handlers in the background; stop asks it to end and returns what Serve said.
func start(t *testing.T, timing Timing, log *slog.Logger, handlers map[Listener]http.Handler) (stop func() error) {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := NewServer(timing, log)
	for l, h := range handlers {
		s.Handle(l, h)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("Serve did not return")
		}
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

func hello(words string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, words) })
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServerServesEachListenerItsHandler(t *testing.T) {
	main, admin := listenOn(t, "main"), listenOn(t, "admin")
	stop := start(t, Timing{}, nil, map[Listener]http.Handler{main: hello("main"), admin: hello("admin")})
	for _, l := range []Listener{main, admin} {
		if got := get(t, l.URL()+"//a/../b"); got != l.Name {
			t.Errorf("%s answered %q", l.Name, got)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, l := range []Listener{main, admin} {
		if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
			_ = c.Close()
			t.Errorf("%s still listens after the shutdown", l.Name)
		}
	}
}

func TestServerCutsSlowClients(t *testing.T) {
	l := listenOn(t, "main")
	read := make(chan error, 1)
	start(t, Timing{ReadHeader: 200 * time.Millisecond, Read: 400 * time.Millisecond, Idle: 200 * time.Millisecond}, nil,
		map[Listener]http.Handler{l: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				_, err := ReadBody(r, 1000)
				read <- err
			}
		})})

	for _, tc := range []struct{ name, begin, drip string }{
		{"headers", "GET / HTTP/1.1\r\nHost: h\r\n", "X-A: b\r\n"},
		{"body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999\r\n\r\n", "x"},
		{"nothing", "", ""},
		{"kept alive and silent", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, tc.begin); err != nil {
				t.Fatal(err)
			}
			cut := make(chan struct{})
			go func() {
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				if _, err := io.Copy(io.Discard, c); !isTimeout(err) {
					close(cut)
				}
			}()
			begun, tick := time.Now(), time.NewTicker(50*time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-cut:
					if took := time.Since(begun); took < 100*time.Millisecond {
						t.Errorf("cut after only %v", took)
					}
					return
				case <-time.After(9 * time.Second):
					t.Fatal("the connection was kept")
				case <-tick.C:
					if time.Since(begun) > 9*time.Second {
						t.Fatal("the connection was kept")
					}
					_, _ = io.WriteString(c, tc.drip)
				}
			}
		})
	}
	if err := <-read; !isTimeout(err) {
		t.Errorf("reading the slow body gave %v", err)
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func TestServerRefusesHugeHeaders(t *testing.T) {
	l := listenOn(t, "main")
	start(t, Timing{}, nil, map[Listener]http.Handler{l: hello("fine")})
	for _, tc := range []struct{ size, want int }{{100 << 10, 200}, {200 << 10, 431}} {
		resp, err := http.Get(l.URL() + "/?" + strings.Repeat("x", tc.size))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tc.want {
			t.Errorf("%d bytes of URL: status %d, want %d", tc.size, resp.StatusCode, tc.want)
		}
	}
}

func TestShutdownWaitsForRunningRequests(t *testing.T) {
	l := listenOn(t, "main")
	entered, release := make(chan struct{}), make(chan struct{})
	stop := start(t, Timing{}, nil, map[Listener]http.Handler{l: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		fmt.Fprint(w, "finished ", r.Context().Err())
	})})

	answer := make(chan string, 1)
	go func() { answer <- get(t, l.URL()) }()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // no new connection is taken while the old request runs
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-stopped:
		t.Fatalf("the server did not wait: %v", err)
	default:
	}
	close(release)
	if got := <-answer; got != "finished <nil>" {
		t.Errorf("got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsAfterGrace(t *testing.T) {
	var l ledger
	main := listenOn(t, "main")
	entered, ended := make(chan struct{}), make(chan struct{})
	stop := start(t, Timing{Grace: 50 * time.Millisecond}, l.instruments().Log,
		map[Listener]http.Handler{main: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			close(ended)
		})})
	failed := make(chan error, 1)
	go func() {
		resp, err := http.Get(main.URL())
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	<-entered
	if err := stop(); err != nil {
		t.Errorf("a shutdown that had to cut is no failure, got %v", err)
	}
	<-ended
	if err := <-failed; err == nil {
		t.Error("the client got an answer")
	}
	l.last(t, "requests were cut at shutdown: they took longer than the grace period")
}

func TestServerReportsADeadListener(t *testing.T) {
	l, other := listenOn(t, "main"), listenOn(t, "admin")
	s := NewServer(Timing{}, slog.New(slog.DiscardHandler))
	s.Handle(l, hello(""))
	s.Handle(other, hello(""))
	_ = l.Close()
	err := s.Serve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "listener main stopped serving") {
		t.Errorf("got %v", err)
	}
	if c, err := net.Dial("tcp", other.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("the other listener was left open")
	}
}

func TestServerLogsNetHTTPAtDebugAndShort(t *testing.T) {
	var l ledger
	main := listenOn(t, "main")
	start(t, Timing{}, l.instruments().Log, map[Listener]http.Handler{main: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("outside of any guard\nsecond line with s3cr3t")
	})})
	if _, err := http.Get(main.URL()); err == nil {
		t.Fatal("a panic gave an answer")
	}
	deadline := time.Now().Add(5 * time.Second)
	for !strings.Contains(l.String(), "net/http: ") {
		if time.Now().After(deadline) {
			t.Fatal("net/http's line did not arrive")
		}
		time.Sleep(time.Millisecond)
	}
	if text := l.String(); !strings.Contains(text, `"level":"DEBUG"`) || strings.Contains(text, "s3cr3t") {
		t.Errorf("logged %s", text)
	}
}

func TestKeepAlive(t *testing.T) {
	l := listenOn(t, "main")
	start(t, Timing{}, nil, map[Listener]http.Handler{l: CollapseSlashes(hello("ok"))})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, target := range []string{"/a", "//a/%2e%2e", "/a%2Fb", "*"} {
		method := "GET"
		if target == "*" {
			method = "OPTIONS"
		}
		fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", method, target)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 || string(b) != "ok" {
			t.Errorf("%s: %d %q %v", target, resp.StatusCode, b, err)
		}
	}
}
