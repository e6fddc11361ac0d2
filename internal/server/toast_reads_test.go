package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// counted counts the transactions that only read.
type counted struct {
	compute.Store
	reads atomic.Int64
}

func (c *counted) Read(ctx context.Context, fn func(compute.Tx) error) error {
	c.reads.Add(1)
	return c.Store.Read(ctx, fn)
}

// TestTOASTDetailsAreReadAtOnce: however many instances there are, showing them
// all asks the store as often as showing one.
func TestTOASTDetailsAreReadAtOnce(t *testing.T) {
	y := newYard(t)
	store := &counted{Store: y.server.domain.DB.Compute()}
	y.server.machines.compute = compute.New(store, y.server.machines.driver, compute.Options{Now: time.Now, NewID: uuid.NewString, Node: "n"})
	handler := http.StripPrefix("/compute/v1.0", y.server.toastService().handler)
	var first struct {
		Images, Networks []struct{ ID string }
	}
	for _, path := range []string{"images", "networks"} {
		if err := json.Unmarshal([]byte(y.call(http.MethodGet, path, "").text), &first); err != nil {
			t.Fatal(err)
		}
	}
	y.call(http.MethodPost, "keypairs", `{"keypair": {"name": "k"}}`)
	create := func(name string, count int) {
		t.Helper()
		if got := y.call(http.MethodPost, "instances", fmt.Sprintf(`{"instance": {"name": %q, "count": %d, "image": %q, "flavor": "2", "networks": [{"id": %q}],
			"availabilityZone": "nova", "keyName": "k", "securityGroups": [{"name": "default"}]}}`, name, count, first.Images[0].ID, first.Networks[0].ID)); !got.Header.IsSuccessful {
			t.Fatal(got.text)
		}
	}
	list := func() (reads int64, boots int) {
		t.Helper()
		before := store.reads.Load()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, toastPrefix+y.appkey+"/instances-detail", nil)
		r.Header.Set("X-Auth-Token", y.token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		text := w.Body.String()
		return store.reads.Load() - before, strings.Count(text, `"launchedAt":"2`)
	}
	create("one", 1)
	of1, _ := list()
	create("ten", 10)
	of11, _ := list()
	if of1 == 0 || of1 != of11 {
		t.Errorf("one instance takes %d reads, eleven take %d", of1, of11)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, boots := list(); boots == 11 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d of eleven instances tell when they were launched", boots)
		}
	}
}
