package nova

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// TestEveryNameCanBeFound makes names through /v2 that no other cloud's users
// could reach again.
func TestEveryNameCanBeFound(t *testing.T) {
	c := newCloud(t)
	for _, name := range []string{"한글", "a/b", "//", "..", ".", "%2F", "a%", "?x=1", "#", "a b", "'\"<>&", "ü", "limit", "x.json"} {
		body := `{"keypair": {"name": ` + jsonText(t, "  "+name+" ") + `, "public_key": ` + jsonText(t, ed25519Key) + `}}`
		if w := c.call(t, "alice", "", http.MethodPost, "/v2/os-keypairs", body); w.Code != http.StatusOK {
			t.Fatalf("%q: %d %s", name, w.Code, w.Body)
		}
		for _, folder := range []string{"/v2", "/v2.1", "/v2.1/" + demo} {
			one := folder + "/os-keypairs/" + url.PathEscape(name)
			w := c.call(t, "alice", "", http.MethodGet, one, "")
			var got struct{ KeyPair struct{ Name string } }
			if json.Unmarshal(w.Body.Bytes(), &got) != nil || got.KeyPair.Name != name {
				t.Errorf("%s: %d %s", one, w.Code, w.Body)
			}
		}
		if w := c.call(t, "alice", "2.92", http.MethodDelete, "/v2.1/os-keypairs/"+url.PathEscape(name), ""); w.Code != http.StatusNoContent {
			t.Errorf("delete %q: %d %s", name, w.Code, w.Body)
		}
	}
	if left := c.pairs(t, alice); len(left) != 0 {
		t.Errorf("%d key pairs are left", len(left))
	}
}

