package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is a log that tests read back, and an Observer.
type ledger struct {
	mu       sync.Mutex
	text     bytes.Buffer
	observed []string
}

func (l *ledger) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *ledger) Observe(surface, method, route string, status int, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.observed = append(l.observed, fmt.Sprintf("%s %s [%s] %d %s", surface, method, route, status, d))
}

// last returns the last log line with the given message.
func (l *ledger) last(t *testing.T, msg string) map[string]any {
	t.Helper()
	var found map[string]any
	for line := range strings.Lines(l.String()) {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if m["msg"] == msg {
			found = m
		}
	}
	if found == nil {
		t.Fatalf("no %q line in the log:\n%s", msg, l)
	}
	return found
}

func (l *ledger) instruments() Instruments {
	clock := time.Unix(1_700_000_000, 0)
	n := 0
	return Instruments{
		Log:      slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observer: l,
		NewID: func() string {
			n++
			return fmt.Sprintf("req-%d", n)
		},
		Now: func() time.Time {
			clock = clock.Add(5 * time.Millisecond)
			return clock
		},
	}
}

func TestAccessLog(t *testing.T) {
	m := NewMux(nil)
	m.HandleFunc("POST /v1.0/appkeys/{appkey}/instances/{id}", func(w http.ResponseWriter, r *http.Request) {
		Note(r.Context(), "user", "u-0")
		Note(r.Context(), "user", "u-1")
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "made")
	})
	var l ledger
	h := Mounts(http.NotFoundHandler(), Mount{"/compute", Wrap(Surface{Name: "toast", Redact: MaskAfter("appkeys")}, l.instruments(), m)})

	const secret = "s3cr3t"
	for _, tc := range []struct {
		method, target, path, observed string
		status                         float64
	}{
		{"POST", "/compute/v1.0/appkeys/s3cr3t/instances/i-1?Password=s3cr3t", "/compute/v1.0/appkeys/***/instances/i-1",
			"toast POST [POST /v1.0/appkeys/{appkey}/instances/{id}] 201 5ms", 201},
		{"GET", "/compute/v1.0//AppKeys//s3cr3t", "/compute/v1.0/AppKeys/***", "toast GET [] 404 5ms", 404},
		{"GET", "/compute/v1.0/%61ppkeys/s3cr3t/a%2Fb", "/compute/v1.0/%61ppkeys/***/a%2Fb", "toast GET [] 404 5ms", 404},
		{"GET", "/compute/v2.1/os-keypairs/-----BEGIN%20PRIVATE%20KEY-----%0As3cr3t%0A", "/compute/v2.1/os-keypairs/***", "toast GET [] 404 5ms", 404},
		{"GET", "/compute/v2.1/os-keypairs/" + strings.Repeat("s3cr3t", 43) + "/x", "/compute/v2.1/os-keypairs/***/x", "toast GET [] 404 5ms", 404},
		{"GET", "/compute/v2.1/os-keypairs/" + strings.Repeat("%ED%95%9C", 255), "/compute/v2.1/os-keypairs/" + strings.Repeat("%ED%95%9C", 110) + "%ED%95%9…", "toast GET [] 404 5ms", 404},
		{"HACK", "/compute/x", "/compute/x", "toast OTHER [] 404 5ms", 404},
	} {
		r := httptest.NewRequest(tc.method, tc.target, strings.NewReader(secret))
		r.Header.Set("X-Auth-Token", secret)
		r.Header.Set("X-Openstack-Request-Id", "req-"+secret)
		h.ServeHTTP(httptest.NewRecorder(), r)

		line := l.last(t, "request")
		if line["path"] != tc.path || line["status"] != tc.status || line["method"] != tc.method {
			t.Errorf("%s: logged %v", tc.target, line)
		}
		if got := l.observed[len(l.observed)-1]; got != tc.observed {
			t.Errorf("%s: observed %q, want %q", tc.target, got, tc.observed)
		}
		if tc.status == 201 && (line["user"] != "u-1" || line["bytes"] != 4.0 || line["request_id"] != "req-1" ||
			line["surface"] != "toast" || line["remote"] != r.RemoteAddr || line["duration"] != 5e6) {
			t.Errorf("logged %v", line)
		}
	}
	if strings.Contains(l.String(), secret) {
		t.Errorf("a secret got into the log:\n%s", &l)
	}
}

func TestAccessLogBoundsPaths(t *testing.T) {
	var l ledger
	h := Wrap(Surface{Name: "nova"}, l.instruments(), http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/"+strings.Repeat("x", 50_000), nil))
	if n := len(l.last(t, "request")["path"].(string)); n > 1100 {
		t.Errorf("%d bytes of path were logged", n)
	}
}

func TestRequestID(t *testing.T) {
	if RequestID(context.Background()) != "" {
		t.Error("there is a request id outside of a request")
	}
	Note(context.Background(), "user", "nobody") // must not panic

	form := regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	h := Wrap(Surface{}, Instruments{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, RequestID(r.Context()))
	}))
	for range 100 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Openstack-Request-Id", "req-00000000-0000-4000-8000-000000000000")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if id := w.Body.String(); !form.MatchString(id) || seen[id] {
			t.Fatalf("request id %q is malformed or not fresh", id)
		} else {
			seen[id] = true
		}
	}
}

