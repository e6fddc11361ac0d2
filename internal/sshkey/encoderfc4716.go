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
// (RFC 4716), as ssh-keygen -e does, but with the key's own comment, in quotes;
// without one there is no Comment header. Of a comment that is longer than the
// RFC allows the beginning is kept (1022 bytes). It is empty for the zero PublicKey.
func (k PublicKey) RFC4716() string {
	if k.blob == "" {
		return ""
	}
	var text strings.Builder
	text.WriteString(beginRFC4716 + "\n")
	if k.comment != "" {
		writeHeader(&text, `Comment: "`+firstBytes(k.comment, rfc4716Value-len(`""`))+`"`)
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
