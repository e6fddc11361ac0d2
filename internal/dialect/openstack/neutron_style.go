package openstack

import (
	"context"
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// NeutronStyle writes answers as Neutron does: bodies without space between
// their parts, errors with, under the name NeutronError.
type NeutronStyle struct {
	RequestID func(context.Context) string
	Identity  Base
}

// NeutronError is an answer that [NeutronStyle]'s own table does not have.
type NeutronError struct {
	Status    int
	Type, Msg string
	Err       error // the cause
}

// Error returns the text of the answer.
func (e *NeutronError) Error() string { return e.Type + ": " + e.Msg }

// Unwrap returns the cause.
func (e *NeutronError) Unwrap() error { return e.Err }

// JSON answers with a body.
func (s NeutronStyle) JSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	s.requestID(w.Header(), r)
	writeJSON(w, status, plainJSON, Compact, body, "")
}

// Empty answers 204, with the length of nothing, as Neutron does.
func (s NeutronStyle) Empty(w http.ResponseWriter, r *http.Request, status int) {
	s.requestID(w.Header(), r)
	set(w.Header(), "content-length", "0")
	w.WriteHeader(status)
}

// UnknownRoute answers for a path that is not served.
func (s NeutronStyle) UnknownRoute(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, http.StatusNotFound, "HTTPNotFound", routeUnknown)
}

// Error answers with an error: a [*NeutronError], a [fault.Error],
// [ErrMediaType], or any other, which is internal.
func (s NeutronStyle) Error(w http.ResponseWriter, r *http.Request, err error) {
	var own *NeutronError
	if errors.As(err, &own) {
		s.refuse(w, r, own.Status, own.Type, own.Msg)
		return
	}
	if errors.Is(err, ErrMediaType) {
		s.refuse(w, r, http.StatusUnsupportedMediaType, "HTTPUnsupportedMediaType", mediaTypeText)
		return
	}
	e := asFault(err)
	if e.Kind == fault.Unauthenticated {
		s.requestID(w.Header(), r)
		writeUnauthorized(w, s.Identity.URL(r))
		return
	}
	row, ok := neutronFaults[e.Kind]
	if !ok {
		row = neutronFaults[fault.Internal]
	}
	if e.Kind == fault.Unavailable {
		set(w.Header(), "Retry-After", retryAfter)
	}
	kind := row.kind
	if e.Kind == fault.NotFound && e.Resource != "" {
		kind = camel(e.Resource) + kind
	}
	s.refuse(w, r, row.status, kind, row.text(e))
}

func (s NeutronStyle) refuse(w http.ResponseWriter, r *http.Request, status int, kind, text string) {
	s.requestID(w.Header(), r)
	writeJSON(w, status, plainJSON, Spaced, Fields{F("NeutronError", Fields{
		F("type", kind), F("message", text), F("detail", ""),
	})}, "")
}

func (s NeutronStyle) requestID(h http.Header, r *http.Request) {
	set(h, "X-Openstack-Request-Id", s.RequestID(r.Context()))
}

// neutronFaults is how the domain's faults look: status, the exception's name
// and text (neutron_lib/exceptions). For something that is not found the name
// begins with the thing: NetworkNotFound.
var neutronFaults = map[fault.Kind]struct {
	status int
	kind   string
	text   telling
}{
	fault.Invalid:         {http.StatusBadRequest, "InvalidInput", invalid("The request is malformed.")},
	fault.Exists:          {http.StatusConflict, "ObjectAlreadyExists", named("%s %s already exists.", capital, "The name is taken.")},
	fault.NotFound:        {http.StatusNotFound, "NotFound", named("%s %s could not be found.", capital, routeUnknown)},
	fault.Quota:           {http.StatusConflict, "OverQuota", neutronQuota},
	fault.Forbidden:       {http.StatusForbidden, "PolicyNotAuthorized", policy("%s is disallowed by policy", "This is disallowed by policy")},
	fault.Unauthenticated: {http.StatusUnauthorized, "NotAuthorized", always("The request you have made requires authentication.")},
	fault.Conflict:        {http.StatusConflict, "Conflict", message("The resource is in a state that does not allow this.")},
	fault.Unsupported:     {http.StatusNotImplemented, "HTTPNotImplemented", message("The requested functionality is not supported.")},
	fault.NoCapacity:      {http.StatusConflict, "IpAddressGenerationFailure", message("No more IP addresses available.")},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "HTTPRequestEntityTooLarge", message("Request is too large.")},
	fault.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailable", message("The service is unavailable. Try again in a moment.")},
	fault.Internal:        {http.StatusInternalServerError, "HTTPInternalServerError", always("Request Failed: internal server error while processing your request.")},
}

func neutronQuota(e *fault.Error) string {
	if e.Resource == "" {
		return message("Quota exceeded.")(e)
	}
	return "Quota exceeded for resources: ['" + e.Resource + "']."
}