func TestPanicGuard(t *testing.T) {
	var l ledger
	words := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "computeFault ", RequestID(r.Context()))
	})
	serve := func(h http.HandlerFunc) (w *httptest.ResponseRecorder, escaped any) {
		w = httptest.NewRecorder()
		defer func() { escaped = recover() }()
		Wrap(Surface{Name: "nova", Failed: words}, l.instruments(), h).
			ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return
	}

	w, escaped := serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99")
		w.Header().Set("Etag", "x")
		panic("boom")
	})
	if escaped != nil || w.Code != 500 || w.Body.String() != "computeFault req-1" || w.Header().Get("Content-Length") != "" {
		t.Errorf("got %v, %d %q %v", escaped, w.Code, w.Body, w.Header())
	}
	line := l.last(t, "a handler panicked")
	if line["request_id"] != "req-1" || line["panic"] != "boom" || !strings.Contains(line["stack"].(string), "TestPanicGuard") {
		t.Errorf("logged %v", line)
	}
	if access := l.last(t, "request"); access["status"] != 500.0 || access["aborted"] != nil || access["level"] != "ERROR" {
		t.Errorf("logged %v", access)
	}

	_, escaped = serve(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half an ans")
		panic("boom")
	})
	if escaped != http.ErrAbortHandler {
		t.Errorf("after the header was written: %v escaped", escaped)
	}
	if access := l.last(t, "request"); access["aborted"] != true {
		t.Errorf("logged %v", access)
	}

	before := strings.Count(l.String(), "a handler panicked")
	_, escaped = serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if escaped != http.ErrAbortHandler || strings.Count(l.String(), "a handler panicked") != before {
		t.Errorf("an abort by the handler: %v escaped", escaped)
	}
}

func TestTimeout(t *testing.T) {
	h := Wrap(Surface{Timeout: time.Millisecond}, Instruments{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		fmt.Fprint(w, r.Context().Err())
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Body.String() != context.DeadlineExceeded.Error() {
		t.Errorf("got %q", w.Body)
	}
}

func TestBodyLimit(t *testing.T) {
	const limit = 114688
	srv := httptest.NewServer(Wrap(Surface{
		BodyLimit: limit,
		TooLarge: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(413)
			fmt.Fprint(w, "refused early")
		}),
	}, Instruments{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := int64(limit)
		if r.URL.Path == "/small" {
			own = 10
		}
		body, err := ReadBody(r, own)
		var over *BodyTooLarge
		switch {
		case errors.As(err, &over):
			fmt.Fprintf(w, "over %d", over.Limit)
		case err != nil:
			fmt.Fprint(w, err)
		default:
			fmt.Fprint(w, len(body))
		}
	})))
	defer srv.Close()

	for _, tc := range []struct {
		path    string
		size    int
		chunked bool
		want    string
	}{
		{"/", 0, false, "0"},
		{"/", 0, true, "0"},
		{"/", limit, false, "114688"},
		{"/", limit, true, "114688"},
		{"/", limit + 1, false, "refused early"},
		{"/", limit + 1, true, "over 114688"},
		{"/", 10 * limit, true, "over 114688"},
		{"/small", 10, false, "10"},
		{"/small", 10, true, "10"},
		{"/small", 11, false, "over 10"},
		{"/small", 11, true, "over 10"},
	} {
		var body io.Reader = bytes.NewReader(make([]byte, tc.size))
		if tc.chunked {
			body = io.MultiReader(body) // hides the length
		}
		resp, err := http.Post(srv.URL+tc.path, "text/plain", body)
		if err != nil {
			t.Fatalf("%+v: %v", tc, err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(got) != tc.want {
			t.Errorf("%+v: got %q, %v", tc, got, err)
		}
	}
}

// endless counts what is taken from it.
type endless struct{ taken int }

func (e *endless) Read(p []byte) (int, error) {
	e.taken += len(p)
	return len(p), nil
}

func TestBodyLimitTakesNoMore(t *testing.T) {
	e := &endless{}
	h := Wrap(Surface{BodyLimit: 1000}, Instruments{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		var over *BodyTooLarge
		if n != 1000 || !errors.As(err, &over) || over.Limit != 1000 || over.Error() == "" {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", e))
	if e.taken > 1001 {
		t.Errorf("%d bytes were taken", e.taken)
	}
}

func TestRecorderPassesOn(t *testing.T) {
	var l ledger
	srv := httptest.NewServer(Wrap(Surface{}, l.instruments(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte("second"))
	})))
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "firstsecond" {
		t.Errorf("got %q, %v", b, err)
	}
	srv.Close()
	if line := l.last(t, "request"); line["status"] != 200.0 || line["bytes"] != 11.0 {
		t.Errorf("logged %v", line)
	}
}

// BenchmarkWrap is what the shared layers cost each request.
func BenchmarkWrap(b *testing.B) {
	m := NewMux(nil)
	m.HandleFunc("GET /v2.1/os-keypairs/{name}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	h := CollapseSlashes(Wrap(Surface{Name: "nova"}, Instruments{Log: log}, m))
	r := httptest.NewRequest("GET", "/v2.1/os-keypairs/web", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

// A client who hangs up gets an answer that nobody reads: whatever its status,
// it is no fault of the server's.
func TestClientGone(t *testing.T) {
	for _, status := range []int{200, 503} {
		var l ledger
		ctx, hangUp := context.WithCancel(t.Context())
		h := Wrap(Surface{Name: "nova"}, l.instruments(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			hangUp()
			w.WriteHeader(status)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "POST", "/", nil))
		if access := l.last(t, "request"); access["level"] != "INFO" || access["client_gone"] != true || access["status"] != float64(status) {
			t.Errorf("logged %v", access)
		}
	}
}
