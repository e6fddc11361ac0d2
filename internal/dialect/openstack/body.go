package openstack

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// ErrMediaType says that a body's Content-Type is not one the service reads.
var ErrMediaType = errors.New("unsupported content type")

const mediaTypeText = "Unsupported Content-Type"

// ReadBody reads and decodes a request's JSON body; no body is null, as in
// Nova. It returns [fault.TooLarge] for one over [MaxBody] or over the
// surface's own limit, and [fault.Invalid] with Nova's text, and
// [schema.ErrMalformed] in its chain, for one that is not JSON.
func ReadBody(r *http.Request) (schema.Value, error) {
	data, err := wire.ReadBody(r, MaxBody)
	var over *wire.BodyTooLarge
	switch {
	case errors.As(err, &over):
		return schema.Value{}, tooLarge(err)
	case err != nil:
		return schema.Value{}, malformed(fmt.Errorf("%w: %w", schema.ErrMalformed, err))
	case len(data) == 0:
		return schema.NullValue, nil
	}
	v, err := schema.Decode(data)
	if err != nil {
		return schema.Value{}, malformed(err)
	}
	return v, nil
}

func tooLarge(err error) error {
	return &fault.Error{Kind: fault.TooLarge, Err: err,
		Msg: fmt.Sprintf("Request is too large. Larger than max_request_body_size (%d).", MaxBody)}
}

func malformed(err error) error {
	return &fault.Error{Kind: fault.Invalid, Msg: "Malformed request body", Err: err}
}

// computeTypes are the media types whose bodies Nova and Cinder take for JSON.
var computeTypes = map[string]bool{
	"application/json": true, "text/plain": true,
	"application/vnd.openstack.compute+json": true, "application/vnd.openstack.volume+json": true,
}

// checkMediaType refuses, with [ErrMediaType], a body that Nova would not take
// for JSON. No Content-Type is JSON.
func checkMediaType(r *http.Request) error {
	text := r.Header.Get("Content-Type")
	if text == "" {
		return nil
	}
	if t, _, err := mime.ParseMediaType(text); err == nil && computeTypes[t] {
		return nil
	}
	return ErrMediaType
}
