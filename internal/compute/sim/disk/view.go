package disk

import (
	"slices"
	"strings"
	"time"
)

// Bounds of names, as on Linux.
const (
	maxName  = 255
	maxPath  = 4096
	maxLinks = 40
)

// Cred is as whom a guest's program acts. UID 0 may do everything.
type Cred struct {
	UID, GID uint32
	Groups   []uint32
}

// inGroup tells whether the credential is a member of the group.
func (c Cred) inGroup(gid uint32) bool { return c.GID == gid || slices.Contains(c.Groups, gid) }

// The permissions that [View.Access] asks for.
const (
	Exec  = 1
	Write = 2
	Read  = 4
)

func (c Cred) may(n *node, want uint16) bool {
	if c.UID == 0 {
		// Even root executes only what somebody may execute.
		return want&Exec == 0 || n.kind == Dir || n.mode&0o111 != 0
	}
	bits := n.mode
	switch {
	case c.UID == n.uid:
		bits >>= 6
	case c.inGroup(n.gid):
		bits >>= 3
	}
	return bits&want == want
}

func (c Cred) owns(n *node) bool { return c.UID == 0 || c.UID == n.uid }

// View is a disk as one of the guest's programs sees it: with its credentials,
// its umask and its working folder. A View is a small value: copy it to change it.
type View struct {
	Disk  *Disk
	Cred  Cred
	Umask uint16
	// Cwd is where relative paths begin, an absolute path.
	Cwd string
}

// Info is what stat tells of an entry.
type Info struct {
	Name     string
	Ino      uint64
	Kind     Kind
	Mode     uint16 // permission bits, 07777
	UID, GID uint32
	Size     int64
	Links    int
	ModTime  time.Time
	Target   string // of a symbolic link
	Disk     *Disk  // that it is on: with Ino, what tells files apart
}

// IsDir tells whether it is a folder.
func (i Info) IsDir() bool { return i.Kind == Dir }

func (n *node) info(name string) Info {
	i := Info{
		Name: name, Ino: n.ino, Kind: n.kind, Mode: n.mode, UID: n.uid, GID: n.gid,
		Size: n.length(), Links: n.nlink, ModTime: time.Unix(0, n.mtime), Target: n.target,
	}
	if n.kind == Dir {
		i.Links = 2
	}
	return i
}

// place is where a path leads: a folder, a name in it, and what has that name, if anything.
type place struct {
	dir  *node
	name string // "" for the root folder and for paths that end in . or ..
	node *node
	disk *Disk // that both are on
	// slash: the path demands a folder.
	slash bool
}

// walk follows a path. A last component that does not exist is no failure:
// place.node is nil then.
func (v View) walk(path string, follow bool) (place, error) {
	if path == "" {
		return place{}, ErrNotExist
	}
	if len(path) > maxPath {
		return place{}, ErrNameTooLong
	}
	if strings.IndexByte(path, 0) >= 0 {
		return place{}, ErrInvalid
	}
	if path[0] != '/' {
		path = v.Cwd + "/" + path
	}
	disk, dir := v.Disk, v.Disk.root
	rest := path
	slash := strings.HasSuffix(path, "/")
	links := 0
	for {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			return place{disk: disk, dir: dir, node: dir, slash: slash}, nil
		}
		name, tail, more := strings.Cut(rest, "/")
		last := !more || strings.Trim(tail, "/") == ""
		rest = tail
		if !v.Cred.may(dir, Exec) {
			return place{}, ErrAccess
		}
		switch name {
		case ".":
			continue
		case "..":
			dir, disk = disk.above(dir)
			continue
		}
		if len(name) > maxName {
			return place{}, ErrNameTooLong
		}
		n := dir.entries[name]
		if n == nil {
			if last {
				return place{disk: disk, dir: dir, name: name, slash: slash}, nil
			}
			return place{}, ErrNotExist
		}
		if m := disk.mounts[n]; m != nil {
			disk, dir = m, m.root
			continue
		}
		switch {
		case n.kind == Symlink && (!last || follow || slash):
			if links++; links > maxLinks {
				return place{}, ErrLoop
			}
			if len(n.target)+len(rest) > 2*maxPath {
				return place{}, ErrNameTooLong
			}
			if strings.HasPrefix(n.target, "/") {
				disk, dir = v.Disk, v.Disk.root
			}
			rest = n.target + "/" + rest
			if last && !slash {
				rest = strings.TrimRight(rest, "/")
				if rest == "" {
					return place{disk: disk, dir: dir, node: dir}, nil
				}
			}
		case last && n.kind != Dir:
			if slash {
				return place{}, ErrNotDir
			}
			return place{disk: disk, dir: dir, name: name, node: n}, nil
		case last:
			return place{disk: disk, dir: dir, name: name, node: n, slash: slash}, nil
		case n.kind != Dir:
			return place{}, ErrNotDir
		default:
			dir = n
		}
	}
}

