package shell

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

func fileCommands() map[string]command {
	return map[string]command{
		"cat":      {runCat, inBin, "print files"},
		"cp":       {runCp, inBin, "copy files"},
		"mv":       {runMv, inBin, "move files"},
		"rm":       {runRm, inBin, "delete files"},
		"mkdir":    {runMkdir, inBin, "make folders"},
		"rmdir":    {runRmdir, inBin, "delete empty folders"},
		"ln":       {runLn, inBin, "make links"},
		"touch":    {runTouch, inBin, "make files, or set their time"},
		"chmod":    {runChmod, inBin, "set permissions"},
		"chown":    {runChown, inBin, "set the owner"},
		"chgrp":    {runChown, inBin, "set the group"},
		"readlink": {runReadlink, inBin, "print where a link leads"},
		"realpath": {runRealpath, inBin, "print a path without links"},
		"basename": {runBasename, inBin, "print the last part of a path"},
		"dirname":  {runDirname, inBin, "print a path without its last part"},
		"tee":      {runTee, inBin, "copy input to files and output"},
		"mktemp":   {runMktemp, inBin, "make a temporary file"},
		"truncate": {runTruncate, inBin, "set the size of files"},
		"sync":     {runSync, both, "write everything to storage"},
		"ls":       {runLs, inBin, "list folders"},
		"stat":     {runStat, inBin, "tell about files"},
		"find":     {runFind, inBin, "look for files"},
		"du":       {runDu, inBin, "sum up sizes"},
		"df":       {runDf, inBin, "tell about the disk"},
	}
}

func runCat(c *call) int {
	o, ok := c.getopt("nAbeEstTuv", nil)
	if !ok {
		return 1
	}
	number := 0
	return c.inputs(o.rest, func(name string, r io.Reader) {
		if o.has('n') {
			c.lines(r, func(line string) bool {
				number++
				c.printf("%6d\t%s\n", number, line)
				return true
			})
			return
		}
		c.stream(c, r, name)
	})
}

// stream copies until the end and tells about read errors.
func (c *call) stream(w io.Writer, r io.Reader, name string) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				c.fail("%s: %v", name, werr)
				panic(abort{status: 1})
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
				c.fail("%s: %v", name, err)
			}
			return
		}
		if n == 0 {
			c.tick(1)
		}
	}
}

// target is where cp and mv put source, given their last argument.
func (c *call) target(source, to string) string {
	if i, err := c.view.Stat(to); err == nil && i.IsDir() {
		return path.Join(to, path.Base(source))
	}
	return to
}

func (c *call) manyNeedDir(sources []string, to string) bool {
	if len(sources) < 2 {
		return true
	}
	i, err := c.view.Stat(to)
	if err == nil && i.IsDir() {
		return true
	}
	c.fail("target '%s' is not a directory", to)
	return false
}

func runMv(c *call) int {
	o, ok := c.getopt("fivnT", nil)
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
	status := 0
	for _, s := range sources {
		c.tick(1)
		dst := c.target(s, to)
		if _, err := c.view.Lstat(dst); err == nil && o.has('n') {
			continue
		}
		err := c.view.Rename(s, dst)
		if errors.Is(err, disk.ErrCrossDevice) {
			if !c.carry(s, dst) {
				status = 1
			}
			continue
		}
		if err != nil {
			status = c.fail("cannot move '%s' to '%s': %v", s, dst, err)
		} else if o.has('v') {
			c.printf("renamed '%s' -> '%s'\n", s, dst)
		}
	}
	return status
}

// carry moves something to another disk: it copies, then removes.
func (c *call) carry(from, to string) bool {
	cp := &copier{c: c, recursive: true, keep: true}
	cp.copy(from, to, 0)
	return cp.status == 0 && c.remove(from, true, true, 0)
}

