package keypair

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// NameRule is which names a dialect lets people give.
type NameRule struct {
	// Min and Max bound the length in characters.
	Min, Max int
	// Chars are the characters a name may have; empty: every printable one of
	// the basic multilingual plane.
	Chars string
	// Trim drops white space at the ends before anything else is looked at.
	Trim bool
	// Refused are names that are not taken though they fit.
	Refused []string
}

// NameFlaw is what is wrong with a name; it is the Err of the Invalid fault.
type NameFlaw struct {
	Reason NameReason
	Rule   NameRule
}

// NameReason is a kind of flaw.
type NameReason uint8

// The flaws, in the order in which they are looked for.
const (
	NameLength      NameReason = iota + 1 // too short or too long
	NameUnprintable                       // white space at an end, a control character, or outside the plane
	NameChars                             // a character that is not in Chars
	NameRefused                           // one of Refused
)

// Error says the flaw in a sentence.
func (f *NameFlaw) Error() string {
	switch f.Reason {
	case NameLength:
		return fmt.Sprintf("a name has %d to %d characters", f.Rule.Min, f.Rule.Max)
	case NameUnprintable:
		return "a name has printable characters only and no white space at its ends"
	case NameChars:
		return "a name may have only these characters: " + f.Rule.Chars
	default:
		return "a name may not be " + strings.Join(f.Rule.Refused, " or ")
	}
}

// Check returns the name to store, or an Invalid fault of the field name that
// holds a [NameFlaw].
func (r NameRule) Check(name string) (string, error) {
	if r.Trim {
		name = strings.TrimSpace(name)
	}
	if reason := r.flaw(name); reason != 0 {
		f := &NameFlaw{Reason: reason, Rule: r}
		return "", &fault.Error{Kind: fault.Invalid, Resource: "key pair", Field: "name", Msg: f.Error(), Err: f}
	}
	return name, nil
}

func (r NameRule) flaw(name string) NameReason {
	if n := utf8.RuneCountInString(name); n < r.Min || n > r.Max {
		return NameLength
	}
	if !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unprintable) {
		return NameUnprintable
	}
	if r.Chars != "" && strings.Trim(name, r.Chars) != "" {
		return NameChars
	}
	if slices.Contains(r.Refused, name) {
		return NameRefused
	}
	return 0
}

// unprintable holds for what Nova counts as not printable: control, format,
// surrogate and private characters, separators but for spaces, and everything
// outside the basic multilingual plane, which it cannot store.
func unprintable(r rune) bool {
	return r > 0xFFFF || !unicode.IsGraphic(r)
}
