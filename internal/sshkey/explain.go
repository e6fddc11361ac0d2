package sshkey

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// explainLine looks for the mistake behind the refusal of a line's base64
// part. It returns the refusal itself when it finds none.
func explainLine(word, encoded, comment string, refused error) error {
	if reasonOf(refused) != Damaged {
		return refused
	}
	// What puttygen -l prints: the type, the size and the fingerprint.
	if shown, _ := cutWord(comment); isNumber(encoded) && isFingerprint(shown) {
		return refuse(IsFingerprint)
	}
	if _, known := formats[encoded]; known {
		return damaged(flawTypeTwice)
	}
	if strings.Contains(encoded, "...") || strings.Contains(encoded, "…") {
		return damaged(flawElided)
	}
	if comment != "" && keyEnd(word, encoded+"+"+strings.ReplaceAll(comment, " ", "+")) > len(encoded) {
		return damaged(flawPlusLost)
	}
	// A blob that was decoded has its own flaw, and needs no other.
	if _, wrong := decodeBase64(encoded); !wrong.none() {
		if wrong.wording == flawLastChar && isCutShort(encoded) {
			return damaged(flawCutShort)
		}
		if n := keyEnd(word, encoded); n > 0 {
			switch rest := encoded[n:]; {
			case strings.HasPrefix(rest, `\n`), strings.HasPrefix(rest, `\r\n`):
				return damaged(flawEscape, n)
			case strings.Trim(rest, "=") != "" && rest[0] != '\t':
				return damaged(flawNoBlank, n)
			}
		}
	}
	return refused
}

// isCutShort says whether base64 that ends with a wrong character was cut off
// there.
func isCutShort(encoded string) bool {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	r := wireReader{rest: string(decoded)}
	inner := r.text()
	if _, known := formats[inner]; known {
		_, r.flaw = readBlob(inner, string(decoded))
	}
	return err == nil && r.flaw.wording == flawCutShort
}

// characterFlaw says what is wrong with the character at an offset, which is
// the first one that is not base64.
func characterFlaw(encoded string, at int) flaw {
	from, n := encoded[at:], at+1
	c, _ := utf8.DecodeRuneInString(from)
	switch {
	case c >= utf8.RuneSelf:
		return flaw{flawTypographic, []any{n, fmt.Sprintf("U+%04X", c)}}
	case c == '\t':
		return flaw{flawTab, []any{n}}
	case c == '=':
		return flaw{flawPadInside, []any{n}}
	case c == '%' && isPercentEscape(from):
		return flaw{flawPercent, []any{n}}
	case (c == '-' || c == '_') && strings.Trim(from, base64Alphabet+"-_") == "":
		return flaw{flawURLSafe, []any{n}}
	case strings.ContainsRune("!#$()*,-.:;?@[]^_{|}~", c): // what no markup, template or log gives a meaning
		return flaw{flawCharIs, []any{n, string(c)}}
	}
	return flaw{flawChar, []any{n}}
}

// isPercentEscape says whether the text begins with the URL encoding of a
// character that base64 has (RFC 3986 section 2.1).
func isPercentEscape(text string) bool {
	for _, escape := range [...]string{"%2B", "%2F", "%3D", "%2b", "%2f", "%3d"} {
		if strings.HasPrefix(text, escape) {
			return true
		}
	}
	return false
}

// keyEnd returns after how many characters the whole key that a text begins
// with ends, its padding included, or 0 when it begins with none.
func keyEnd(word, text string) int {
	run := text[:len(text)-len(strings.TrimLeft(text, base64Alphabet))]
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	decoded, err := base64.RawStdEncoding.DecodeString(run)
	if err != nil {
		return 0
	}
	blob := string(decoded)
	r := wireReader{rest: blob}
	inner := r.text()
	if _, known := formats[inner]; !known || !names(word, inner) {
		return 0
	}
	_, wrong := readBlob(inner, blob)
	if wrong.wording == flawTrailing {
		blob = blob[:len(blob)-wrong.args[0].(int)]
		_, wrong = readBlob(inner, blob)
	}
	if !wrong.none() {
		return 0
	}
	n := base64.RawStdEncoding.EncodedLen(len(blob))
	for padding := (4 - n%4) % 4; padding > 0 && n < len(text) && text[n] == '='; padding-- {
		n++
	}
	return n
}
