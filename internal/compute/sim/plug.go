package sim

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// pluggedState is a volume of an instance, as it lies in its state.json.
type pluggedState struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Device  string `json:"device"`
	SizeGiB int    `json:"size_gib"`
	Boot    bool   `json:"boot,omitempty"`
}

func plugOf(v compute.PluggedVolume) pluggedState {
	return pluggedState{v.ID, v.Name, v.Device, v.SizeGiB, v.Boot}
}

// device is the name below /dev.
func (p pluggedState) device() string { return strings.TrimPrefix(p.Device, "/dev/") }

// root is the volume that the instance boots from, "" for its own disk.
func (s *state) root() string {
	for _, p := range s.Volumes {
		if p.Boot {
			return p.ID
		}
	}
	return ""
}

// openRoot opens the root disk: the instance's own, in its folder, or a volume's.
func (m *machine) openRoot(dir *os.Root) (*disk.Disk, func() error, error) {
	if id := m.state.root(); id != "" {
		return m.d.openVolume(id)
	}
	d, err := disk.Open(dir, diskFile, m.d.limits(), m.d.opt.Now)
	if err != nil {
		return nil, nil, err
	}
	return d, d.Close, nil
}

// sockets are the volumes that an open guest has, by id.
type sockets map[string]socket

type socket struct {
	pluggedState
	disk  *disk.Disk
	close func() error
}

// plug gives the guest the volumes of the state and takes away all others.
func (o sockets) plug(m *machine, g *guest.Guest) error {
	var failed error
	for id, have := range o {
		if !slices.ContainsFunc(m.state.Volumes, func(p pluggedState) bool { return p.ID == id && p.Device == have.Device }) {
			g.Unplug(have.device())
			failed = errors.Join(failed, have.close())
			delete(o, id)
		}
	}
	for _, p := range m.state.Volumes {
		if _, ok := o[p.ID]; ok || p.Boot {
			continue
		}
		v, closeDisk, err := m.d.openVolume(p.ID)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if err := g.Plug(p.device(), p.Name, p.SizeGiB, v); err != nil {
			// A full root disk is the guest's own affair.
			m.d.log.Warn("mount a volume in a simulated guest", "instance", m.id, "volume", p.ID, "error", err.Error())
		}
		o[p.ID] = socket{p, v, closeDisk}
	}
	return failed
}

// closeAll closes the disks of all volumes.
func (o sockets) closeAll() error {
	var failed error
	for _, s := range o {
		failed = errors.Join(failed, s.close())
	}
	return failed
}

// replug makes a guest that somebody uses have the volumes of the state; others
// get them when they are opened.
func (m *machine) replug() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.guest == nil {
		return nil
	}
	return m.sockets.plug(m, m.guest)
}

// grow tells the guest that a volume of its own is larger.
func (m *machine) grow(id string, sizeGiB int) error {
	m.op.Lock()
	defer m.op.Unlock()
	err := m.update(func(s *state) error {
		s.Volumes = slices.Clone(s.Volumes)
		for k := range s.Volumes {
			if s.Volumes[k].ID == id {
				s.Volumes[k].SizeGiB = sizeGiB
			}
		}
		if s.root() == id {
			s.DiskGiB = sizeGiB
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sockets[id]; ok && m.guest != nil {
		s.disk.Resize(m.d.volumeLimits(sizeGiB).Bytes)
		m.guest.Grow(s.device(), sizeGiB)
	}
	return nil
}
