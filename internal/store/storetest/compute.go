package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/store"
)

func image(id string) compute.Image {
	return compute.Image{
		ID: id, Name: "image " + id, OSType: compute.Linux, OSDistro: "debian", OSVersion: "13", AdminUser: "debian",
		MinRAMMiB: 64, MinDiskGiB: 1, SizeBytes: 9 << 40, Public: true, ProjectID: "p1",
		CreatedAt: epoch, UpdatedAt: epoch.Add(time.Second), Properties: map[string]string{"hw": "x"},
	}
}

func flavor(id string, ram int) compute.Flavor {
	return compute.Flavor{ID: id, Name: "flavor " + id, VCPUs: 2, RAMMiB: ram, DiskGiB: 10, ExtraSpecs: map[string]string{"a": "b"}}
}

func network(id string) compute.Network {
	return compute.Network{
		ID: id, Name: "network " + id, Shared: true, ProjectID: "p1", CreatedAt: epoch, UpdatedAt: epoch, Revision: 1,
		Subnet: &compute.Subnet{ID: "s" + id, Range: netip.MustParsePrefix("127.8.0.0/24"), DHCP: true, CreatedAt: epoch, UpdatedAt: epoch},
	}
}

func testCatalog(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	bare := compute.Image{ID: "0", Name: "Z", OSType: compute.Windows}
	write(t, db, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertImage(ctx, image("1")), tx.InsertImage(ctx, bare),
			tx.InsertFlavor(ctx, flavor("b", 512)), tx.InsertFlavor(ctx, flavor("a", 512)), tx.InsertFlavor(ctx, flavor("c", 64)),
			tx.InsertNetwork(ctx, network("2")), tx.InsertNetwork(ctx, network("1")),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	read(t, db, func(tx *store.Tx) error {
		images, err := tx.Images(ctx)
		same(t, images, []compute.Image{bare, image("1")})
		if err != nil {
			return err
		}
		flavors, err := tx.Flavors(ctx)
		same(t, flavors, []compute.Flavor{flavor("c", 64), flavor("a", 512), flavor("b", 512)})
		if err != nil {
			return err
		}
		networks, err := tx.Networks(ctx)
		same(t, networks, []compute.Network{network("1"), network("2")})
		if err != nil {
			return err
		}
		i, err := tx.Image(ctx, "1")
		same(t, i, image("1"))
		if err != nil {
			return err
		}
		f, err := tx.Flavor(ctx, "b")
		same(t, f, flavor("b", 512))
		if err != nil {
			return err
		}
		n, err := tx.Network(ctx, "2")
		same(t, n, network("2"))
		return err
	})
	for what, look := range map[string]func(*store.Tx) error{
		"image":   func(tx *store.Tx) error { _, err := tx.Image(ctx, "x"); return err },
		"flavor":  func(tx *store.Tx) error { _, err := tx.Flavor(ctx, "x"); return err },
		"network": func(tx *store.Tx) error { _, err := tx.Network(ctx, "x"); return err },
	} {
		if err := db.Read(ctx, look); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s that is not there: %v", what, err)
		}
	}
	for what, insert := range map[string]func(*store.Tx) error{
		"image":   func(tx *store.Tx) error { return tx.InsertImage(ctx, image("1")) },
		"flavor":  func(tx *store.Tx) error { return tx.InsertFlavor(ctx, flavor("a", 1)) },
		"network": func(tx *store.Tx) error { return tx.InsertNetwork(ctx, network("1")) },
	} {
		if err := db.Write(ctx, insert); !fault.Is(err, fault.Exists) {
			t.Errorf("%s that is there: %v", what, err)
		}
	}
}

func nic(net, addr string) compute.NIC {
	return compute.NIC{
		PortID: uuid.NewString(), NetworkID: net, Network: "network " + net, MAC: "fa:16:3e:00:00:01",
		Addr: netip.MustParseAddr(addr), Prefix: netip.MustParsePrefix("127.8.0.0/24"),
	}
}

func instance(id string, at time.Time, nics ...compute.NIC) compute.Instance {
	return compute.Instance{
		ID: id, Region: "r1", ProjectID: "p1", UserID: "u1", Name: "web", Image: image("1"), Flavor: flavor("a", 512),
		Zone: "nova", Node: "n1", State: compute.State{VM: compute.Building, Task: compute.Spawning}, NICs: nics,
		ReservationID: "r-1", CreatedAt: at, UpdatedAt: at,
	}
}

func binding(name string) compute.Binding {
	return compute.Binding{KeyPairID: "k-" + name, Name: name, Type: "ssh", PublicKey: "ssh-ed25519 AAAA\n",
		Fingerprint: "aa:bb", State: compute.BindingPending, Since: epoch}
}

