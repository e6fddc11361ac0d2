package server

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// source is randomness in which no prime is found, so that RSA keys are never
// finished, until the test turns it on.
type source struct{ on atomic.Bool }

func (s *source) Read(b []byte) (int, error) {
	if s.on.Load() {
		return rand.Read(b)
	}
	for i := range b {
		b[i] = 0xff
	}
	return len(b), nil
}

// TestClientsThatGoAway: neither a generation that runs nor one that waits for
// its turn goes on for a client that has closed its connection, nothing is
// kept, and the next client has its turn.
func TestClientsThatGoAway(t *testing.T) {
	w := newWorld(t)
	random := &source{}
	d := w.server.domain
	d.Generator = sshkey.NewGenerator(sshkey.GeneratorSettings{Concurrency: 1, Random: random, Observer: d.generation})
	d.KeyPairs = keypair.New(d.DB.KeyPairs(), d.Generator, keypair.Options{Now: time.Now, NewID: uuid.NewString})
	w.server.dialects = w.server.openstackServices()
	w.server.metrics = newMetrics(d, w.server.machines, "test")
	listener := httptest.NewServer(w.server.surfaces()["main"])
	defer listener.Close()
	w.url = listener.URL

	stats := func(what string, ok func(sshkey.Stats) bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !ok(d.Generator.Stats()); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never: %s: %+v", what, d.Generator.Stats())
			}
		}
	}
	// post returns what closes the client's connection.
	post := func(name string) context.CancelFunc {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/compute/v2.1/os-keypairs",
			strings.NewReader(`{"keypair": {"name": "`+name+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Auth-Token", w.tokens["member"])
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
				t.Errorf("%s: answered %d", name, resp.StatusCode)
			}
		}()
		return func() { cancel(); <-done }
	}

	leaveRunning := post("runs")
	stats("the first generation runs", func(s sshkey.Stats) bool { return s.Running == 1 })
	leaveWaiting := post("waits")
	stats("the second one waits", func(s sshkey.Stats) bool { return s.Waiting == 1 })
	leaveWaiting()
	stats("nobody waits", func(s sshkey.Stats) bool { return s.Waiting == 0 && s.Running == 1 && s.Stopped == 1 })
	leaveRunning()
	stats("nothing runs", func(s sshkey.Stats) bool { return s.Running == 0 && s.Stopped == 2 })

	random.on.Store(true)
	if status, body := w.send(t, http.MethodPost, "/compute/v2.1/os-keypairs", `{"keypair": {"name": "stays"}}`, "member"); status != http.StatusOK {
		t.Errorf("the next client: %d %s", status, body)
	}
	_, body := w.send(t, http.MethodGet, "/compute/v2.1/os-keypairs", "", "member")
	if strings.Contains(body, "runs") || strings.Contains(body, "waits") || !strings.Contains(body, "stays") {
		t.Errorf("key pairs: %s", body)
	}

	metrics := w.metrics(t)
	for _, want := range []string{
		"keyreeve_key_generations_stopped_total 2",
		"keyreeve_key_generation_slots 1", "keyreeve_key_generation_running 0", "keyreeve_key_generation_waiting 0",
		"keyreeve_key_pool_size 0", "keyreeve_key_pool_keys 0", "keyreeve_keys_from_pool_total 0",
		"keyreeve_keys_generated_total 1",
		// The server's first generator made a key for newWorld and told the same observer.
		`keyreeve_key_generation_duration_seconds_count{spec="rsa-2048"} 2`,
		`keyreeve_key_generation_wait_seconds_count{spec="rsa-2048"} 1`,
	} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("the metrics do not say %s", want)
		}
	}
	if t.Failed() {
		t.Log(metrics)
	}
}

// metrics returns what the admin listener answers to Prometheus.
func (w *world) metrics(t *testing.T) string {
	t.Helper()
	r := httptest.NewRecorder()
	w.server.admin().ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(r.Result().Body)
	if err != nil || r.Code != http.StatusOK {
		t.Fatalf("metrics: %d %v", r.Code, err)
	}
	return string(text)
}
