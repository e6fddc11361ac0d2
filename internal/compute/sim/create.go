package sim

import (
	"context"
	"errors"
	"os"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Create makes the instance's folder: host keys, disk, first access. It is
// made under another name and gets its own when it is whole.
func (d *Driver) Create(ctx context.Context, spec compute.Spec) error {
	if err := d.check(spec); err != nil {
		return err
	}
	d.mu.Lock()
	if d.closed || d.making[spec.ID] {
		d.mu.Unlock()
		return &fault.Error{Kind: fault.Unavailable, Resource: "instance", Name: spec.ID, Msg: "it is being made, or the driver is closing: try again"}
	}
	if d.machines[spec.ID] != nil {
		d.mu.Unlock()
		return nil
	}
	d.making[spec.ID] = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.making, spec.ID)
		d.mu.Unlock()
	}()

	temp := makingPrefix + spec.ID
	err := d.claim(spec.ID, newState(spec).Volumes)
	if err != nil {
		return err
	}
	s, err := d.build(temp, spec)
	if err == nil {
		err = d.dir.Rename(temp, spec.ID)
	}
	if err == nil {
		err = syncDir(d.dir)
	}
	if err != nil {
		_ = d.dir.RemoveAll(temp) // else New or the next attempt does
		_ = d.claim(spec.ID, nil) // which gives back and cannot fail
		return makingFault(err, spec.ID)
	}
	d.mu.Lock()
	d.machines[spec.ID] = &machine{d: d, id: spec.ID, state: s}
	d.mu.Unlock()
	return nil
}

func (d *Driver) build(folder string, spec compute.Spec) (*state, error) {
	if err := d.dir.RemoveAll(folder); err != nil {
		return nil, err
	}
	if err := d.dir.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	s := newState(spec)
	return s, d.within(folder, func(dir *os.Root) (err error) {
		if s.hasLogins() {
			if s.HostKeys, err = makeHostKeys(dir); err != nil {
				return err
			}
		}
		var copied bool
		if s.root() == "" { // else the volume has the image's files
			if copied, err = d.unpack(spec.Image, dir); err != nil {
				return err
			}
		}
		m := &machine{d: d, id: spec.ID, state: s}
		g, closeDisk, err := m.openDisk(dir)
		if err != nil {
			return err
		}
		if copied || s.root() != "" && g.Installed() {
			err = g.Adopt(spec.UserData)
		} else {
			err = g.Install(spec.UserData)
		}
		for _, f := range spec.Files {
			if e := g.Inject(f); e != nil && err == nil {
				err = fault.Invalidf("personality", "a file cannot be put on the disk: %v", e)
			}
		}
		if err == nil && s.hasLogins() {
			s.Access = accessOf(spec.Access)
			s.Placed, err = place(g, spec.Access.User, nil, spec.Access.AuthorizedKeys)
			if err == nil {
				err = g.SetPassword(spec.Access.User, spec.Access.PasswordHash)
			}
		}
		if err := errors.Join(err, closeDisk()); err != nil {
			return err
		}
		return s.save(dir)
	})
}
