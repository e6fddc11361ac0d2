package compute_test

import (
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestSnapshotKilled: the image was deleted while its files were made, and the
// process was killed before it learned of that. The next attempt removes them.
func TestSnapshotKilled(t *testing.T) {
	y, d := newAbleYard(t)
	i := y.create()
	y.do()
	image, err := y.service.Snapshot(t.Context(), y.caller, i.ID, compute.SnapshotRequest{Name: "snap"})
	y.must(err)
	later := y.now.Add(time.Hour)
	j, ok, err := y.db.ClaimJob(t.Context(), "node", "killed", later, 24*time.Hour)
	if y.must(err); !ok {
		t.Fatal("no job makes the image")
	}
	y.must(y.service.DeleteImage(t.Context(), y.caller, image.ID))
	y.must(y.run()) // nothing is there to be removed yet
	d.images[image.ID] = true
	y.must(y.db.RetryJob(t.Context(), j.ID, "killed", later, ""))
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)
	if len(d.images) != 0 {
		t.Errorf("files are left: %v", d.images)
	}
}
