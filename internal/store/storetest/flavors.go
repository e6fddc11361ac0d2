package storetest

import (
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

func testFlavors(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	text := "a description"
	full := compute.Flavor{
		ID: "f 1", Name: "full", VCPUs: 2, RAMMiB: 512, DiskGiB: 10, EphemeralGiB: 3, SwapMiB: 7, RXTXFactor: 0.1,
		ExtraSpecs: map[string]string{"a": "b"}, Private: true, Description: &text, CreatedAt: epoch, UpdatedAt: epoch.Add(time.Second),
	}
	bare := compute.Flavor{ID: "f 2", Name: "bare", VCPUs: 1, RAMMiB: 1, RXTXFactor: 3.40282e+38}
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertFlavor(ctx, full); err != nil {
			return err
		}
		return tx.InsertFlavor(ctx, bare)
	})
	has := func(want compute.Flavor) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Flavor(ctx, want.ID)
			same(t, got, want)
			return err
		})
	}
	has(full)
	has(bare)
	for _, taken := range []compute.Flavor{{ID: "f 1", Name: "other"}, {ID: "f 3", Name: "full"}} {
		refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertFlavor(ctx, taken) }), fault.Exists)
	}

	full.Description, full.ExtraSpecs, full.UpdatedAt = nil, nil, epoch.Add(time.Hour)
	write(t, db, func(tx *store.Tx) error { return tx.UpdateFlavor(ctx, full) })
	has(full)
	has(bare)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateFlavor(ctx, compute.Flavor{ID: "x"}) }), fault.NotFound)

	write(t, db, func(tx *store.Tx) error {
		for _, a := range [][2]string{{"f 1", "p2"}, {"f 1", "p1"}, {"f 2", "p1"}} {
			if err := tx.AdmitProject(ctx, a[0], a[1]); err != nil {
				return err
			}
		}
		return nil
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.AdmitProject(ctx, "f 1", "p1") }), fault.Exists)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.ExpelProject(ctx, "f 2", "p2") }), fault.NotFound)
	lists := func(look func(*store.Tx) ([]string, error), want ...string) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := look(tx)
			same(t, got, want)
			return err
		})
	}
	projects := func(tx *store.Tx) ([]string, error) { return tx.FlavorProjects(ctx, "f 1") }
	flavors := func(tx *store.Tx) ([]string, error) { return tx.ProjectFlavors(ctx, "p1") }
	lists(projects, "p1", "p2")
	lists(flavors, "f 1", "f 2")
	write(t, db, func(tx *store.Tx) error { return tx.ExpelProject(ctx, "f 1", "p2") })
	lists(projects, "p1")

	// Who may use a flavor goes with it, and with the project.
	write(t, db, func(tx *store.Tx) error { return tx.DeleteFlavor(ctx, "f 1") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteFlavor(ctx, "f 1") }), fault.NotFound)
	lists(projects)
	lists(flavors, "f 2")
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, identity.Account{ID: "a", Name: "a"}); err != nil {
			return err
		}
		if err := tx.InsertProject(ctx, identity.Project{ID: "p1", AccountID: "a", Name: "p1"}); err != nil {
			return err
		}
		return tx.DeleteProject(ctx, "p1", epoch)
	})
	lists(flavors)
	has(bare)

	for n := range 2 {
		write(t, db, func(tx *store.Tx) error {
			first, err := tx.Sow(ctx, "flavor 1")
			if first != (n == 0) {
				t.Errorf("time %d: first is %v", n, first)
			}
			return err
		})
	}
}
