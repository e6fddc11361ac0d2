// Package sim is the compute driver that needs nothing: each instance is an
// SSH server inside this process, on a loopback address of its own, with a
// shell of its own over a virtual disk. No program of the host runs and no file
// of the host can be reached from a guest.
package sim

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/shell"
	"github.com/keyreeve/keyreeve/internal/compute/sim/sshd"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// version is the driver's own; it changes when guests do.
const version = "1"

// Driver runs simulated guests. It implements [compute.Driver],
// [compute.Pauser], [compute.Resizer], [compute.Snapshotter] and every ability
// that has to do with networks.
type Driver struct {
	opt    Options
	port   int
	dir    *os.Root
	server *sshd.Server
	log    *slog.Logger

	ctx    context.Context // ends with the driver
	cancel context.CancelFunc
	gate   *doors // nil without a gateway
	gateAt netip.AddrPort

	listening    atomic.Int64 // addresses that guests listen on
	maxListening int64

	mu       sync.Mutex
	machines map[string]*machine
	making   map[string]bool
	holders  map[string]string // by volume: the instance that has it
	closed   bool
}

var (
	_ compute.Driver        = (*Driver)(nil)
	_ compute.AddressProber = (*Driver)(nil)
	_ compute.Pauser        = (*Driver)(nil)
	_ compute.Resizer       = (*Driver)(nil)
	_ compute.Snapshotter   = (*Driver)(nil)
	_ compute.RuleSetter    = (*Driver)(nil)
	_ compute.Forwarder     = (*Driver)(nil)
	_ compute.Plugger       = (*Driver)(nil)
)

// New opens the driver's folder and reads what instances are there; none runs
// until it is started. Faults: Invalid for options that cannot be, Unavailable
// when an address is taken, Internal when the folder cannot be used.
func New(opt Options) (*Driver, error) {
	if err := opt.complete(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fault.Wrap(err, "make the folder of simulated instances")
	}
	dir, err := os.OpenRoot(opt.Dir)
	if err != nil {
		return nil, fault.Wrap(err, "open the folder of simulated instances")
	}
	d := &Driver{
		opt: opt, dir: dir, log: opt.Log,
		server:   &sshd.Server{Limits: opt.SSH, Now: opt.Now, Log: opt.Log},
		machines: map[string]*machine{}, making: map[string]bool{}, holders: map[string]string{},
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	if err := d.open(); err != nil {
		_ = d.Close() // why it did not open is what counts
		return nil, err
	}
	return d, nil
}

func (d *Driver) open() error {
	var err error
	if d.port, err = choosePort(d.opt.Network, d.opt.Port); err != nil {
		return err
	}
	if d.maxListening, err = maxListeners(); err != nil {
		return err
	}
	for _, folder := range []string{volumesFolder, snapshotsFolder} {
		if err := d.clearAway(folder); err != nil {
			return err
		}
	}
	if err := d.load(); err != nil {
		return err
	}
	if d.opt.Gateway == "" {
		return nil
	}
	return d.openGateway()
}

// load reads what instances are there and clears away what a kill left half done.
func (d *Driver) load() error {
	entries, err := fs.ReadDir(d.dir.FS(), ".")
	if err != nil {
		return fault.Wrap(err, "list simulated instances")
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, makingPrefix), strings.HasPrefix(name, deletingPrefix):
			if err := d.dir.RemoveAll(name); err != nil {
				return fault.Wrap(err, "clear away "+name)
			}
		case e.IsDir() && validID(name):
			m, err := d.openMachine(name)
			if err != nil {
				return err
			}
			d.machines[name] = m
			for _, v := range m.state.Volumes {
				d.holders[v.ID] = name
			}
		}
	}
	return nil
}

func (d *Driver) openMachine(id string) (*machine, error) {
	m := &machine{d: d, id: id}
	err := d.within(id, func(dir *os.Root) (err error) {
		m.state, err = loadState(dir)
		return err
	})
	if err != nil {
		return nil, &fault.Error{Kind: fault.Internal, Resource: "instance", Name: id, Msg: "its state cannot be read", Err: err}
	}
	return m, nil
}

// within opens a folder below the driver's own for one piece of work.
func (d *Driver) within(folder string, f func(*os.Root) error) error {
	dir, err := d.dir.OpenRoot(folder)
	if err != nil {
		return err
	}
	return errors.Join(f(dir), dir.Close())
}

// Info tells what the driver is.
func (d *Driver) Info() compute.DriverInfo {
	return compute.DriverInfo{
		Name: "sim", Version: version, Network: d.opt.Network, SSHPort: d.port,
		Zones: slices.Clone(d.opt.Zones), BootTime: d.opt.BootTime,
	}
}

// Close stops all guests and waits for their sessions to end.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	all := d.machines
	d.machines = map[string]*machine{}
	d.mu.Unlock()
	d.cancel()
	if d.gate != nil {
		d.gate.close(time.Second)
	}
	for _, m := range all {
		m.op.Lock()
		m.stop()
		m.op.Unlock()
	}
	return d.dir.Close()
}

