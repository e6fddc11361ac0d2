package compute_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// able is a scripted driver that can do everything.
type able struct {
	*scripted
	specs  map[string]compute.Spec
	paused map[string]bool
	images map[string]bool
	access map[string]compute.GuestAccess
}

func (d *able) Create(ctx context.Context, s compute.Spec) error {
	if err := d.scripted.Create(ctx, s); err != nil {
		return err
	}
	d.specs[s.ID] = s
	return nil
}

func (d *able) Start(ctx context.Context, s compute.Spec) error {
	d.specs[s.ID] = s
	return d.scripted.Start(ctx, s)
}

func (d *able) Pause(_ context.Context, id string, on bool) error {
	if err := d.fail["pause"]; err != nil {
		return err
	}
	d.paused[id] = on
	return nil
}

func (d *able) Resize(_ context.Context, s compute.Spec) error {
	if err := d.fail["resize"]; err != nil {
		return err
	}
	if d.running[s.ID] {
		return errors.New("it runs")
	}
	d.specs[s.ID] = s
	return nil
}

func (d *able) Snapshot(_ context.Context, _ string, i compute.Image) (int64, error) {
	if err := d.fail["snapshot"]; err != nil {
		return 0, err
	}
	d.images[i.ID] = true
	return 12345, nil
}

func (d *able) DeleteImage(_ context.Context, id string) error {
	delete(d.images, id)
	return nil
}

func (d *able) SetAccess(_ context.Context, id string, a compute.GuestAccess, _ bool) (bool, error) {
	if err := d.fail["access"]; err != nil {
		return false, err
	}
	d.access[id] = a
	return true, nil
}

// newAbleYard is a yard whose driver can do everything.
func newAbleYard(t *testing.T) (*yard, *able) {
	y := newYard(t)
	d := &able{
		scripted: y.driver, specs: map[string]compute.Spec{}, paused: map[string]bool{},
		images: map[string]bool{}, access: map[string]compute.GuestAccess{},
	}
	y.use(d, compute.Usage{Instances: -1, VCPUs: -1, RAMMiB: -1})
	return y, d
}

// do runs all jobs that are due.
func (y *yard) do() {
	y.Helper()
	for {
		n, err := y.db.PendingJobs(y.Context())
		if err != nil {
			y.Fatal(err)
		}
		if n == 0 {
			return
		}
		if err := y.run(); err != nil {
			y.Fatal(err)
		}
	}
}

func (y *yard) must(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

func refused(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v, want a fault of kind %q", err, kind)
	}
}

func TestResize(t *testing.T) {
	for name, c := range map[string]struct {
		stopped, auto, revert bool
		flavor                string
	}{
		"confirmed":           {flavor: "2"},
		"reverted":            {revert: true, flavor: "1"},
		"stopped":             {stopped: true, flavor: "2"},
		"stopped, reverted":   {stopped: true, revert: true, flavor: "1"},
		"confirms itself":     {auto: true, flavor: "2"},
		"stopped, of its own": {stopped: true, auto: true, flavor: "2"},
	} {
		t.Run(name, func(t *testing.T) {
			y, d := newAbleYard(t)
			i := y.create()
			y.do()
			was := compute.Active
			if c.stopped {
				_, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionStop)
				y.must(err)
				y.do()
				was = compute.Stopped
			}
			_, err := y.service.Resize(t.Context(), y.caller, i.ID, compute.ResizeRequest{FlavorID: "2", AutoConfirm: c.auto})
			y.must(err)
			y.want(i.ID, was, compute.Resizing)
			y.do()
			if !c.auto {
				now := y.want(i.ID, compute.Resized, compute.Idle)
				if now.Flavor.ID != "2" || d.specs[i.ID].RAMMiB != 2048 || d.running[i.ID] == c.stopped {
					t.Errorf("resized: %s, %+v, running %v", now.Flavor.ID, d.specs[i.ID], d.running[i.ID])
				}
				if c.revert {
					_, err = y.service.Act(t.Context(), y.caller, i.ID, compute.ActionRevert)
				} else {
					err = y.service.Confirm(t.Context(), y.caller, i.ID)
				}
				y.must(err)
				y.do()
			}
			now := y.want(i.ID, was, compute.Idle)
			if now.Flavor.ID != c.flavor || d.specs[i.ID].RAMMiB != now.Flavor.RAMMiB || d.running[i.ID] == c.stopped || now.Resize != nil {
				t.Errorf("in the end: %s, %+v, running %v, %+v", now.Flavor.ID, d.specs[i.ID], d.running[i.ID], now.Resize)
			}
			refused(t, y.service.Confirm(t.Context(), y.caller, i.ID), fault.Conflict)
		})
	}
}

