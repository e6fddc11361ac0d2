package disk

import "sync"

// MountDisk shows another disk at a folder of this one, in the place of what
// the folder has, until [Disk.Unmount] or until either is closed. The other
// disk must be open, in use by nobody, and not mounted. From then on both are
// guarded by one lock, because paths lead from one to the other.
func (d *Disk) MountDisk(path string, other *Disk) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, err := View{Disk: d, Cwd: "/"}.walk(path, true)
	switch {
	case err != nil:
		return err
	case at.node == nil:
		return ErrNotExist
	case at.node.kind != Dir:
		return ErrNotDir
	case at.disk != d || at.node == d.root || at.node.volatile:
		return ErrBusy
	}
	other.mu, other.host, other.at = d.mu, d, at.node
	if d.mounts == nil {
		d.mounts = map[*node]*Disk{}
	}
	d.mounts[at.node] = other
	return nil
}

// Unmount takes another disk out of this one again. Handles on its files are of
// no use any more once it is closed.
func (d *Disk) Unmount(other *Disk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if other.host == d {
		delete(d.mounts, other.at)
		other.host, other.at = nil, nil
	}
}

// above returns the folder that ".." leads to from dir, and its disk.
func (d *Disk) above(dir *node) (*node, *Disk) {
	if dir == d.root && d.host != nil {
		return d.at.parent, d.host
	}
	return dir.parent, d
}

// Resize changes how many bytes the disk holds. What is on it already stays.
func (d *Disk) Resize(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limits.Bytes = bytes
}

// newLock makes the lock of a disk that stands alone.
func newLock() *sync.RWMutex { return new(sync.RWMutex) }
