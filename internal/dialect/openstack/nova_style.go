package openstack

import (
	"context"
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// NovaStyle writes answers as Nova does, and Cinder after it: microversion and
// request id headers, and errors as one named element with code and message.
type NovaStyle struct {
	Versions  Versions
	RequestID func(context.Context) string
	Identity  Base // where 401 sends clients; its prefix is the identity service's

	// Overs is whether a quota that is reached is 413 overLimit, as in Cinder,
	// and not 403.
	Overs bool

	// Say may put a fault into the service's words before the common ones do;
	// nil, or an empty answer, leaves it to them.
	Say func(*fault.Error) string
}

// JSON answers with a body.
func (s NovaStyle) JSON(w http.ResponseWriter, r *http.Request, v Microversion, status int, body any) {
	s.version(w.Header(), v.header())
	s.requestID(w.Header(), r)
	writeJSON(w, status, plainJSON, Spaced, body, "")
}

// Empty answers 202 or 204.
func (s NovaStyle) Empty(w http.ResponseWriter, r *http.Request, v Microversion, status int) {
	s.version(w.Header(), v.header())
	s.requestID(w.Header(), r)
	writeEmpty(w, status)
}

// UnknownRoute answers for a path or method that is not served, which is
// always 404 and carries no version.
func (s NovaStyle) UnknownRoute(w http.ResponseWriter, r *http.Request) {
	s.requestID(w.Header(), r)
	writeJSON(w, http.StatusNotFound, plainJSON, Spaced, webobBody(http.StatusNotFound, routeUnknown), "")
}

// Error answers with an error: a [fault.Error], a [*versionError],
// [ErrMediaType], or any other, which is internal.
func (s NovaStyle) Error(w http.ResponseWriter, r *http.Request, v Microversion, err error) {
	h := w.Header()
	s.requestID(h, r)
	e := asFault(err)
	switch e.Kind {
	case fault.Unauthenticated:
		writeUnauthorized(w, s.Identity.URL(r))
		return
	case fault.TooLarge:
		writeJSON(w, http.StatusRequestEntityTooLarge, plainJSON, Spaced,
			webobBody(http.StatusRequestEntityTooLarge, novaFaults[fault.TooLarge].text(e)), "")
		return
	}
	told, version := s.told(err, e), v.header()
	var wrong *versionError
	switch {
	case !errors.As(err, &wrong):
	case wrong.Malformed:
		version = ""
	default:
		version = wrong.Asked
	}
	s.version(h, version)
	if told.status == http.StatusServiceUnavailable {
		set(h, "Retry-After", retryAfter)
	}
	writeJSON(w, told.status, charsetJSON, Spaced, Fields{F(told.element, Fields{
		F("code", told.status), F("message", told.message),
	})}, "")
}

// version writes the headers of an answer that depends on the microversion.
func (s NovaStyle) version(h http.Header, version string) {
	if version == "" {
		return
	}
	set(h, versionHeader, s.Versions.Service+" "+version)
	vary := []string{versionHeader}
	if s.Versions.Legacy != "" {
		set(h, s.Versions.Legacy, version)
		vary = append(vary, s.Versions.Legacy)
	}
	set(h, "Vary", vary...)
}

// requestID writes the request's id under both its names. Cinder, too, calls
// the older one x-compute-request-id.
func (s NovaStyle) requestID(h http.Header, r *http.Request) {
	id := s.RequestID(r.Context())
	set(h, requestIDHeader, id)
	set(h, "x-compute-request-id", id)
}

// retryAfter is the number of seconds to wait when the service is busy.
const retryAfter = "1"

type novaTold struct {
	status  int
	element string
	message string
}

func (s NovaStyle) told(err error, e *fault.Error) novaTold {
	var version *versionError
	switch {
	case errors.As(err, &version) && version.Malformed:
		return novaTold{http.StatusBadRequest, "badRequest", version.Error()}
	case errors.As(err, &version):
		return novaTold{http.StatusNotAcceptable, "computeFault", version.Error()}
	case errors.Is(err, ErrMediaType):
		return novaTold{http.StatusUnsupportedMediaType, "badMediaType", mediaTypeText}
	}
	row, ok := novaFaults[e.Kind]
	if !ok {
		row = novaFaults[fault.Internal]
	}
	if s.Overs && e.Kind == fault.Quota {
		row.status, row.element = http.StatusRequestEntityTooLarge, "overLimit"
	}
	if s.Say != nil && e.Kind != fault.Internal {
		if text := s.Say(e); text != "" {
			return novaTold{row.status, row.element, text}
		}
	}
	return novaTold{row.status, row.element, row.text(e)}
}

// novaFaults is how the domain's faults look: status, element and text.
// Elements are those of nova/api/openstack/wsgi.py; 401 and 413 come from the
// layers in front of it and have bodies of their own.
var novaFaults = map[fault.Kind]struct {
	status  int
	element string
	text    telling
}{
	fault.Invalid:         {http.StatusBadRequest, "badRequest", invalid("Malformed request body")},
	fault.Exists:          {http.StatusConflict, "conflictingRequest", named("%s '%s' already exists.", capital, "The name is taken.")},
	fault.NotFound:        {http.StatusNotFound, "itemNotFound", named("%s %s could not be found.", capital, routeUnknown)},
	fault.Quota:           {http.StatusForbidden, "forbidden", quotaText},
	fault.Forbidden:       {http.StatusForbidden, "forbidden", policy("Policy doesn't allow %s to be performed.", "Policy doesn't allow this to be performed.")},
	fault.Unauthenticated: {http.StatusUnauthorized, "unauthorized", always("The request you have made requires authentication.")},
	fault.Conflict:        {http.StatusConflict, "conflictingRequest", message("The resource is in a state that does not allow this.")},
	fault.Unsupported:     {http.StatusNotImplemented, "notImplemented", message("The requested functionality is not supported.")},
	fault.NoCapacity:      {http.StatusBadRequest, "badRequest", always("No valid host was found.")},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "overLimit", message("Request is too large.")},
	fault.Unavailable:     {http.StatusServiceUnavailable, "serviceUnavailable", message("The service is busy. Try again in a moment.")},
	fault.Internal:        {http.StatusInternalServerError, "computeFault", always(serverErred)},
}

func quotaText(e *fault.Error) string {
	if e.Resource == "" {
		return message("Quota exceeded.")(e)
	}
	return "Quota exceeded, too many " + e.Resource + "s."
}
