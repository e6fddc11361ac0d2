package sshkey

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

const white = " \t\r\n"

// ParsePublicKey reads one line in the form of an OpenSSH .pub file or of
// authorized_keys without options: a type, spaces, base64 with or without its
// padding, and perhaps spaces and a comment. Line ends and other white space
// may follow, and nothing else.
//
// It accepts rsa (512 to 16384 bits), dsa, ecdsa on the NIST curves, ed25519,
// their sk- forms and v01 certificates of all of them, and only if the blob is
// complete, exact and of the named type. Whether a key is strong enough is
// decided in package weak, how long a text may be by the caller; the work is
// linear in the length of the text.
//
// Every error is a [*ParseError].
func ParsePublicKey(text string) (PublicKey, error) {
	// First of all, so that no other error can say anything about such a text.
	if holdsPrivateKey(text) {
		return PublicKey{}, refuse(IsPrivateKey)
	}
	line, more, err := firstLine(text)
	if err != nil {
		return PublicKey{}, err
	}
	word, rest := line, ""
	if end := strings.IndexAny(line, " \t"); end >= 0 {
		word, rest = line[:end], line[end:]
	}
	if _, known := formats[word]; !known {
		return PublicKey{}, refuseWord(text, word, rest)
	}
	if rest == "" && more == "" {
		return PublicKey{}, refuse(NotPublicKey)
	}
	rest = strings.TrimLeft(rest, " ")
	if rest == "" || rest[0] == '\t' {
		return PublicKey{}, refuse(BadStart)
	}
	encoded, comment, _ := strings.Cut(rest, " ")
	key, err := readBase64(word, encoded)
	if more != "" {
		return PublicKey{}, refuseLines(more, err)
	}
	if err != nil {
		return PublicKey{}, err
	}
	key.comment = strings.Trim(comment, white)
	return key, nil
}

// firstLine checks the characters of the whole text, and divides it into its
// first line and what follows that, both without white space behind.
func firstLine(text string) (line, more string, err error) {
	text = strings.TrimRight(text, white)
	if text == "" {
		return "", "", refuse(NotPublicKey)
	}
	if !utf8.ValidString(text) {
		return "", "", refuse(NotUTF8)
	}
	line, more, _ = strings.Cut(text, "\n")
	if strings.ContainsFunc(strings.ReplaceAll(text, "\r\n", "\n"), isForbidden) {
		return "", "", refuse(ControlCharacter)
	}
	return strings.TrimRight(line, white), more, nil
}

// isForbidden says whether a character may stand nowhere in the text. Where
// tabs and line feeds may stand is for the parser to say.
func isForbidden(c rune) bool { return unicode.IsControl(c) && c != '\t' && c != '\n' }

// refuseWord says why a text that does not begin with a known type is no key.
// word is empty when white space comes first.
func refuseWord(text, word, rest string) error {
	if armour := armourOf(text); armour != 0 {
		return refuse(armour)
	}
	switch {
	case word == "":
		if first, _, _ := strings.Cut(strings.TrimLeft(text, white), " "); looksLikeType(first) {
			return refuse(BadStart)
		}
	case rest != "" && looksLikeType(word):
		return refuse(UnsupportedType, word)
	case hasKeyInside(rest):
		return refuse(HasOptions)
	}
	return refuse(NotPublicKey)
}

// typeFamilies are how type words begin.
var typeFamilies = []string{"ssh-", "sk-", "ecdsa-", "rsa-", "x509v3-", "webauthn-", "spki-", "pgp-"}

// looksLikeType says whether a word has the shape of a key type, so that it
// may be repeated in an error. Base64 has no hyphen and is not all lower case,
// so nothing secret has this shape.
func looksLikeType(word string) bool {
	const longest = 64 // RFC 4251 section 6
	if len(word) > longest {
		return false
	}
	for _, c := range []byte(word) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-.@", rune(c)) {
			return false
		}
	}
	for _, family := range typeFamilies {
		if strings.HasPrefix(word, family) {
			return true
		}
	}
	return false
}

// hasKeyInside says whether a known type and the beginning of a blob stand
// somewhere in the line, as they do after authorized_keys options.
func hasKeyInside(line string) bool {
	for line != "" {
		var word string
		word, line, _ = strings.Cut(strings.TrimLeft(line, " \t"), " ")
		// Every blob begins with a length below 2^16, hence with "AAA".
		if _, known := formats[word]; known && strings.HasPrefix(strings.TrimLeft(line, " "), "AAA") {
			return true
		}
	}
	return false
}

// refuseLines says why a text of several lines is no key: either the first
// line is a whole key, or its base64 was broken into lines.
func refuseLines(more string, first error) error {
	if first == nil {
		return refuse(MoreThanOneKey)
	}
	word, _, _ := strings.Cut(strings.TrimLeft(more, white), " ")
	if _, known := formats[word]; known {
		return first
	}
	return damaged(flawBrokenLines)
}

// readBase64 reads the blob of a line that names a type.
func readBase64(word, encoded string) (PublicKey, error) {
	blob, err := decodeBase64(encoded)
	if err != nil {
		return PublicKey{}, err
	}
	r := wireReader{rest: blob}
	inner := r.text()
	if !r.flaw.none() {
		return PublicKey{}, refuse(Damaged, r.flaw)
	}
	if inner != word {
		if !looksLikeType(inner) {
			return PublicKey{}, damaged(flawNoType)
		}
		return PublicKey{}, refuse(TypeMismatch, word, inner)
	}
	key, wrong := readBlob(word, blob)
	if !wrong.none() {
		return PublicKey{}, refuse(Damaged, wrong)
	}
	return key, nil
}

// unpadded refuses bits beyond the last byte, as OpenSSH does: one blob has
// one base64.
var unpadded = base64.RawStdEncoding.Strict()

// decodeBase64 decodes base64 with or without padding.
func decodeBase64(encoded string) (blob string, err error) {
	body := strings.TrimRight(encoded, "=")
	switch padding := len(encoded) - len(body); {
	case len(body)%4 == 1:
		return "", damaged(flawCutShort)
	case padding > 0 && len(encoded)%4 != 0, padding > 2:
		return "", damaged(flawPadding)
	}
	decoded, err := unpadded.DecodeString(body)
	if bad := base64.CorruptInputError(0); errors.As(err, &bad) {
		if isBase64(body) {
			return "", damaged(flawLastChar)
		}
		return "", damaged(flawChar, int64(bad)+1)
	}
	return string(decoded), nil
}

// isBase64 says whether every character is one of the alphabet's.
func isBase64(body string) bool {
	return strings.Trim(body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == ""
}
