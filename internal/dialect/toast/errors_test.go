package toast

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// TestEveryKind walks every kind of fault through every family: each has its
// code and a text, and only the domain's own words for the caller get out.
func TestEveryKind(t *testing.T) {
	for _, k := range fault.Kinds() {
		if kinds[k] == nil {
			t.Errorf("%s has no answer", k)
			continue
		}
		for about, f := range families {
			got := failureOf(fmt.Errorf("wrapped: %w", &fault.Error{Kind: k, Resource: string(about), Name: "x", Err: errors.New("secret cause")}), ofInstance)
			if got.Error() == "" || strings.Contains(got.Error(), "secret cause") || strings.Contains(got.Error(), "%") {
				t.Errorf("%s of %s: %q", k, about, got.Error())
			}
			if n := got.code; n >= 0 && n/1000 != f.prefix || n < jsonParsing {
				t.Errorf("%s of %s: code %d", k, about, n)
			}
		}
	}
	for _, c := range []struct {
		err   error
		about family
		code  int
		text  string
	}{
		{fault.Invalidf("x", "it is wrong"), ofVolume, 40400, "it is wrong"},
		{fault.Invalidf("x", "it is wrong"), "", 10400, "it is wrong"},
		{fault.Taken("key pair", "web"), ofKeyPair, 13409, "key pair web already exists."},
		{fault.Missing("instance", "i-1"), ofVolume, 10404, "Instance i-1 could not be found."},
		{fault.Missing("flavor", "9"), ofFlavor, 11404, "Flavor 9 could not be found."},
		{fault.Missing("network", "n"), ofNetwork, 20004, "No accessible network"},
		{fault.Missing("token", ""), ofToken, 50404, "Could not find token."},
		{&fault.Error{Kind: fault.NoCapacity, Resource: "network"}, ofInstance, 20001, "No available IP"},
		{&fault.Error{Kind: fault.NoCapacity}, ofInstance, -1, "FAIL : there is no room for it"},
		{&fault.Error{Kind: fault.Quota, Resource: "instance", Msg: "Quota exceeded for instances"}, ofInstance, 10403, "Quota exceeded for instances"},
		{&fault.Error{Kind: fault.Conflict, Resource: "instance", Msg: "vm_state active"}, ofInstance, 10409, "vm_state active"},
		{&fault.Error{Kind: fault.Conflict, Resource: "volume", Msg: "in use"}, ofVolume, 40400, "in use"},
		{&fault.Error{Kind: fault.Forbidden, Msg: "x"}, ofInstance, -3, "Permission denied : insufficient role"},
		{&fault.Error{Kind: fault.Unauthenticated, Msg: "x"}, ofInstance, -3, "Permission denied : invalid token"},
		{&fault.Error{Kind: fault.Unsupported, Msg: "the sim driver cannot"}, ofInstance, -7, "Not supported : the sim driver cannot"},
		{&fault.Error{Kind: fault.Unavailable, Msg: "x"}, ofInstance, -1, "FAIL : try again later"},
		{&fault.Error{Kind: fault.Internal, Resource: "database", Msg: "SELECT"}, ofInstance, -6, "Failed to query internal db"},
		{&fault.Error{Kind: fault.Internal, Msg: "SELECT"}, ofInstance, -2, "UNKNOWN EXCEPTION"},
		{errors.New("SELECT"), ofInstance, -2, "UNKNOWN EXCEPTION"},
		{&fault.Error{Kind: 99}, ofInstance, -2, "UNKNOWN EXCEPTION"},
	} {
		if f := failureOf(c.err, c.about); f.code != c.code || f.Error() != c.text {
			t.Errorf("%v: got %d %q, want %d %q", c.err, f.code, f.Error(), c.code, c.text)
		}
	}
}

func TestTooManyFailures(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", nil)
	many := &identity.TooManyFailures{Until: time.Now().Add(90 * time.Second)}
	writeFailure(w, r, ofToken, &fault.Error{Kind: fault.Unavailable, Err: many})
	if got := w.Body.String(); got != `{"header":{"isSuccessful":false,"resultCode":-1,"resultMessage":"FAIL : too many requests"}}` {
		t.Errorf("got %s", got)
	}
	if after := w.Header().Get("Retry-After"); after != "90" && after != "89" {
		t.Errorf("Retry-After %q", after)
	}
}