func TestResizeRefusals(t *testing.T) {
	y, d := newAbleYard(t)
	y.use(d, compute.Usage{Instances: 1, VCPUs: 2, RAMMiB: 3000})
	i := y.create()
	y.do()
	resize := func(flavor string) error {
		_, err := y.service.Resize(t.Context(), y.caller, i.ID, compute.ResizeRequest{FlavorID: flavor})
		return err
	}
	if err := resize("1"); !errors.Is(err, compute.ErrSameFlavor) {
		t.Errorf("to the same flavor: %v", err)
	}
	refused(t, resize("nope"), fault.NotFound)
	err := resize("3")
	var q *compute.QuotaExceeded
	if !errors.As(err, &q) || q.Error() != "Quota exceeded for ram: Requested 3584, but already used 512 of 3000 ram" {
		t.Errorf("over the quota: %v", err)
	}
	y.must(resize("2")) // though there may be no more instances
	y.do()
	// While it may go back, both sizes are taken: neither is given to another.
	limits, used, err := y.service.Quotas(t.Context(), y.caller, compute.Holder{ProjectID: "p"})
	y.must(err)
	if used[compute.QuotaRAM] != 2048 || limits[compute.QuotaRAM] != 3000 {
		t.Errorf("used %+v of %+v", used, limits)
	}
	y.must(y.service.Confirm(t.Context(), y.caller, i.ID))
	if err := resize("1"); !fault.Is(err, fault.Invalid) {
		t.Errorf("to a smaller disk: %v", err)
	}

	// One that fails is broken, but has the flavor that its machine has.
	y.use(d, compute.Usage{Instances: -1, VCPUs: -1, RAMMiB: -1})
	d.fail["resize"] = errors.New("no")
	y.must(resize("4"))
	y.do()
	if got := y.want(i.ID, compute.Error, compute.Idle); got.Flavor.ID != "2" || got.Fault == nil || got.Resize != nil {
		t.Errorf("after a failure: %s, %v", got.Flavor.ID, got.Fault)
	}
}

