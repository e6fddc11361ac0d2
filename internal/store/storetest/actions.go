package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

// testTraits: what an instance has beside its columns comes back as it was.
func testTraits(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	i := instance("i1", epoch)
	i.Hostname, i.AccessIPv4, i.AccessIPv6, i.AutoDisk = "host", "1.2.3.4", "::1", true
	i.Password = compute.GuestPassword{Hash: "$6$a$b", Login: true, Sealed: "AAAA"}
	i.Files = []compute.File{{Path: "/a", Contents: []byte{0, 255}}, {Path: "/b"}}
	i.Lock = &compute.Lock{ByAdmin: true, Reason: "why", At: epoch}
	i.Resize = &compute.Resize{Flavor: flavor("big", 4096), Was: compute.Stopped, Confirmed: true}
	i.SavingImageID, i.GroupID = "image", "group"
	write(t, db, func(tx *store.Tx) error { return tx.InsertInstance(ctx, i) })
	want := func(w compute.Instance) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Instance(ctx, "i1")
			same(t, got, w)
			return err
		})
	}
	want(i)
	read(t, db, func(tx *store.Tx) error {
		u, err := tx.Usage(ctx, "p1", "")
		same(t, u, compute.Usage{Instances: 1, VCPUs: 2, RAMMiB: 4096}) // it may go back
		return err
	})
	bare := instance("i1", epoch)
	write(t, db, func(tx *store.Tx) error { return tx.UpdateInstance(ctx, bare) })
	want(bare)
}

func testImages(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	i := image("1")
	i.Saving, i.Node, i.InstanceID = true, "n1", "i1"
	write(t, db, func(tx *store.Tx) error { return tx.InsertImage(ctx, i) })
	changed := i
	changed.Name, changed.Saving, changed.SizeBytes, changed.MinDiskGiB, changed.Properties, changed.Public = "other", false, 77, 9, nil, false
	changed.Protected, changed.Hidden, changed.Deactivated, changed.Tags = true, true, true, []string{"a", "b,c"}
	changed.UpdatedAt = epoch.Add(time.Hour)
	for _, w := range []compute.Image{i, changed} {
		write(t, db, func(tx *store.Tx) error { return tx.UpdateImage(ctx, w) })
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Image(ctx, "1")
			same(t, got, w)
			return err
		})
	}
	write(t, db, func(tx *store.Tx) error { return tx.DeleteImage(ctx, "1") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteImage(ctx, "1") }), fault.NotFound)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateImage(ctx, i) }), fault.NotFound)
}

func testEvents(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	first := compute.Event{ID: "e1", InstanceID: "i1", Node: "n1", Action: compute.ActionCreate, RequestID: "req-1", UserID: "u1", ProjectID: "p1", StartedAt: epoch}
	second := first
	second.ID, second.Action, second.StartedAt, second.FinishedAt = "e2", compute.EventLock, epoch.Add(time.Second), epoch.Add(time.Second)
	write(t, db, func(tx *store.Tx) error {
		for _, err := range []error{tx.InsertInstance(ctx, instance("i1", epoch)), tx.InsertEvent(ctx, first), tx.InsertEvent(ctx, second)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	want := func(w ...compute.Event) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Events(ctx, "i1")
			same(t, got, w)
			return err
		})
	}
	want(second, first)
	done := first
	done.FinishedAt, done.Failed, done.Failure = epoch.Add(time.Minute), true, "it broke \x00\xff"
	write(t, db, func(tx *store.Tx) error { return tx.FinishEvent(ctx, done) })
	done.Failure = "it broke \uFFFD\uFFFD"
	want(second, done)

	// Of a project's all at once, those of its other region's and of others' apart.
	third, elsewhere, stranger := first, instance("i3", epoch), instance("i4", epoch)
	third.ID, third.InstanceID = "e3", "i2"
	elsewhere.Region, stranger.ProjectID = "r9", "p9"
	write(t, db, func(tx *store.Tx) error {
		for _, i := range []compute.Instance{instance("i2", epoch), elsewhere, stranger} {
			if err := tx.InsertInstance(ctx, i); err != nil {
				return err
			}
		}
		for k, id := range []string{"i2", "i3", "i4"} {
			e := third
			e.ID, e.InstanceID = "e"+strconv.Itoa(k+3), id
			if err := tx.InsertEvent(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	read(t, db, func(tx *store.Tx) error {
		i1 := instance("i1", epoch)
		got, err := tx.ProjectEvents(ctx, i1.Region, i1.ProjectID)
		same(t, got, []compute.Event{second, done, third})
		return err
	})

	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.FinishEvent(ctx, compute.Event{ID: "e9"}) }), fault.NotFound)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertEvent(ctx, first) }), fault.Exists)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") })
	want(second, done)
}

func testServerGroups(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	group := func(id, project string, at time.Time) compute.ServerGroup {
		return compute.ServerGroup{ID: id, ProjectID: project, UserID: "u1", Name: "group " + id, Policy: compute.AntiAffinity, PerNode: 2, CreatedAt: at}
	}
	a, b, c := group("a", "p1", epoch.Add(time.Second)), group("b", "p1", epoch), group("c", "p2", epoch)
	write(t, db, func(tx *store.Tx) error {
		for _, g := range []compute.ServerGroup{a, b, c} {
			if err := tx.InsertServerGroup(ctx, g); err != nil {
				return err
			}
		}
		for k, id := range []string{"i2", "i1", "i3"} {
			i := instance(id, epoch.Add(time.Duration(k)*time.Second))
			i.GroupID = "a"
			if id == "i3" {
				i.GroupID = ""
			}
			if err := tx.InsertInstance(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	a.Members = []string{"i2", "i1"}
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.ServerGroups(ctx, "p1")
		same(t, got, []compute.ServerGroup{b, a})
		if err != nil {
			return err
		}
		got, err = tx.ServerGroups(ctx, "")
		if err == nil && len(got) != 3 {
			t.Errorf("all: %+v", got)
		}
		return err
	})
	write(t, db, func(tx *store.Tx) error { return tx.DeleteServerGroup(ctx, "a") })
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.ServerGroup(ctx, "a"); return err }), fault.NotFound)
	read(t, db, func(tx *store.Tx) error {
		i, err := tx.Instance(ctx, "i1")
		same(t, i.GroupID, "")
		return err
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteServerGroup(ctx, "a") }), fault.NotFound)
}

func testSpells(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	spell := func(id, project string, from, until int) compute.Spell {
		return compute.Spell{
			InstanceID: id, ProjectID: project, Region: "r1", Name: "web", Flavor: "m1", VCPUs: 1, RAMMiB: 2, DiskGiB: 3,
			From: epoch.Add(time.Duration(from) * time.Hour), Until: epoch.Add(time.Duration(until) * time.Hour),
		}
	}
	early, long, other := spell("b", "p1", 0, 2), spell("a", "p1", 1, 9), spell("c", "p2", 0, 9)
	write(t, db, func(tx *store.Tx) error {
		for _, p := range []compute.Spell{long, early, other} {
			if err := tx.InsertSpell(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range []struct {
		project     string
		from, until int
		want        []compute.Spell
	}{
		{"p1", 0, 9, []compute.Spell{early, long}},
		{"p1", 2, 9, []compute.Spell{long}},
		{"p1", -1, 1, []compute.Spell{early}},
		{"p1", 9, 10, nil},
		{"", 0, 1, []compute.Spell{early, other}},
	} {
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Spells(ctx, c.project, epoch.Add(time.Duration(c.from)*time.Hour), epoch.Add(time.Duration(c.until)*time.Hour))
			same(t, got, c.want)
			return err
		})
	}
}