func names(t *testing.T, w *httptest.ResponseRecorder) (names []string, next string) {
	t.Helper()
	var list struct {
		KeyPairs []struct{ KeyPair struct{ Name string } }
		Links    []openstack.Link `json:"keypairs_links"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	for _, k := range list.KeyPairs {
		names = append(names, k.KeyPair.Name)
	}
	if len(list.Links) > 0 {
		next = list.Links[0].Href
	}
	return names, next
}

func TestPages(t *testing.T) {
	c := newCloud(t)
	for _, name := range []string{"b", "a", "c", "B", "é"} {
		c.put(t, alice, name, "ssh", ed25519Key)
	}
	const list = "http://cloud.example/v2.1/os-keypairs?"
	for _, x := range []struct {
		version, query, want, next string
	}{
		{"", "", "B a b c é", ""},
		{"", "limit=2", "B a", ""},
		{"2.10", "limit=2&marker=a", "b c", ""},
		{"2.10", "limit=2&marker=é", "", ""},
		{"2.10", "limit=2&marker=bb", "c é", ""}, // deleted since it ended a page
		{"2.34", "limit=2&marker=zz", "é", ""},
		{"2.10", "limit=2&marker=üü", "", ""},
		{"2.10", "marker=nope", "B a b c é", ""}, // ignored, as Nova ignores all of it
		{"2.10", "limit=-1&foo=1", "B a b c é", ""},
		{"2.35", "limit=0", "", ""},
		{"2.35", "limit=2", "B a", list + "limit=2&marker=a"},
		{"2.35", "limit=1&limit=2&foo=x&marker=a", "b c", list + "foo=x&limit=2&marker=c"},
		{"2.35", "limit=3&marker=a", "b c é", list + "limit=3&marker=%C3%A9"},
		{"2.35", "marker=é&limit=3", "", ""},
		{"2.35", "limit=99999999999999999999", "B a b c é", ""},
	} {
		got, next := names(t, c.call(t, "alice", x.version, http.MethodGet, "/v2.1/os-keypairs?"+x.query, ""))
		if strings.Join(got, " ") != x.want || next != x.next {
			t.Errorf("%s at %q: %v %s, want %s %s", x.query, x.version, got, next, x.want, x.next)
		}
	}
	for query, want := range map[string]string{
		"marker=":     "Marker  could not be found.",
		"marker=nope": "Marker nope could not be found.",
		"limit=x":     "Invalid input for query parameters limit. Value: x. 'x' does not match '^[0-9]*$'",
	} {
		w := c.call(t, "alice", "2.35", http.MethodGet, "/v2.1/os-keypairs?"+query, "")
		if element, text := message(t, w); w.Code != http.StatusBadRequest || element != "badRequest" || text != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

// TestMostInAList has one key pair more than a list holds.
func TestMostInAList(t *testing.T) {
	c := newCloud(t)
	for i := range keypair.MaxList + 1 {
		c.putAs(t, keypair.Owner{Kind: keypair.User, ID: alice}, alice, fmt.Sprintf("k%04d", i), "ssh", ed25519Key)
	}
	for _, query := range []string{"", "?limit=5000"} {
		got, next := names(t, c.call(t, "alice", "2.35", http.MethodGet, "/v2.1/os-keypairs"+query, ""))
		if len(got) != keypair.MaxList || !strings.HasSuffix(next, "marker=k0999") {
			t.Errorf("%s: %d, next %s", query, len(got), next)
		}
	}
}

// TestPrivateAndShared has a shared key pair that the caller made elsewhere and
// one that somebody else made.
func TestPrivateAndShared(t *testing.T) {
	c := newCloud(t)
	c.put(t, alice, "mine", "ssh", ed25519Key)
	c.put(t, bob, "his", "ssh", ed25519Key)
	for name, maker := range map[string]string{"shared by me": alice, "shared by him": bob} {
		c.putAs(t, keypair.Owner{Kind: keypair.Project, ID: demo}, maker, name, "ssh", ed25519Key)
	}
	got, _ := names(t, c.call(t, "alice", "", http.MethodGet, "/v2.1/os-keypairs", ""))
	if diff := cmp.Diff([]string{"mine", "shared by me"}, got); diff != "" {
		t.Error(diff)
	}
	w := c.call(t, "alice", "", http.MethodGet, "/v2.1/os-keypairs/shared%20by%20me", "")
	if !strings.Contains(w.Body.String(), `"user_id": "`+alice+`"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := c.call(t, "alice", "", http.MethodGet, "/v2.1/os-keypairs/shared%20by%20him", ""); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRulesByMicroversion(t *testing.T) {
	d := newCloud(t).dialect
	for _, x := range []struct {
		v         openstack.Microversion
		fits, not string
		generates int
	}{
		{openstack.Microversion{}, " 한/글 ", "\x00", 1},
		{openstack.V(2, 1), "a b_-", "a.b", 2},
		{openstack.V(2, 91), "a b_-", "a@b", 2},
		{openstack.V(2, 92), "a@b.c", "..", 0},
		{openstack.V(2, 93), "a@b.c", "a+b", 0},
	} {
		r := d.KeyPairRules(x.v)
		if _, err := r.Name.Check(x.fits); err != nil {
			t.Errorf("%v: %q: %v", x.v, x.fits, err)
		}
		if _, err := r.Name.Check(x.not); err == nil {
			t.Errorf("%v takes %q", x.v, x.not)
		}
		if len(r.Generates) != x.generates || r.MaxPublicKey != 16384 || r.Owner != keypair.User || r.Quota != 100 {
			t.Errorf("%v: %+v", x.v, r)
		}
	}
}

func TestKeyTooLong(t *testing.T) {
	c := newCloud(t)
	for n, want := range map[int]int{16384: http.StatusCreated, 16385: http.StatusBadRequest} {
		key := strings.TrimSpace(ed25519Key)
		key += strings.Repeat("c", n-len(key))
		w := c.call(t, "alice", "2.10", http.MethodPost, "/v2.1/os-keypairs", `{"keypair": {"name": "long", "public_key": "`+key+`"}}`)
		if w.Code != want {
			t.Errorf("%d bytes: %d %s", n, w.Code, w.Body)
		}
		if _, text := message(t, w); want != http.StatusCreated && text != "Keypair data is invalid: the key is longer than 16384 bytes" {
			t.Error(text)
		}
	}
}

// TestNumber holds the made-up row number to what clients take it for.
func TestNumber(t *testing.T) {
	seen := map[int32]bool{}
	for i := range 1000 {
		id := fmt.Sprintf("00000000-0000-4000-8000-%012x", i)
		n := number(id)
		if n <= 0 || n != number(id) {
			t.Fatalf("%s: %d", id, n)
		}
		seen[n] = true
	}
	if len(seen) < 999 {
		t.Errorf("only %d numbers for 1000 ids", len(seen))
	}
}

func BenchmarkList100(b *testing.B) {
	c := newCloud(b)
	for i := range 100 {
		c.put(b, alice, fmt.Sprintf("key-%03d", i), "ssh", ed25519Key)
	}
	h := c.dialect.Handler()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v2.1/os-keypairs", nil)
		r.Header.Set("X-Auth-Token", "<token alice>")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
