// Package authkeys decides, as OpenSSH's sshd does, whether an authorized_keys
// file lets a public key in. The format is sshd(8), "AUTHORIZED_KEYS FILE FORMAT".
package authkeys

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// errNoMatch means that no line of the file has the key.
var errNoMatch = errors.New("no line of authorized_keys has this key")

// MaxFile is how long a file may be, in bytes; a longer one lets nobody in.
const MaxFile = 1 << 20

// Authorize returns the options of the first line that lets key in for a
// client at from. Otherwise it returns [errNoMatch], or why the line that has
// the key does not count.
func Authorize(file []byte, key ssh.PublicKey, from netip.Addr, now time.Time) (Options, error) {
	if len(file) > MaxFile {
		return Options{}, fmt.Errorf("authorized_keys has more than %d bytes", MaxFile)
	}
	if _, ok := key.(*ssh.Certificate); ok {
		return Options{}, errors.New("certificates are not accepted: no certificate authority is trusted")
	}
	blob := key.Marshal()
	reason := errNoMatch
	number := 0
	for line := range bytes.Lines(file) {
		number++
		options, ok := match(string(bytes.TrimRight(line, "\r\n")), key.Type(), blob)
		if !ok {
			continue
		}
		o, err := parseOptions(options)
		if err == nil {
			err = o.admit(from, now)
		}
		if err == nil {
			return o, nil
		}
		reason = fmt.Errorf("line %d: %w", number, err)
	}
	return Options{}, reason
}

// match tells whether the line is for the key, and returns its options.
func match(line, keyType string, blob []byte) (options string, ok bool) {
	line = strings.TrimLeft(line, " \t")
	if line == "" || line[0] == '#' {
		return "", false
	}
	if isKey(line, keyType, blob) {
		return "", true
	}
	end := optionsEnd(line)
	rest := strings.TrimLeft(line[end:], " \t")
	return line[:end], isKey(rest, keyType, blob)
}

func isKey(text, keyType string, blob []byte) bool {
	name, rest := word(text)
	if name != keyType {
		return false
	}
	encoded, _ := word(strings.TrimLeft(rest, " \t"))
	if base64.StdEncoding.DecodedLen(len(encoded)) > len(blob)+2 {
		return false
	}
	got, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && bytes.Equal(got, blob)
}

func word(s string) (first, rest string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// optionsEnd returns where the options end: at the first blank outside quotes.
func optionsEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && (s[i] == ' ' || s[i] == '\t'):
			return i
		}
	}
	return len(s)
}
