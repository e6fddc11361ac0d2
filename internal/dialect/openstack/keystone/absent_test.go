package keystone_test

import (
	"testing"
	"time"
)

// Who is asked for their groups has none.
func TestNobodyIsInAGroup(t *testing.T) {
	w := newWorld(t, nil)
	alice := "/v3/users/" + w.users["alice"].ID + "/groups"
	for _, who := range []string{"alice", "admin"} {
		if have := w.as(who, "GET", alice, "").is(200).names("groups"); len(have) != 0 {
			t.Errorf("%s sees alice in %v", who, have)
		}
	}
	w.as("bob", "GET", alice, "").says(403, "You are not authorized to perform the requested action: identity:list_groups_for_user.")
	w.as("admin", "GET", "/v3/users/nope/groups", "").says(404, "Could not find user: nope.")
	w.as("admin", "GET", "/v3/groups/nope/users", "").says(404, "Could not find group: nope.")
	w.as("alice", "GET", "/v3/groups/nope/users", "").is(403)
}

// Keystone's tokens know no fractions of seconds.
func TestTokenTimesAreWholeSeconds(t *testing.T) {
	w := newWorld(t, nil)
	w.clock.add(543210 * time.Microsecond)
	token := w.token("alice", "demo")
	shown := w.do("GET", "/v3/auth/tokens", "", "X-Auth-Token", token, "X-Subject-Token", token).is(200)
	if issued, expires := shown.at("token", "issued_at"), shown.at("token", "expires_at"); issued != "2026-11-22T00:36:59.000000Z" || expires != "2026-11-22T01:36:59.000000Z" {
		t.Errorf("issued at %v, expires at %v", issued, expires)
	}
}
