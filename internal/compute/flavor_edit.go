package compute

import (
	"context"
	"maps"
	"strings"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// manages tells whether the caller may change flavors. Faults: Forbidden.
func manages(c identity.Caller) error {
	if c.Admin() {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Resource: "flavor", Msg: "only administrators manage flavors"}
}

// maxSize bounds the numbers of a flavor, as Nova's columns do.
const maxSize = 1<<31 - 1

// check holds a new flavor against its bounds: an id and a name of 1 to 255
// bytes, at least one CPU and 1 MiB, no size under zero. Faults: Invalid.
func (f Flavor) check() error {
	for _, text := range []struct{ field, value string }{{"id", f.ID}, {"name", f.Name}} {
		if len(text.value) == 0 || len(text.value) > 255 || strings.TrimSpace(text.value) != text.value {
			return fault.Invalidf(text.field, "a flavor's %s has 1 to 255 characters and no white space at its ends", text.field)
		}
	}
	for _, number := range []struct {
		field       string
		value, from int
	}{{"vcpus", f.VCPUs, 1}, {"ram", f.RAMMiB, 1}, {"disk", f.DiskGiB, 0}, {"ephemeral", f.EphemeralGiB, 0}, {"swap", f.SwapMiB, 0}} {
		if number.value < number.from || number.value > maxSize {
			return fault.Invalidf(number.field, "a flavor's %s is a number from %d to %d", number.field, number.from, maxSize)
		}
	}
	if !(f.RXTXFactor > 0) {
		return fault.Invalidf("rxtx_factor", "a flavor's rxtx_factor is more than 0")
	}
	return nil
}

// flavorTaken looks for a flavor with the id or the name of f. It returns
// Exists with the field that is taken, and NotFound when there is none.
func flavorTaken(ctx context.Context, tx Tx, f Flavor) error {
	all, err := tx.Flavors(ctx)
	if err != nil {
		return err
	}
	taken := func(field, value string) error {
		return &fault.Error{Kind: fault.Exists, Resource: "flavor", Name: value, Field: field, Msg: "a flavor has that " + field}
	}
	for _, g := range all {
		if g.ID == f.ID {
			return taken("id", f.ID)
		}
	}
	for _, g := range all {
		if g.Name == f.Name {
			return taken("name", f.Name)
		}
	}
	return fault.Missing("flavor", f.ID)
}

// CreateFlavor makes a flavor; without an id it gets a UUID. Nobody is let in to
// a private one yet. Faults: Forbidden, Invalid (the field names what), Exists
// (Field is "id" or "name").
func (s *Service) CreateFlavor(ctx context.Context, c identity.Caller, f Flavor) (Flavor, error) {
	if err := manages(c); err != nil {
		return Flavor{}, err
	}
	if f.ID == "" {
		f.ID = s.opt.NewID()
	}
	if err := f.check(); err != nil {
		return Flavor{}, err
	}
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "flavors"); err != nil {
			return err
		}
		if err := flavorTaken(ctx, tx, f); !fault.Is(err, fault.NotFound) {
			return err
		}
		f.CreatedAt = s.now()
		f.UpdatedAt = f.CreatedAt
		if err := tx.InsertFlavor(ctx, f); err != nil {
			return err
		}
		return s.auditFlavor(ctx, tx, c, audit.Create, f, "")
	})
	return f, err
}

// DescribeFlavor gives a flavor another description, or none. Faults: Forbidden, NotFound.
func (s *Service) DescribeFlavor(ctx context.Context, c identity.Caller, id string, description *string) (Flavor, error) {
	return s.changeFlavor(ctx, c, id, "description", func(f *Flavor) error {
		f.Description = description
		return nil
	})
}

// SetExtraSpecs adds extra specs to a flavor, in the place of those of the same
// names. Faults: Forbidden, NotFound.
func (s *Service) SetExtraSpecs(ctx context.Context, c identity.Caller, id string, specs map[string]string) (Flavor, error) {
	return s.changeFlavor(ctx, c, id, "extra specs", func(f *Flavor) error {
		all := maps.Clone(f.ExtraSpecs)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, specs)
		f.ExtraSpecs = all
		return nil
	})
}

