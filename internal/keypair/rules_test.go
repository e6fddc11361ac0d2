package keypair

import (
	"errors"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestNameRule(t *testing.T) {
	nova := NameRule{Min: 1, Max: 255, Chars: "_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}
	newer := nova
	newer.Chars, newer.Refused = "@._- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", []string{".", ".."}
	legacy := NameRule{Min: 1, Max: 255, Trim: true}
	for _, c := range []struct {
		rule NameRule
		name string
		want string
		flaw NameReason
	}{
		{nova, "my key_1-x", "my key_1-x", 0},
		{nova, "", "", NameLength},
		{nova, strings.Repeat("a", 256), "", NameLength},
		{nova, strings.Repeat("a", 255), strings.Repeat("a", 255), 0},
		{nova, " a", "", NameUnprintable},
		{nova, "a\x00b", "", NameUnprintable},
		{nova, "a\U0001F600", "", NameUnprintable},
		{nova, "a.b", "", NameChars},
		{nova, "키", "", NameChars},
		{newer, "a.b@c", "a.b@c", 0},
		{newer, "..", "", NameRefused},
		{legacy, "  한글  ", "한글", 0},
		{legacy, "   ", "", NameLength},
		{legacy, "a/b", "a/b", 0},
		{legacy, "a\xffb", "", NameUnprintable},
	} {
		got, err := c.rule.Check(c.name)
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
		var flaw *NameFlaw
		switch {
		case c.flaw == 0 && err != nil:
			t.Errorf("%q: %v", c.name, err)
		case c.flaw != 0 && (!errors.As(err, &flaw) || flaw.Reason != c.flaw || !fault.Is(err, fault.Invalid)):
			t.Errorf("%q: got %v, want flaw %d", c.name, err, c.flaw)
		}
	}
}
