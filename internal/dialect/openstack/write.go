package openstack

import (
	"net/http"
	"strconv"
	"sync"
)

// Header names, spelled as the services send them. They are set without Go's
// canonical form, so that people who read or filter raw answers see what they
// know; every HTTP client ignores the case.
const (
	versionHeader     = "OpenStack-API-Version"
	novaVersionHeader = "X-OpenStack-Nova-API-Version"
	requestIDHeader   = "x-openstack-request-id"
	authenticate      = "WWW-Authenticate"
)

// MaxBody is the largest request body that any of the services reads, in
// bytes: oslo.middleware's max_request_body_size.
const MaxBody = 114688

const (
	plainJSON   = "application/json"
	charsetJSON = "application/json; charset=UTF-8"
)

// set replaces a header under the exact spelling of name.
func set(h http.Header, name string, values ...string) { h[name] = values }

// bodies keeps the buffers of finished answers for the next ones. A buffer
// that grew over keepBody is left to the garbage collector.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

const keepBody = 256 << 10

// WriteJSON writes an answer with nothing but a body, as version discovery is
// answered.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	writeJSON(w, status, plainJSON, Spaced, v, "")
}

// writeJSON encodes v before anything is sent, so that its length is known. It
// panics when v cannot be JSON: that is a mistake in the program, never the
// client's.
func writeJSON(w http.ResponseWriter, status int, contentType string, layout Layout, v any, end string) {
	buf := bodies.Get().(*[]byte)
	body, err := layout.Append((*buf)[:0], v)
	if err != nil {
		panic(err)
	}
	body = append(body, end...)
	h := w.Header()
	set(h, "Content-Type", contentType)
	set(h, "Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is the listener's to notice
	clear(body)          // it may have held a private key
	if cap(body) <= keepBody {
		*buf = body
		bodies.Put(buf)
	}
}

// writeEmpty answers without a body but with its type and length, as Nova and
// Cinder do. net/http drops Content-Length from a 204 (RFC 9110, 8.6) when it
// recognises the name, and the recorded services send it, so the name is
// spelled in a way that passes.
func writeEmpty(w http.ResponseWriter, status int) {
	h := w.Header()
	set(h, "Content-Type", plainJSON)
	if status == http.StatusNoContent {
		set(h, "content-length", "0")
	} else {
		set(h, "Content-Length", "0")
	}
	w.WriteHeader(status)
}
