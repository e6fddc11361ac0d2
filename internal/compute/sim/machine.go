package sim

import (
	"context"
	"errors"
	"net"
	"os"
	"reflect"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
	"github.com/keyreeve/keyreeve/internal/compute/sim/sshd"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// machine is one instance. An idle one costs its state, and a listener with the
// goroutine that accepts for each of its addresses: its disk is open only while
// somebody uses it.
type machine struct {
	d  *Driver
	id string

	op sync.Mutex // held during a driver call

	mu       sync.Mutex
	state    *state // replaced, never changed
	up       bool
	bootedAt time.Time
	doors    *doors                    // while it runs, but for guests without SSH
	gate     gate                      // shut while the guest is paused
	rules    map[string][]compute.Rule // by port; a port that is missing lets nothing in
	forwards []compute.Forward

	saving sync.Mutex // held while the state is changed
	wiring sync.Mutex // held while doors open and close

	guest     *guest.Guest // while somebody uses the disk
	sockets   sockets      // what is plugged into guest
	closeDisk func() error
	users     int
}

func (m *machine) current() *state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

func (m *machine) running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.up
}

func (m *machine) facts() guest.Facts {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.state.facts()
	f.ID, f.BootedAt = m.id, m.bootedAt
	return f
}

// folder opens the instance's folder for one piece of work.
func (m *machine) folder(f func(*os.Root) error) error {
	return fault.Wrap(m.d.within(m.id, f), "simulated instance "+m.id)
}

// update changes the state and writes it down before it counts.
func (m *machine) update(change func(*state) error) error {
	m.saving.Lock()
	defer m.saving.Unlock()
	next := *m.current()
	if err := change(&next); err != nil {
		return err
	}
	if err := m.folder(next.save); err != nil {
		return err
	}
	m.mu.Lock()
	m.state = &next
	m.mu.Unlock()
	return nil
}

// openDisk opens the root disk. closeDisk gives back what that keeps open.
func (m *machine) openDisk(dir *os.Root) (_ *guest.Guest, closeDisk func() error, err error) {
	d, closeDisk, err := m.openRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	f := m.state.facts()
	f.ID, f.BootedAt = m.id, m.bootedAt
	g := &guest.Guest{Facts: f, Disk: d, Now: m.d.opt.Now}
	g.Mount(programs)
	return g, closeDisk, nil
}

// acquire gives the guest, with its disk open, until release is called.
func (m *machine) acquire() (*guest.Guest, func(), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest == nil {
		// The disk keeps the folder open for as long as it needs it.
		dir, err := m.d.dir.OpenRoot(m.id)
		if err != nil {
			return nil, nil, fault.Wrap(err, "open simulated instance "+m.id)
		}
		g, closeDisk, err := m.openDisk(dir)
		if err != nil {
			_ = dir.Close() // nothing was written through it
			return nil, nil, fault.Wrap(err, "open the disk of simulated instance "+m.id)
		}
		m.guest, m.sockets = g, sockets{}
		m.closeDisk = func() error { return errors.Join(m.sockets.closeAll(), closeDisk(), dir.Close()) }
		if err := m.sockets.plug(m, g); err != nil {
			m.d.log.Error("open the volumes of a simulated instance", "instance", m.id, "error", err.Error())
		}
	}
	m.users++
	return m.guest, sync.OnceFunc(m.release), nil
}

func (m *machine) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users--; m.users > 0 {
		return
	}
	if err := m.closeDisk(); err != nil {
		m.d.log.Error("close the disk of a simulated instance", "instance", m.id, "error", err.Error())
	}
	m.guest, m.sockets, m.closeDisk = nil, nil, nil
}

// Enter lets a connection in while the instance runs.
func (m *machine) Enter(conn net.Conn) (sshd.Stay, error) {
	m.mu.Lock()
	in := m.doors
	m.mu.Unlock()
	if in == nil {
		return sshd.Stay{}, errors.New("the instance does not run")
	}
	if !in.knows(conn) && !m.admitsAnywhere(conn) {
		return sshd.Stay{}, errors.New("the instance has no network, or its security groups let nobody in from there")
	}
	if !in.enter(conn) {
		return sshd.Stay{}, errors.New("the instance is stopping or has too many connections")
	}
	under(conn, &m.gate)
	g, release, err := m.acquire()
	if err != nil {
		in.remove(conn)
		return sshd.Stay{}, err
	}
	return sshd.Stay{Guest: g, Leave: func() { release(); in.remove(conn) }, Down: in.down}, nil
}

