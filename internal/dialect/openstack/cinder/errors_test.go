package cinder

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// TestEveryFault walks the domain's faults through the service's errors.
func TestEveryFault(t *testing.T) {
	d := New(Options{Identity: people()})
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Exists: 409, fault.NotFound: 404, fault.Quota: 413, fault.Forbidden: 403,
		fault.Unauthenticated: 401, fault.Conflict: 409, fault.Unsupported: 501, fault.NoCapacity: 400,
		fault.TooLarge: 413, fault.Unavailable: 503, fault.Internal: 500,
	}
	for _, kind := range fault.Kinds() {
		w := httptest.NewRecorder()
		d.failing(&fault.Error{Kind: kind}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != want[kind] || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
}
