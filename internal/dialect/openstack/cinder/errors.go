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
	var snapshot *compute.WrongSnapshotStatus
	var over *compute.QuotaExceeded
	switch {
	case errors.As(err, &wrong):
		return fault.Invalidf("status", "Invalid volume: %s", aboutStatus(wrong))
	case errors.As(err, &snapshot):
		return fault.Invalidf("status", "Invalid snapshot: %s", aboutSnapshot(snapshot))
	case errors.As(err, &over) && over.Resource == compute.QuotaPerVolume:
		return &fault.Error{Kind: fault.Quota, Err: err,
			Msg: fmt.Sprintf("VolumeSizeExceedsLimit: Requested volume size %dG is larger than maximum allowed limit %dG.", over.Requested, over.Limit)}
	case errors.As(err, &over) && over.Resource == compute.QuotaSnapshots:
		return &fault.Error{Kind: fault.Quota, Err: err, Msg: fmt.Sprintf("SnapshotLimitExceeded: Maximum number of snapshots allowed (%d) exceeded", over.Limit)}
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
	case "reset":
		return fmt.Sprintf("status of volume %s cannot be reset while it is %s: that comes to an end.", w.ID, w.Status)
	case "snapshot":
		return fmt.Sprintf("Volume %s status must be available, but current status is: %s.", w.ID, w.Status)
	case "extend":
		return fmt.Sprintf("Volume %s status must be 'available' to extend, currently %s.", w.ID, w.Status)
	}
	return w.Error()
}

// aboutSnapshot says why a snapshot cannot be deleted or used.
func aboutSnapshot(w *compute.WrongSnapshotStatus) string {
	switch {
	case w.Copying:
		return fmt.Sprintf("Snapshot %s cannot be deleted while a volume is being created from it.", w.ID)
	case w.Verb == "reset":
		return fmt.Sprintf("status of snapshot %s cannot be reset while it is %s: that comes to an end.", w.ID, w.Status)
	case w.Verb == "delete":
		return "Snapshot status must be available or error or error_deleting and must not be part of a group."
	}
	return fmt.Sprintf("Originating snapshot status must be one of available values, but %s is %s.", w.ID, w.Status)
}

// aboutImage says that a volume's image cannot be had; what a request names
// and is not there makes the request bad.
func aboutImage(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	if errors.Is(err, compute.ErrInactive) {
		return fault.Invalidf("imageRef", "Invalid input received: Image %s is not active.", f.Name)
	}
	if f.Kind == fault.NotFound && f.Resource == "image" {
		return &fault.Error{Kind: fault.Invalid, Field: "imageRef", Msg: "Invalid image identifier or unable to access requested image.", Err: err}
	}
	return err
}
