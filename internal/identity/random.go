package identity

import (
	"encoding/base64"
	"encoding/hex"
	"io"
)

// random makes ids and secrets from a source of random bytes, which in
// production is crypto/rand.Reader and never fails.
type random struct{ source io.Reader }

func (r random) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(r.source, b); err != nil {
		panic("no random bytes: " + err.Error())
	}
	return b
}

// id returns 128 random bits as 32 hex digits, Keystone's form of an id.
func (r random) id() string { return hex.EncodeToString(r.bytes(16)) }

// token returns the text of a token: 256 random bits in URL-safe base64.
func (r random) token() string { return "kr1." + base64.RawURLEncoding.EncodeToString(r.bytes(32)) }

// secret returns 512 random bits as 86 characters, Keystone's form of an
// application credential's secret.
func (r random) secret() string { return base64.RawURLEncoding.EncodeToString(r.bytes(64)) }

// auditID returns 128 random bits as 22 characters, Keystone's form.
func (r random) auditID() string { return base64.RawURLEncoding.EncodeToString(r.bytes(16)) }

const (
	upperAndDigits   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	lettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// text returns n characters drawn evenly from the alphabet, which has fewer than 256.
func (r random) text(n int, alphabet string) string {
	even := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	for len(out) < n {
		for _, b := range r.bytes(n) {
			if int(b) < even && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}
