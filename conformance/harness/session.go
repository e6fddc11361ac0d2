package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// Session is an account with a token, for tests that speak plain HTTP.
type Session struct {
	Token  string
	server *Server
	http   *http.Client
}

// Answer is an HTTP answer with its whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Login gets a token for an account's project.
func (s *Server) Login(a Account) *Session {
	s.t.Helper()
	c := &Session{server: s, http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	s.t.Cleanup(c.http.CloseIdleConnections)
	type object = map[string]any
	domain := object{"name": a.Domain}
	got, err := c.Do(s.t.Context(), http.MethodPost, "/identity/v3/auth/tokens", object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{
			"user": object{"name": a.Username, "password": a.Password, "domain": domain}}},
		"scope": object{"project": object{"name": a.Project, "domain": domain}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	if got.Status != http.StatusCreated {
		s.t.Fatalf("logging in as %s: status %d: %s", a.Username, got.Status, got.Body)
	}
	c.Token = got.Header.Get("X-Subject-Token")
	return c
}

// Do sends one request to the main listener at the newest microversion that
// still makes keys. An error means that no whole answer came.
func (c *Session) Do(ctx context.Context, method, path string, body any) (Answer, error) {
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		text = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.server.Main+path, text)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("OpenStack-API-Version", "compute 2.90")
	if c.Token != "" {
		req.Header.Set("X-Auth-Token", c.Token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	whole, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: the answer broke off: %w", method, path, err)
	}
	return Answer{resp.StatusCode, resp.Header, whole}, nil
}

// Get reads the JSON of a successful answer into v, and fails the test when
// there is none.
func (c *Session) Get(t testing.TB, path string, v any) {
	t.Helper()
	a, err := c.Do(t.Context(), http.MethodGet, path, nil)
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", a.Status, a.Body)
	}
	if err == nil {
		err = json.Unmarshal(a.Body, v)
	}
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}
