package cinder

import (
	"errors"
	"fmt"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// The table from the domain's kinds of fault to statuses, elements and common
// texts is [openstack.NovaStyle]'s. Here is what only this service says
// (cinder/exception.py).

// Answers of the layers before the service (package wire).
var (
	errFailed   = &fault.Error{Kind: fault.Internal}
	errTooLarge = &fault.Error{Kind: fault.TooLarge,
		Msg: fmt.Sprintf("Request is too large. Larger than max_request_body_size (%d).", openstack.MaxBody)}
)

// notDeletable is Cinder's list of what a volume must not be to be deleted.
const notDeletable = "Volume status must be available or error or error_restoring or error_extending or error_managing and must not be " +
	"migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer."

// inWords puts what the domain says about volumes into Cinder's words.
func inWords(err error) error {
	var wrong *compute.WrongVolumeStatus
	var over *compute.QuotaExceeded
	switch {
	case errors.As(err, &wrong):
		return fault.Invalidf("status", "Invalid volume: %s", aboutStatus(wrong))
	case errors.As(err, &over):
		text := fmt.Sprintf("VolumeLimitExceeded: Maximum number of volumes allowed (%d) exceeded for quota '%s'.", over.Limit, over.Resource)
		if over.Resource == compute.QuotaGigabytes {
			text = fmt.Sprintf("VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested %dG, quota is %dG and %dG has been consumed.",
				over.Requested, over.Limit, over.Used)
		}
		return &fault.Error{Kind: fault.Quota, Msg: text, Err: err}
	}
	return err
}

func aboutStatus(w *compute.WrongVolumeStatus) string {
	switch w.Verb {
	case "delete":
		return notDeletable
	case "extend":
		return fmt.Sprintf("Volume %s status must be 'available' to extend, currently %s.", w.ID, w.Status)
	}
	return w.Error()
}

// aboutImage says that a volume's image cannot be had; what a request names
// and is not there makes the request bad.
func aboutImage(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.NotFound && f.Resource == "image" {
		return &fault.Error{Kind: fault.Invalid, Field: "imageRef", Msg: "Invalid image identifier or unable to access requested image.", Err: err}
	}
	return err
}
