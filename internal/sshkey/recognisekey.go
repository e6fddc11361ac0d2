package sshkey

import (
	"crypto/x509"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
)

// Recognisers of a key that something is missing of, or stands before.

// recogniseInvisible finds a character that nobody sees in or after the type:
// a byte order mark, a zero-width or a no-break space.
func recogniseInvisible(p pasted) error {
	const near = 128 // bytes, within which every type ends
	start, first := p.line[:min(len(p.line), near)], utf8.RuneError
	clean := strings.Map(func(c rune) rune {
		odd := c >= utf8.RuneSelf && unicode.In(c, unicode.Cf, unicode.Z)
		if odd && first == utf8.RuneError {
			first = c
		}
		switch {
		case odd && unicode.Is(unicode.Z, c):
			return ' '
		case odd:
			return -1
		}
		return c
	}, start)
	word, _ := cutWord(strings.TrimLeft(clean, " "))
	if _, known := formats[word]; known && first != utf8.RuneError {
		return refuse(InvisibleCharacter, fmt.Sprintf("U+%04X", first))
	}
	return nil
}

// separators are what stands between type and base64 where a space was lost.
var separators = []string{"", "+", "%20", ",", ":", ";", "=", "_", "-", `\t`, `\n`}

// recogniseMissingSpace finds a type that the base64 follows without a space,
// and says so too when the comment is glued to the end.
func recogniseMissingSpace(p pasted) error {
	at := strings.Index(p.word, blobStart)
	if at < 0 {
		return nil
	}
	for _, separator := range separators {
		kind, ok := strings.CutSuffix(p.word[:at], separator)
		if _, known := formats[kind]; !ok || !known {
			continue
		}
		encoded := p.word[at:]
		if n := keyEnd(kind, encoded); n > 0 && strings.Trim(encoded[n:], "=") != "" {
			return refuse(MissingSpaces, kind, n)
		}
		return refuse(MissingSpace, kind)
	}
	return nil
}

// recogniseMissingType finds a line that begins with its base64.
func recogniseMissingType(p pasted) error {
	if kind := encodedType(p.word); kind != "" {
		return refuse(MissingType, kind)
	}
	return nil
}

// encodedType returns the known type that the base64 of a blob begins with, or "".
func encodedType(encoded string) string {
	kind := encodedWord(encoded)
	if _, known := formats[kind]; !known {
		return ""
	}
	return kind
}

// encodedWord returns the first field of the blob that base64 begins with, or
// "" when it is cut short.
func encodedWord(encoded string) string {
	const enough = 92 // base64 characters, within which every type ends
	if !strings.HasPrefix(encoded, blobStart) {
		return ""
	}
	start := encoded[:min(len(encoded), enough)]
	run := start[:len(start)-len(strings.TrimLeft(start, base64Alphabet))]
	decoded, _ := decodeBase64(run[:len(run)&^3])
	r := wireReader{rest: decoded}
	return r.text()
}

// recogniseBareDER finds a certificate or PEM public key that lost its first
// and last line.
func recogniseBareDER(p pasted) error {
	der, ok := bareDER(p.text)
	if !ok {
		return nil
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return refuse(IsCertificate)
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return refuse(IsCertificateRequest)
	}
	if _, err := spkiBlob(cryptobyte.String(der)); err == nil {
		return refuse(BareDER, "PUBLIC KEY")
	}
	if _, err := rsaBlob(cryptobyte.String(der)); err == nil {
		return refuse(BareDER, "RSA PUBLIC KEY")
	}
	return nil
}

// bareDER decodes a text that is the base64 of a DER sequence.
func bareDER(text string) (der []byte, ok bool) {
	if text == "" || text[0] != 'M' {
		return nil, false
	}
	decoded, wrong := decodeBase64(joinLines(text))
	return []byte(decoded), wrong.none()
}

// recogniseSurrounded finds a key with something before it on its line.
func recogniseSurrounded(p pasted) error {
	kind := keyInside(p.rest)
	switch {
	case kind == "" || looksLikeType(p.word):
		return nil
	case isOptions(p.line):
		return refuse(HasOptions)
	case isKnownHost(p):
		return refuse(IsKnownHost)
	}
	return refuse(TextBefore, kind)
}

// isOptions says whether a line begins as with options, be their names known
// to this sshd or not.
func isOptions(line string) bool {
	first := line[:len(line)-len(strings.TrimLeft(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"))]
	return isOption(first) || strings.HasPrefix(line[len(first):], `="`)
}

// isKnownHost says whether a line is one of known_hosts (sshd(8),
// SSH_KNOWN_HOSTS FILE FORMAT): perhaps a marker, then hosts or their hash,
// then the key. A word without any punctuation of a host's is more likely
// something else.
func isKnownHost(p pasted) bool {
	hosts, rest := p.word, p.rest
	if hosts == "@cert-authority" || hosts == "@revoked" {
		hosts, rest = cutWord(rest)
		rest = strings.TrimLeft(rest, " \t")
	}
	kind, _ := cutWord(rest)
	_, known := formats[kind]
	return known && strings.ContainsAny(hosts, ".:,[*|") && !strings.HasSuffix(hosts, ":")
}
