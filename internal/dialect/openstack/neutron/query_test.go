package neutron

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// TestManySortKeys sorts by the keys that tell the resources apart, in the
// order in which they were first named, and does not look at the others.
func TestManySortKeys(t *testing.T) {
	resources := func(n int) []openstack.Fields {
		var all []openstack.Fields
		for i := range n {
			all = append(all, openstack.Fields{openstack.F("id", fmt.Sprintf("%04d", n-i)), openstack.F("status", []string{"UP", "DOWN"}[i%2])})
		}
		return all
	}
	for query, want := range map[string]string{
		"sort_key=status&sort_key=id&sort_key=status":                                     "0001 0003 0002 0004",
		"sort_key=nosuch&sort_key=status&sort_dir=asc&sort_dir=desc":                      "0004 0002 0003 0001",
		"sort_key=id&sort_key=nosuch&sort_key=id&sort_dir=desc&sort_dir=asc&sort_dir=asc": "0004 0003 0002 0001",
	} {
		q, err := schema.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pageAsked(q)
		if err != nil {
			t.Fatal(err)
		}
		some, _, err := p.of(resources(4))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range some {
			ids = append(ids, idOf(f))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	q, err := schema.ParseQuery(strings.Repeat("sort_key=status&sort_key=nosuch&", 5000))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pageAsked(q)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, _, err := p.of(resources(1000)); err != nil || time.Since(start) > 2*time.Second {
		t.Errorf("10,000 keys took %v: %v", time.Since(start), err)
	}
}
