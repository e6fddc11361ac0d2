package compute_test

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/job"
	"github.com/keyreeve/keyreeve/internal/store"
	"github.com/keyreeve/keyreeve/internal/store/sqlitetest"
)

// scripted is a driver that does what it is told to fail at, and remembers what runs.
type scripted struct {
	fail    map[string]error // by call; stays until it is removed
	running map[string]bool
	there   map[string]bool
	starts  int
	access  compute.GuestAccess // what was last created or started with
}

func (d *scripted) Info() compute.DriverInfo {
	return compute.DriverInfo{Name: "scripted", Network: netip.MustParsePrefix("10.9.0.0/24"), SSHPort: 22, Zones: []string{"nova"}}
}

func (d *scripted) Create(_ context.Context, s compute.Spec) error {
	if err := d.fail["create"]; err != nil {
		return err
	}
	d.there[s.ID] = true
	d.access = s.Access
	return nil
}

func (d *scripted) Start(_ context.Context, s compute.Spec) error {
	if err := d.fail["start"]; err != nil {
		return err
	}
	d.starts++
	d.access = s.Access
	d.running[s.ID] = true
	return nil
}

func (d *scripted) Stop(_ context.Context, id string, _ time.Duration) error {
	if err := d.fail["stop"]; err != nil {
		return err
	}
	d.running[id] = false
	return nil
}

func (d *scripted) Reboot(ctx context.Context, s compute.Spec, _ bool) error { return d.Start(ctx, s) }

func (d *scripted) Delete(_ context.Context, id string) error {
	if err := d.fail["delete"]; err != nil {
		return err
	}
	delete(d.there, id)
	delete(d.running, id)
	return nil
}

func (d *scripted) Get(_ context.Context, id string) (compute.Observed, error) {
	o := compute.Observed{ID: id, Power: compute.PowerAbsent}
	switch {
	case d.running[id]:
		o.Power = compute.PowerRunning
	case d.there[id]:
		o.Power = compute.PowerStopped
	}
	return o, nil
}

func (d *scripted) List(context.Context) ([]compute.Observed, error)     { return nil, nil }
func (d *scripted) Console(context.Context, string, int) (string, error) { return "", nil }
func (d *scripted) Close() error                                         { return nil }
func (d *scripted) SetAccess(context.Context, string, compute.GuestAccess, bool) (bool, error) {
	return true, nil
}

// yard is the compute service over a real store, with jobs that run on command.
type yard struct {
	*testing.T
	db      *store.DB
	driver  *scripted
	service *compute.Service
	caller  identity.Caller
	now     time.Time
}

func newYard(t *testing.T) *yard {
	return newYardOn(t, func(s *scripted) compute.Driver { return s })
}

// newYardOn is newYard with a driver that knows more.
func newYardOn(t *testing.T, with func(*scripted) compute.Driver) *yard {
	t.Helper()
	db := sqlitetest.Open(t)
	y := &yard{T: t, db: db, now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), driver: &scripted{
		fail: map[string]error{}, running: map[string]bool{}, there: map[string]bool{},
	}}
	y.use(with(y.driver), compute.Usage{Instances: -1, VCPUs: -1, RAMMiB: -1})
	if err := y.service.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.caller = identity.Caller{
		User: identity.User{ID: "u"}, Project: identity.Project{ID: "p"}, Region: "r",
		Scope: identity.Scope{Kind: identity.ProjectScope, ID: "p"}, Roles: []identity.Role{identity.RoleReader, identity.RoleMember},
	}
	return y
}

// clock goes on by a second each time it is read.
func (y *yard) clock() time.Time {
	y.now = y.now.Add(time.Second)
	return y.now
}

// use makes the service over a driver.
func (y *yard) use(d compute.Driver, quota compute.Usage) {
	macs := 0
	y.service = compute.New(y.db.Compute(), d, compute.Options{
		Now: y.clock, NewID: uuid.NewString,
		NewMAC: func() string { macs++; return "fa:16:3e:00:00:" + strconv.Itoa(10+macs) },
		Node:   "node", Quota: quota,
	})
}

// root is an administrator of another project.
func (y *yard) root() identity.Caller {
	c := y.caller
	c.User.ID, c.Project.ID, c.Scope.ID = "root", "admin", "admin"
	c.Roles = []identity.Role{identity.RoleReader, identity.RoleMember, identity.RoleAdmin}
	return c
}

// image is one that everybody may use.
func (y *yard) image() string {
	y.Helper()
	images, err := y.service.Images(y.Context(), y.caller)
	if err != nil {
		y.Fatal(err)
	}
	return images[0].ID
}

func (y *yard) create() compute.Instance {
	y.Helper()
	images, err := y.service.Images(y.Context(), y.caller)
	if err != nil {
		y.Fatal(err)
	}
	made, err := y.service.Create(y.Context(), y.caller, compute.CreateRequest{Name: "i", FlavorID: "1", ImageID: images[0].ID})
	if err != nil {
		y.Fatal(err)
	}
	return made[0]
}

// run runs one attempt of the next job and returns what its handler said.
func (y *yard) run() error {
	y.Helper()
	later := y.now.Add(time.Hour)
	j, ok, err := y.db.ClaimJob(y.Context(), "node", "me", later, time.Minute)
	if err != nil || !ok {
		y.Fatalf("no job to run: %v", err)
	}
	work := y.service.RunJob
	if j.Kind == compute.ImageJobKind {
		work = y.service.RunImageJob
	}
	if failed := work(y.Context(), j); failed != nil {
		if err := y.db.RetryJob(y.Context(), j.ID, "me", later, failed.Error()); err != nil {
			y.Fatal(err)
		}
		return failed
	}
	if err := y.db.FinishJob(y.Context(), j.ID, "me"); err != nil {
		y.Fatal(err)
	}
	return nil
}

