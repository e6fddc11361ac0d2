package sshkey

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const white = " \t\r\n"

// ParsePublicKey reads one line in the form of an OpenSSH .pub file or of
// authorized_keys without options: a type, spaces, base64 with or without its
// padding, and perhaps spaces and a comment. Line ends and other white space
// may follow, and nothing else. Other forms are the matter of [Accept].
//
// It accepts rsa (512 to 16384 bits), dsa, ecdsa on the NIST curves, ed25519,
// their sk- forms and certificates of all of them, and only if the blob is
// complete, exact and of the named type. Whether a key is strong enough is
// decided in package weak, how long a text may be by the caller; the work is
// linear in the length of the text.
//
// Every error is a [*ParseError].
func ParsePublicKey(text string) (PublicKey, error) {
	reading, err := Accept{}.Read(text)
	return reading.Key, err
}

// errUnknownWord is readLine's answer to a text that does not begin with a
// type; what else the text may be is for diagnose to say.
var errUnknownWord = refuse(NotPublicKey)

// readLine reads a line that begins with a type, or with options where those
// are accepted. The text has no white space behind.
func (a Accept) readLine(text string) (Reading, error) {
	if err := checkCharacters(text); err != nil {
		return Reading{}, err
	}
	line, more, _ := strings.Cut(text, "\n")
	line = strings.TrimRight(line, white)
	options := ""
	word, rest := cutWord(line)
	if !a.knows(word) {
		if options, line = cutOptions(line); !a.Options || options == "" {
			return Reading{}, errUnknownWord
		}
		if word, rest = cutWord(line); !a.knows(word) {
			return Reading{}, errUnknownWord
		}
	}
	if rest == "" && more == "" {
		return Reading{}, refuse(NotPublicKey)
	}
	blanks := " "
	if a.Space {
		blanks = " \t"
	}
	rest = strings.TrimLeft(rest, blanks)
	if rest == "" || rest[0] == '\t' {
		return Reading{}, refuse(BadStart)
	}
	encoded, comment := rest, ""
	if end := strings.IndexAny(rest, blanks); end >= 0 {
		encoded, comment = rest[:end], strings.Trim(rest[end:], white)
	}
	key, err := readBase64(word, encoded)
	if err != nil {
		err = explainLine(word, encoded, comment, err)
	}
	if more != "" {
		err = refuseLines(more, err)
	}
	if err != nil {
		return Reading{}, err
	}
	key.comment = comment
	return Reading{Key: key, Form: FormLine, Options: options}, nil
}

// families are the type words that stand for any plain key of a family where
// [Accept] says so. Alibaba's documents list them.
var families = map[string]Algorithm{"rsa": RSA, "dsa": DSA, "ecdsa": ECDSA}

// knows says whether a word is a type word.
func (a Accept) knows(word string) bool {
	if _, known := formats[word]; known {
		return true
	}
	return a.FamilyWords && families[word] != ""
}

// names says whether a line with this word may hold a blob of this type. The
// empty word takes every known type.
func names(word, inner string) bool {
	if word == inner && word != "" {
		return true // the word was found in formats before
	}
	f, known := formats[inner]
	return known && (word == "" || f.plain == inner && f.alg == families[word])
}

// cutWord divides a line after its first word, which is empty when white space
// comes first.
func cutWord(line string) (word, rest string) {
	if end := strings.IndexAny(line, " \t"); end >= 0 {
		return line[:end], line[end:]
	}
	return line, ""
}

// checkCharacters refuses control characters, for they have no place in a line
// of authorized_keys, and what is no UTF-8.
func checkCharacters(text string) error {
	ascii := true
	for i := range len(text) {
		switch c := text[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c >= ' ' && c != 0x7f, c == '\t', c == '\n', c == '\r' && i+1 < len(text) && text[i+1] == '\n':
		default:
			if !utf8.ValidString(text) {
				return refuse(NotUTF8)
			}
			return refuse(ControlCharacter)
		}
	}
	switch {
	case ascii:
		return nil
	case !utf8.ValidString(text):
		return refuse(NotUTF8)
	case strings.ContainsFunc(text, func(c rune) bool { return c >= utf8.RuneSelf && unicode.IsControl(c) }):
		return refuse(ControlCharacter)
	}
	return nil
}

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

// typeFamilies are how type words begin.
var typeFamilies = []string{"ssh-", "sk-", "ecdsa-", "rsa-", "x509v3-", "webauthn-", "spki-", "pgp-"}

// keyInside returns the type that stands somewhere in the line with the
// beginning of a blob after it, or "".
func keyInside(line string) string {
	for line != "" {
		var word string
		word, line = cutWord(strings.TrimLeft(line, " \t"))
		if _, known := formats[word]; known && strings.HasPrefix(strings.TrimLeft(line, " \t"), blobStart[:3]) {
			return word
		}
	}
	return ""
}

// refuseLines says why a text of several lines is no key, whose first line is
// one or was refused: either other things follow, or the first line's base64
// was broken into lines.
func refuseLines(more string, first error) error {
	keys, next := 0, ""
	for line := range strings.Lines(more) {
		if keyInside(line) != "" {
			keys++
		}
		if next == "" {
			next, _ = cutWord(strings.TrimLeft(line, white))
		}
	}
	switch _, startsKey := formats[next]; {
	case first != nil && !startsKey && reasonOf(first) == Damaged:
		return damaged(flawBrokenLines)
	case first != nil:
		return first
	case keys == 0:
		return refuse(TextAfter)
	case keys > 1:
		return refuse(SeveralKeys, keys+1)
	}
	return refuse(MoreThanOneKey)
}