func runRm(c *call) int {
	o, ok := c.getopt("rRfivd", map[string]byte{"recursive": 'r', "force": 'f', "no-preserve-root": 'x'})
	if !ok {
		return 1
	}
	if len(o.rest) == 0 && !o.has('f') {
		return c.fail("missing operand")
	}
	status := 0
	for _, name := range o.rest {
		switch base := path.Base(name); {
		case base == "." || base == "..":
			status = c.fail("refusing to remove '.' or '..' directory: skipping '%s'", name)
			continue
		case path.Clean(name) == "/" && !o.has('x'):
			status = c.fail("it is dangerous to operate recursively on '/'")
			continue
		}
		if !c.remove(name, o.has('r') || o.has('R'), o.has('f'), 0) {
			status = 1
		}
	}
	return status
}

func (c *call) remove(name string, recursive, force bool, deep int) bool {
	c.tick(1)
	i, err := c.view.Lstat(name)
	switch {
	case errors.Is(err, disk.ErrNotExist) && force:
		return true
	case err == nil && i.IsDir() && !recursive:
		err = disk.ErrIsDir
	case err == nil && i.IsDir() && deep > maxTree:
		err = disk.ErrNameTooLong
	case err == nil && i.IsDir():
		var list []disk.Info
		if list, err = c.view.ReadDir(name); err != nil {
			break
		}
		whole := true
		for _, e := range list {
			whole = c.remove(name+"/"+e.Name, recursive, force, deep+1) && whole
		}
		if !whole {
			return false
		}
		err = c.view.Rmdir(name)
	case err == nil:
		err = c.view.Remove(name)
	}
	if err != nil {
		c.fail("cannot remove '%s': %v", name, err)
	}
	return err == nil
}

func runMkdir(c *call) int {
	o, ok := c.getopt("pm:v", map[string]byte{"parents": 'p', "mode": 'm'})
	if !ok {
		return 1
	}
	if len(o.rest) == 0 {
		return c.fail("missing operand")
	}
	status := 0
	for _, name := range o.rest {
		if err := c.mkdir(name, o.has('p')); err != nil {
			status = c.fail("cannot create directory '%s': %v", name, err)
			continue
		}
		if o.has('m') {
			mode, err := parseMode(o.set['m'], 0o777, true)
			if err == nil {
				err = c.view.Chmod(name, mode)
			}
			if err != nil {
				status = c.fail("%s: %v", name, err)
			}
		}
	}
	return status
}

func (c *call) mkdir(name string, parents bool) error {
	c.tick(1)
	if !parents {
		return c.view.Mkdir(name, 0o777)
	}
	for i := 1; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		c.tick(1)
		part := name[:i]
		if err := c.view.Mkdir(part, 0o777); err != nil {
			if info, serr := c.view.Stat(part); serr != nil || !info.IsDir() {
				return err
			}
		}
	}
	return nil
}

// each applies f to every operand and tells about failures.
func (c *call) each(names []string, what string, f func(string) error) int {
	if len(names) == 0 {
		return c.fail("missing operand")
	}
	status := 0
	for _, name := range names {
		c.tick(1)
		if err := f(name); err != nil {
			status = c.fail(what+" '%s': %v", name, err)
		}
	}
	return status
}

func runRmdir(c *call) int {
	return c.each(c.args[1:], "failed to remove", c.view.Rmdir)
}

func runLn(c *call) int {
	o, ok := c.getopt("sfnvT", nil)
	if !ok {
		return 1
	}
	if len(o.rest) == 0 {
		return c.fail("missing file operand")
	}
	old, to := o.rest[0], path.Base(o.rest[0])
	if len(o.rest) > 1 {
		to = o.rest[1]
	}
	if !o.has('n') {
		to = c.target(old, to)
	}
	if o.has('f') {
		if err := c.view.Remove(to); err != nil && !errors.Is(err, disk.ErrNotExist) {
			return c.fail("cannot remove '%s': %v", to, err)
		}
	}
	link := c.view.Link
	if o.has('s') {
		link = c.view.Symlink
	}
	if err := link(old, to); err != nil {
		return c.fail("failed to create link '%s': %v", to, err)
	}
	return 0
}