func TestRebuild(t *testing.T) {
	y, d := newAbleYard(t)
	i := y.create()
	y.do()
	images, err := y.service.Images(t.Context(), y.caller)
	y.must(err)
	name, login := "new name", []byte("#cloud-config\nssh_pwauth: true\n")
	req := compute.RebuildRequest{
		ImageID: images[1].ID, Name: &name, Metadata: map[string]string{"a": "b"}, UserData: &login,
		AdminPass: "secret", Files: []compute.File{{Path: "/x", Contents: []byte("y")}},
	}
	before := y.want(i.ID, compute.Active, compute.Idle)
	_, err = y.service.Rebuild(t.Context(), y.caller, i.ID, req)
	y.must(err)
	y.want(i.ID, compute.Active, compute.Rebuilding)
	d.there[i.ID], d.starts = true, 0
	y.do()
	got, spec := y.want(i.ID, compute.Active, compute.Idle), d.specs[i.ID]
	if got.Name != name || got.Image.ID != images[1].ID || got.Metadata["a"] != "b" || len(got.Files) != 0 || !got.LaunchedAt.After(before.LaunchedAt) {
		t.Errorf("rebuilt: %+v", got)
	}
	if spec.Image.ID != images[1].ID || len(spec.Files) != 1 || string(spec.Files[0].Contents) != "y" || d.starts != 1 ||
		!spec.Access.PasswordLogin || !compute.PasswordFits(spec.Access.PasswordHash, "secret") {
		t.Errorf("the machine: %+v", spec)
	}

	// A stopped one stays so.
	_, err = y.service.Act(t.Context(), y.caller, i.ID, compute.ActionStop)
	y.must(err)
	y.do()
	_, err = y.service.Rebuild(t.Context(), y.caller, i.ID, compute.RebuildRequest{ImageID: images[0].ID})
	y.must(err)
	y.do()
	if y.want(i.ID, compute.Stopped, compute.Idle); d.starts != 1 || len(d.specs[i.ID].Files) != 0 {
		t.Errorf("a stopped one was started")
	}
	// A broken one is whole again.
	y.must(y.service.ResetState(t.Context(), y.root(), i.ID, compute.Error))
	_, err = y.service.Rebuild(t.Context(), y.caller, i.ID, compute.RebuildRequest{ImageID: images[0].ID})
	y.must(err)
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)

	_, err = y.service.Rebuild(t.Context(), y.caller, i.ID, compute.RebuildRequest{ImageID: "nope"})
	refused(t, err, fault.NotFound)
	many := make([]compute.File, 6)
	_, err = y.service.Rebuild(t.Context(), y.caller, i.ID, compute.RebuildRequest{ImageID: images[0].ID, Files: many})
	var tooMany *compute.TooMany
	if !errors.As(err, &tooMany) || tooMany.Resource != compute.QuotaFiles {
		t.Errorf("six files: %v", err)
	}
	y.want(i.ID, compute.Active, compute.Idle)
}

func TestPauseAndResume(t *testing.T) {
	y, d := newAbleYard(t)
	i := y.create()
	y.do()
	act := func(a compute.Action) error {
		_, err := y.service.Act(t.Context(), y.caller, i.ID, a)
		return err
	}
	refused(t, act(compute.ActionUnpause), fault.Conflict)
	y.must(act(compute.ActionPause))
	y.do()
	y.want(i.ID, compute.Paused, compute.Idle)
	if !d.paused[i.ID] {
		t.Error("the machine was not asked")
	}
	// After a restart it is there again, and paused.
	clear(d.running)
	clear(d.paused)
	y.must(y.service.Resume(t.Context()))
	y.do()
	if !d.running[i.ID] || !d.paused[i.ID] {
		t.Errorf("after a restart: running %v, paused %v", d.running[i.ID], d.paused[i.ID])
	}
	y.must(act(compute.ActionUnpause))
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)
	// One that cannot be paused goes on, and the log says that it failed.
	d.fail["pause"] = errors.New("no")
	y.must(act(compute.ActionPause))
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)
	events, err := y.service.Events(t.Context(), y.caller, i.ID)
	y.must(err)
	if e := events[0]; e.Action != compute.ActionPause || !e.Failed || e.FinishedAt.IsZero() || e.Failure == "" || e.UserID != "u" {
		t.Errorf("the last event: %+v", e)
	}
	if e := events[len(events)-1]; e.Action != compute.ActionCreate || e.Failed || e.FinishedAt.Before(e.StartedAt) {
		t.Errorf("the first event: %+v", e)
	}

	// A driver that cannot is said to.
	y.use(d.scripted, compute.Usage{Instances: -1, VCPUs: -1, RAMMiB: -1})
	refused(t, act(compute.ActionPause), fault.Unsupported)
	_, err = y.service.Resize(t.Context(), y.caller, i.ID, compute.ResizeRequest{FlavorID: "2"})
	refused(t, err, fault.Unsupported)
	_, err = y.service.Snapshot(t.Context(), y.caller, i.ID, compute.SnapshotRequest{Name: "n"})
	refused(t, err, fault.Unsupported)
}