func (y *yard) want(id string, vm compute.VMState, task compute.Task) compute.Instance {
	y.Helper()
	i, err := y.service.Instance(y.Context(), y.caller, id)
	if err != nil {
		y.Fatal(err)
	}
	if i.State != (compute.State{VM: vm, Task: task}) {
		y.Fatalf("the instance is %v, want %s with task %q", i.State, vm, task)
	}
	return i
}

var (
	busy   = &fault.Error{Kind: fault.Unavailable, Msg: "busy"}
	noRoom = &fault.Error{Kind: fault.NoCapacity, Msg: "no room"}
)

func TestCreateThatFailsForGood(t *testing.T) {
	y := newYard(t)
	i := y.create()
	y.driver.fail["start"] = noRoom
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	got := y.want(i.ID, compute.Error, compute.Idle)
	if got.Fault == nil || got.Fault.Message != "No valid host was found." || got.Fault.Code != 500 {
		t.Errorf("fault %+v", got.Fault)
	}
	if !got.LaunchedAt.IsZero() {
		t.Error("it was launched")
	}
	// A hard reboot mends it when there is room again.
	delete(y.driver.fail, "start")
	if _, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionHardReboot); err != nil {
		t.Fatal(err)
	}
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	if got := y.want(i.ID, compute.Active, compute.Idle); got.Fault != nil {
		t.Errorf("the fault stays: %+v", got.Fault)
	}
}

func TestBusyDriverIsAskedAgain(t *testing.T) {
	y := newYard(t)
	i := y.create()
	y.driver.fail["create"] = busy
	for range 3 {
		if err := y.run(); !errors.Is(err, busy) {
			t.Fatalf("got %v, want the job to be tried again", err)
		}
		y.want(i.ID, compute.Building, compute.Spawning)
	}
	delete(y.driver.fail, "create")
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	y.want(i.ID, compute.Active, compute.Idle)
}

func TestDeletionIsNeverGivenUp(t *testing.T) {
	y := newYard(t)
	i := y.create()
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // asking twice is fine and makes one job
		if _, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionDelete); err != nil {
			t.Fatal(err)
		}
	}
	y.driver.fail["delete"] = errors.New("disk on fire")
	for range 8 {
		if err := y.run(); err == nil {
			t.Fatal("a failed deletion counts as done")
		}
		y.want(i.ID, compute.Active, compute.Deleting)
	}
	delete(y.driver.fail, "delete")
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	if _, err := y.service.Instance(t.Context(), y.caller, i.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("after its deletion: %v", err)
	}
	if n, err := y.db.PendingJobs(t.Context()); err != nil || n != 0 {
		t.Errorf("%d jobs are left, %v", n, err)
	}
}

func TestDeletedWhileBuilding(t *testing.T) {
	y := newYard(t)
	i := y.create()
	if _, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionDelete); err != nil {
		t.Fatal(err)
	}
	if err := y.run(); err != nil { // the creation: too late
		t.Fatal(err)
	}
	y.want(i.ID, compute.Building, compute.Deleting)
	if err := y.run(); err != nil { // the deletion
		t.Fatal(err)
	}
	if _, err := y.service.Instance(t.Context(), y.caller, i.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("after its deletion: %v", err)
	}
	if y.driver.there[i.ID] || y.driver.starts != 0 {
		t.Error("it was started all the same")
	}
}

func TestJobThatRunsAgainAfterACrash(t *testing.T) {
	y := newYard(t)
	i := y.create()
	j := job.Job{ID: "again", Kind: compute.JobKind, Subject: i.ID, Action: string(compute.ActionCreate), Attempts: 1}
	for range 2 {
		if err := y.service.RunJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		y.want(i.ID, compute.Active, compute.Idle)
	}
	if y.driver.starts != 1 {
		t.Errorf("it was started %d times", y.driver.starts)
	}
}

func TestResume(t *testing.T) {
	y := newYard(t)
	i, stopped := y.create(), y.create()
	for range 2 {
		if err := y.run(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := y.service.Act(t.Context(), y.caller, stopped.ID, compute.ActionStop); err != nil {
		t.Fatal(err)
	}
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	clear(y.driver.running) // the process was killed
	for range 2 {           // and started twice
		if err := y.service.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := y.run(); err != nil {
		t.Fatal(err)
	}
	if n, err := y.db.PendingJobs(t.Context()); err != nil || n != 0 {
		t.Errorf("%d jobs are left, %v", n, err)
	}
	if !y.driver.running[i.ID] || y.driver.running[stopped.ID] {
		t.Errorf("running: %v", y.driver.running)
	}

	// One that does not come up again is said to be broken, in the end.
	clear(y.driver.running)
	y.driver.fail["start"] = errors.New("its address is taken")
	if err := y.service.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	tries := 1
	for y.run() != nil {
		y.want(i.ID, compute.Active, compute.Idle)
		if tries++; tries > 20 {
			t.Fatal("it is tried for ever")
		}
	}
	if got := y.want(i.ID, compute.Error, compute.Idle); got.Fault == nil {
		t.Error("nothing says why")
	}
}
