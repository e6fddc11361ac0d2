package sshkey

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// pasted is a text that begins with no key type, taken apart. It has no white
// space around it.
type pasted struct {
	text string
	line string // the first line, without white space behind
	word string // the first word of line
	rest string // what follows the word in line, without white space around
}

func newPasted(text string) pasted {
	p := pasted{text: strings.Trim(text, white)}
	p.line, _, _ = strings.Cut(p.text, "\n")
	p.line = strings.TrimRight(p.line, white)
	p.word, p.rest = cutWord(p.line)
	p.rest = strings.Trim(p.rest, white)
	return p
}

// recognisers find out what people send instead of a key. Their order matters:
// what encloses a key comes before the key, and what is certain before what is
// likely. Each returns the refusal, or nil when it does not recognise the text.
var recognisers = []func(pasted) error{
	when(IsMarkup, isMarkup),
	when(IsJSON, isJSON),
	recogniseArmour,
	recogniseInvisible,
	when(InQuotes, isQuoted),
	when(IsComment, func(p pasted) bool { return p.line[0] == '#' }),
	when(IsSSH1, isSSH1),
	when(IsFingerprint, isFingerprintText),
	when(IsURL, isURL),
	when(IsFileName, isFileName),
	when(IsCommand, isCommand),
	recogniseTwiceEncoded,
	recogniseMissingSpace,
	recogniseMissingType,
	recogniseBareDER,
	recogniseMisspelled,
	recogniseSurrounded,
}

// when returns the recogniser of a reason that has no more to say.
func when(reason Reason, recognises func(pasted) bool) func(pasted) error {
	return func(p pasted) error {
		if recognises(p) {
			return refuse(reason)
		}
		return nil
	}
}

// diagnose returns why a text is no key. notLine is why it is no line of one;
// only where the text does not begin with a type is there more to find out.
func diagnose(text string, notLine error) error {
	if !errors.Is(notLine, errUnknownWord) {
		return notLine
	}
	p := newPasted(text)
	if p.text == "" {
		return refuse(NotPublicKey)
	}
	if _, known := formats[p.word]; !known {
		for _, recognise := range recognisers {
			if err := recognise(p); err != nil {
				return err
			}
		}
	}
	indented := strings.ContainsRune(white, rune(text[0]))
	switch {
	case indented && looksLikeType(p.word):
		return refuse(BadStart)
	case !indented && looksLikeType(p.word) && p.line != p.word:
		return refuse(UnsupportedType, p.word)
	}
	return refuse(NotPublicKey)
}

// recogniseArmour finds the first line of a public thing that is no OpenSSH line.
func recogniseArmour(p pasted) error {
	if reason := armourOf(p.text); reason != 0 {
		return refuse(reason)
	}
	return nil
}

// isMarkup says whether the text begins with a tag.
func isMarkup(p pasted) bool {
	tag, ok := strings.CutPrefix(p.text, "<")
	if !ok {
		return false
	}
	if tag != "" && (tag[0] == '!' || tag[0] == '?') {
		return true
	}
	tag = strings.TrimPrefix(tag, "/")
	const longest = 16
	end := strings.IndexAny(tag[:min(len(tag), longest)], " >/\t\r\n")
	return end > 0 && markupTags[strings.ToLower(tag[:end])]
}

// markupTags are the tags that stand around what is copied from a page. Not
// every word in angle brackets is one: documents write "<your key>".
var markupTags = map[string]bool{
	"html": true, "head": true, "body": true, "meta": true, "title": true, "script": true, "style": true,
	"div": true, "span": true, "p": true, "pre": true, "code": true, "br": true, "a": true, "b": true, "i": true,
	"table": true, "tr": true, "td": true, "ul": true, "ol": true, "li": true, "form": true, "input": true,
	"textarea": true, "font": true, "h1": true, "h2": true, "h3": true, "rsakeyvalue": true,
}

// isJSON says whether the text begins as a JSON object, or an array of things.
func isJSON(p pasted) bool {
	inner := strings.TrimLeft(p.text[1:], white)
	switch p.text[0] {
	case '{':
		return strings.HasPrefix(inner, `"`)
	case '[':
		return strings.HasPrefix(inner, `"`) || strings.HasPrefix(inner, "{")
	}
	return false
}

// quotes are the marks that people and programs put around texts.
const quotes = "\"'`“”„‘’«»「」"

// isQuoted says whether a mark stands before a key.
func isQuoted(p pasted) bool {
	inner := strings.TrimLeft(p.line, quotes)
	word, _ := cutWord(inner)
	_, known := formats[word]
	return known && len(inner) < len(p.line)
}

// recogniseTwiceEncoded finds a whole line that was encoded in base64 once more.
func recogniseTwiceEncoded(p pasted) error {
	const enough = 64 // base64 characters, within which every type ends
	start := p.word[:min(len(p.word), enough)]
	decoded, flawed := decodeBase64(start[:len(start)&^3])
	if !flawed.none() || !utf8.ValidString(decoded) {
		return nil
	}
	word, rest := cutWord(decoded)
	if _, known := formats[word]; known && rest != "" {
		return refuse(EncodedTwice)
	}
	return nil
}
