package server

import (
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// TestTOASTFlavors: what administrators make with the OpenStack client is there
// for TOAST's, and a private flavor for those that were let in to it.
func TestTOASTFlavors(t *testing.T) {
	w := newWorld(t)
	ctx, service := t.Context(), w.server.machines.compute
	root, member := w.callers["administrator"], w.callers["member"]
	for _, f := range []compute.Flavor{
		{ID: "u", Name: "u2.open", VCPUs: 1, RAMMiB: 64, DiskGiB: 20, EphemeralGiB: 3, RXTXFactor: 1, ExtraSpecs: map[string]string{"type": "memory"}},
		{ID: "p", Name: "m2.private", VCPUs: 1, RAMMiB: 64, RXTXFactor: 1, Private: true},
	} {
		if _, err := service.CreateFlavor(ctx, root, f); err != nil {
			t.Fatal(err)
		}
	}
	list := func() string {
		t.Helper()
		return w.toast(t, "GET", toastPrefix+member.Project.AppKey+"/flavors", "", w.tokens["member"]).text
	}
	const private = `"id":"p","name":"m2.private","isPublic":false,"ram":64,"vcpus":1}`
	if got := list(); strings.Contains(got, "m2.private") ||
		!strings.Contains(got, `{"disabled":false,"ephemeral":3,"type":"memory","volumeSize":20,"id":"u","name":"u2.open","isPublic":true,"ram":64,"vcpus":1}`) {
		t.Errorf("before it was let in: %s", got)
	}
	if err := service.AdmitToFlavor(ctx, root, "p", member.ProjectID()); err != nil {
		t.Fatal(err)
	}
	if got := list(); !strings.Contains(got, private) {
		t.Errorf("after it was let in: %s", got)
	}
	if _, err := service.Flavor(ctx, w.callers["stranger"], "p"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a stranger: %v", err)
	}
}
