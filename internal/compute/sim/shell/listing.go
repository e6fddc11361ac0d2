package shell

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// names caches who is who while one command lists many files.
type names struct {
	c             *call
	users, groups map[uint32]string
}

func (c *call) names() *names {
	return &names{c, map[uint32]string{}, map[uint32]string{}}
}

func (n *names) user(id uint32) string {
	s, ok := n.users[id]
	if !ok {
		s = n.c.g.UserName(id)
		n.users[id] = s
	}
	return s
}

func (n *names) group(id uint32) string {
	s, ok := n.groups[id]
	if !ok {
		s = n.c.g.GroupName(id)
		n.groups[id] = s
	}
	return s
}

func runLs(c *call) int {
	o, ok := c.getopt("laAd1hRtrSnioFCs", map[string]byte{"all": 'a', "almost-all": 'A', "human-readable": 'h', "directory": 'd', "recursive": 'R', "color": 'C', "full-time": 'l'})
	if !ok {
		return 2
	}
	l := &lister{c: c, o: o, names: c.names()}
	paths := o.rest
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []disk.Info
	var dirs []string
	for _, name := range paths {
		i, err := c.view.Stat(name)
		if err != nil || o.has('l') || o.has('d') {
			i2, err2 := c.view.Lstat(name)
			if err2 != nil {
				l.status = 2
				c.fail("cannot access '%s': %v", name, err2)
				continue
			}
			if err != nil || o.has('d') || i2.Kind == disk.Symlink && o.has('l') && !strings.HasSuffix(name, "/") {
				i = i2
			}
		}
		if i.IsDir() && !o.has('d') {
			dirs = append(dirs, name)
			continue
		}
		i.Name = name
		files = append(files, i)
	}
	l.show(files)
	for n, dir := range dirs {
		if len(paths) > 1 || o.has('R') {
			if n > 0 || len(files) > 0 {
				c.print("\n")
			}
			c.print(dir + ":\n")
		}
		l.dir(dir, 0)
	}
	return l.status
}

type lister struct {
	c      *call
	o      options
	names  *names
	status int
}

func (l *lister) dir(name string, deep int) {
	c := l.c
	list, err := c.view.ReadDir(name)
	if err != nil {
		l.status = 2
		c.fail("cannot open directory '%s': %v", name, err)
		return
	}
	c.tick(int64(len(list)))
	if !l.o.has('a') && !l.o.has('A') {
		list = slices.DeleteFunc(list, func(i disk.Info) bool { return i.Name[0] == '.' })
	}
	if l.o.has('a') {
		for _, dot := range []string{"..", "."} {
			if i, err := c.view.Stat(name + "/" + dot); err == nil {
				i.Name = dot
				list = slices.Insert(list, 0, i)
			}
		}
	}
	if l.o.has('l') {
		var blocks int64
		for _, i := range list {
			blocks += (i.Size + 4095) / 4096 * 4
		}
		c.printf("total %d\n", blocks)
	}
	l.show(list)
	if !l.o.has('R') || deep > maxTree {
		return
	}
	for _, i := range list {
		if i.IsDir() && i.Name != "." && i.Name != ".." {
			sub := path.Join(name, i.Name)
			c.print("\n" + sub + ":\n")
			l.dir(sub, deep+1)
		}
	}
}