// find follows a path to something that exists.
func (v View) find(path string, follow bool) (*node, error) {
	at, err := v.walk(path, follow)
	if err != nil {
		return nil, err
	}
	if at.node == nil {
		return nil, ErrNotExist
	}
	return at.node, nil
}

// Stat tells about what the path leads to, through symbolic links.
func (v View) Stat(path string) (Info, error) { return v.stat(path, true) }

// Lstat tells about the entry itself, also when it is a symbolic link.
func (v View) Lstat(path string) (Info, error) { return v.stat(path, false) }

func (v View) stat(path string, follow bool) (Info, error) {
	v.Disk.mu.RLock()
	defer v.Disk.mu.RUnlock()
	at, err := v.walk(path, follow)
	if err == nil && at.node == nil {
		err = ErrNotExist
	}
	if err != nil {
		return Info{}, err
	}
	base := strings.TrimRight(path, "/")
	base = base[strings.LastIndexByte(base, '/')+1:]
	if base == "" {
		base = "/"
	}
	i := at.node.info(base)
	i.Disk = at.disk
	return i, nil
}

// Access tells whether the view's credentials give want, a sum of [Read],
// [Write] and [Exec], on what the path leads to.
func (v View) Access(path string, want int) error {
	v.Disk.mu.RLock()
	defer v.Disk.mu.RUnlock()
	n, err := v.find(path, true)
	if err != nil {
		return err
	}
	if !v.Cred.may(n, uint16(want)) {
		return ErrAccess
	}
	return nil
}

// ReadDir lists a folder by name.
func (v View) ReadDir(path string) ([]Info, error) {
	v.Disk.mu.RLock()
	defer v.Disk.mu.RUnlock()
	at, err := v.walk(path, true)
	if err == nil && at.node == nil {
		err = ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	n := at.node
	if n.kind != Dir {
		return nil, ErrNotDir
	}
	if !v.Cred.may(n, Read) {
		return nil, ErrAccess
	}
	list := make([]Info, 0, len(n.entries))
	for name, e := range n.entries {
		disk := at.disk
		if m := disk.mounts[e]; m != nil {
			disk, e = m, m.root
		}
		i := e.info(name)
		i.Disk = disk
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Readlink returns where a symbolic link points.
func (v View) Readlink(path string) (string, error) {
	i, err := v.Lstat(path)
	if err == nil && i.Kind != Symlink {
		err = ErrInvalid
	}
	if err != nil {
		return "", err
	}
	return i.Target, nil
}

// RealPath returns the absolute path, free of symbolic links, of what the path
// leads to. The last component need not exist.
func (v View) RealPath(path string) (string, error) {
	v.Disk.mu.RLock()
	defer v.Disk.mu.RUnlock()
	at, err := v.walk(path, true)
	if err != nil {
		return "", err
	}
	var parts []string
	if at.name != "" {
		parts = append(parts, at.name)
	}
	for dir, disk := at.dir, at.disk; dir != v.Disk.root; {
		if disk.host != nil && dir == disk.root {
			dir, disk = disk.at, disk.host // its name is that of the folder it is mounted at
		}
		name, ok := dir.nameIn(dir.parent)
		if !ok {
			return "", ErrNotExist
		}
		parts = append(parts, name)
		dir = dir.parent
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/"), nil
}

func (n *node) nameIn(dir *node) (string, bool) {
	for name, e := range dir.entries {
		if e == n {
			return name, true
		}
	}
	return "", false
}
