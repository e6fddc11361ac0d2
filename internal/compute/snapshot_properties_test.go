package compute_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestSnapshotOfSnapshots makes an image of an instance of an image, again and
// again, each with properties more: there is an end to what it inherits.
func TestSnapshotOfSnapshots(t *testing.T) {
	y, _ := newAbleYard(t)
	ctx := t.Context()
	i := y.create()
	y.do()
	for n := range 5 {
		properties := map[string]string{}
		for k := range 100 {
			properties[fmt.Sprintf("p%d-%d", n, k)] = "x"
		}
		image, err := y.service.Snapshot(ctx, y.caller, i.ID, compute.SnapshotRequest{Name: "snap", Properties: properties})
		if n >= 2 {
			var over *compute.TooMany
			if !errors.As(err, &over) || over.Resource != compute.QuotaMetadata {
				t.Fatalf("image %d: %v", n, err)
			}
			// Without more of them it can be made.
			_, err = y.service.Snapshot(ctx, y.caller, i.ID, compute.SnapshotRequest{Name: "plain"})
			y.must(err)
			return
		}
		y.must(err)
		y.do()
		made, err := y.service.Create(ctx, y.caller, compute.CreateRequest{Name: "clone", FlavorID: "1", ImageID: image.ID})
		y.must(err)
		y.do()
		i = made[0]
	}
	t.Error("it never ends")
}
