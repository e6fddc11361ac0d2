package toast

import (
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// TestFlavorNames: scripts for this cloud look for its own flavors by name, and
// find them with their sizes and what they are good at.
func TestFlavorNames(t *testing.T) {
	c := newClient(t, harness.Start(t))
	var got []string
	for _, v := range c.must("GET", "flavors", "").list("flavors") {
		f := v.(object)
		size := "of any size"
		if disk, fixed := f["volumeSize"]; fixed {
			size = fmt.Sprintf("%v GB", disk)
		}
		got = append(got, fmt.Sprintf("%v: %v, %v, %v MB, %s", f["name"], f["type"], f["vcpus"], f["ram"], size))
	}
	want := []string{
		"m1.tiny: general, 1, 512 MB, 1 GB",
		"u2.c1m1: general, 1, 1024 MB, 30 GB",
		"m1.small: general, 1, 2048 MB, 20 GB",
		"m2.c1m2: general, 1, 2048 MB, of any size",
		"u2.c1m2: general, 1, 2048 MB, 30 GB",
		"c2.c2m2: compute, 2, 2048 MB, of any size",
		"m1.medium: general, 2, 4096 MB, 40 GB",
		"m2.c2m4: general, 2, 4096 MB, of any size",
		"u2.c2m4: general, 2, 4096 MB, 50 GB",
		"r2.c2m8: memory, 2, 8192 MB, of any size",
		"c2.c4m4: compute, 4, 4096 MB, of any size",
		"m1.large: general, 4, 8192 MB, 80 GB",
		"m2.c4m8: general, 4, 8192 MB, of any size",
		"r2.c4m16: memory, 4, 16384 MB, of any size",
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("flavors:\n%q\nwant\n%q", got, want)
	}
}
