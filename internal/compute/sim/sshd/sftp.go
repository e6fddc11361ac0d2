package sshd

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// sftp serves SFTP version 3 on the session, as the account and on its disk.
func (s *session) sftp() int {
	l := s.c.login
	f := &files{g: l.guest, view: l.guest.As(l.account)}
	server := sftp.NewRequestServer(keepOpen{s.ch}, sftp.Handlers{FileGet: f, FilePut: f, FileCmd: f, FileList: f},
		sftp.WithStartDirectory(f.view.Cwd))
	defer func() { _ = server.Close() }() // the channel is left open for the exit status
	if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
		return 1
	}
	return 0
}

// keepOpen leaves the channel open when the sftp server is done with it: the
// exit status still follows.
type keepOpen struct{ io.ReadWriter }

func (keepOpen) Close() error { return nil }

// files answers SFTP requests from a guest's disk. It also tells names of users
// and groups, which the library would else look up on the host.
type files struct {
	g    *guest.Guest
	view disk.View
	dirs atomic.Int32 // folders being listed
}

// maxDirs is how many folders a client may have open for listing: each holds its list.
const maxDirs = 32

// wireError is an error as the protocol knows it.
func wireError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return os.ErrNotExist
	case errors.Is(err, fs.ErrPermission):
		return sftp.ErrSSHFxPermissionDenied
	}
	return err
}

func (f *files) open(r *sftp.Request, access int) (*disk.Handle, error) {
	p := r.Pflags()
	flags := access
	for _, o := range []struct {
		on   bool
		flag int
	}{{p.Append, os.O_APPEND}, {p.Creat, os.O_CREATE}, {p.Trunc, os.O_TRUNC}, {p.Excl, os.O_EXCL}} {
		if o.on {
			flags |= o.flag
		}
	}
	mode := uint16(0o666)
	// The library does not say which attributes came with the request; the
	// permissions alone, as OpenSSH sends them, are four bytes.
	if len(r.Attrs) == 4 {
		mode = uint16(binary.BigEndian.Uint32(r.Attrs) & 0o777)
	}
	h, err := f.view.Open(r.Filepath, flags, mode)
	return h, wireError(err)
}

// handle is an open file with the protocol's errors.
type handle struct{ *disk.Handle }

func (h handle) ReadAt(p []byte, off int64) (int, error) {
	n, err := h.Handle.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, wireError(err)
}

func (h handle) WriteAt(p []byte, off int64) (int, error) {
	n, err := h.Handle.WriteAt(p, off)
	return n, wireError(err)
}

// Fileread opens a file for reading.
func (f *files) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	h, err := f.open(r, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return handle{h}, nil
}

// Filewrite opens a file for writing.
func (f *files) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	h, err := f.open(r, os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	return handle{h}, nil
}

