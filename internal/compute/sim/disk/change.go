package disk

import "time"

// spot is a place for a new entry, checked for permission.
func (v View) spot(path string, follow bool) (place, error) {
	at, err := v.walk(path, follow)
	if err != nil {
		return at, err
	}
	if at.node != nil {
		return at, ErrExist
	}
	return at, v.mayChange(at.dir)
}

func (v View) mayChange(dir *node) error {
	switch {
	case dir.volatile:
		return ErrAccess
	case dir.parent != dir && dir.nlink == 0:
		return ErrNotExist
	case !v.Cred.may(dir, Write|Exec):
		return ErrAccess
	}
	return nil
}

// mayRemove checks that the entry may lose its name, the sticky bit included.
func (v View) mayRemove(at place) error {
	if at.node == nil {
		return ErrNotExist
	}
	if at.name == "" || at.node.volatile {
		return ErrBusy
	}
	if err := v.mayChange(at.dir); err != nil {
		return err
	}
	if at.dir.mode&0o1000 != 0 && !v.Cred.owns(at.node) && !v.Cred.owns(at.dir) {
		return ErrPerm
	}
	return nil
}

func (v View) newNode(d *Disk, kind Kind, mode uint16) *node {
	return &node{
		ino: d.nextIno, kind: kind, mode: mode & 0o7777,
		uid: v.Cred.UID, gid: v.Cred.GID, mtime: d.now().UnixNano(),
	}
}

// add makes the entry n at the place.
func (v View) add(at place, n *node) error {
	if err := at.disk.room(int64(len(n.target)), 1); err != nil {
		return err
	}
	b := newBatch(n.mtime)
	b.node(n)
	b.link(at.dir.ino, at.name, n.ino)
	return at.disk.commit(b)
}

// Mkdir makes a folder with the mode less the umask.
func (v View) Mkdir(path string, mode uint16) error {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	at, err := v.spot(path, false)
	if err != nil {
		return err
	}
	return v.add(at, v.newNode(at.disk, Dir, mode&^v.Umask))
}

// Symlink makes a symbolic link at path that points to target, which need not exist.
func (v View) Symlink(target, path string) error {
	if target == "" {
		return ErrNotExist
	}
	if len(target) > maxPath {
		return ErrNameTooLong
	}
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	at, err := v.spot(path, false)
	if err != nil {
		return err
	}
	if at.slash {
		return ErrNotExist
	}
	n := v.newNode(at.disk, Symlink, 0o777)
	n.target = target
	return v.add(at, n)
}

// Link gives the file at old a second name.
func (v View) Link(old, path string) error {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	from, err := v.walk(old, false)
	if err == nil && from.node == nil {
		err = ErrNotExist
	}
	if err != nil {
		return err
	}
	n := from.node
	if n.kind == Dir || n.volatile {
		return ErrPerm
	}
	// As Linux with protected_hardlinks: only what one owns or could change anyway.
	if !v.Cred.owns(n) && !v.Cred.may(n, Read|Write) {
		return ErrPerm
	}
	at, err := v.spot(path, false)
	if err != nil {
		return err
	}
	if at.slash {
		return ErrNotExist
	}
	if at.disk != from.disk {
		return ErrCrossDevice
	}
	b := newBatch(at.disk.now().UnixNano())
	b.link(at.dir.ino, at.name, n.ino)
	return at.disk.commit(b)
}

// Remove takes the name of a file or symbolic link away.
func (v View) Remove(path string) error {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	at, err := v.walk(path, false)
	if err != nil {
		return err
	}
	if at.node != nil && at.node.kind == Dir {
		return ErrIsDir
	}
	return v.unlink(at)
}

// Rmdir removes an empty folder.
func (v View) Rmdir(path string) error {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	at, err := v.walk(path, false)
	if err != nil {
		return err
	}
	if at.node != nil {
		if at.node.kind != Dir {
			return ErrNotDir
		}
		if at.disk.host != nil && at.node == at.disk.root {
			return ErrBusy
		}
		if len(at.node.entries) > 0 {
			return ErrNotEmpty
		}
	}
	return v.unlink(at)
}

func (v View) unlink(at place) error {
	if err := v.mayRemove(at); err != nil {
		return err
	}
	b := newBatch(at.disk.now().UnixNano())
	b.unlink(at.dir.ino, at.name)
	return at.disk.commit(b)
}

// Rename moves an entry and replaces what has the new name, in one step.
func (v View) Rename(old, path string) error {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	from, err := v.walk(old, false)
	if err != nil {
		return err
	}
	if err := v.mayRemove(from); err != nil {
		return err
	}
	to, err := v.walk(path, false)
	if err != nil {
		return err
	}
	if err := v.mayChange(to.dir); err != nil {
		return err
	}
	if to.node == from.node {
		return nil
	}
	if to.disk != from.disk {
		return ErrCrossDevice
	}
	if from.node.kind == Dir {
		for up := to.dir; ; up = up.parent {
			if up == from.node {
				return ErrInvalid
			}
			if up == up.parent {
				break
			}
		}
	} else if to.slash {
		return ErrNotDir
	}
	b := newBatch(from.disk.now().UnixNano())
	if to.node != nil {
		if err := v.mayRemove(to); err != nil {
			return err
		}
		switch {
		case to.node.kind == Dir && from.node.kind != Dir:
			return ErrIsDir
		case to.node.kind != Dir && from.node.kind == Dir:
			return ErrNotDir
		case len(to.node.entries) > 0:
			return ErrNotEmpty
		}
		b.unlink(to.dir.ino, to.name)
	}
	b.link(to.dir.ino, to.name, from.node.ino)
	b.unlink(from.dir.ino, from.name)
	return from.disk.commit(b)
}

// setattr changes the attributes of what the path leads to, when allow permits.
func (v View) setattr(path string, follow bool, allow func(*node) bool, set func(*node)) error {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	at, err := v.walk(path, follow)
	if err == nil && at.node == nil {
		err = ErrNotExist
	}
	if err != nil {
		return err
	}
	n := at.node
	if n.volatile {
		if n.sink {
			return nil
		}
		return ErrPerm
	}
	if !allow(n) {
		return ErrPerm
	}
	changed := *n
	set(&changed)
	b := newBatch(at.disk.now().UnixNano())
	b.node(&changed)
	return at.disk.commit(b)
}

// Chmod sets the permission bits; only the owner and root may.
func (v View) Chmod(path string, mode uint16) error {
	return v.setattr(path, true, v.Cred.owns, func(n *node) { n.mode = mode & 0o7777 })
}

// Chown sets owner and group, each left alone when negative. Only root gives
// files away; an owner may choose among their own groups.
func (v View) Chown(path string, uid, gid int, follow bool) error {
	return v.setattr(path, follow, func(n *node) bool {
		return v.Cred.UID == 0 || v.Cred.UID == n.uid &&
			(uid < 0 || uint32(uid) == n.uid) && (gid < 0 || v.Cred.inGroup(uint32(gid)))
	}, func(n *node) {
		if uid >= 0 {
			n.uid = uint32(uid)
		}
		if gid >= 0 {
			n.gid = uint32(gid)
		}
	})
}

// Chtimes sets the time of the last change.
func (v View) Chtimes(path string, t time.Time) error {
	return v.setattr(path, true, func(n *node) bool { return v.Cred.owns(n) || v.Cred.may(n, Write) },
		func(n *node) { n.mtime = t.UnixNano() })
}