func testInstances(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	text := "a description"
	full := instance("i1", epoch, nic("n1", "127.8.0.1"), nic("n2", "127.8.0.1"), nic("n1", "255.255.255.254"))
	full.Description, full.UserData, full.Tags = &text, []byte("#!/bin/sh\n\x00\xff"), []string{"b", "a"}
	full.Metadata, full.LaunchIndex, full.LaunchedAt = map[string]string{"ssh_port": "22", "k": "a\x00b"}, 3, epoch.Add(time.Minute)
	full.Bindings = []compute.Binding{binding("one"), binding("two")}
	full.Fault = &compute.InstanceFault{Code: 500, Message: "m", Details: "d", At: epoch}
	bare := instance("i0", epoch)
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertInstance(ctx, full); err != nil {
			return err
		}
		return tx.InsertInstance(ctx, bare)
	})
	want := func(id string, w compute.Instance) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Instance(ctx, id)
			same(t, got, w)
			return err
		})
	}
	want("i1", full)
	want("i0", bare)

	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertInstance(ctx, instance("i1", epoch)) }), fault.Exists)
	err := db.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertInstance(ctx, instance("i2", epoch, nic("n2", "127.8.0.1")))
	})
	refused(t, err, fault.Exists)
	if !strings.Contains(err.Error(), "127.8.0.1") {
		t.Errorf("the fault does not name the address: %v", err)
	}
	refused(t, db.Read(ctx, func(tx *store.Tx) error { _, err := tx.Instance(ctx, "i2"); return err }), fault.NotFound)

	changed := full
	changed.Name, changed.Description, changed.Fault, changed.Tags = "renamed", nil, nil, nil
	changed.State, changed.Metadata, changed.UserData = compute.State{VM: compute.Active}, nil, nil
	changed.Bindings = []compute.Binding{binding("three")}
	changed.Bindings[0].State = compute.BindingApplied
	changed.UpdatedAt, changed.LaunchedAt = epoch.Add(time.Hour), time.Time{}
	unread := changed
	unread.NICs = nil // NICs are not written by an update
	write(t, db, func(tx *store.Tx) error { return tx.UpdateInstance(ctx, unread) })
	want("i1", changed)
	want("i0", bare)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateInstance(ctx, instance("i9", epoch)) }), fault.NotFound)

	read(t, db, func(tx *store.Tx) error {
		u, err := tx.Usage(ctx, "p1", "")
		same(t, u, compute.Usage{Instances: 2, VCPUs: 4, RAMMiB: 1024})
		if err != nil {
			return err
		}
		for user, n := range map[string]int{"u1": 2, "u2": 0} {
			if u, err = tx.Usage(ctx, "p1", user); err != nil || u.Instances != n {
				t.Errorf("%s has %+v, %v", user, u, err)
			}
		}
		u, err = tx.Usage(ctx, "p2", "")
		same(t, u, compute.Usage{})
		return err
	})

	write(t, db, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") }), fault.NotFound)
	// Its address and its id are free again, without what it was bound to.
	write(t, db, func(tx *store.Tx) error { return tx.InsertInstance(ctx, instance("i1", epoch, nic("n2", "127.8.0.1"))) })
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Instance(ctx, "i1")
		if len(got.NICs) != 1 || len(got.Bindings) != 0 {
			t.Errorf("left over: %v, %v", got.NICs, got.Bindings)
		}
		return err
	})
}

