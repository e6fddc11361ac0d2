package disk

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"
)

func TestMountedDisk(t *testing.T) {
	dir := t.TempDir()
	d, other := open(t, t.TempDir(), roomy), open(t, dir, roomy)
	v := rootView(d)
	must(t, v.Mkdir("/mnt", 0o755))
	must(t, v.Mkdir("/mnt/data", 0o755))
	must(t, v.WriteFile("/mnt/data/hidden", []byte("under"), 0o644))
	must(t, v.WriteFile("/top", []byte("top"), 0o644))
	must(t, rootView(other).WriteFile("/old", []byte("old"), 0o644))
	want(t, d.MountDisk("/none", other), ErrNotExist)
	want(t, d.MountDisk("/top", other), ErrNotDir)
	want(t, d.MountDisk("/", other), ErrBusy)
	must(t, d.MountDisk("/mnt/data", other))
	want(t, d.MountDisk("/mnt/data", other), ErrBusy)

	read := func(path, text string) {
		t.Helper()
		got, err := v.ReadFile(path, 100)
		if err != nil || string(got) != text {
			t.Fatalf("%s: %q, %v; want %q", path, got, err, text)
		}
	}
	read("/mnt/data/old", "old")
	read("/mnt/data/../../top", "top")
	read("/mnt/data/../data/./old", "old")
	_, err := v.Stat("/mnt/data/hidden")
	want(t, err, ErrNotExist)
	must(t, v.Mkdir("/mnt/data/sub", 0o755))
	must(t, v.Symlink("/top", "/mnt/data/sub/up"))
	must(t, v.Symlink("/mnt/data/old", "/down"))
	read("/mnt/data/sub/up", "top")
	read("/down", "old")
	inside := v
	inside.Cwd = "/mnt/data/sub"
	if got, err := inside.RealPath("../old"); err != nil || got != "/mnt/data/old" {
		t.Fatalf("real path %q, %v", got, err)
	}
	if got, err := inside.RealPath("../.."); err != nil || got != "/mnt" {
		t.Fatalf("real path %q, %v", got, err)
	}
	if list, err := v.ReadDir("/mnt/data"); err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	a, err := v.Stat("/mnt/data/old")
	must(t, err)
	b, err := v.Stat("/top")
	must(t, err)
	if a.Disk != other || b.Disk != d {
		t.Error("stat does not tell the disks apart")
	}

	// Names do not lead from one disk to another, and the place of a mount stays.
	want(t, v.Rename("/top", "/mnt/data/top"), ErrCrossDevice)
	want(t, v.Rename("/mnt/data/old", "/old"), ErrCrossDevice)
	want(t, v.Link("/top", "/mnt/data/top"), ErrCrossDevice)
	want(t, v.Rmdir("/mnt/data"), ErrBusy)
	want(t, v.Rename("/mnt/data", "/mnt/elsewhere"), ErrBusy)
	must(t, v.Rename("/mnt", "/media")) // which takes the mount along
	read("/media/data/old", "old")
	must(t, v.Rename("/media/data/old", "/media/data/sub/new"))
	must(t, v.Chmod("/media/data", 0o700))
	must(t, v.Chown("/media/data", 5, 5, true))

	used, _, files, _ := d.Usage()
	must(t, v.WriteFile("/media/data/big", make([]byte, 100_000), 0o644))
	if now, _, n, _ := d.Usage(); now != used || n != files {
		t.Error("what is written to a volume counts on the root disk")
	}
	h, err := v.Open("/media/data/big", os.O_RDWR, 0)
	must(t, err)
	d.Unmount(other)
	read("/media/data/hidden", "under")
	must(t, other.Close())
	if _, err := h.ReadAt(make([]byte, 4), 0); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("reading from a disk that is gone: %v", err)
	}
	if _, err := h.WriteAt([]byte("x"), 0); err == nil {
		t.Error("writing to a disk that is gone succeeded")
	}
	must(t, h.Close())
}

// TestMountedDiskKeepsFiles moves a disk from one to another.
func TestMountedDiskKeepsFiles(t *testing.T) {
	dir := t.TempDir()
	for n, owner := range []string{"first", "second"} {
		d, other := open(t, t.TempDir(), roomy), open(t, dir, roomy)
		v := rootView(d)
		must(t, v.Mkdir("/data", 0o755))
		must(t, d.MountDisk("/data", other))
		if n == 0 {
			must(t, v.WriteFile("/data/f", []byte(owner), 0o600))
			must(t, v.Chown("/data", 7, 7, true))
		}
		got, err := v.ReadFile("/data/f", 100)
		if err != nil || string(got) != "first" {
			t.Fatalf("%q, %v", got, err)
		}
		if i, err := v.Stat("/data"); err != nil || i.UID != 7 {
			t.Fatalf("%+v, %v", i, err)
		}
		must(t, other.Close())
		must(t, d.Close())
	}
}

func TestMountedDiskLimits(t *testing.T) {
	d, other := open(t, t.TempDir(), roomy), open(t, t.TempDir(), Limits{Bytes: 64 << 10, Files: 100, Open: 10})
	v := rootView(d)
	must(t, v.Mkdir("/data", 0o755))
	must(t, d.MountDisk("/data", other))
	big := make([]byte, 100<<10)
	want(t, v.WriteFile("/data/f", big, 0o644), ErrNoSpace)
	must(t, v.WriteFile("/f", big, 0o644))
	other.Resize(1 << 20)
	must(t, v.WriteFile("/data/f", big, 0o644))
}

// TestMountedDiskAtOnce writes on both sides from many goroutines while the
// disk comes and goes; the race detector watches.
func TestMountedDiskAtOnce(t *testing.T) {
	d, dir := open(t, t.TempDir(), roomy), t.TempDir()
	v := rootView(d)
	must(t, v.Mkdir("/data", 0o755))
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for _, path := range []string{"/data/a", "/data/b", "/c"} {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = v.WriteFile(path, []byte(path), 0o644) // the disk may be going just now
					_, _ = v.ReadFile(path, 100)
				}
			}
		})
	}
	for range 20 {
		other := open(t, dir, roomy)
		must(t, d.MountDisk("/data", other))
		must(t, v.WriteFile("/data/mine", []byte("x"), 0o644))
		d.Unmount(other)
		must(t, other.Close())
	}
	close(stop)
	wg.Wait()
}
