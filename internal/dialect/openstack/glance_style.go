package openstack

import (
	"context"
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// GlanceStyle writes answers as Glance does: its errors are WebOb's.
type GlanceStyle struct {
	RequestID func(context.Context) string
	Identity  Base
}

// JSON answers with a body.
func (s GlanceStyle) JSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	set(w.Header(), requestIDHeader, s.RequestID(r.Context()))
	writeJSON(w, status, plainJSON, Spaced, body, "")
}

// Empty answers 204.
func (s GlanceStyle) Empty(w http.ResponseWriter, r *http.Request, status int) {
	set(w.Header(), requestIDHeader, s.RequestID(r.Context()))
	w.WriteHeader(status)
}

// UnknownRoute answers for a path that is not served.
func (s GlanceStyle) UnknownRoute(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, http.StatusNotFound, routeUnknown)
}

// Error answers with an error: a [fault.Error], [ErrMediaType], or any other,
// which is internal.
func (s GlanceStyle) Error(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrMediaType) {
		s.refuse(w, r, http.StatusUnsupportedMediaType, mediaTypeText)
		return
	}
	e := asFault(err)
	row, ok := glanceFaults[e.Kind]
	if !ok {
		row = glanceFaults[fault.Internal]
	}
	if e.Kind == fault.Unavailable {
		set(w.Header(), "Retry-After", retryAfter)
	}
	s.refuse(w, r, row.status, row.text(e))
}

func (s GlanceStyle) refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	h := w.Header()
	if status == http.StatusUnauthorized {
		// Refused before the request got its id.
		challenge(h, s.Identity.URL(r))
	} else {
		set(h, requestIDHeader, s.RequestID(r.Context()))
	}
	writeJSON(w, status, plainJSON, Spaced, webobBody(status, text), "")
}

// glanceFaults is how the domain's faults look (glance/common/exception.py).
var glanceFaults = map[fault.Kind]struct {
	status int
	text   telling
}{
	fault.Invalid:   {http.StatusBadRequest, invalid("The request is malformed.")},
	fault.Exists:    {http.StatusConflict, named("%s %s already exists.", capital, "The name is taken.")},
	fault.NotFound:  {http.StatusNotFound, named("No %s found with ID %s", same, routeUnknown)},
	fault.Quota:     {http.StatusRequestEntityTooLarge, message("The limit for this kind of resource is reached.")},
	fault.Forbidden: {http.StatusForbidden, policy("You are not authorized to complete %s action.", "Access was denied to this resource.")},
	fault.Unauthenticated: {http.StatusUnauthorized, always("This server could not verify that you are authorized to access the document you requested. " +
		"Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.")},
	fault.Conflict:    {http.StatusConflict, message("The resource is in a state that does not allow this.")},
	fault.Unsupported: {http.StatusNotImplemented, message("The requested functionality is not supported.")},
	fault.NoCapacity:  {http.StatusRequestEntityTooLarge, message("There is not enough disk space on the image storage media.")},
	fault.TooLarge:    {http.StatusRequestEntityTooLarge, message("Request is too large.")},
	fault.Unavailable: {http.StatusServiceUnavailable, message("The service is busy. Try again in a moment.")},
	fault.Internal:    {http.StatusInternalServerError, always(serverErred)},
}