// DeleteExtraSpec takes one extra spec away. Faults: Forbidden, NotFound (the
// flavor; or the "extra spec" that it does not have).
func (s *Service) DeleteExtraSpec(ctx context.Context, c identity.Caller, id, name string) error {
	_, err := s.changeFlavor(ctx, c, id, "extra specs", func(f *Flavor) error {
		if _, ok := f.ExtraSpecs[name]; !ok {
			return fault.Missing("extra spec", name)
		}
		f.ExtraSpecs = maps.Clone(f.ExtraSpecs)
		delete(f.ExtraSpecs, name)
		return nil
	})
	return err
}

func (s *Service) changeFlavor(ctx context.Context, c identity.Caller, id, what string, change func(*Flavor) error) (Flavor, error) {
	var f Flavor
	err := s.onFlavor(ctx, c, id, func(tx Tx, found Flavor) error {
		if err := change(&found); err != nil {
			return err
		}
		found.UpdatedAt, f = s.now(), found
		if err := tx.UpdateFlavor(ctx, f); err != nil {
			return err
		}
		f.UpdatedAt = found.UpdatedAt
		return s.auditFlavor(ctx, tx, c, audit.Update, f, what)
	})
	return f, err
}

// DeleteFlavor takes a flavor away. Instances that have it keep it as it was.
// Faults: Forbidden, NotFound.
func (s *Service) DeleteFlavor(ctx context.Context, c identity.Caller, id string) error {
	return s.onFlavor(ctx, c, id, func(tx Tx, f Flavor) error {
		if err := tx.DeleteFlavor(ctx, id); err != nil {
			return err
		}
		return s.auditFlavor(ctx, tx, c, audit.Delete, f, "")
	})
}

// FlavorProjects lists the ids of the projects that were let in to a flavor. A
// public one is open to those that were not, too. Faults: Forbidden, NotFound.
func (s *Service) FlavorProjects(ctx context.Context, c identity.Caller, id string) ([]string, error) {
	if err := manages(c); err != nil {
		return nil, err
	}
	var projects []string
	err := s.store.Read(ctx, func(tx Tx) error {
		if _, err := tx.Flavor(ctx, id); err != nil {
			return err
		}
		var err error
		projects, err = tx.FlavorProjects(ctx, id)
		return err
	})
	return projects, err
}

// AdmitToFlavor lets a project in to a private flavor. Faults: Forbidden,
// NotFound (flavor, project), Exists (it was let in already).
func (s *Service) AdmitToFlavor(ctx context.Context, c identity.Caller, id, projectID string) error {
	return s.onFlavor(ctx, c, id, func(tx Tx, f Flavor) error {
		if _, err := tx.Project(ctx, projectID); err != nil {
			return err
		}
		if err := tx.AdmitProject(ctx, id, projectID); err != nil {
			return err
		}
		return s.auditFlavor(ctx, tx, c, audit.Grant, f, projectID)
	})
}

// ExpelFromFlavor takes a flavor from a project, which may be gone already.
// What the project's instances have stays. Faults: Forbidden, NotFound (the
// flavor; or the "flavor access" that the project does not have).
func (s *Service) ExpelFromFlavor(ctx context.Context, c identity.Caller, id, projectID string) error {
	return s.onFlavor(ctx, c, id, func(tx Tx, f Flavor) error {
		if err := tx.ExpelProject(ctx, id, projectID); err != nil {
			return err
		}
		return s.auditFlavor(ctx, tx, c, audit.Ungrant, f, projectID)
	})
}

// onFlavor does something to a flavor that nobody else changes meanwhile.
func (s *Service) onFlavor(ctx context.Context, c identity.Caller, id string, do func(Tx, Flavor) error) error {
	if err := manages(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "flavors"); err != nil {
			return err
		}
		f, err := tx.Flavor(ctx, id)
		if err != nil {
			return err
		}
		return do(tx, f)
	})
}

func (s *Service) auditFlavor(ctx context.Context, tx Tx, c identity.Caller, a audit.Action, f Flavor, detail string) error {
	e := c.Audit(a, "flavor", f.ID)
	e.At, e.Detail = s.now(), strings.TrimSpace(f.Name+" "+detail)
	return tx.AppendAudit(ctx, e)
}
