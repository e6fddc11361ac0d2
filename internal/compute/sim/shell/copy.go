package shell

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

func runCp(c *call) int {
	o, ok := c.getopt("rRafpvnd", map[string]byte{"recursive": 'r', "force": 'f'})
	if !ok {
		return 1
	}
	if len(o.rest) < 2 {
		return c.fail("missing file operand")
	}
	sources, to := o.rest[:len(o.rest)-1], o.rest[len(o.rest)-1]
	if !c.manyNeedDir(sources, to) {
		return 1
	}
	cp := &copier{c: c, recursive: o.has('r') || o.has('R') || o.has('a'), keep: o.has('p') || o.has('a'), tell: o.has('v')}
	for _, s := range sources {
		dst := c.target(s, to)
		if from, err := c.view.RealPath(s); err == nil && cp.recursive {
			if real, err := c.view.RealPath(dst); err == nil && (real == from || strings.HasPrefix(real, strings.TrimSuffix(from, "/")+"/")) {
				cp.status = c.fail("cannot copy '%s' into itself, '%s'", s, dst)
				continue
			}
		}
		cp.copy(s, dst, 0)
	}
	return cp.status
}

type copier struct {
	c                     *call
	recursive, keep, tell bool
	status                int
}

func (cp *copier) failed(err error, name string) bool {
	if err != nil {
		cp.status = cp.c.fail("%s: %v", name, err)
	}
	return err != nil
}

func (cp *copier) copy(from, to string, deep int) {
	c := cp.c
	c.tick(1)
	stat := c.view.Stat
	if cp.recursive {
		stat = c.view.Lstat
	}
	i, err := stat(from)
	if cp.failed(err, from) {
		return
	}
	if deep > maxTree {
		cp.failed(disk.ErrNameTooLong, from)
		return
	}
	switch i.Kind {
	case disk.Dir:
		if !cp.recursive {
			cp.status = c.fail("-r not specified; omitting directory '%s'", from)
			return
		}
		if err := c.view.Mkdir(to, i.Mode|0o700); err != nil && !errors.Is(err, disk.ErrExist) {
			cp.failed(err, to)
			return
		}
		list, err := c.view.ReadDir(from)
		if cp.failed(err, from) {
			return
		}
		for _, e := range list {
			cp.copy(from+"/"+e.Name, to+"/"+e.Name, deep+1)
		}
	case disk.Symlink:
		if cp.failed(c.view.Symlink(i.Target, to), to) {
			return
		}
		return
	default:
		if o, err := c.view.Stat(to); err == nil && o.Ino == i.Ino && o.Disk == i.Disk {
			cp.status = c.fail("'%s' and '%s' are the same file", from, to)
			return
		}
		r, err := c.view.Open(from, os.O_RDONLY, 0)
		if cp.failed(err, from) {
			return
		}
		defer shut(r)
		w, err := c.view.Open(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, i.Mode&0o777)
		if cp.failed(err, to) {
			return
		}
		defer shut(w)
		c.stream(&countedWriter{c, w}, r, to)
	}
	if cp.keep {
		cp.attributes(to, i)
	}
	if cp.tell {
		c.printf("'%s' -> '%s'\n", from, to)
	}
}

// attributes gives the copy the original's owner, mode and time. Only root may
// give files away: for others the copy stays theirs, as with any cp.
func (cp *copier) attributes(to string, i disk.Info) {
	v := cp.c.view
	if err := v.Chown(to, int(i.UID), int(i.GID), false); err != nil && !errors.Is(err, fs.ErrPermission) {
		cp.failed(err, to)
	}
	if cp.failed(v.Chmod(to, i.Mode), to) {
		return
	}
	cp.failed(v.Chtimes(to, i.ModTime), to)
}

// countedWriter counts what goes to a file against the limits of output.
type countedWriter struct {
	c *call
	w io.Writer
}

func (w *countedWriter) Write(b []byte) (int, error) {
	w.c.check(w.c.meter.wrote(len(b)))
	return w.w.Write(b)
}