// lookUp returns the machine, or nil.
func (d *Driver) lookUp(id string) *machine {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.machines[id]
}

// machine is lookUp for calls that need it to be there. Faults: NotFound,
// Unavailable (the driver is closed).
func (d *Driver) machine(id string) (*machine, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.machines[id]; m != nil {
		return m, nil
	}
	if d.closed {
		// What was under way is done when the next driver opens the folder.
		return nil, &fault.Error{Kind: fault.Unavailable, Resource: "instance", Name: id, Msg: "simulated instances are ending with the server"}
	}
	return nil, fault.Missing("instance", id)
}

// Start boots the instance; when it returns, logins are accepted.
func (d *Driver) Start(_ context.Context, spec compute.Spec) error {
	return d.boot(spec, nil)
}

// Reboot has all sessions end in order, with 10 s for it, and boots again; hard
// cuts them off. An instance that is stopped is started.
func (d *Driver) Reboot(_ context.Context, spec compute.Spec, hard bool) error {
	return d.boot(spec, func(m *machine) {
		if hard {
			m.cut()
			return
		}
		m.shutDown(rebooting, rebootGrace)
	})
}

// boot starts an instance; one that runs has to end first, or stays as it is
// where end is nil.
func (d *Driver) boot(spec compute.Spec, end func(*machine)) error {
	if err := d.check(spec); err != nil {
		return err
	}
	m, err := d.machine(spec.ID)
	if err != nil {
		return err
	}
	m.op.Lock()
	defer m.op.Unlock()
	if m.running() {
		if end == nil {
			return nil
		}
		end(m)
	}
	if err := m.configure(spec); err != nil {
		return err
	}
	return m.start()
}

// Stop has all sessions end in order and cuts off those that take longer than grace.
func (d *Driver) Stop(_ context.Context, id string, grace time.Duration) error {
	m, err := d.machine(id)
	if err != nil {
		return err
	}
	m.op.Lock()
	defer m.op.Unlock()
	m.shutDown(poweringOff, grace)
	return nil
}

// Delete stops the instance and removes its folder.
func (d *Driver) Delete(_ context.Context, id string) error {
	m := d.lookUp(id)
	if m == nil {
		return nil
	}
	m.op.Lock()
	defer m.op.Unlock()
	m.cut()
	// Under its other name it is gone for good, whenever the rest happens.
	err := d.dir.Rename(id, deletingPrefix+id)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, "delete simulated instance "+id)
	}
	d.mu.Lock()
	delete(d.machines, id)
	d.mu.Unlock()
	_ = d.claim(id, nil) // which gives back and cannot fail
	if err := errors.Join(syncDir(d.dir), d.dir.RemoveAll(deletingPrefix+id)); err != nil {
		return fault.Wrap(err, "delete simulated instance "+id)
	}
	return nil
}

// Get reports what the instance is doing.
func (d *Driver) Get(_ context.Context, id string) (compute.Observed, error) {
	m := d.lookUp(id)
	if m == nil {
		return compute.Observed{ID: id, Power: compute.PowerAbsent}, nil
	}
	return m.observe(), nil
}

// List reports all instances, by id.
func (d *Driver) List(context.Context) ([]compute.Observed, error) {
	d.mu.Lock()
	all := make([]*machine, 0, len(d.machines))
	for _, m := range d.machines {
		all = append(all, m)
	}
	d.mu.Unlock()
	list := make([]compute.Observed, len(all))
	for i, m := range all {
		list[i] = m.observe()
	}
	slices.SortFunc(list, func(a, b compute.Observed) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// Console returns the last lines of the boot log.
func (d *Driver) Console(_ context.Context, id string, lines int) (string, error) {
	m, err := d.machine(id)
	if err != nil {
		return "", err
	}
	return m.console(lines)
}

// SetAccess replaces the lines of authorized_keys that the driver put there.
// On a running instance without live, that waits for the next Start or Reboot.
//
// A Spec's own Access counts at Start and Reboot when it differs from that of
// the Spec before; else what SetAccess said last stays in force.
func (d *Driver) SetAccess(_ context.Context, id string, access compute.GuestAccess, live bool) (bool, error) {
	m, err := d.machine(id)
	if err != nil {
		return false, err
	}
	if !m.current().hasLogins() {
		return false, &fault.Error{Kind: fault.Unsupported, Resource: "instance", Name: id, Msg: "a simulated Windows instance has no SSH"}
	}
	if err := checkAccess(access); err != nil {
		return false, err
	}
	m.op.Lock()
	defer m.op.Unlock()
	if m.running() && !live {
		return false, m.update(func(s *state) error {
			a := accessOf(access)
			s.Pending = &a
			return nil
		})
	}
	return true, m.apply(accessOf(access))
}

// limits are those of one guest's disk.
func (d *Driver) limits() disk.Limits {
	return disk.Limits{Bytes: d.opt.DiskBytes, Files: diskFiles, Open: diskHandles}
}

var programs = shell.Programs()

func publicLine(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}
