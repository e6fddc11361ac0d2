package nova

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

// The images and the network of the recordings.
const (
	cirros    = "23f9618e-da6a-4b82-b750-0e773cc0ee0b"
	cirrosAlt = "4c0e888c-4a62-4438-b60b-f01500c83fb8"
	sharedNet = "0ad0d055-c4fa-4c30-bda5-ff0258edc9d9"
	sharedSub = "a0fcce73-ce52-4c35-be5c-2d91eb6806d5"
)

// machine is what a fakeDriver remembers of one.
type machine struct {
	spec       compute.Spec
	on, paused bool
}

// fakeDriver runs machines in words only.
type fakeDriver struct {
	openstacktest.Networking

	mu       sync.Mutex
	machines map[string]*machine
	refuse   error // what Create answers
	console  string
}

func (d *fakeDriver) Info() compute.DriverInfo {
	return compute.DriverInfo{Name: "fake", Network: netip.MustParsePrefix("10.77.0.0/16"), SSHPort: 22, Zones: []string{"nova"}}
}

func (d *fakeDriver) Create(_ context.Context, s compute.Spec) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.machines[s.ID] = &machine{spec: s}
	return nil
}

func (d *fakeDriver) set(id string, on bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, ok := d.machines[id]
	if !ok {
		return fault.Missing("machine", id)
	}
	m.on = on
	return nil
}

func (d *fakeDriver) Start(_ context.Context, s compute.Spec) error { return d.set(s.ID, true) }

func (d *fakeDriver) Stop(_ context.Context, id string, _ time.Duration) error {
	return d.set(id, false)
}

func (d *fakeDriver) Reboot(_ context.Context, s compute.Spec, _ bool) error {
	return d.set(s.ID, true)
}

func (d *fakeDriver) Delete(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.machines, id)
	return nil
}

func (d *fakeDriver) Get(_ context.Context, id string) (compute.Observed, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := compute.Observed{ID: id}
	switch m, ok := d.machines[id]; {
	case ok && m.on:
		o.Power = compute.PowerRunning
	case ok:
		o.Power = compute.PowerStopped
	}
	return o, nil
}

func (d *fakeDriver) List(context.Context) ([]compute.Observed, error) { return nil, nil }

func (d *fakeDriver) Console(_ context.Context, id string, lines int) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.machines[id]; !ok {
		return "", fault.Missing("machine", id)
	}
	ends := strings.HasSuffix(d.console, "\n")
	all := strings.SplitAfter(strings.TrimSuffix(d.console, "\n"), "\n")
	if lines > 0 && lines < len(all) {
		all = all[len(all)-lines:]
	}
	if ends {
		all = append(all, "\n")
	}
	return strings.Join(all, ""), nil
}

func (d *fakeDriver) SetAccess(_ context.Context, id string, a compute.GuestAccess, _ bool) (bool, error) {
	return true, d.with(id, func(m *machine) { m.spec.Access = a })
}

func (d *fakeDriver) with(id string, do func(*machine)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, ok := d.machines[id]
	if !ok {
		return fault.Missing("machine", id)
	}
	do(m)
	return nil
}

func (d *fakeDriver) Pause(_ context.Context, id string, on bool) error {
	return d.with(id, func(m *machine) { m.paused = on })
}

func (d *fakeDriver) Resize(_ context.Context, s compute.Spec) error {
	return d.with(s.ID, func(m *machine) { m.spec = s })
}

func (d *fakeDriver) Snapshot(_ context.Context, id string, _ compute.Image) (int64, error) {
	return 4096, d.with(id, func(*machine) {})
}

func (d *fakeDriver) DeleteImage(context.Context, string) error { return nil }

func (d *fakeDriver) Close() error { return nil }

// machines is a cloud with a driver whose jobs run when the test says so.
type machines struct {
	*cloud
	driver  *fakeDriver
	compute *compute.Service
	clock   time.Time
}

func newMachines(t testing.TB) *machines {
	t.Helper()
	db := sqlitetest.Open(t)
	m := &machines{driver: &fakeDriver{machines: map[string]*machine{}, console: "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE"}, clock: time.Date(2026, 11, 22, 0, 37, 20, 0, time.UTC)}
	macs := 0
	now := func() time.Time { m.clock = m.clock.Add(time.Second); return m.clock }
	m.compute = compute.New(db.Compute(), m.driver, compute.Options{
		Now: now, NewID: uuid.NewString, Node: "node-1",
		NewMAC: func() string { macs++; return fmt.Sprintf("fa:16:3e:00:%02x:%02x", macs>>8, macs&255) },
		Quota:  compute.Usage{Instances: 10, VCPUs: 20, RAMMiB: 51200},
	})
	d := New(Options{
		Identity:     people(),
		KeyPairs:     keypair.New(db.KeyPairs(), sshkey.NewGenerator(sshkey.GeneratorSettings{}), keypair.Options{Now: now, NewID: uuid.NewString}),
		Compute:      m.compute,
		IdentityBase: openstack.Base{Fixed: "http://127.0.0.1:31500"},
		KeyPairQuota: 100,
		Now:          now,
	})
	m.cloud = &cloud{db: db, dialect: d, handler: openstacktest.Serve(d)}
	m.write(t, func(tx *store.Tx) error {
		made := time.Date(2026, 11, 22, 0, 33, 3, 0, time.UTC)
		for _, i := range []compute.Image{{ID: cirros, Name: "cirros"}, {ID: cirrosAlt, Name: "cirros-alt"},
			{ID: "11111111-0000-4000-8000-000000000001", Name: "big", MinRAMMiB: 1024},
			{ID: "11111111-0000-4000-8000-000000000002", Name: "wide", MinDiskGiB: 10}} {
			i.OSType, i.AdminUser, i.SizeBytes, i.Public, i.CreatedAt, i.UpdatedAt = compute.Linux, "cirros", 1024, true, made, made
			if err := tx.InsertImage(t.Context(), i); err != nil {
				return err
			}
		}
		for _, f := range []compute.Flavor{
			{ID: "1", Name: "m1.tiny", VCPUs: 1, RAMMiB: 512, DiskGiB: 1},
			{ID: "2", Name: "m1.small", VCPUs: 1, RAMMiB: 1024, DiskGiB: 1},
			{ID: "3", Name: "m1.medium", VCPUs: 2, RAMMiB: 2048, DiskGiB: 1},
		} {
			f.RXTXFactor = 1
			if err := tx.InsertFlavor(t.Context(), f); err != nil {
				return err
			}
		}
		return tx.InsertNetwork(t.Context(), compute.Network{
			ID: sharedNet, Name: "shared", Shared: true, CreatedAt: made,
			Subnet: &compute.Subnet{ID: sharedSub, Range: netip.MustParsePrefix("10.77.0.0/16"), DHCP: true},
		})
	})
	return m
}

// work does all jobs that are due.
func (m *machines) work(t testing.TB) {
	t.Helper()
	openstacktest.Work(t, m.db, m.compute, m.clock.Add(time.Hour))
}

// keys gives alice the key pairs of the recordings.
func (m *machines) keys(t testing.TB) {
	t.Helper()
	cert, _, err := sshkey.NewGenerator(sshkey.GeneratorSettings{}).GenerateX509(t.Context(), alice, m.clock)
	if err != nil {
		t.Fatal(err)
	}
	m.put(t, alice, "sk", "ssh", ed25519Key)
	m.put(t, alice, "sk2", "ssh", ed25519Key)
	m.put(t, alice, "sx", "x509", cert.PEM())
}
