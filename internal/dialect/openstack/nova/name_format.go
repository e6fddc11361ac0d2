package nova

import (
	"strings"
	"unicode"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

const (
	lettersAndDigits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	badName          = "An invalid 'name' value was provided. The name must be: "
)

// nameFormat is the rule for key pair names: marks, letters and digits, and no
// white space at the ends. Nova looks at the ends and at unprintable characters
// first, and at the list of expected ones afterwards.
func nameFormat(marks string) *schema.Format {
	expected := marks + lettersAndDigits
	return &schema.Format{Name: "keypair_name", Check: func(s string) (string, bool) {
		switch {
		case !printableWithin(s):
			return badName + "printable characters. Can not start or end with whitespace.", false
		case strings.Trim(s, expected) != "":
			return badName + "Only expected characters: [" + expected + "]", false
		case s == "." || s == "..":
			// Nova takes these, and no URL can name them afterwards.
			return badName + "not '.' or '..'.", false
		}
		return "", true
	}}
}

// legacyNameFormat is the rule for names under /v2, which loses the white space
// around a name: [nameMeant].
var legacyNameFormat = &schema.Format{Name: "name_with_leading_trailing_spaces", Check: func(s string) (string, bool) {
	inner := strings.TrimFunc(s, isSpace)
	if inner == "" || !printableWithin(inner) {
		return badName + "printable characters with at least one non space character", false
	}
	return "", true
}}

// nameMeant returns the name that a request under /v2 means.
func nameMeant(s string) string { return strings.TrimSpace(s) }

// printableWithin reports whether s begins and ends with a visible character
// and has only visible characters and spaces in between.
func printableWithin(s string) bool {
	for _, r := range s {
		if !printable(r) {
			return false
		}
	}
	return s != "" && strings.TrimFunc(s, isSpace) == s
}

// printable is Nova's idea of it: no control, format or unassigned character,
// no line or paragraph separator, and nothing outside the Basic Multilingual
// Plane (nova/api/validation/parameter_types.py).
func printable(r rune) bool { return r < 0xffff && unicode.IsGraphic(r) }

func isSpace(r rune) bool { return unicode.Is(unicode.Zs, r) }
