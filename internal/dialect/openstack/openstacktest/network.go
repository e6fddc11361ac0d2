package openstacktest

import (
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/store"
)

// Route puts a router between a network and a pool of floating addresses, as
// seeded ones have.
func Route(t testing.TB, db *store.DB, networkID, poolID string) {
	t.Helper()
	r := compute.Router{ID: "router of " + networkID}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertRouter(t.Context(), r); err != nil {
			return err
		}
		for _, at := range []compute.RouterPort{
			{PortID: "router port on " + networkID, NetworkID: networkID}, {PortID: "router port on " + poolID, NetworkID: poolID, Gateway: true},
		} {
			p := compute.Port{NIC: compute.NIC{PortID: at.PortID, NetworkID: at.NetworkID, Kept: true}, DeviceID: r.ID}
			if err := tx.InsertPort(t.Context(), p); err != nil {
				return err
			}
			if err := tx.InsertRouterPort(t.Context(), r.ID, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