func (l *lister) show(list []disk.Info) {
	c := l.c
	switch {
	case l.o.has('t'):
		slices.SortStableFunc(list, func(a, b disk.Info) int { return b.ModTime.Compare(a.ModTime) })
	case l.o.has('S'):
		slices.SortStableFunc(list, func(a, b disk.Info) int { return cmp.Compare(b.Size, a.Size) })
	}
	if l.o.has('r') {
		slices.Reverse(list)
	}
	width := make([]int, 4)
	rows := make([][]string, 0, len(list))
	for _, i := range list {
		c.tick(1)
		name := i.Name
		if l.o.has('F') && i.IsDir() {
			name += "/"
		}
		if !l.o.has('l') && !l.o.has('n') && !l.o.has('o') {
			rows = append(rows, []string{name})
			continue
		}
		user, group := strconv.Itoa(int(i.UID)), strconv.Itoa(int(i.GID))
		if !l.o.has('n') {
			user, group = l.names.user(i.UID), l.names.group(i.GID)
		}
		size := strconv.FormatInt(i.Size, 10)
		if l.o.has('h') {
			size = human(i.Size)
		}
		if i.Kind == disk.Symlink {
			name += " -> " + i.Target
		}
		row := []string{strconv.Itoa(i.Links), user, group, size, modeString(i), lsTime(i.ModTime, c.g.Now()), name}
		for k := range width {
			width[k] = max(width[k], len(row[k]))
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 && len(rows[0]) == 1 && !l.o.has('1') && c.term != nil && c.fd[1].w == c.term {
		l.columns(rows)
		return
	}
	for _, r := range rows {
		if len(r) == 1 {
			c.print(r[0] + "\n")
			continue
		}
		c.printf("%s %*s %-*s %-*s %*s %s %s\n", r[4], width[0], r[0], width[1], r[1], width[2], r[2], width[3], r[3], r[5], r[6])
	}
}

// columns fills the terminal's width, down before across.
func (l *lister) columns(rows [][]string) {
	widest := 0
	for _, r := range rows {
		widest = max(widest, len([]rune(r[0])))
	}
	columns, _ := l.c.term.Size()
	across := max(1, (columns+2)/(widest+2))
	down := (len(rows) + across - 1) / across
	for y := range down {
		var line strings.Builder
		for x := y; x < len(rows); x += down {
			if x+down < len(rows) {
				fmt.Fprintf(&line, "%-*s", widest+2, rows[x][0])
			} else {
				line.WriteString(rows[x][0])
			}
		}
		l.c.print(line.String() + "\n")
	}
}

func lsTime(t, now time.Time) string {
	t = t.UTC()
	if age := now.Sub(t); age > 180*24*time.Hour || age < -time.Hour {
		return t.Format("Jan _2  2006")
	}
	return t.Format("Jan _2 15:04")
}

// human is a size as -h shows it.
func human(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10)
	}
	f := float64(n)
	unit := 0
	for f >= 1024 && unit < 5 {
		f /= 1024
		unit++
	}
	if f < 10 {
		return fmt.Sprintf("%.1f%c", f, " KMGTP"[unit])
	}
	return fmt.Sprintf("%.0f%c", f, " KMGTP"[unit])
}

func runStat(c *call) int {
	o, ok := c.getopt("Lc:f", map[string]byte{"format": 'c'})
	if !ok {
		return 1
	}
	who := c.names()
	return c.each(o.rest, "cannot stat", func(name string) error {
		stat := c.view.Lstat
		if o.has('L') {
			stat = c.view.Stat
		}
		i, err := stat(name)
		if err != nil {
			return err
		}
		kind := map[disk.Kind]string{disk.File: "regular file", disk.Dir: "directory", disk.Symlink: "symbolic link"}[i.Kind]
		if o.has('c') {
			c.print(strings.NewReplacer(
				"%a", strconv.FormatUint(uint64(i.Mode), 8), "%A", modeString(i), "%n", name, "%s", strconv.FormatInt(i.Size, 10),
				"%U", who.user(i.UID), "%G", who.group(i.GID), "%u", fmt.Sprint(i.UID), "%g", fmt.Sprint(i.GID),
				"%F", kind, "%h", strconv.Itoa(i.Links), "%i", fmt.Sprint(i.Ino), "%Y", strconv.FormatInt(i.ModTime.Unix(), 10), "%%", "%",
			).Replace(o.set['c']) + "\n")
			return nil
		}
		c.printf("  File: %s\n  Size: %d\t%s\nInode: %d\tLinks: %d\nAccess: (%04o/%s)  Uid: (%d/%s)  Gid: (%d/%s)\nModify: %s\n",
			name, i.Size, kind, i.Ino, i.Links, i.Mode, modeString(i), i.UID, who.user(i.UID), i.GID, who.group(i.GID),
			i.ModTime.UTC().Format("2006-01-02 15:04:05.000000000 -0700"))
		return nil
	})
}

func runFind(c *call) int {
	args := c.args[1:]
	var roots []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		roots = append(roots, args[0])
		args = args[1:]
	}
	if len(roots) == 0 {
		roots = []string{"."}
	}
	f := finder{c: c, max: maxTree}
	for len(args) > 0 {
		opt := args[0]
		args = args[1:]
		switch opt {
		case "-print":
			continue
		case "-delete":
			f.delete = true
			continue
		}
		if len(args) == 0 {
			return c.fail("missing argument to '%s'", opt)
		}
		value := args[0]
		args = args[1:]
		switch opt {
		case "-name":
			f.pattern = value
		case "-type":
			kind, ok := map[string]disk.Kind{"f": disk.File, "d": disk.Dir, "l": disk.Symlink}[value]
			if !ok {
				return c.fail("unknown argument to -type: %s", value)
			}
			f.kind = kind
		case "-maxdepth", "-mindepth":
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 {
				return c.fail("%s: not a number", value)
			}
			if opt == "-maxdepth" {
				f.max = min(n, maxTree)
			} else {
				f.min = n
			}
		case "-user":
			f.user = value
		default:
			return c.fail("unknown predicate '%s'", opt)
		}
	}
	f.names = c.names()
	for _, root := range roots {
		f.visit(root, 0)
	}
	return f.status
}

