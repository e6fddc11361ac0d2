package openstacktest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/wire"
)

// Serve returns a dialect's handler as it is served, without instruments.
func Serve(d interface {
	Surface() wire.Surface
	Handler() http.Handler
}) http.Handler {
	return wire.Wrap(d.Surface(), wire.Instruments{}, d.Handler())
}

// Request makes a request to a path of http://cloud.example with the token
// "<token who>", or with none for "".
func Request(t testing.TB, who, method, path, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://cloud.example"+path, strings.NewReader(body))
	if who != "" {
		r.Header.Set("X-Auth-Token", "<token "+who+">")
	}
	return r
}

// Answer has a handler answer a request.
func Answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Ask has a handler answer the recorded request.
func (x Exchange) Ask(t testing.TB, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), x.Request.Method, x.Request.URL, strings.NewReader(x.Request.Body))
	r.Header = x.RequestHeader()
	return Answer(h, r)
}
