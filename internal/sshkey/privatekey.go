package sshkey

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// redacted is what every printer gets.
const redacted = "[private key]"

// errMarshal is what every encoder gets. It is an error and not the redacted
// text, so that a response which tries to carry a private key by accident
// fails in the first test instead of handing out a useless text.
var errMarshal = errors.New("sshkey: a private key is never marshalled; ask for its Text")

// PrivateKey is the private half of a key pair that was just made, or that a
// file was read for. Its text comes out only through [PrivateKey.Text] and
// [PrivateKey.Encode]: fmt and slog print "[private key]", encoders fail. The
// zero PrivateKey is no key; only its printing may be asked of it.
type PrivateKey struct {
	// A closure, because printers that go through a struct by reflection,
	// ignoring its methods, find no more than a function's address.
	open func() material
}

// material is what a PrivateKey hides.
type material struct {
	signer crypto.Signer
	public ssh.PublicKey
	text   string
}

// newPrivateKey wraps an RSA, Ed25519 or ECDSA key. It encodes at once, so
// that nothing can fail after a key pair was stored.
func newPrivateKey(signer crypto.Signer) (PrivateKey, error) {
	public, err := ssh.NewPublicKey(signer.Public())
	if err != nil {
		return PrivateKey{}, fmt.Errorf("encode a public key: %w", err)
	}
	hidden := material{signer: signer, public: public}
	text, err := encodePEM(hidden, "", nil)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("encode a private key: %w", err)
	}
	hidden.text = string(text)
	return PrivateKey{open: func() material { return hidden }}, nil
}

// withText returns the same key with another text.
func (k PrivateKey) withText(text string) PrivateKey {
	hidden := k.open()
	hidden.text = text
	return PrivateKey{open: func() material { return hidden }}
}

// Text returns what the response that creates the pair hands over: of an SSH
// pair [FormatPEM] without a passphrase, with 64 columns and a line feed at its
// end, and of an X.509 pair its PKCS#12 in base64, on one line.
func (k PrivateKey) Text() string { return k.open().text }

// Public returns the public half with a comment. Line ends and other control
// characters in the comment become spaces.
func (k PrivateKey) Public(comment string) PublicKey {
	public := k.open().public
	key, _ := readBlob(public.Type(), string(public.Marshal()))
	key.comment = cleanComment(comment)
	return key
}

// cleanComment makes one line of UTF-8 of a comment: control characters become
// spaces, and those at both ends go.
func cleanComment(comment string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(comment, "\uFFFD")))
}

// Signer returns the key for logging in with.
func (k PrivateKey) Signer() crypto.Signer { return k.open().signer }

// String hides the key.
func (PrivateKey) String() string { return redacted }

// GoString hides the key.
func (PrivateKey) GoString() string { return redacted }

// Format hides the key from every verb.
func (PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the key.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText always fails; XML and TOML encoders call it too.
func (PrivateKey) MarshalText() ([]byte, error) { return nil, errMarshal }

// MarshalJSON always fails.
func (PrivateKey) MarshalJSON() ([]byte, error) { return nil, errMarshal }

// MarshalBinary always fails; gob calls it too.
func (PrivateKey) MarshalBinary() ([]byte, error) { return nil, errMarshal }

var _ interface {
	fmt.Formatter
	fmt.GoStringer
	slog.LogValuer
} = PrivateKey{}
