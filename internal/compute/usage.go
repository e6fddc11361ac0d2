package compute

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Spell is the time during which an instance was there, with what it took.
type Spell struct {
	InstanceID string
	ProjectID  string
	Region     string
	Name       string
	Flavor     string // its name
	VCPUs      int
	RAMMiB     int
	DiskGiB    int
	From       time.Time
	Until      time.Time // zero: it is still there
	State      VMState   // of one that is still there
}

func (i Instance) spell() Spell {
	return Spell{
		InstanceID: i.ID, ProjectID: i.ProjectID, Region: i.Region, Name: i.Name, Flavor: i.Flavor.Name,
		VCPUs: i.Flavor.VCPUs, RAMMiB: i.Flavor.RAMMiB, DiskGiB: i.Flavor.DiskGiB, From: i.CreatedAt, State: i.State.VM,
	}
}

// Hours returns how long of the time between from and until the spell lasted, in hours.
func (s Spell) Hours(from, until time.Time) float64 {
	if s.From.After(from) {
		from = s.From
	}
	if !s.Until.IsZero() && s.Until.Before(until) {
		until = s.Until
	}
	return max(0, until.Sub(from).Hours())
}

// Spells returns the instances that were there at some time between from and
// until, those that are gone included: of a project, which others than
// administrators only ask for their own, or of all for administrators with "".
// Faults: Forbidden.
func (s *Service) Spells(ctx context.Context, c identity.Caller, projectID string, from, until time.Time) ([]Spell, error) {
	if (projectID == "" || projectID != c.ProjectID()) && !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's usage"}
	}
	var out []Spell
	err := s.store.Read(ctx, func(tx Tx) error {
		gone, err := tx.Spells(ctx, projectID, from, until)
		if err != nil {
			return err
		}
		all, err := tx.Instances(ctx, InstanceQuery{ProjectID: projectID, Region: c.Region})
		if err != nil {
			return err
		}
		out = nil
		for _, g := range gone {
			if g.Region == c.Region {
				out = append(out, g)
			}
		}
		for _, i := range all {
			if i.CreatedAt.Before(until) {
				out = append(out, i.spell())
			}
		}
		return nil
	})
	return out, err
}

// forget takes an instance off the record and keeps that it was there.
func (s *Service) forget(ctx context.Context, tx Tx, id string) error {
	i, err := tx.Instance(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	gone := i.spell()
	gone.Until = s.now()
	if err := tx.InsertSpell(ctx, gone); err != nil {
		return err
	}
	// A copy of its disk that the deletion overtook comes to nothing.
	if err := s.afterSnapshot(ctx, tx, id, true); err != nil {
		return err
	}
	if err := s.releaseVolumes(ctx, tx, id); err != nil {
		return err
	}
	return tx.DeleteInstance(ctx, id)
}
