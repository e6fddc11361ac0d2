package sshkey

import (
	"errors"
	"strings"
)

// Accept says which forms of a public key [Accept.Read] takes beside the one
// that every cloud takes: one OpenSSH line, "type base64 [comment]". The zero
// Accept takes that line and nothing else.
type Accept struct {
	RFC4716     bool // "---- BEGIN SSH2 PUBLIC KEY ----", as ssh-keygen -e and PuTTYgen write it
	PEM         bool // "RSA PUBLIC KEY" (PKCS#1) and "PUBLIC KEY" (SubjectPublicKeyInfo)
	Blob        bool // the base64 of a wire blob alone, without a type word
	FamilyWords bool // "rsa", "dsa" and "ecdsa" as type words for any plain key of the family
	Options     bool // authorized_keys options before the type; they are reported
	Space       bool // a byte order mark and white space around, tabs between the parts
	Wrapped     bool // one key whose base64 was broken into lines
}

// Form is how a public key was written.
type Form uint8

// The forms that [Accept.Read] tells apart.
const (
	FormLine    Form = iota + 1 // one line of a .pub file or of authorized_keys
	FormRFC4716                 // RFC 4716
	FormPKCS1                   // PEM "RSA PUBLIC KEY" (RFC 8017 appendix A.1.1)
	FormSPKI                    // PEM "PUBLIC KEY" (RFC 7468 section 13)
	FormBlob                    // the base64 of the wire blob alone
)

var formNames = [...]string{"unknown", "OpenSSH line", "RFC 4716", "PKCS#1 PEM", "SPKI PEM", "bare blob"}

// String returns the name of the form in English, for reports.
func (f Form) String() string {
	if int(f) >= len(formNames) {
		f = 0
	}
	return formNames[f]
}

// Reading is a public key and how it was written.
type Reading struct {
	Key  PublicKey
	Form Form
	// Options is what stood before the type of an authorized_keys line,
	// without the white space around it, quotes and backslashes as they were
	// written. They are no part of Key.
	Options string
}

// Read reads one public key in one of the accepted forms. It takes the key
// only if its blob is complete, exact and of the named type, see
// [ParsePublicKey]; a private key anywhere in the text is refused before
// anything else is said about it. The work and the memory are linear in the
// length of the text, which the caller bounds.
//
// Every error is a [*ParseError].
func (a Accept) Read(text string) (Reading, error) {
	if a.Space {
		text = strings.TrimLeft(strings.TrimPrefix(text, byteOrderMark), white)
	}
	text = strings.TrimRight(text, white)
	reading, err := a.readLine(text)
	if err != nil {
		// First of all, so that no other error can say anything about such a text.
		if private := privateKeyIn(text); private != 0 {
			return Reading{}, refuse(private)
		}
		if reading, err = a.readOther(text, err); err != nil {
			return Reading{}, err
		}
	}
	// Beside a blob that was read to its last byte, a private key has only
	// these places to hide in.
	for _, beside := range [...]string{reading.Key.comment, reading.Options} {
		if private := privateKeyIn(beside); private != 0 {
			return Reading{}, refuse(private)
		}
	}
	return reading, nil
}

const byteOrderMark = "\ufeff"

// armouredForms are the forms that begin and end with a line of their own.
var armouredForms = []struct {
	form     Form
	accepted func(Accept) bool
	begin    string
	read     func(body string) (PublicKey, error)
}{
	{FormRFC4716, func(a Accept) bool { return a.RFC4716 }, beginRFC4716, readRFC4716},
	{FormPKCS1, func(a Accept) bool { return a.PEM }, beginPKCS1, readPKCS1},
	{FormSPKI, func(a Accept) bool { return a.PEM }, beginSPKI, readSPKI},
}

// readOther reads a text that is no line in one of the other accepted forms,
// and says why when it is in none of them.
func (a Accept) readOther(text string, notLine error) (Reading, error) {
	for _, f := range armouredForms {
		if !f.accepted(a) || !strings.HasPrefix(strings.TrimLeft(text, white), f.begin) {
			continue
		}
		body, err := armourBody(text, f.begin)
		if err != nil {
			return Reading{}, err
		}
		key, err := f.read(body)
		return Reading{Key: key, Form: f.form}, err
	}
	if a.Blob && strings.HasPrefix(text, blobStart) && !strings.ContainsAny(text, " \t") {
		key, err := a.readBareBlob(text)
		return Reading{Key: key, Form: FormBlob}, err
	}
	if a.Wrapped && !errors.Is(notLine, errUnknownWord) {
		return a.readWrapped(text, notLine)
	}
	return Reading{}, diagnose(text, notLine)
}

// blobStart is how the base64 of every blob begins: with the length of a type
// word, of which three bytes are zero.
const blobStart = "AAAA"

// readBareBlob reads the base64 of a blob that stands alone.
func (a Accept) readBareBlob(text string) (PublicKey, error) {
	if strings.ContainsAny(text, "\r\n") {
		if !a.Wrapped {
			return PublicKey{}, damaged(flawBrokenLines)
		}
		text = joinLines(text)
	}
	return readBase64("", text)
}
