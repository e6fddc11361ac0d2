package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Labels are what people call an instance and write on it: nothing that the
// machine itself follows before it boots again.
type Labels struct {
	Name        string // 1 to 255 characters; the dialect checks it
	Description *string
	Metadata    map[string]string
	Tags        []string
	Hostname    string // a label of RFC 1123
	AccessIPv4  string
	AccessIPv6  string
	AutoDisk    bool
}

// Edit lets edit change an instance's labels in one transaction, so that two
// who change different entries of the metadata do not undo each other. edit may
// run more than once; its error ends the edit and is returned.
//
// Faults: Forbidden (a reader), NotFound, Conflict with a [Locked], Quota with a
// [TooMany] (metadata), and what edit says.
func (s *Service) Edit(ctx context.Context, c identity.Caller, id string, edit func(*Labels) error) (Instance, error) {
	if err := mayChange(c); err != nil {
		return Instance{}, err
	}
	var i Instance
	err := s.store.Write(ctx, func(tx Tx) error {
		var err error
		if i, err = lockedInstance(ctx, tx, c, id); err != nil {
			return err
		}
		if err := i.unlocked(c); err != nil {
			return err
		}
		l := Labels{Name: i.Name, Description: i.Description, Metadata: maps.Clone(i.Metadata), Tags: slices.Clone(i.Tags),
			Hostname: i.HostLabel(), AccessIPv4: i.AccessIPv4, AccessIPv6: i.AccessIPv6, AutoDisk: i.AutoDisk}
		if l.Metadata == nil {
			l.Metadata = map[string]string{}
		}
		if err := edit(&l); err != nil {
			return err
		}
		if err := s.checkMetadata(ctx, tx, i.holder(), l.Metadata); err != nil {
			return err
		}
		i.Name, i.Description, i.Metadata, i.Tags = l.Name, l.Description, l.Metadata, l.Tags
		i.Hostname, i.AccessIPv4, i.AccessIPv6, i.AutoDisk = l.Hostname, l.AccessIPv4, l.AccessIPv6, l.AutoDisk
		i.UpdatedAt = s.now()
		if err := tx.UpdateInstance(ctx, i); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.audit(c, audit.Update, i, ""))
	})
	return i, err
}
