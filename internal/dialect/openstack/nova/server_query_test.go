package nova

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		ok      bool
	}{
		{"", true},
		{"^web-[0-9]{1,3}$", true},
		{"(a|b)+.*[^x]", true},
		{"키.*", true},
		{`^\pL\w+$`, true},
		{strings.Repeat("a", 255), true},
		{"(", false},
		{"a{1,9999}", false},
		{"(?<", false},
		{"((a{1,10}){1,10}){1,3}", true},
		{strings.Repeat("((a{1,10}){1,10}){1,10}", 2), false},
		{strings.Repeat("a", 2*maxPattern), false},
	} {
		if got := isPattern(c.pattern); got != c.ok {
			t.Errorf("%.40q: %v", c.pattern, got)
		}
	}
}