func TestLock(t *testing.T) {
	y, _ := newAbleYard(t)
	i := y.create()
	y.do()
	ctx := t.Context()
	changes := map[string]func(identity.Caller) error{
		"stop": func(c identity.Caller) error {
			_, err := y.service.Act(ctx, c, i.ID, compute.ActionStop)
			return err
		},
		"delete": func(c identity.Caller) error {
			_, err := y.service.Act(ctx, c, i.ID, compute.ActionDelete)
			return err
		},
		"rebuild": func(c identity.Caller) error {
			_, err := y.service.Rebuild(ctx, c, i.ID, compute.RebuildRequest{ImageID: i.Image.ID})
			return err
		},
		"resize": func(c identity.Caller) error {
			_, err := y.service.Resize(ctx, c, i.ID, compute.ResizeRequest{FlavorID: "2"})
			return err
		},
		"confirm":  func(c identity.Caller) error { return y.service.Confirm(ctx, c, i.ID) },
		"password": func(c identity.Caller) error { return y.service.ChangePassword(ctx, c, i.ID, "p") },
		"edit": func(c identity.Caller) error {
			_, err := y.service.Edit(ctx, c, i.ID, func(*compute.Labels) error { return nil })
			return err
		},
	}
	y.must(y.service.Lock(ctx, y.caller, i.ID, "mine"))
	if got := y.want(i.ID, compute.Active, compute.Idle); got.Lock == nil || got.Lock.Reason != "mine" || got.Lock.ByAdmin {
		t.Errorf("the lock: %+v", got.Lock)
	}
	for name, change := range changes {
		var locked *compute.Locked
		if err := change(y.caller); !errors.As(err, &locked) || !fault.Is(err, fault.Conflict) {
			t.Errorf("%s of a locked instance: %v", name, err)
		}
	}
	if err := changes["edit"](y.root()); err != nil {
		t.Errorf("an administrator: %v", err)
	}
	y.must(y.service.Unlock(ctx, y.caller, i.ID))
	y.must(changes["edit"](y.caller))

	y.must(y.service.Lock(ctx, y.root(), i.ID, ""))
	if err := y.service.Unlock(ctx, y.caller, i.ID); !errors.Is(err, compute.ErrLockedByAdmin) {
		t.Errorf("the owner takes an administrator's lock off: %v", err)
	}
	y.must(y.service.Unlock(ctx, y.root(), i.ID))
	y.must(changes["stop"](y.caller))
}

