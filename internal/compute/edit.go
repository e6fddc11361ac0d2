package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Labels are what people call an instance and write on it: nothing that the
// machine itself follows.
type Labels struct {
	Name        string // 1 to 255 characters; the dialect checks it
	Description *string
	Metadata    map[string]string
	Tags        []string
}

// Edit lets edit change an instance's labels in one transaction, so that two
// who change different entries of the metadata do not undo each other. edit may
// run more than once; its error ends the edit and is returned. A guest's host
// name follows its name when it boots next.
//
// Faults: Forbidden (a reader), NotFound, and what edit says.
func (s *Service) Edit(ctx context.Context, c identity.Caller, id string, edit func(*Labels) error) (Instance, error) {
	if err := mayChange(c); err != nil {
		return Instance{}, err
	}
	var i Instance
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "instance "+id); err != nil {
			return err
		}
		var err error
		if i, err = visibleInstance(ctx, tx, c, id); err != nil {
			return err
		}
		l := Labels{Name: i.Name, Description: i.Description, Metadata: maps.Clone(i.Metadata), Tags: slices.Clone(i.Tags)}
		if l.Metadata == nil {
			l.Metadata = map[string]string{}
		}
		if err := edit(&l); err != nil {
			return err
		}
		i.Name, i.Description, i.Metadata, i.Tags = l.Name, l.Description, l.Metadata, l.Tags
		i.UpdatedAt = s.now()
		if err := tx.UpdateInstance(ctx, i); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.audit(c, audit.Update, i, ""))
	})
	return i, err
}
