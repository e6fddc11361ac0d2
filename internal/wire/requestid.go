package wire

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

// newRequestID returns a fresh "req-" and a random UUID (version 4, RFC 9562
// section 5.4), the form that OpenStack gives its request ids.
func newRequestID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails: see crypto/rand
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80

	var b [40]byte
	copy(b[:], "req-")
	out, in := 4, 0
	for _, n := range [...]int{4, 2, 2, 2, 6} {
		if in > 0 {
			b[out] = '-'
			out++
		}
		hex.Encode(b[out:], u[in:in+n])
		out, in = out+2*n, in+n
	}
	return string(b[:])
}

// identify gives every request its id. An id that the client sent is not
// looked at: whoever reads the log must be able to trust it.
func identify(newID func() string) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			x := &exchange{id: newID()}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
		})
	}
}
