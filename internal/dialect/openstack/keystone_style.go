package openstack

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// KeystoneStyle writes answers as Keystone does: bodies with space between
// their parts, errors without, both with a newline at the end.
type KeystoneStyle struct {
	RequestID func(context.Context) string
	Base      Base // of the identity service
}

// JSON answers with a resource or a list.
func (s KeystoneStyle) JSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	s.headers(w.Header(), r)
	writeJSON(w, status, plainJSON, Spaced, body, "\n")
}

// Document answers with a token or a version document, which Keystone writes
// without the newline.
func (s KeystoneStyle) Document(w http.ResponseWriter, r *http.Request, status int, body any) {
	s.headers(w.Header(), r)
	writeJSON(w, status, plainJSON, Spaced, body, "")
}

// Empty answers 204, which says nothing about a body here.
func (s KeystoneStyle) Empty(w http.ResponseWriter, r *http.Request, status int) {
	s.headers(w.Header(), r)
	w.WriteHeader(status)
}

// UnknownRoute answers for a path that is not served.
func (s KeystoneStyle) UnknownRoute(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, http.StatusNotFound, "(not found) The resource could not be found.", nil)
}

// WrongMethod answers for a path that is served with other methods.
func (s KeystoneStyle) WrongMethod(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, http.StatusMethodNotAllowed, "(method not allowed) The method is not allowed for the requested URL.", nil)
}

// AuthMethodError is a 401 about the way to authenticate, which Keystone
// answers with more than the usual sentence.
type AuthMethodError struct {
	Message  string
	Identity Fields // the "identity" member; none is written as {}
}

// Error returns the text for the client.
func (e *AuthMethodError) Error() string { return e.Message }

// Expecting makes the [fault.Invalid] for something that a request body or
// header lacks: Expecting("domain", "user").
func Expecting(what, where string) error {
	return &fault.Error{Kind: fault.Invalid, Field: what, Msg: "Expecting to find " + what + " in " + where + "." + Blame}
}

// Blame ends the sentences about malformed requests.
const Blame = " The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."

// Error answers with an error: a [fault.Error], an [*AuthMethodError], or any
// other, which is internal.
func (s KeystoneStyle) Error(w http.ResponseWriter, r *http.Request, err error) {
	var method *AuthMethodError
	if errors.As(err, &method) {
		identity := method.Identity
		s.refuse(w, r, http.StatusUnauthorized, method.Message, &identity)
		return
	}
	e := asFault(err)
	row, ok := keystoneFaults[e.Kind]
	if !ok {
		row = keystoneFaults[fault.Internal]
	}
	if e.Kind == fault.Unavailable {
		set(w.Header(), "Retry-After", retryAfter)
	}
	s.refuse(w, r, row.status, row.text(e), nil)
}

// refuse writes an error with its members in the order of their names.
func (s KeystoneStyle) refuse(w http.ResponseWriter, r *http.Request, status int, text string, identity *Fields) {
	s.headers(w.Header(), r)
	if status == http.StatusUnauthorized {
		challenge(w.Header(), s.Base.URL(r)+"/v3")
	}
	body := Fields{F("code", status)}
	if identity != nil {
		body = append(body, F("identity", *identity))
	}
	body = append(body, F("message", text), F("title", http.StatusText(status)))
	writeJSON(w, status, plainJSON, Compact, Fields{F("error", body)}, "\n")
}

func (s KeystoneStyle) headers(h http.Header, r *http.Request) {
	set(h, "Vary", "X-Auth-Token")
	set(h, requestIDHeader, s.RequestID(r.Context()))
}

// keystoneFaults is how the domain's faults look (keystone/exception.py).
var keystoneFaults = map[fault.Kind]struct {
	status int
	text   telling
}{
	fault.Invalid:         {http.StatusBadRequest, keystoneInvalid},
	fault.Exists:          {http.StatusConflict, keystoneTaken},
	fault.NotFound:        {http.StatusNotFound, named("Could not find %s: %s.", same, routeUnknown)},
	fault.Quota:           {http.StatusForbidden, message("The limit for this kind of resource is reached.")},
	fault.Forbidden:       {http.StatusForbidden, policy("You are not authorized to perform the requested action: %s.", "You are not authorized to perform the requested action.")},
	fault.Unauthenticated: {http.StatusUnauthorized, always("The request you have made requires authentication.")},
	fault.Conflict:        {http.StatusConflict, message("The resource is in a state that does not allow this.")},
	fault.Unsupported:     {http.StatusNotImplemented, message("The action you have requested has not been implemented.")},
	fault.NoCapacity:      {http.StatusServiceUnavailable, message("There is no room for this.")},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, message("Request is too large.")},
	fault.Unavailable:     {http.StatusServiceUnavailable, message("The service you have requested is busy. Try again in a moment.")},
	fault.Internal:        {http.StatusInternalServerError, always("An unexpected error prevented the server from fulfilling your request.")},
}

// keystoneInvalid tells a schema fault with the whole path to its place, and a
// body that is not JSON in Keystone's words.
func keystoneInvalid(e *fault.Error) string {
	var f *schema.Fault
	switch {
	case errors.Is(e, schema.ErrMalformed):
		return "Expecting to find valid JSON in request body." + Blame
	case errors.As(e, &f) && len(f.Path) > 0:
		return "Invalid input for field '" + strings.Join(f.Path, "/") + "': " + f.Message
	}
	return invalid("Invalid input.")(e)
}

func keystoneTaken(e *fault.Error) string {
	if e.Msg != "" || e.Resource == "" {
		return message("Conflict occurred attempting to store the resource.")(e)
	}
	return "Conflict occurred attempting to store " + e.Resource + " - Duplicate entry found with name " + e.Name + "."
}