func runTouch(c *call) int {
	o, ok := c.getopt("acmd:t:r:", nil)
	if !ok {
		return 1
	}
	return c.each(o.rest, "cannot touch", func(name string) error {
		if _, err := c.view.Stat(name); err == nil {
			return c.view.Chtimes(name, c.g.Now())
		} else if o.has('c') {
			return nil
		}
		h, err := c.view.Open(name, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		return h.Close()
	})
}

func runReadlink(c *call) int {
	o, ok := c.getopt("fnem", nil)
	if !ok || len(o.rest) == 0 {
		return 1
	}
	read := c.view.Readlink
	if o.has('f') || o.has('e') || o.has('m') {
		read = c.view.RealPath
	}
	target, err := read(o.rest[0])
	if err != nil {
		return 1
	}
	if !o.has('n') {
		target += "\n"
	}
	c.print(target)
	return 0
}

func runRealpath(c *call) int {
	return c.each(c.args[1:], "cannot resolve", func(name string) error {
		real, err := c.view.RealPath(name)
		if err == nil {
			c.print(real + "\n")
		}
		return err
	})
}

func runBasename(c *call) int {
	if len(c.args) < 2 {
		return c.fail("missing operand")
	}
	base := path.Base(c.args[1])
	if len(c.args) > 2 && base != c.args[2] {
		base = strings.TrimSuffix(base, c.args[2])
	}
	c.print(base + "\n")
	return 0
}

func runDirname(c *call) int {
	if len(c.args) < 2 {
		return c.fail("missing operand")
	}
	c.print(path.Dir(strings.TrimRight(c.args[1], "/")+strings.Repeat("/", flagInt(strings.Trim(c.args[1], "/") == ""))) + "\n")
	return 0
}

func flagInt(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func runTee(c *call) int {
	o, ok := c.getopt("ai", nil)
	if !ok {
		return 1
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if o.has('a') {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	status := 0
	outs := []io.Writer{c}
	for _, name := range o.rest {
		s, closer, err := c.open(name, flags)
		if err != nil {
			status = c.fail("%s: %v", name, err)
			continue
		}
		if closer != nil {
			defer shut(closer)
		}
		if s.w != nil {
			outs = append(outs, &countedWriter{c, s.w})
		}
	}
	c.stream(io.MultiWriter(outs...), c, "standard input")
	return status
}

func runMktemp(c *call) int {
	o, ok := c.getopt("dqtp:u", nil)
	if !ok {
		return 1
	}
	template := "/tmp/tmp.XXXXXXXXXX"
	if len(o.rest) > 0 {
		template = o.rest[0]
	}
	bare := strings.TrimRight(template, "X")
	if len(template)-len(bare) < 3 {
		return c.fail("too few X's in template '%s'", template)
	}
	for n := c.meter.steps.Load() ^ c.g.Now().UnixNano(); ; n++ {
		c.tick(1)
		suffix := strconv.FormatUint(uint64(n)*0x9e3779b97f4a7c15, 36)
		name := bare + (suffix + strings.Repeat("0", len(template)))[:len(template)-len(bare)]
		var err error
		if o.has('d') {
			err = c.view.Mkdir(name, 0o700)
		} else {
			var h *disk.Handle
			if h, err = c.view.Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				err = h.Close()
			}
		}
		switch {
		case err == nil:
			c.print(name + "\n")
			return 0
		case !errors.Is(err, disk.ErrExist):
			return c.fail("failed to create '%s': %v", template, err)
		}
	}
}

func runTruncate(c *call) int {
	o, ok := c.getopt("s:c", nil)
	if !ok {
		return 1
	}
	size, err := parseSize(o.set['s'])
	if err != nil {
		return c.fail("invalid number: '%s'", o.set['s'])
	}
	return c.each(o.rest, "cannot truncate", func(name string) error {
		h, err := c.view.Open(name, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		defer shut(h)
		return h.Truncate(size)
	})
}

// parseSize reads a size such as 10, 4K or 2M.
func parseSize(s string) (int64, error) {
	units := map[byte]int64{'K': 1 << 10, 'k': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}
	unit := int64(1)
	if s != "" && units[s[len(s)-1]] != 0 {
		unit = units[s[len(s)-1]]
		s = s[:len(s)-1]
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no size", s)
	}
	return n * unit, nil
}

func runSync(c *call) int {
	if err := c.g.Disk.Sync(); err != nil {
		return c.fail("%v", disk.ErrIO)
	}
	return 0
}