// CheckPassword tells whether the password is the default user's and passwords are taken.
func (m *machine) CheckPassword(account, password string) bool {
	a := m.current().Access
	return a.PasswordLogin && account == a.User && verifyPassword(a.PasswordHash, password)
}

// configure takes over what a new Spec says, before a boot.
func (m *machine) configure(spec compute.Spec) error {
	old := m.current()
	next := newState(spec)
	next.HostKeys, next.Placed, next.Access = old.HostKeys, old.Placed, old.Access
	access := old.Access
	switch {
	case !next.LastSpec.equal(old.LastSpec):
		access = next.LastSpec
	case old.Pending != nil:
		access = *old.Pending
	}
	next.Pending = old.Pending
	if err := m.d.claim(m.id, next.Volumes); err != nil {
		return err
	}
	// Most boots change nothing: they need not wait for the host's storage.
	if !reflect.DeepEqual(next, old) {
		if err := m.update(func(s *state) error { *s = *next; return nil }); err != nil {
			return err
		}
	}
	if err := m.replug(); err != nil {
		return err
	}
	if next.Hostname != old.Hostname || next.Name != old.Name {
		g, release, err := m.acquire()
		if err != nil {
			return err
		}
		err = g.SetHostname()
		release()
		if err != nil {
			// A full disk is the guest's own affair.
			m.d.log.Warn("write a simulated guest's host name", "instance", m.id, "error", err.Error())
		}
	}
	if !next.hasLogins() || access.equal(old.Access) && old.Pending == nil {
		return nil
	}
	return m.apply(access)
}

// apply puts access in force on the disk and in the state.
func (m *machine) apply(access accessState) error {
	g, release, err := m.acquire()
	if err != nil {
		return err
	}
	defer release()
	s := m.current()
	if err := g.AddUser(access.User); err != nil {
		return m.accessFault(err)
	}
	// What will be placed counts as ours even if we are killed before it is
	// known to be there.
	if err := m.update(func(s *state) error { s.Placed = union(s.Placed, access.Keys); return nil }); err != nil {
		return err
	}
	if s.Access.User != access.User {
		if _, err := place(g, s.Access.User, s.Placed, nil); err != nil {
			return m.accessFault(err)
		}
	}
	placed, err := place(g, access.User, s.Placed, access.Keys)
	if err == nil && access.PasswordHash != s.Access.PasswordHash {
		err = g.SetPassword(access.User, access.PasswordHash)
	}
	if err == nil {
		err = g.Disk.Sync()
	}
	if err != nil {
		return m.accessFault(err)
	}
	return m.update(func(s *state) error {
		s.Access, s.Placed, s.Pending = access, placed, nil
		return nil
	})
}

func (m *machine) accessFault(err error) error {
	return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: m.id,
		Msg: "the guest's authorized_keys could not be written: its disk is full, or somebody made something else of it", Err: err}
}

// start opens the doors; op is held.
func (m *machine) start() error {
	s := m.current()
	m.mu.Lock()
	m.bootedAt = m.d.opt.Now()
	m.mu.Unlock()
	if err := m.logConsole(m.bootLog()); err != nil {
		return err
	}
	m.mu.Lock()
	m.up = true
	if s.hasLogins() {
		m.doors = newDoors(m.d.ctx, maxConns, m.admits, m.serve)
	}
	m.mu.Unlock()
	if err := m.rewire(); err != nil {
		m.stop()
		return err
	}
	return nil
}

func (m *machine) serve(ctx context.Context, conn net.Conn) {
	under(conn, &m.gate)
	s := m.current()
	var keys []ssh.Signer
	err := m.folder(func(dir *os.Root) (err error) {
		keys, err = loadHostKeys(dir)
		return err
	})
	if err != nil {
		m.d.log.Error("read host keys of a simulated instance", "instance", m.id, "error", err.Error())
		_ = conn.Close() // it is of no use to the client, nor is why
		return
	}
	m.d.server.Serve(ctx, conn, sshd.Door{
		HostKeys: keys, Route: sshd.To(m),
		Passwords: s.Access.PasswordLogin && s.Access.PasswordHash != "",
	})
}

func (m *machine) observe() compute.Observed {
	at := m.entrance()
	m.mu.Lock()
	defer m.mu.Unlock()
	o := compute.Observed{ID: m.id, Power: compute.PowerStopped, HostKeys: append([]string(nil), m.state.HostKeys...)}
	if m.up {
		o.Power, o.BootedAt = compute.PowerRunning, m.bootedAt
		if m.gate.isShut() {
			o.Power = compute.PowerPaused
		}
	}
	if m.doors != nil {
		o.SSH = at
	}
	return o
}
