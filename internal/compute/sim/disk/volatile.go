package disk

import "strings"

// Generated is one file of a [Disk.Mount]. Nobody in the guest can change it.
type Generated struct {
	// Path is relative to the mount.
	Path string
	Mode uint16
	// Text gives the contents each time the file is opened; nil is an empty file.
	// It must not use the disk.
	Text func() []byte
	// Sink is whether the file swallows what is written to it, as /dev/null does.
	Sink bool
}

// Mount shows generated files under the root folder's entry name for as long
// as the disk is open. They belong to root and cost nothing of the limits.
func (d *Disk) Mount(name string, files []Generated) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now().UnixNano()
	// Numbers from the top can never meet those of the disk's own entries.
	ino := ^uint64(0) - uint64(len(d.root.entries))<<16
	folder := func(parent *node) *node {
		ino--
		n := &node{ino: ino, kind: Dir, mode: 0o555, mtime: now, nlink: 1, volatile: true, parent: parent}
		n.entries = map[string]*node{}
		return n
	}
	top := folder(d.root)
	d.root.entries[name] = top
	for _, f := range files {
		dir := top
		parts := strings.Split(f.Path, "/")
		for _, part := range parts[:len(parts)-1] {
			if dir.entries[part] == nil {
				dir.entries[part] = folder(dir)
			}
			dir = dir.entries[part]
		}
		ino--
		dir.entries[parts[len(parts)-1]] = &node{
			ino: ino, kind: File, mode: f.Mode, mtime: now, nlink: 1,
			volatile: true, generate: f.Text, sink: f.Sink,
		}
	}
}
