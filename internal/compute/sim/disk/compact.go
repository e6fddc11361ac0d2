package disk

import (
	"bufio"
	"fmt"
	"os"
	"slices"
)

// compact writes the tree as it is now into a fresh log and puts that in place
// of the old one. Killed at any point, one of the two whole logs is there.
func (d *Disk) compact() error {
	fresh := d.name + ".new"
	f, err := d.dir.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return ErrIO
	}
	c := &copier{d: d, out: bufio.NewWriterSize(f, 64<<10), extents: map[*node][]extent{}}
	err = c.run()
	if err == nil {
		err = c.out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = d.dir.Rename(fresh, d.name)
	}
	if err != nil {
		// The old log is whole and stays; what remains of the fresh one is overwritten next time.
		_ = f.Close()
		_ = d.dir.Remove(fresh)
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	_ = d.log.Close() // it has no name any more, and everything in it is in the fresh one
	d.log, d.logSize, d.loose = f, c.size, 0
	for n, list := range c.extents {
		d.used += int64(len(list)-len(n.extents)) * extentCost
		n.extents = list
	}
	return nil
}

// copier writes a fresh log: entries first, then names, then contents.
type copier struct {
	d       *Disk
	out     *bufio.Writer
	size    int64
	extents map[*node][]extent // where contents lie in the fresh log
}

func (c *copier) put(b *batch) error {
	rec := b.seal()
	c.size += int64(len(rec))
	_, err := c.out.Write(rec)
	return err
}

func (c *copier) run() error {
	inos := make([]uint64, 0, len(c.d.nodes))
	for ino := range c.d.nodes {
		inos = append(inos, ino)
	}
	slices.Sort(inos)
	for _, ino := range inos {
		b := newBatch(0)
		b.node(c.d.nodes[ino])
		if err := c.put(b); err != nil {
			return err
		}
	}
	for _, ino := range inos {
		dir := c.d.nodes[ino]
		for name, n := range dir.entries {
			if n.volatile {
				continue
			}
			b := newBatch(dir.mtime)
			b.link(ino, name, n.ino)
			if err := c.put(b); err != nil {
				return err
			}
		}
	}
	for _, ino := range inos {
		if n := c.d.nodes[ino]; n.kind == File {
			if err := c.contents(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// contents copies a file's bytes and joins neighbouring runs on the way.
func (c *copier) contents(n *node) error {
	var list []extent
	buf := make([]byte, 0, chunk)
	var from int64
	flush := func() error {
		if len(buf) == 0 {
			return nil
		}
		b := newBatch(n.mtime)
		b.write(n.ino, from, buf)
		pos := c.size + int64(len(b.buf)-len(buf))
		list, _ = insert(list, extent{from, int64(len(buf)), pos})
		buf = buf[:0]
		return c.put(b)
	}
	for _, e := range n.extents {
		for done := int64(0); done < e.n; {
			if off := e.off + done; len(buf) == chunk || (len(buf) > 0 && from+int64(len(buf)) != off) {
				if err := flush(); err != nil {
					return err
				}
			}
			if len(buf) == 0 {
				from = e.off + done
			}
			k := min(e.n-done, int64(chunk-len(buf)))
			part := buf[len(buf) : len(buf)+int(k)]
			if _, err := c.d.log.ReadAt(part, e.pos+done); err != nil {
				return err
			}
			buf = buf[:len(buf)+int(k)]
			done += k
		}
	}
	if err := flush(); err != nil {
		return err
	}
	// Also restores the size of a file that ends in a hole.
	b := newBatch(n.mtime)
	b.truncate(n.ino, n.size)
	c.extents[n] = list
	return c.put(b)
}
