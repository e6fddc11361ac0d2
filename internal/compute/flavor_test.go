package compute_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// TestFlavorsAreForAdministrators: others change nothing and see nothing more.
func TestFlavorsAreForAdministrators(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	f := compute.Flavor{ID: "x", Name: "x", VCPUs: 1, RAMMiB: 1, RXTXFactor: 1}
	for what, try := range map[string]func() error{
		"create":   func() error { _, err := y.service.CreateFlavor(ctx, y.caller, f); return err },
		"describe": func() error { _, err := y.service.DescribeFlavor(ctx, y.caller, "1", nil); return err },
		"specs":    func() error { _, err := y.service.SetExtraSpecs(ctx, y.caller, "1", nil); return err },
		"spec":     func() error { return y.service.DeleteExtraSpec(ctx, y.caller, "1", "a") },
		"delete":   func() error { return y.service.DeleteFlavor(ctx, y.caller, "1") },
		"projects": func() error { _, err := y.service.FlavorProjects(ctx, y.caller, "1"); return err },
		"admit":    func() error { return y.service.AdmitToFlavor(ctx, y.caller, "1", "p") },
		"expel":    func() error { return y.service.ExpelFromFlavor(ctx, y.caller, "1", "p") },
		"private":  func() error { _, err := y.service.Flavors(ctx, y.caller, compute.PrivateFlavors); return err },
		"all":      func() error { _, err := y.service.Flavors(ctx, y.caller, compute.AllFlavors); return err },
	} {
		if err := try(); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestFlavorBounds(t *testing.T) {
	y := newYard(t)
	good := compute.Flavor{ID: "x", Name: "x", VCPUs: 1, RAMMiB: 1, RXTXFactor: 1}
	for field, spoil := range map[string]func(*compute.Flavor){
		"id":          func(f *compute.Flavor) { f.ID = strings.Repeat("x", 256) },
		"name":        func(f *compute.Flavor) { f.Name = " x" },
		"vcpus":       func(f *compute.Flavor) { f.VCPUs = 0 },
		"ram":         func(f *compute.Flavor) { f.RAMMiB = 1 << 31 },
		"disk":        func(f *compute.Flavor) { f.DiskGiB = -1 },
		"ephemeral":   func(f *compute.Flavor) { f.EphemeralGiB = -1 },
		"swap":        func(f *compute.Flavor) { f.SwapMiB = -1 },
		"rxtx_factor": func(f *compute.Flavor) { f.RXTXFactor = 0 },
	} {
		f := good
		spoil(&f)
		_, err := y.service.CreateFlavor(t.Context(), y.root(), f)
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.Invalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	made, err := y.service.CreateFlavor(t.Context(), y.root(), compute.Flavor{Name: "unnamed", VCPUs: 1, RAMMiB: 1, RXTXFactor: 1})
	if err != nil || len(made.ID) != 36 {
		t.Errorf("without an id: %v, %v", made, err)
	}
}

// TestSeededOnce: what was deleted does not come back with the next start, and
// what somebody made in the meantime under that name stays.
func TestSeededOnce(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	ids := func() []string {
		t.Helper()
		all, err := y.service.Flavors(ctx, y.root(), compute.AllFlavors)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range all {
			out = append(out, f.ID)
		}
		return out
	}
	before := ids()
	if !slices.Contains(before, "1") || !slices.Contains(before, "u2.c1m1") {
		t.Fatalf("a new deployment has %v", before)
	}
	for _, id := range []string{"1", "2"} {
		if err := y.service.DeleteFlavor(ctx, y.root(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := y.service.CreateFlavor(ctx, y.root(), compute.Flavor{ID: "own", Name: "m1.small", VCPUs: 9, RAMMiB: 9, RXTXFactor: 1}); err != nil {
		t.Fatal(err)
	}
	after := ids()
	if err := y.service.Seed(ctx); err != nil {
		t.Fatal(err)
	}
	if again := ids(); !slices.Equal(again, after) || slices.Contains(again, "1") {
		t.Errorf("after another start: %v, before it %v", again, after)
	}
}

// TestDisklessFlavorSize: without a disk of the flavor's or a volume, the root
// disk is as large as the image needs.
func TestDisklessFlavorSize(t *testing.T) {
	y := newYard(t)
	made, err := y.service.Create(t.Context(), y.root(), compute.CreateRequest{Name: "web", FlavorID: "m2.c1m2", ImageID: y.image(), Networks: []compute.NICRequest{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := made[0].RootGiB(); got != made[0].Image.MinDiskGiB || got == 0 {
		t.Errorf("the root disk has %d GiB, the image needs %d", got, made[0].Image.MinDiskGiB)
	}
	_, err = y.service.Create(t.Context(), y.caller, compute.CreateRequest{Name: "web", FlavorID: "m2.c1m2", ImageID: y.image(), Networks: []compute.NICRequest{}})
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("a member: %v", err)
	}
}
