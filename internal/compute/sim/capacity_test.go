package sim

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestListenersFor(t *testing.T) {
	for limit, want := range map[uint64]int64{
		256: 128, 1024: 512, 2048: 1024, 20_000: 18_976, 1 << 20: 1<<20 - 1024, math.MaxUint64: 1<<30 - 1024,
	} {
		if got := listenersFor(limit); got != want {
			t.Errorf("%d files: %d listeners, want %d", limit, got, want)
		}
	}
}

// Guests never take the last file descriptors of the server that runs them.
func TestNoMoreListeners(t *testing.T) {
	d := newDriver(t, t.TempDir())
	d.maxListening = 2
	one := create(t, d, newSpec())
	create(t, d, newSpec())
	third := newSpec()
	must(t, d.Create(ctx, third))
	for range 2 {
		if err := d.Start(ctx, third); !fault.Is(err, fault.NoCapacity) {
			t.Fatalf("got %v", err)
		}
	}
	unheard := newSpec()
	unheard.NICs = nil
	create(t, d, unheard)
	must(t, d.Reboot(ctx, one, true))
	must(t, d.Stop(ctx, one.ID, 0))
	must(t, d.Stop(ctx, one.ID, 0))
	must(t, d.Start(ctx, third))
	must(t, d.Delete(ctx, third.ID))
	must(t, d.Start(ctx, one))
}

// A boot that changes nothing leaves the state as it lies there: thousands of
// instances start again without waiting for the host's storage.
func TestSameBootWritesNoState(t *testing.T) {
	dir := t.TempDir()
	d := newDriver(t, dir)
	spec := create(t, d, newSpec(newKey(t).line))
	file := filepath.Join(dir, spec.ID, stateFile)
	before, err := os.Stat(file)
	must(t, err)
	must(t, d.Reboot(ctx, spec, false))
	must(t, d.Close())
	d = newDriver(t, dir)
	must(t, d.Start(ctx, spec))
	after, err := os.Stat(file)
	must(t, err)
	if !os.SameFile(before, after) {
		t.Error("the state was written anew")
	}
	spec.Name = "another name"
	must(t, d.Reboot(ctx, spec, false))
	if after, err = os.Stat(file); err != nil || os.SameFile(before, after) {
		t.Errorf("the new name was not written: %v", err)
	}
}