func TestSnapshot(t *testing.T) {
	y, d := newAbleYard(t)
	ctx := t.Context()
	i := y.create()
	y.do()
	image, err := y.service.Snapshot(ctx, y.caller, i.ID, compute.SnapshotRequest{Name: "snap", Properties: map[string]string{"k": "v"}})
	y.must(err)
	if !image.Saving || image.ProjectID != "p" || image.Public {
		t.Errorf("at once: %+v", image)
	}
	y.want(i.ID, compute.Active, compute.Snapshotting)
	use := func(id string) error {
		_, err := y.service.Create(ctx, y.caller, compute.CreateRequest{Name: "clone", FlavorID: "1", ImageID: id})
		return err
	}
	if err := use(image.ID); !errors.Is(err, compute.ErrInactive) {
		t.Errorf("an instance from an image that is not complete: %v", err)
	}
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)
	image, err = y.service.Image(ctx, y.caller, image.ID)
	y.must(err)
	if image.Saving || image.SizeBytes != 12345 || image.MinDiskGiB != 1 || image.Properties["k"] != "v" ||
		image.Properties["base_image_ref"] != i.Image.ID || image.AdminUser != i.Image.AdminUser || image.Node != "node" || !d.images[image.ID] {
		t.Errorf("in the end: %+v", image)
	}
	y.must(use(image.ID))
	y.do()

	other := y.caller
	other.Project.ID, other.Scope.ID = "p2", "p2"
	_, err = y.service.Image(ctx, other, image.ID)
	refused(t, err, fault.NotFound)
	refused(t, y.service.DeleteImage(ctx, other, image.ID), fault.NotFound)
	refused(t, y.service.DeleteImage(ctx, y.caller, i.Image.ID), fault.Forbidden)
	y.must(y.service.DeleteImage(ctx, y.caller, image.ID))
	y.do()
	if d.images[image.ID] {
		t.Error("the files of a deleted image stay")
	}

	// One that fails takes its image away and leaves the instance.
	d.fail["snapshot"] = errors.New("no room")
	image, err = y.service.Snapshot(ctx, y.caller, i.ID, compute.SnapshotRequest{Name: "lost"})
	y.must(err)
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)
	_, err = y.service.Image(ctx, y.caller, image.ID)
	refused(t, err, fault.NotFound)

	// So does one that a deletion overtakes.
	delete(d.fail, "snapshot")
	image, err = y.service.Snapshot(ctx, y.caller, i.ID, compute.SnapshotRequest{Name: "late"})
	y.must(err)
	_, err = y.service.Act(ctx, y.caller, i.ID, compute.ActionDelete)
	y.must(err)
	y.do()
	_, err = y.service.Image(ctx, y.caller, image.ID)
	refused(t, err, fault.NotFound)
	if len(d.images) != 0 {
		t.Errorf("files are left: %v", d.images)
	}
}

func TestChangePassword(t *testing.T) {
	y, d := newAbleYard(t)
	i := y.create()
	y.do()
	y.must(y.service.ChangePassword(t.Context(), y.caller, i.ID, "new"))
	y.want(i.ID, compute.Active, compute.SettingPassword)
	y.do()
	y.want(i.ID, compute.Active, compute.Idle)
	if a := d.access[i.ID]; !compute.PasswordFits(a.PasswordHash, "new") || a.PasswordLogin {
		t.Errorf("the guest has %+v", a)
	}
	refused(t, y.service.ChangePassword(t.Context(), y.caller, i.ID, "a\nb"), fault.Invalid)
	refused(t, y.service.ChangePassword(t.Context(), y.caller, i.ID, string(make([]byte, 300))), fault.Invalid)
}

func TestSpells(t *testing.T) {
	y, _ := newAbleYard(t)
	ctx := t.Context()
	gone, there := y.create(), y.create()
	y.do()
	_, err := y.service.Act(ctx, y.caller, gone.ID, compute.ActionDelete)
	y.must(err)
	y.do()
	all, err := y.service.Spells(ctx, y.caller, "p", gone.CreatedAt, y.now.Add(time.Hour))
	y.must(err)
	at := slices.IndexFunc(all, func(s compute.Spell) bool { return s.InstanceID == gone.ID })
	if len(all) != 2 || at < 0 || all[at].Until.IsZero() || !all[1-at].Until.IsZero() || all[1-at].InstanceID != there.ID {
		t.Fatalf("spells: %+v", all)
	}
	s := all[at]
	if h := s.Hours(s.From.Add(-time.Hour), s.Until.Add(time.Hour)); h <= 0 || h > 1 {
		t.Errorf("it lasted %v hours", h)
	}
	if h := s.Hours(s.Until, s.Until.Add(time.Hour)); h != 0 {
		t.Errorf("after its end it lasted %v hours", h)
	}
	_, err = y.service.Spells(ctx, y.caller, "p2", y.now, y.now)
	refused(t, err, fault.Forbidden)
	_, err = y.service.Spells(ctx, y.caller, "", y.now, y.now)
	refused(t, err, fault.Forbidden)
}
