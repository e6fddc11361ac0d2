package keystone

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// fail answers with an error. [openstack.KeystoneStyle] has the words for every
// kind of fault; what only this service says is put in before. Our own
// mistakes leave a trace in the access log, since the client is told nothing.
func (d *Dialect) fail(w http.ResponseWriter, r *http.Request, err error) {
	if fault.Is(err, fault.Internal) {
		wire.Note(r.Context(), "error", err.Error())
	}
	d.style.Error(w, r, err)
}

// unauthorized is the one answer to every failed login.
func unauthorized() error { return &fault.Error{Kind: fault.Unauthenticated} }

// invalid makes a fault whose text is for the client as it is.
func invalid(text string) error { return &fault.Error{Kind: fault.Invalid, Msg: text} }

// errTokenUnknown is what Keystone says of a subject token that it does not
// know. Ours are no Fernet tokens, but clients know the sentence. It never
// holds the token.
func errTokenUnknown() error {
	return &fault.Error{Kind: fault.NotFound, Msg: "Could not recognize Fernet token"}
}

// errMethodUnsupported is what Keystone says of a way to log in that it does
// not offer, with those that it does.
func errMethodUnsupported() error {
	return &openstack.AuthMethodError{
		Message:  "Attempted to authenticate with an unsupported method.",
		Identity: openstack.Fields{openstack.F("methods", methodNames())},
	}
}

// errAppCredentialScope refuses a scope beside an application credential, which
// has its own.
func errAppCredentialScope() error {
	return &openstack.AuthMethodError{
		Message: "Error authenticating with application credential: Application credentials cannot request a scope."}
}

// taken tells in which domain a name is taken, as Keystone does. Other errors
// stay as they are.
func taken(err error, domainID string) error {
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Exists {
		return err
	}
	return &fault.Error{Kind: fault.Exists, Resource: e.Resource, Name: e.Name, Err: err,
		Msg: "Conflict occurred attempting to store " + e.Resource +
			" - Duplicate entry found with name " + e.Name + " at domain ID " + domainID + "."}
}

// immutable tells in Keystone's words that something is immutable; doing is
// "update" or "delete". Other errors stay as they are.
func immutable(err error, doing string) error {
	var e *fault.Error
	if !errors.Is(err, identity.ErrImmutable) || !errors.As(err, &e) {
		return err
	}
	return refused(err, "Unable to "+doing+" immutable "+e.Resource+" resource: `"+e.Name+`. Set resource option "immutable" to false first.`)
}

// missing names a thing that is not found as the client named it, whatever the
// core calls it. Other errors stay as they are.
func missing(err error, resource, id string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Missing(resource, id)
	}
	return err
}

// refused is a 403 that no policy rule gives: the state of the thing does. An
// empty text leaves the core's. Other errors stay as they are.
func refused(err error, text string) error {
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Conflict {
		return err
	}
	if text == "" {
		text = e.Msg
	}
	return &fault.Error{Kind: fault.Forbidden, Msg: text, Err: openstack.Rule("")}
}