type finder struct {
	c        *call
	names    *names
	pattern  string
	user     string
	kind     disk.Kind
	min, max int
	delete   bool
	status   int
}

func (f *finder) visit(name string, deep int) {
	c := f.c
	c.tick(1)
	i, err := c.view.Lstat(name)
	if err != nil {
		f.status = c.fail("'%s': %v", name, err)
		return
	}
	if f.delete {
		defer f.hit(name, i, deep)
	} else {
		f.hit(name, i, deep)
	}
	if !i.IsDir() || deep >= f.max {
		return
	}
	list, err := c.view.ReadDir(name)
	if err != nil {
		f.status = c.fail("'%s': %v", name, err)
		return
	}
	for _, e := range list {
		f.visit(strings.TrimSuffix(name, "/")+"/"+e.Name, deep+1)
	}
}

func (f *finder) hit(name string, i disk.Info, deep int) {
	c := f.c
	if deep < f.min || f.kind != 0 && i.Kind != f.kind || f.user != "" && f.names.user(i.UID) != f.user {
		return
	}
	if f.pattern != "" {
		ok, err := c.match(f.pattern, path.Base(name))
		c.check(err)
		if !ok {
			return
		}
	}
	if !f.delete {
		c.print(name + "\n")
		return
	}
	remove := c.view.Remove
	if i.IsDir() {
		remove = c.view.Rmdir
	}
	if name == "." {
		return
	}
	if err := remove(name); err != nil {
		f.status = c.fail("cannot delete '%s': %v", name, err)
	}
}

func runDu(c *call) int {
	o, ok := c.getopt("shakbcd:x", map[string]byte{"max-depth": 'd'})
	if !ok {
		return 1
	}
	roots := o.rest
	if len(roots) == 0 {
		roots = []string{"."}
	}
	most := maxTree
	if n, err := strconv.Atoi(o.set['d']); err == nil {
		most = n
	}
	if o.has('s') {
		most = 0
	}
	status := 0
	show := func(size int64, name string) {
		text := strconv.FormatInt((size+1023)/1024, 10)
		if o.has('h') {
			text = human(size)
		} else if o.has('b') {
			text = strconv.FormatInt(size, 10)
		}
		c.printf("%s\t%s\n", text, name)
	}
	var sum func(name string, deep int) int64
	sum = func(name string, deep int) int64 {
		c.tick(1)
		i, err := c.view.Lstat(name)
		if err != nil {
			status = c.fail("cannot access '%s': %v", name, err)
			return 0
		}
		size := (i.Size + 4095) / 4096 * 4096
		if i.IsDir() && deep < maxTree {
			list, err := c.view.ReadDir(name)
			if err != nil {
				status = c.fail("cannot read directory '%s': %v", name, err)
			}
			for _, e := range list {
				size += sum(strings.TrimSuffix(name, "/")+"/"+e.Name, deep+1)
			}
		}
		if deep == 0 || deep <= most && (i.IsDir() || o.has('a')) {
			show(size, name)
		}
		return size
	}
	for _, root := range roots {
		sum(root, 0)
	}
	return status
}

func runDf(c *call) int {
	o, ok := c.getopt("hkTiP", nil)
	if !ok {
		return 1
	}
	mounted := []guest.Volume{{Device: "vda1", SizeGiB: c.g.DiskGiB, Folder: "/", Disk: c.g.Disk}}
	for _, v := range c.g.Volumes() {
		if v.Folder != "" {
			mounted = append(mounted, v)
		}
	}
	if o.has('i') {
		c.print("Filesystem     Inodes  IUsed  IFree IUse% Mounted on\n")
		for _, v := range mounted {
			_, _, files, most := v.Disk.Usage()
			c.printf("/dev/%-9s %6d %6d %6d %4d%% %s\n", v.Device, most, files, most-files, files*100/most, v.Folder)
		}
		return 0
	}
	show := func(n int64) string {
		if o.has('h') {
			return human(n)
		}
		return strconv.FormatInt(n>>10, 10)
	}
	title := "1K-blocks"
	if o.has('h') {
		title = "Size"
	}
	c.printf("Filesystem     %9s %9s %9s Use%% Mounted on\n", title, "Used", "Avail")
	for _, v := range mounted {
		used, most, _, _ := v.Disk.Usage()
		// The size is what was asked for; what is available is what can really be written.
		size := max(int64(v.SizeGiB)<<30, most)
		c.printf("/dev/%-9s %9s %9s %9s %3d%% %s\n", v.Device, show(size), show(used), show(most-used), used*100/most, v.Folder)
	}
	return 0
}
