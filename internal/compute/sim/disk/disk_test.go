package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var roomy = Limits{Bytes: 8 << 20, Files: 1000, Open: 50}

func fixed() time.Time { return time.Unix(1_700_000_000, 5) }

func open(t testing.TB, dir string, l Limits) *Disk {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	d, err := Open(root, "disk", l, fixed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func rootView(d *Disk) View { return View{Disk: d, Umask: 0o022, Cwd: "/"} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestFilesSurviveReopening(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, roomy)
	v := rootView(d)
	must(t, v.Mkdir("/home", 0o755))
	must(t, v.WriteFile("/home/a", []byte("hello"), 0o640))
	must(t, v.Symlink("a", "/home/l"))
	must(t, v.Link("/home/a", "/home/b"))
	must(t, v.Rename("/home/a", "/home/c"))
	must(t, v.Chown("/home/c", 7, 8, true))

	v = rootView(open(t, dir, roomy)) // the first one was never closed: as after a kill
	got, err := v.ReadFile("/home/c", 100)
	must(t, err)
	if string(got) != "hello" {
		t.Fatalf("got %q", got)
	}
	i, err := v.Stat("/home/b")
	must(t, err)
	if i.Mode != 0o640 || i.UID != 7 || i.GID != 8 || i.Links != 2 {
		t.Fatalf("got %+v", i)
	}
	_, err = v.Stat("/home/l")
	want(t, err, ErrNotExist)
	if target, _ := v.Readlink("/home/l"); target != "a" {
		t.Fatalf("link to %q", target)
	}
}

// Whatever byte the log is cut at, the disk opens with a state that it once had.
func TestTornLogKeepsAPrefix(t *testing.T) {
	dir := t.TempDir()
	v := rootView(open(t, dir, roomy))
	for i := range 6 {
		must(t, v.WriteFile("/f", []byte(strings.Repeat(fmt.Sprint(i), i+1)), 0o600))
	}
	log, err := os.ReadFile(filepath.Join(dir, "disk"))
	must(t, err)
	last := -1
	for cut := 0; cut <= len(log); cut++ {
		torn := t.TempDir()
		must(t, os.WriteFile(filepath.Join(torn, "disk"), log[:cut], 0o600))
		v := rootView(open(t, torn, roomy))
		text, err := v.ReadFile("/f", 100)
		n := len(text)
		if err != nil {
			want(t, err, ErrNotExist)
		}
		if n < last {
			t.Fatalf("cut at %d went back from %d to %d bytes", cut, last, n)
		}
		if n > 0 && string(text) != strings.Repeat(fmt.Sprint(n-1), n) {
			t.Fatalf("cut at %d: %q was never there", cut, text)
		}
		last = max(last, n)
		must(t, v.WriteFile("/g", []byte("still writable"), 0o600))
	}
	if last != 6 {
		t.Fatalf("whole log has %d bytes", last)
	}
}

// Random writes and truncations, with reopening and rewriting the log on the
// way, must agree with a plain byte slice.
func TestContentsAgainstModel(t *testing.T) {
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(1, 2))
	d := open(t, dir, roomy)
	var model []byte
	h, err := rootView(d).Open("/f", os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	for step := range 3000 {
		switch rnd.IntN(20) {
		case 0:
			size := rnd.IntN(5000)
			must(t, h.Truncate(int64(size)))
			if size > len(model) {
				model = append(model, make([]byte, size-len(model))...)
			}
			model = model[:size]
		case 1:
			must(t, d.compact())
		case 2:
			d = open(t, dir, roomy)
			h, err = rootView(d).Open("/f", os.O_RDWR, 0)
			must(t, err)
		default:
			off, p := rnd.IntN(5000), make([]byte, rnd.IntN(300))
			for i := range p {
				p[i] = byte(rnd.IntN(256))
			}
			_, err := h.WriteAt(p, int64(off))
			must(t, err)
			if len(p) > 0 && off+len(p) > len(model) {
				model = append(model, make([]byte, off+len(p)-len(model))...)
			}
			copy(model[min(off, len(model)):], p)
		}
		got, err := io.ReadAll(io.NewSectionReader(h, 0, 1<<20))
		must(t, err)
		if !bytes.Equal(got, model) {
			t.Fatalf("step %d: contents differ (%d and %d bytes)", step, len(got), len(model))
		}
	}
	var used int64 = nodeCost
	for _, n := range d.nodes {
		if n != d.root {
			used += nodeCost + int64(len(n.extents))*extentCost
			for _, e := range n.extents {
				used += e.n
			}
		}
	}
	if d.used != used {
		t.Fatalf("accounts say %d, extents say %d", d.used, used)
	}
}

func TestLimits(t *testing.T) {
	d := open(t, t.TempDir(), Limits{Bytes: 64 << 10, Files: 20, Open: 3})
	v := rootView(d)
	want(t, v.WriteFile("/big", make([]byte, 70<<10), 0o600), ErrNoSpace)
	must(t, v.WriteFile("/big", make([]byte, 50<<10), 0o600))
	want(t, v.WriteFile("/more", make([]byte, 20<<10), 0o600), ErrNoSpace)
	must(t, v.Remove("/big"))
	must(t, v.WriteFile("/more", make([]byte, 20<<10), 0o600))
	want(t, v.Truncate("/more", 1<<40), ErrTooBig)

	var err error
	for i := 0; err == nil; i++ {
		err = v.Mkdir(fmt.Sprint("/d", i), 0o755)
	}
	want(t, err, ErrNoSpace)
	for range 3 {
		_, err = v.Open("/more", os.O_RDONLY, 0)
		must(t, err)
	}
	_, err = v.Open("/more", os.O_RDONLY, 0)
	want(t, err, ErrTooManyOpen)
}

// Small appends must not make the log, or the room they take, grow without bound.
func TestSmallAppendsAreJoined(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, Limits{Bytes: 256 << 10, Files: 20, Open: 3})
	v := rootView(d)
	h, err := v.Open("/f", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	must(t, err)
	for range 100_000 {
		_, err := h.Write([]byte("x"))
		must(t, err)
	}
	text, err := v.ReadFile("/f", 1<<20)
	must(t, err)
	if len(text) != 100_000 || strings.Trim(string(text), "x") != "" {
		t.Fatalf("%d bytes", len(text))
	}
	if s, _ := os.Stat(filepath.Join(dir, "disk")); s.Size() > 3<<20 {
		t.Fatalf("log has %d bytes", s.Size())
	}
}

func TestPermissions(t *testing.T) {
	d := open(t, t.TempDir(), roomy)
	root := rootView(d)
	must(t, root.Mkdir("/tmp", 0o777))
	must(t, root.Chmod("/tmp", 0o1777))
	must(t, root.Mkdir("/priv", 0o700))
	must(t, root.WriteFile("/priv/s", []byte("s"), 0o644))
	must(t, root.WriteFile("/secret", []byte("s"), 0o600))
	must(t, root.WriteFile("/group", []byte("s"), 0o640))
	must(t, root.Chown("/group", 0, 50, true))
	ann := root
	ann.Cred = Cred{UID: 1000, GID: 1000, Groups: []uint32{50}}
	bob := root
	bob.Cred = Cred{UID: 1001, GID: 1001}

	_, err := ann.ReadFile("/secret", 10)
	want(t, err, ErrAccess)
	_, err = ann.ReadFile("/priv/s", 10)
	want(t, err, ErrAccess)
	_, err = ann.ReadFile("/group", 10)
	must(t, err)
	_, err = bob.ReadFile("/group", 10)
	want(t, err, ErrAccess)
	want(t, ann.WriteFile("/group", nil, 0), ErrAccess)
	want(t, ann.Mkdir("/x", 0o755), ErrAccess)
	want(t, ann.Chmod("/group", 0o777), ErrPerm)
	want(t, ann.Chown("/group", 1000, -1, true), ErrPerm)
	want(t, ann.Link("/secret", "/tmp/s"), ErrPerm)

	must(t, ann.WriteFile("/tmp/a", []byte("a"), 0o600))
	want(t, bob.Remove("/tmp/a"), ErrPerm)
	want(t, bob.Rename("/tmp/a", "/tmp/b"), ErrPerm)
	must(t, ann.Chmod("/tmp/a", 0))
	_, err = ann.ReadFile("/tmp/a", 10)
	want(t, err, ErrAccess)
	_, err = root.ReadFile("/tmp/a", 10)
	must(t, err)
	want(t, ann.Chown("/tmp/a", 1001, -1, true), ErrPerm)
	must(t, ann.Chown("/tmp/a", -1, 50, true))
	must(t, ann.Remove("/tmp/a"))
}

func TestPaths(t *testing.T) {
	d := open(t, t.TempDir(), roomy)
	v := rootView(d)
	must(t, v.Mkdir("/a", 0o755))
	must(t, v.Mkdir("/a/b", 0o755))
	must(t, v.WriteFile("/a/f", []byte("f"), 0o644))
	must(t, v.Symlink("/a/b", "/l"))
	must(t, v.Symlink("loop2", "/loop1"))
	must(t, v.Symlink("loop1", "/loop2"))
	must(t, v.Symlink("../../../../../..", "/up"))
	for path, real := range map[string]string{
		"/": "/", "//a//b/": "/a/b", "/../../a": "/a", "/l/..": "/a", "/l/../f": "/a/f",
		"a/./b/../f": "/a/f", "/up/a": "/a", "/l/new": "/a/b/new",
	} {
		got, err := v.RealPath(path)
		if err != nil || got != real {
			t.Errorf("%s leads to %q, %v; want %q", path, got, err, real)
		}
	}
	for path, fault := range map[string]error{
		"": ErrNotExist, "/nix/x": ErrNotExist, "/a/f/x": ErrNotDir, "/a/f/": ErrNotDir,
		"/loop1": ErrLoop, "/a\x00b": ErrInvalid, "/" + strings.Repeat("x", 300): ErrNameTooLong,
		strings.Repeat("/a/..", 1000): ErrNameTooLong,
	} {
		if _, err := v.Stat(path); !errors.Is(err, fault) {
			t.Errorf("%.20q: %v, want %v", path, err, fault)
		}
	}
	want(t, v.Rename("/a", "/a/b/c"), ErrInvalid)
	want(t, v.Rmdir("/a"), ErrNotEmpty)
	want(t, v.Rmdir("/"), ErrNotEmpty)
	want(t, v.Remove("/a"), ErrIsDir)
	want(t, v.Rename("/a/f", "/a/b"), ErrIsDir)
}

func TestMountIsReadOnlyAndNeverWritten(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, roomy)
	d.Mount("proc", []Generated{{Path: "sys/kernel/ostype", Mode: 0o444, Text: func() []byte { return []byte("sim\n") }}, {Path: "null", Mode: 0o666, Sink: true}})
	v := rootView(d)
	text, err := v.ReadFile("/proc/sys/kernel/ostype", 100)
	must(t, err)
	if string(text) != "sim\n" {
		t.Fatalf("got %q", text)
	}
	want(t, v.WriteFile("/proc/x", nil, 0o600), ErrAccess)
	want(t, v.Chmod("/proc/sys", 0), ErrPerm)
	want(t, v.Remove("/proc/sys/kernel/ostype"), ErrBusy)
	want(t, v.Rename("/proc", "/p"), ErrBusy)
	want(t, v.Link("/proc/sys/kernel/ostype", "/x"), ErrPerm)
	_, err = v.Open("/proc/sys/kernel/ostype", os.O_WRONLY, 0)
	want(t, err, ErrAccess)
	must(t, v.WriteFile("/proc/null", []byte("gone"), 0))
	must(t, d.compact())
	_, err = rootView(open(t, dir, roomy)).Stat("/proc")
	want(t, err, ErrNotExist)
}

// A deleted file that is still open keeps its contents until it is closed,
// also across rewriting the log.
func TestDeletedWhileOpen(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, roomy)
	v := rootView(d)
	before := d.used
	h, err := v.Open("/f", os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	_, err = h.Write([]byte("still here"))
	must(t, err)
	must(t, v.Remove("/f"))
	must(t, d.compact())
	_, err = h.WriteAt([]byte("S"), 0)
	must(t, err)
	got := make([]byte, 10)
	_, err = h.ReadAt(got, 0)
	must(t, err)
	if string(got) != "Still here" {
		t.Fatalf("got %q", got)
	}
	must(t, h.Close())
	want(t, h.Close(), ErrBadFile)
	if d.used != before {
		t.Fatalf("%d bytes leaked", d.used-before)
	}
	if len(open(t, dir, roomy).nodes) != 1 {
		t.Fatal("the deleted file came back")
	}
}

// A log of arbitrary bytes opens or is refused; it never panics, and what opens can be used.
func FuzzOpen(f *testing.F) {
	b := newBatch(1)
	n := &node{ino: 2, kind: File, mode: 0o644}
	b.node(n)
	b.link(1, "f", 2)
	b.write(2, 3, []byte("abc"))
	b.truncate(2, 5)
	b.unlink(1, "f")
	f.Add(b.payload())
	f.Fuzz(func(t *testing.T, payload []byte) {
		dir := t.TempDir()
		whole := (&batch{append(make([]byte, headerSize), payload...)}).seal()
		must(t, os.WriteFile(filepath.Join(dir, "disk"), whole, 0o600))
		root, err := os.OpenRoot(dir)
		must(t, err)
		defer root.Close()
		d, err := Open(root, "disk", roomy, fixed)
		if err != nil {
			return
		}
		defer d.Close()
		v := rootView(d)
		// Whatever they answer, they come back.
		_, _ = v.ReadDir("/")
		_, _ = v.ReadFile("/f", 1<<16)
		_ = v.WriteFile("/f", []byte("x"), 0o600)
	})
}
