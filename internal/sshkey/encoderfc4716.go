package sshkey

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	// rfc4716Header is the longest line of a header, and rfc4716Value the
	// longest value, in bytes (RFC 4716 sections 3.3 and 3.3.3).
	rfc4716Header = 72
	rfc4716Value  = 1024
	// rfc4716Base64 is how long ssh-keygen makes the lines of base64; the RFC
	// allows 72.
	rfc4716Base64 = 70
)

// RFC4716 returns the key or certificate in the format of SSH.com and others
// (RFC 4716), as ssh-keygen -e does, but with the key's own comment, in quotes,
// as far as the format can carry it; without one there is no Comment header.
// It is empty for the zero PublicKey.
func (k PublicKey) RFC4716() string {
	if k.blob == "" {
		return ""
	}
	var text strings.Builder
	text.WriteString(beginRFC4716 + "\n")
	if comment := rfc4716Comment(k.comment); comment != "" {
		writeHeader(&text, `Comment: "`+comment+`"`)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(k.blob))
	for encoded != "" {
		n := min(len(encoded), rfc4716Base64)
		text.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	text.WriteString(endOf(beginRFC4716) + "\n")
	return text.String()
}

// rfc4716Comment returns what can be written of a comment: nothing when it
// looks like the format's own first or last line, and only as much as fits one
// line when a colon in a later one would be taken for another header, both by
// ssh-keygen -i, and else up to the RFC's limit.
func rfc4716Comment(comment string) string {
	limit := rfc4716Value - len(`""`)
	switch {
	case strings.Contains(comment, "----"), strings.Contains(comment, " END "):
		return ""
	case strings.Contains(comment, ": "):
		limit = rfc4716Header - len(`Comment: ""`)
	}
	return firstBytes(comment, limit)
}

// writeHeader writes a header in lines that end in a backslash where they go on.
func writeHeader(text *strings.Builder, header string) {
	for len(header) > rfc4716Header {
		line := firstBytes(header, rfc4716Header-len(`\`))
		text.WriteString(line + "\\\n")
		header = header[len(line):]
	}
	text.WriteString(header + "\n")
}

// firstBytes returns the first bytes of a text, at most n, and whole characters.
func firstBytes(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
