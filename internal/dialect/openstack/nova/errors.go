package nova

import (
	"errors"
	"fmt"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// The table from the domain's kinds of fault to statuses, elements and common
// texts is [openstack.NovaStyle]'s. Here are the texts that only this service
// has, where the domain's own words would differ from Nova's.

// errHidden is said of what is served, but not at the call's microversion.
var errHidden = &fault.Error{Kind: fault.NotFound, Msg: "The resource could not be found."}

// Answers of the layers before the service (package wire).
var (
	errFailed   = &fault.Error{Kind: fault.Internal}
	errTooLarge = &fault.Error{Kind: fault.TooLarge,
		Msg: fmt.Sprintf("Request is too large. Larger than max_request_body_size (%d).", openstack.MaxBody)}
)

// aboutKeyPair says in Nova's words what went wrong with a key pair that was
// looked for by name in a user's own.
func aboutKeyPair(err error, name, userID string) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return &fault.Error{Kind: fault.NotFound, Err: err, Msg: fmt.Sprintf("Keypair %s not found for user %s", name, userID)}
}

// aboutKeyData says that a public key cannot be taken, and why.
func aboutKeyData(err error, t keypair.Type) error {
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Invalid || e.Field != "public_key" {
		return err
	}
	text := "Keypair data is invalid: "
	if t == keypair.X509 {
		text += "failed to generate X509 fingerprint. Error message: "
	}
	return &fault.Error{Kind: fault.Invalid, Field: e.Field, Msg: text + e.Msg, Err: err}
}
