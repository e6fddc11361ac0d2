package storetest

import (
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// testHoldings wants each thing that a project has to be counted, but for what
// goes with it: its security groups.
func testHoldings(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	snapshot := image("own")
	snapshot.ProjectID = "p1"
	write(t, db, func(tx *store.Tx) error {
		for _, insert := range []func() error{
			func() error { return tx.InsertVolume(ctx, volume("v1", epoch)) },
			func() error { return tx.InsertImage(ctx, snapshot) },
			func() error { return tx.InsertNetwork(ctx, network("n1")) },
			func() error { return tx.InsertRouter(ctx, compute.Router{ID: "r1", ProjectID: "p1"}) },
			func() error { return tx.InsertPort(ctx, port("a", "p1", "n1", "127.8.0.2")) },
			func() error {
				return tx.InsertFloatingIP(ctx, compute.FloatingIP{ID: "f1", ProjectID: "p1", NetworkID: "n1", Addr: addr("127.9.0.1"), CreatedAt: epoch, UpdatedAt: epoch, Revision: 1})
			},
			func() error { return tx.InsertSecurityGroup(ctx, group("g1", "p1", "default", letsSSH)) },
		} {
			if err := insert(); err != nil {
				return err
			}
		}
		return nil
	})
	read(t, db, func(tx *store.Tx) error {
		held, err := tx.ProjectHoldings(ctx, "p1")
		same(t, held, []identity.Holding{
			{What: "volume", Count: 1}, {What: "image", Count: 1}, {What: "network", Count: 1}, {What: "router", Count: 1}, {What: "port", Count: 1}, {What: "floating address", Count: 1},
		})
		return err
	})
}
