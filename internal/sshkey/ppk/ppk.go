// Package ppk reads and writes PuTTY's private key files (.ppk), versions 2
// and 3, as appendix C of PuTTY's manual has them: "PPK file format".
//
// It knows the file and not the keys inside: both halves are bytes to it.
package ppk

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Version is the version of the file format.
type Version int

// The versions that there are, apart from 1, which no release of PuTTY wrote.
const (
	V2 Version = 2 // PuTTY 0.52 to 0.74: HMAC-SHA-1, and a passphrase hashed once
	V3 Version = 3 // PuTTY 0.75 and later: HMAC-SHA-256 and Argon2
)

// File is what a file says once it is open.
type File struct {
	Version Version
	Type    string // SSH's name of the key type, as in "ssh-rsa"
	Comment string // any bytes but CR and LF
	Public  []byte // the public key's wire blob
	Private Secret // the private key's fields
}

// Secret is the private half of a key. fmt and slog print a placeholder,
// encoders fail; only [Secret.Bytes] gives it away.
type Secret struct {
	// A closure, because printers that go by reflection find no more than its address.
	open func() []byte
}

// Hide returns a secret of some bytes, which it does not copy.
func Hide(b []byte) Secret { return Secret{func() []byte { return b }} }

// Bytes returns the secret's bytes; nil for the zero Secret.
func (s Secret) Bytes() []byte {
	if s.open == nil {
		return nil
	}
	return s.open()
}

const redacted = "[secret]"

// errMarshal is what encoders get.
var errMarshal = errors.New("ppk: a private key is never marshalled")

// String hides the secret.
func (Secret) String() string { return redacted }

// GoString hides the secret.
func (Secret) GoString() string { return redacted }

// Format hides the secret from every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText always fails; JSON and XML encoders call it.
func (Secret) MarshalText() ([]byte, error) { return nil, errMarshal }

// MarshalBinary always fails; gob calls it.
func (Secret) MarshalBinary() ([]byte, error) { return nil, errMarshal }

// What is wrong with a file, apart from its syntax, see [SyntaxError].
var (
	ErrNotPPK            = errors.New("ppk: not a PuTTY private key file")
	ErrTooLong           = errors.New("ppk: the file is too long")
	ErrVersion           = errors.New("ppk: the file's version is not supported")
	ErrEncryption        = errors.New("ppk: the file's encryption is not supported")
	ErrKeyDerivation     = errors.New("ppk: the file's key derivation is not supported")
	ErrTooCostly         = errors.New("ppk: the file asks for too much work to open it")
	ErrPassphraseMissing = errors.New("ppk: the file is protected by a passphrase")
	// ErrPassphraseWrong may also mean a damaged file: with a passphrase the
	// two look the same.
	ErrPassphraseWrong = errors.New("ppk: the passphrase is wrong")
	ErrMAC             = errors.New("ppk: the file was damaged or changed: its MAC is wrong")
)

// SyntaxError says where a file is not laid out as it should be.
type SyntaxError struct {
	Line int    // from 1
	Want string // what should stand there: a header's name, or "base64"
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("ppk: line %d is damaged; there should be %s", e.Line, e.Want)
}
