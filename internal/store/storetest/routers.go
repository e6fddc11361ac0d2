package storetest

import (
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

func testRouters(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	r := compute.Router{ID: "r1", ProjectID: "p1", Name: "n", Description: "d", Down: true, Tags: []string{"a", "b"}, CreatedAt: epoch, UpdatedAt: epoch, Revision: 1}
	q := compute.Router{ID: "r2", ProjectID: "p2", CreatedAt: epoch.Add(time.Second), UpdatedAt: epoch, Revision: 1}
	inner, pool := port("a", "p1", "n1", "127.8.0.1"), port("b", "", "pub", "127.9.0.1")
	pool.CreatedAt = epoch.Add(time.Second)
	inner.DeviceID = "r1"
	atInner := compute.RouterPort{PortID: "a", NetworkID: "n1", Addr: inner.Addr}
	atPool := compute.RouterPort{PortID: "b", NetworkID: "pub", Addr: pool.Addr, Gateway: true}
	write(t, db, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertRouter(ctx, r), tx.InsertRouter(ctx, q), tx.InsertPort(ctx, inner), tx.InsertPort(ctx, pool), tx.InsertPort(ctx, port("c", "p1", "n1", "")),
			tx.InsertRouterPort(ctx, "r1", atPool), tx.InsertRouterPort(ctx, "r1", atInner),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	r.Ports = []compute.RouterPort{atInner, atPool}
	wants := func(project string, want ...compute.Router) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Routers(ctx, project)
			same(t, got, want)
			return err
		})
	}
	wants("", q, r)
	wants("p1", r)
	read(t, db, func(tx *store.Tx) error {
		p, err := tx.Port(ctx, "a")
		same(t, p.RouterID, "r1")
		if err != nil {
			return err
		}
		used, err := tx.NetworkUsage(ctx, "p1")
		same(t, used[compute.QuotaRouters], 1)
		return err
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertRouter(ctx, r) }), fault.Exists)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertRouterPort(ctx, "r2", atInner) }), fault.Exists)
	refused(t, db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertRouterPort(ctx, "r1", compute.RouterPort{PortID: "c", NetworkID: "n1"})
	}), fault.Exists)
	for name, remove := range map[string]func(*store.Tx) error{
		"a port":   func(tx *store.Tx) error { return tx.DeletePort(ctx, "a") },
		"a router": func(tx *store.Tx) error { return tx.DeleteRouter(ctx, "r1") },
	} {
		if err := db.Write(ctx, remove); err == nil {
			t.Errorf("%s went and left the other", name)
		}
	}

	between := func(pool, network, project, want string) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.RouterBetween(ctx, pool, network, project)
			if want == "" {
				refused(t, err, fault.NotFound)
				return nil
			}
			same(t, got, want)
			return err
		})
	}
	between("pub", "n1", "p1", "r1")
	between("n1", "pub", "p1", "")
	between("pub", "n9", "p1", "")
	write(t, db, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertPort(ctx, port("e", "", "pub", "127.9.0.2")), tx.InsertRouterPort(ctx, "r2", compute.RouterPort{PortID: "c", NetworkID: "n1"}),
			tx.InsertRouterPort(ctx, "r2", compute.RouterPort{PortID: "e", NetworkID: "pub", Gateway: true}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	between("pub", "n1", "p2", "r2")
	between("pub", "n1", "p1", "r1")

	write(t, db, func(tx *store.Tx) error { return tx.DeleteRouterPort(ctx, "b") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteRouterPort(ctx, "b") }), fault.NotFound)
	between("pub", "n1", "p1", "r2")
	r.Name, r.Description, r.Down, r.Tags, r.Revision, r.UpdatedAt, r.Ports = "m", "", false, nil, 2, epoch.Add(time.Hour), r.Ports[:1]
	write(t, db, func(tx *store.Tx) error { return tx.UpdateRouter(ctx, r) })
	wants("p1", r)
	write(t, db, func(tx *store.Tx) error {
		if err := tx.DeleteRouterPort(ctx, "a"); err != nil {
			return err
		}
		return tx.DeleteRouter(ctx, "r1")
	})
	wants("p1")
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteRouter(ctx, "r1") }), fault.NotFound)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateRouter(ctx, r) }), fault.NotFound)
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Router(ctx, "r1"); return err }), fault.NotFound)
}