func testInstancePages(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	var all []compute.Instance
	write(t, db, func(tx *store.Tx) error {
		for n := range 23 {
			// Three at a time share a moment: the id decides.
			i := instance(fmt.Sprintf("i%02d", n*7%23), epoch.Add(time.Duration(n/3)*time.Microsecond), nic("n1", fmt.Sprintf("127.8.0.%d", n+1)))
			i.Bindings = []compute.Binding{binding("a"), binding("b")}
			if n%4 == 0 {
				i.ProjectID, i.Node = "p2", "n2"
			}
			if n%5 == 0 {
				i.Region = "r2"
			}
			all = append(all, i)
			if err := tx.InsertInstance(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b compute.Instance) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	read(t, db, func(tx *store.Tx) error {
		for _, q := range []compute.InstanceQuery{
			{}, {ProjectID: "p1"}, {ProjectID: "p2", Region: "r1"}, {Region: "r2"}, {Node: "n2"}, {Node: "n3"},
		} {
			var want []compute.Instance
			for _, i := range all {
				if (q.ProjectID == "" || q.ProjectID == i.ProjectID) && (q.Region == "" || q.Region == i.Region) && (q.Node == "" || q.Node == i.Node) {
					want = append(want, i)
				}
			}
			for _, limit := range []int{0, 1, 2, 7, 100} {
				q.Limit, q.Before = limit, nil
				var paged []compute.Instance
				for {
					page, err := tx.Instances(ctx, q)
					if err != nil {
						return err
					}
					paged = append(paged, page...)
					if limit == 0 || len(page) == 0 || len(paged) > len(all) {
						break
					}
					last := page[len(page)-1]
					q.Before = &compute.InstanceKey{CreatedAt: last.CreatedAt, ID: last.ID}
				}
				same(t, paged, want)
			}
		}
		return nil
	})
}

func testAddresses(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	write(t, db, func(tx *store.Tx) error {
		for n, a := range []string{"127.8.0.1", "127.8.0.2", "127.8.0.4", "127.8.0.255", "127.8.1.0", "255.255.255.255"} {
			if err := tx.InsertInstance(ctx, instance(fmt.Sprint("i", n), epoch, nic("n1", a))); err != nil {
				return err
			}
		}
		return tx.InsertInstance(ctx, instance("other", epoch, nic("n2", "127.8.0.3")))
	})
	for _, c := range []struct{ from, to, want string }{
		{"127.8.0.1", "127.8.0.254", "127.8.0.3"},
		{"127.8.0.3", "127.8.0.254", "127.8.0.3"},
		{"127.8.0.4", "127.8.0.254", "127.8.0.5"},
		{"127.8.0.1", "127.8.0.3", "127.8.0.3"},
		{"127.8.0.1", "127.8.0.2", ""},
		{"127.8.0.1", "127.8.0.1", ""},
		{"127.8.0.7", "127.8.0.7", "127.8.0.7"},
		{"127.8.0.255", "127.8.2.0", "127.8.1.1"},
		{"127.8.0.9", "127.8.0.8", ""},
		{"255.255.255.255", "255.255.255.255", ""},
	} {
		var got netip.Addr
		err := db.Read(ctx, func(tx *store.Tx) (err error) {
			got, err = tx.NextAddress(ctx, "n1", netip.MustParseAddr(c.from), netip.MustParseAddr(c.to))
			return err
		})
		if c.want == "" {
			refused(t, err, fault.NoCapacity)
		} else if err != nil || got.String() != c.want {
			t.Errorf("from %s to %s: %v, %v; want %s", c.from, c.to, got, err, c.want)
		}
	}
	err := db.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.NextAddress(ctx, "n1", netip.MustParseAddr("::1"), netip.MustParseAddr("::2"))
		return err
	})
	refused(t, err, fault.Unsupported)
}

// testInstanceRace: many in two processes make instances at once; no two get
// one address, the quota holds, and each has its job.
func testInstanceRace(t *testing.T, s suite) {
	ctx := t.Context()
	var svc []*compute.Service
	var db *store.DB
	for range 2 {
		db = s.open(t)
		svc = append(svc, compute.New(db.Compute(), stillDriver{}, compute.Options{
			Now: time.Now, NewID: uuid.NewString, NewMAC: func() string { return "fa:16:3e:00:00:00" },
			Node: "n1", Quota: compute.Usage{Instances: 20, VCPUs: -1, RAMMiB: -1},
		}))
	}
	if err := svc[0].Seed(ctx); err != nil {
		t.Fatal(err)
	}
	k := keyPair(ofUser("u1"), "web")
	write(t, db, func(tx *store.Tx) error { return tx.InsertKeyPair(ctx, k) })
	images, err := svc[0].Images(ctx, caller("u1", "p1"))
	if err != nil {
		t.Fatal(err)
	}
	const tries = 36
	kinds := race(tries, func(i int) error {
		_, err := svc[i%2].Create(ctx, caller("u1", fmt.Sprint("p", i%3)), compute.CreateRequest{
			Name: "web", FlavorID: "1", ImageID: images[0].ID, MinCount: 2, MaxCount: 2,
			KeyName: "web", Keys: keypair.View{Region: "r1", UserID: "u1", Native: keypair.User},
		})
		return err
	})
	// 12 tries of two for each of three projects that may have 20.
	same(t, kinds, map[fault.Kind]int{0: 30, fault.Quota: 6})
	addrs := map[netip.Addr]string{}
	for p := range 3 {
		list, err := svc[0].Instances(ctx, caller("u1", fmt.Sprint("p", p)), compute.ListRequest{Limit: -1})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 20 {
			t.Errorf("project %d has %d instances, its quota is 20", p, len(list))
		}
		for _, i := range list {
			if len(i.NICs) != 1 || len(i.Bindings) != 1 || i.Bindings[0].PublicKey != k.PublicKey {
				t.Fatalf("an instance with %v, %v", i.NICs, i.Bindings)
			}
			if other := addrs[i.NICs[0].Addr]; other != "" {
				t.Errorf("%s and %s share %s", other, i.ID, i.NICs[0].Addr)
			}
			addrs[i.NICs[0].Addr] = i.ID
		}
	}
	if n, err := db.PendingJobs(ctx); err != nil || n != 60 {
		t.Errorf("%d jobs for 60 instances, %v", n, err)
	}
}

// stillDriver is a driver that is never asked to do anything.
type stillDriver struct{ compute.Driver }

func (stillDriver) Info() compute.DriverInfo {
	return compute.DriverInfo{Name: "still", Network: netip.MustParsePrefix("127.8.0.0/24"), SSHPort: 22, Zones: []string{"nova"}}
}

var _ compute.Driver = stillDriver{}
