package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// testHoldings wants what a project must not lose to be counted, and everything
// else to go with it, files too.
func testHoldings(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	people(t, db)
	snapshot, public := image("own"), image("public")
	snapshot.ProjectID, snapshot.Public, snapshot.Node = "p1", false, "node-1"
	public.ProjectID, public.Public = "p1", true
	write(t, db, func(tx *store.Tx) error {
		for _, insert := range []func() error{
			func() error { return tx.InsertVolume(ctx, volume("v1", epoch)) },
			func() error { return tx.InsertImage(ctx, snapshot) },
			func() error { return tx.InsertImage(ctx, public) },
			func() error { return tx.InsertNetwork(ctx, network("n1")) },
			func() error { return tx.InsertRouter(ctx, compute.Router{ID: "r1", ProjectID: "p1"}) },
			func() error { return tx.InsertPort(ctx, port("a", "p1", "n1", "127.8.0.2")) },
			func() error { return tx.InsertPort(ctx, port("b", "p2", "n1", "127.8.0.3")) },
			func() error {
				p := port("c", "p1", "n1", "127.8.0.4")
				p.DeviceID = "r1"
				return tx.InsertPort(ctx, p)
			},
			func() error { return tx.InsertRouterPort(ctx, "r1", compute.RouterPort{PortID: "c", NetworkID: "n1"}) },
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
			{What: "volume", Count: 1}, {What: "shared network", Count: 1},
		})
		return err
	})
	write(t, db, func(tx *store.Tx) error { return errors.Join(tx.DeleteVolume(ctx, "v1"), tx.DeletePort(ctx, "b")) })
	read(t, db, func(tx *store.Tx) error {
		held, err := tx.ProjectHoldings(ctx, "p1")
		same(t, len(held), 0)
		return err
	})
	write(t, db, func(tx *store.Tx) error { return tx.DeleteProject(ctx, "p1", epoch) })
	for what, look := range map[string]func(tx *store.Tx) error{
		"project":  func(tx *store.Tx) error { _, err := tx.Project(ctx, "p1"); return err },
		"image":    func(tx *store.Tx) error { _, err := tx.Image(ctx, "own"); return err },
		"network":  func(tx *store.Tx) error { _, err := tx.Network(ctx, "n1"); return err },
		"router":   func(tx *store.Tx) error { _, err := tx.Router(ctx, "r1"); return err },
		"port":     func(tx *store.Tx) error { _, err := tx.Port(ctx, "a"); return err },
		"group":    func(tx *store.Tx) error { _, err := tx.SecurityGroup(ctx, "g1"); return err },
		"floating": func(tx *store.Tx) error { _, err := tx.FloatingIP(ctx, "f1"); return err },
	} {
		if err := db.Read(ctx, look); !fault.Is(err, fault.NotFound) {
			t.Errorf("the %s is left: %v", what, err)
		}
	}
	read(t, db, func(tx *store.Tx) error { _, err := tx.Image(ctx, "public"); return err })
	j, ok, err := db.ClaimJob(ctx, "node-1", "me", epoch, time.Minute)
	if err != nil || !ok || j.Kind != compute.ImageJobKind || j.Subject != "own" {
		t.Errorf("the image's files: %+v, %v, %v", j, ok, err)
	}
}
