package keypair_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

func TestNameRule(t *testing.T) {
	nova := keypair.NameRule{Min: 1, Max: 255, Chars: "_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}
	newer := nova
	newer.Chars, newer.Refused = "@._- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", []string{".", ".."}
	legacy := keypair.NameRule{Min: 1, Max: 255, Trim: true}
	for _, c := range []struct {
		rule keypair.NameRule
		name string
		want string
		flaw keypair.NameReason
	}{
		{nova, "my key_1-x", "my key_1-x", 0},
		{nova, "", "", keypair.NameLength},
		{nova, strings.Repeat("a", 256), "", keypair.NameLength},
		{nova, strings.Repeat("a", 255), strings.Repeat("a", 255), 0},
		{nova, " a", "", keypair.NameUnprintable},
		{nova, "a\x00b", "", keypair.NameUnprintable},
		{nova, "a\U0001F600", "", keypair.NameUnprintable},
		{nova, "a.b", "", keypair.NameChars},
		{nova, "키", "", keypair.NameChars},
		{newer, "a.b@c", "a.b@c", 0},
		{newer, "..", "", keypair.NameRefused},
		{legacy, "  한글  ", "한글", 0},
		{legacy, "   ", "", keypair.NameLength},
		{legacy, "a/b", "a/b", 0},
		{legacy, "a\xffb", "", keypair.NameUnprintable},
	} {
		got, err := c.rule.Check(c.name)
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
		var flaw *keypair.NameFlaw
		switch {
		case c.flaw == 0 && err != nil:
			t.Errorf("%q: %v", c.name, err)
		case c.flaw != 0 && (!errors.As(err, &flaw) || flaw.Reason != c.flaw || !fault.Is(err, fault.Invalid)):
			t.Errorf("%q: got %v, want flaw %d", c.name, err, c.flaw)
		}
	}
}

// TestNameRuleOracle compares the rule with one that looks at one character at a time.
func TestNameRuleOracle(t *testing.T) {
	oracle := func(r keypair.NameRule, name string) (string, keypair.NameReason) {
		if r.Trim {
			for c, n := utf8.DecodeRuneInString(name); n > 0 && unicode.IsSpace(c); c, n = utf8.DecodeRuneInString(name) {
				name = name[n:]
			}
			for c, n := utf8.DecodeLastRuneInString(name); n > 0 && unicode.IsSpace(c); c, n = utf8.DecodeLastRuneInString(name) {
				name = name[:len(name)-n]
			}
		}
		length, bad, foreign := 0, false, false
		for rest := name; rest != ""; length++ {
			c, n := utf8.DecodeRuneInString(rest)
			printable := unicode.In(c, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs) && c <= 0xFFFF
			atEnd := len(rest) == len(name) || len(rest) == n
			if c == utf8.RuneError && n == 1 || !printable || atEnd && unicode.IsSpace(c) {
				bad = true
			}
			allowed := r.Chars == ""
			for _, a := range r.Chars {
				allowed = allowed || a == c
			}
			foreign = foreign || !allowed
			rest = rest[n:]
		}
		switch {
		case length < r.Min, length > r.Max:
			return "", keypair.NameLength
		case bad:
			return "", keypair.NameUnprintable
		case foreign:
			return "", keypair.NameChars
		}
		for _, refused := range r.Refused {
			if refused == name {
				return "", keypair.NameRefused
			}
		}
		return name, 0
	}
	letters := []rune("abZ09-_. @é한\u00a0\u3000\u200b\t\n\x00\x7f\u0085\ufffd\ue000\U0001F600")
	aName := rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom(letters), 0, 8, -1),
		rapid.StringOfN(rapid.Rune(), 0, 8, -1),
		rapid.SampledFrom([]string{".", "..", "a", " a ", "a\xff", "\xe3\x80", "a\u3000b"}),
	)
	flaws := map[keypair.NameReason]int{}
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.IntRange(0, 3).Draw(t, "min")
		rule := keypair.NameRule{
			Min: low, Max: low + rapid.IntRange(0, 6).Draw(t, "more"), Trim: rapid.Bool().Draw(t, "trim"),
			Chars:   rapid.SampledFrom([]string{"", "abZ09-_. ", "@._- abcdefghijklmnopqrstuvwxyz", string(letters)}).Draw(t, "chars"),
			Refused: rapid.SliceOfN(aName, 0, 3).Draw(t, "refused"),
		}
		for range 10 {
			name := aName.Draw(t, "name")
			want, reason := oracle(rule, name)
			got, err := rule.Check(name)
			flaws[reason]++
			var flaw *keypair.NameFlaw
			switch {
			case got != want, (err == nil) != (reason == 0):
				t.Fatalf("%+v: %q: got %q, %v, want %q, flaw %d", rule, name, got, err, want, reason)
			case err != nil && (!errors.As(err, &flaw) || flaw.Reason != reason || !fault.Is(err, fault.Invalid)):
				t.Fatalf("%+v: %q: got %v, want flaw %d", rule, name, err, reason)
			}
			if again, err := rule.Check(got); reason == 0 && (err != nil || again != got) {
				t.Fatalf("%+v: what was taken of %q is not taken again: %q, %v", rule, name, again, err)
			}
		}
	})
	for reason := range keypair.NameRefused + 1 {
		if flaws[reason] == 0 {
			t.Errorf("no name had flaw %d", reason)
		}
	}
}