// OpenFile opens a file for both.
func (f *files) OpenFile(r *sftp.Request) (sftp.WriterAtReaderAt, error) {
	h, err := f.open(r, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return handle{h}, nil
}

// Filecmd changes names and attributes.
func (f *files) Filecmd(r *sftp.Request) error {
	switch r.Method {
	case "Setstat":
		return wireError(f.setstat(r))
	case "Rename":
		if _, err := f.view.Lstat(r.Target); err == nil {
			return wireError(disk.ErrExist)
		}
		return wireError(f.view.Rename(r.Filepath, r.Target))
	case "Rmdir":
		return wireError(f.view.Rmdir(r.Filepath))
	case "Mkdir":
		return wireError(f.view.Mkdir(r.Filepath, 0o777))
	case "Remove":
		return wireError(f.view.Remove(r.Filepath))
	case "Link":
		return wireError(f.view.Link(r.Filepath, r.Target))
	case "Symlink":
		return wireError(f.view.Symlink(r.Filepath, r.Target))
	}
	return sftp.ErrSSHFxOpUnsupported
}

func (f *files) setstat(r *sftp.Request) error {
	has, a := r.AttrFlags(), r.Attributes()
	if a == nil {
		return disk.ErrInvalid
	}
	if has.Size {
		if err := f.view.Truncate(r.Filepath, int64(a.Size)); err != nil {
			return err
		}
	}
	if has.UidGid {
		if err := f.view.Chown(r.Filepath, int(a.UID), int(a.GID), true); err != nil {
			return err
		}
	}
	if has.Permissions {
		if err := f.view.Chmod(r.Filepath, uint16(a.Mode&0o7777)); err != nil {
			return err
		}
	}
	if has.Acmodtime {
		return f.view.Chtimes(r.Filepath, a.ModTime())
	}
	return nil
}

// PosixRename renames and replaces what is there.
func (f *files) PosixRename(r *sftp.Request) error {
	return wireError(f.view.Rename(r.Filepath, r.Target))
}

// StatVFS tells about the disk.
func (f *files) StatVFS(r *sftp.Request) (*sftp.StatVFS, error) {
	if _, err := f.view.Stat(r.Filepath); err != nil {
		return nil, wireError(err)
	}
	used, most, n, maxFiles := f.g.Disk.Usage()
	const block = 4096
	free := uint64(most-used) / block
	return &sftp.StatVFS{
		Bsize: block, Frsize: block, Blocks: uint64(most) / block, Bfree: free, Bavail: free,
		Files: uint64(maxFiles), Ffree: uint64(maxFiles - n), Favail: uint64(maxFiles - n), Namemax: 255,
	}, nil
}

// Filelist lists a folder, or tells about one file.
func (f *files) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if r.Method != "List" {
		return f.one(f.view.Stat(r.Filepath))
	}
	list, err := f.view.ReadDir(r.Filepath)
	if err != nil {
		return nil, wireError(err)
	}
	if f.dirs.Add(1) > maxDirs {
		f.dirs.Add(-1)
		return nil, disk.ErrTooManyOpen
	}
	var l lister
	for _, dot := range []string{".", ".."} {
		if i, err := f.view.Stat(path.Join(r.Filepath, dot)); err == nil {
			i.Name = dot
			l = append(l, info{i})
		}
	}
	for _, i := range list {
		l = append(l, info{i})
	}
	return &openDir{l, f}, nil
}

// openDir is a folder being listed.
type openDir struct {
	lister
	f *files
}

// Close gives the list back.
func (o *openDir) Close() error {
	o.lister = nil
	o.f.dirs.Add(-1)
	return nil
}

// Lstat tells about the entry itself.
func (f *files) Lstat(r *sftp.Request) (sftp.ListerAt, error) {
	return f.one(f.view.Lstat(r.Filepath))
}

func (f *files) one(i disk.Info, err error) (sftp.ListerAt, error) {
	if err != nil {
		return nil, wireError(err)
	}
	return lister{info{i}}, nil
}

// RealPath returns the absolute path without links, as far as it exists.
func (f *files) RealPath(p string) (string, error) {
	if !path.IsAbs(p) {
		p = path.Join(f.view.Cwd, p)
	}
	real, err := f.view.RealPath(p)
	return real, wireError(err)
}

// Readlink returns where a link points, as it was written.
func (f *files) Readlink(p string) (string, error) {
	target, err := f.view.Readlink(p)
	return target, wireError(err)
}

// LookupUserName returns a user's name in the guest.
func (f *files) LookupUserName(uid string) string { return f.name(uid, f.g.UserName) }

// LookupGroupName returns a group's name in the guest.
func (f *files) LookupGroupName(gid string) string { return f.name(gid, f.g.GroupName) }

func (f *files) name(id string, find func(uint32) string) string {
	var n uint32
	for _, digit := range id {
		n = n*10 + uint32(digit-'0')
	}
	return find(n)
}

type lister []os.FileInfo

// ListAt copies entries as [sftp.ListerAt] wants.
func (l lister) ListAt(to []os.FileInfo, off int64) (int, error) {
	if off >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(to, l[off:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}

// info is an entry as os.FileInfo, with the guest's owner.
type info struct{ disk.Info }

func (i info) Name() string       { return i.Info.Name }
func (i info) Size() int64        { return i.Info.Size }
func (i info) ModTime() time.Time { return i.Info.ModTime }
func (i info) Sys() any           { return nil }

// Uid and Gid are what the sftp library asks a file's owner by.
func (i info) Uid() uint32 { return i.UID } //nolint:revive // sftp.FileInfoUidGid spells it so
func (i info) Gid() uint32 { return i.GID }

func (i info) Mode() fs.FileMode {
	m := fs.FileMode(i.Info.Mode & 0o777)
	for _, b := range []struct {
		bit  uint16
		mode fs.FileMode
	}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}} {
		if i.Info.Mode&b.bit != 0 {
			m |= b.mode
		}
	}
	switch i.Kind {
	case disk.Dir:
		m |= fs.ModeDir
	case disk.Symlink:
		m |= fs.ModeSymlink
	}
	return m
}
