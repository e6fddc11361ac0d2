package openstack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOrder(t *testing.T) {
	name := By(func(s string) string { return s })
	size := By(func(s string) int { return len(s) })
	for _, c := range []struct {
		order func(*Order[string])
		want  string
	}{
		{func(*Order[string]) {}, "bb a ccc aa"},
		{func(o *Order[string]) { o.Then("name", name, false) }, "a aa bb ccc"},
		{func(o *Order[string]) { o.Then("size", size, true) }, "ccc bb aa a"},
		{func(o *Order[string]) { o.Then("size", size, false); o.Then("name", name, false) }, "a aa bb ccc"},
		{func(o *Order[string]) { o.Then("size", size, false); o.Then("size", size, true) }, "a bb aa ccc"},
	} {
		var o Order[string]
		c.order(&o)
		all := []string{"bb", "a", "ccc", "aa"}
		o.Sort(all)
		if got := strings.Join(all, " "); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestOrderOfMany sorts by a column that was named many times.
func TestOrderOfMany(t *testing.T) {
	var o Order[int]
	same := func(int, int) int { return 0 }
	for range 100_000 {
		o.Then("a", same, false)
		o.Then("b", same, true)
	}
	all := make([]int, 10_000)
	start := time.Now()
	if o.Sort(all); time.Since(start) > 2*time.Second {
		t.Errorf("sorting took %v", time.Since(start))
	}
}

func TestAfter(t *testing.T) {
	for marker, want := range map[string]string{"": "[a b c] true", "a": "[b c] true", "c": "[] true", "d": "[] false"} {
		rest, ok := After(slices.Clone([]string{"a", "b", "c"}), marker, func(s string) string { return s })
		if got := fmt.Sprint(rest, ok); got != want {
			t.Errorf("after %q: %s, want %s", marker, got, want)
		}
	}
}
