package compute

import (
	"context"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Flavor is a size of instances.
type Flavor struct {
	ID      string // "1", … or any text, unique
	Name    string // unique too
	VCPUs   int
	RAMMiB  int
	DiskGiB int // 0: none of its own, instances boot from volumes
	// EphemeralGiB is shown and not made: no driver here has such disks.
	EphemeralGiB int
	// SwapMiB is what the guest can put out of its memory.
	SwapMiB int
	// RXTXFactor is the share of the network; shown, never used.
	RXTXFactor  float64
	ExtraSpecs  map[string]string
	Private     bool // only the projects that were let in, and administrators, see it
	Description *string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// FlavorTx is what flavors need of a transaction.
type FlavorTx interface {
	Flavor(ctx context.Context, id string) (Flavor, error)
	// Flavors returns all flavors, ordered by memory, then id.
	Flavors(ctx context.Context) ([]Flavor, error)
	// InsertFlavor gives Exists when the id or the name is taken.
	InsertFlavor(ctx context.Context, f Flavor) error
	// UpdateFlavor writes the extra specs, the description and when that was.
	UpdateFlavor(ctx context.Context, f Flavor) error
	// DeleteFlavor removes the flavor and who may use it.
	DeleteFlavor(ctx context.Context, id string) error

	// FlavorProjects returns the ids of the projects that were let in, ordered.
	FlavorProjects(ctx context.Context, flavorID string) ([]string, error)
	// ProjectFlavors returns the ids of the flavors that a project was let in to.
	ProjectFlavors(ctx context.Context, projectID string) ([]string, error)
	// AdmitProject gives Exists when the project was let in already.
	AdmitProject(ctx context.Context, flavorID, projectID string) error
	// ExpelProject gives NotFound when the project was never let in.
	ExpelProject(ctx context.Context, flavorID, projectID string) error
	Project(ctx context.Context, id string) (identity.Project, error)
}

// FlavorRange says which flavors are wanted.
type FlavorRange uint8

// The ranges.
const (
	// UsableFlavors are the public ones and those that the caller's project was let in to.
	UsableFlavors FlavorRange = iota
	// PrivateFlavors and AllFlavors are for administrators.
	PrivateFlavors
	AllFlavors
)

// Flavors lists flavors, smallest first. Faults: Forbidden.
func (s *Service) Flavors(ctx context.Context, c identity.Caller, which FlavorRange) ([]Flavor, error) {
	if which != UsableFlavors {
		if err := manages(c); err != nil {
			return nil, err
		}
	}
	var all []Flavor
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		if all, err = tx.Flavors(ctx); err != nil || which == AllFlavors {
			return err
		}
		var open []string
		if which == UsableFlavors {
			if open, err = openFlavors(ctx, tx, c); err != nil {
				return err
			}
		}
		all = slices.DeleteFunc(all, func(f Flavor) bool {
			if which == PrivateFlavors {
				return !f.Private
			}
			return f.Private && !slices.Contains(open, f.ID)
		})
		return nil
	})
	return all, err
}

// openFlavors are the ids of the private flavors that the caller's project may use.
func openFlavors(ctx context.Context, tx Tx, c identity.Caller) ([]string, error) {
	if c.ProjectID() == "" {
		return nil, nil
	}
	return tx.ProjectFlavors(ctx, c.ProjectID())
}

// Flavor returns a flavor by its id. Faults: NotFound.
func (s *Service) Flavor(ctx context.Context, c identity.Caller, id string) (Flavor, error) {
	return read(ctx, s.store, func(tx Tx) (Flavor, error) { return visibleFlavor(ctx, tx, c, id) })
}

func visibleFlavor(ctx context.Context, tx Tx, c identity.Caller, id string) (Flavor, error) {
	f, err := tx.Flavor(ctx, id)
	if err == nil && f.Private && !c.Admin() {
		var open []string
		if open, err = openFlavors(ctx, tx, c); err == nil && !slices.Contains(open, id) {
			err = fault.Missing("flavor", id)
		}
	}
	if err != nil {
		return Flavor{}, err
	}
	return f, nil
}
