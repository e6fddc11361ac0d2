package disk

import (
	"errors"
	"io"
	"os"
)

// Handle is an open file. It may be used from many goroutines; reading and
// writing at the handle's own offset are for one at a time.
type Handle struct {
	d      *Disk
	n      *node
	flag   int
	off    int64
	text   []byte // contents of a generated file, taken when it was opened
	closed bool
}

const accessMode = os.O_RDONLY | os.O_WRONLY | os.O_RDWR

// Open opens a file with the flags of package os: O_RDONLY, O_WRONLY or
// O_RDWR, with O_CREATE, O_EXCL, O_TRUNC and O_APPEND. A file it makes gets the
// mode less the umask. Folders cannot be opened: see [View.ReadDir].
func (v View) Open(path string, flag int, mode uint16) (*Handle, error) {
	v.Disk.mu.Lock()
	defer v.Disk.mu.Unlock()
	at, err := v.walk(path, flag&(os.O_CREATE|os.O_EXCL) != os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	n, d := at.node, at.disk
	if d.open >= d.limits.Open {
		return nil, ErrTooManyOpen
	}
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, ErrNotExist
	case n == nil:
		if at.slash {
			return nil, ErrIsDir
		}
		if err := v.mayChange(at.dir); err != nil {
			return nil, err
		}
		n = v.newNode(d, File, mode&^v.Umask)
		if err := v.add(at, n); err != nil {
			return nil, err
		}
		n = at.dir.entries[at.name]
	case flag&os.O_EXCL != 0 && flag&os.O_CREATE != 0:
		return nil, ErrExist
	case n.kind == Dir:
		return nil, ErrIsDir
	case n.kind == Symlink:
		return nil, ErrLoop
	default:
		var want uint16
		if flag&accessMode != os.O_WRONLY {
			want |= Read
		}
		if flag&accessMode != os.O_RDONLY || flag&os.O_TRUNC != 0 {
			want |= Write
		}
		if !v.Cred.may(n, want) || n.volatile && want&Write != 0 && !n.sink {
			return nil, ErrAccess
		}
		if flag&os.O_TRUNC != 0 && !n.volatile {
			if err := d.truncate(n, 0); err != nil {
				return nil, err
			}
		}
	}
	h := &Handle{d: d, n: n, flag: flag}
	if n.volatile && n.generate != nil {
		h.text = n.generate()
	}
	n.open++
	d.open++
	return h, nil
}

// Close gives the handle back. Everything was written before, so that the one
// failure is [ErrBadFile] for closing twice, which changes nothing.
func (h *Handle) Close() error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.closed {
		return ErrBadFile
	}
	h.closeLocked()
	return nil
}

func (h *Handle) closeLocked() {
	h.closed = true
	h.d.open--
	h.n.open--
	if h.n.open == 0 && h.n.nlink == 0 && !h.n.volatile {
		h.d.forget(h.n)
	}
}

// release is Close for who opened the handle and nobody else closes.
func (h *Handle) release() {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.closeLocked()
}

// Stat tells about the open file.
func (h *Handle) Stat() Info {
	h.d.mu.RLock()
	defer h.d.mu.RUnlock()
	i := h.n.info("")
	i.Disk = h.d
	return i
}

// ReadAt reads as io.ReaderAt does.
func (h *Handle) ReadAt(p []byte, off int64) (int, error) {
	h.d.mu.RLock()
	defer h.d.mu.RUnlock()
	if h.closed || h.flag&accessMode == os.O_WRONLY {
		return 0, ErrBadFile
	}
	if off < 0 {
		return 0, ErrInvalid
	}
	if h.n.volatile {
		if off >= int64(len(h.text)) {
			return 0, io.EOF
		}
		n := copy(p, h.text[off:])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	return h.d.readAt(h.n, p, off)
}

func (d *Disk) readAt(n *node, p []byte, off int64) (int, error) {
	if off >= n.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > n.size-off
	p = p[:min(int64(len(p)), n.size-off)]
	end := off + int64(len(p))
	clear(p)
	for i := firstAfter(n.extents, off); i < len(n.extents) && n.extents[i].off < end; i++ {
		e := n.extents[i]
		from, to := max(e.off, off), min(e.end(), end)
		if _, err := d.log.ReadAt(p[from-off:to-off], e.pos+from-e.off); err != nil {
			return 0, ErrIO
		}
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

// Read reads from the handle's offset.
func (h *Handle) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := h.ReadAt(p, h.off)
	h.off += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// WriteAt writes as io.WriterAt does; with O_APPEND it appends, whatever the offset.
func (h *Handle) WriteAt(p []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.closed || h.flag&accessMode == os.O_RDONLY {
		return 0, ErrBadFile
	}
	if off < 0 {
		return 0, ErrInvalid
	}
	if h.n.volatile {
		return len(p), nil
	}
	if h.flag&os.O_APPEND != 0 {
		off = h.n.size
	}
	done := 0
	for done < len(p) {
		part := p[done:min(len(p), done+chunk)]
		at := off + int64(done)
		if at > h.d.limits.Bytes {
			return done, ErrTooBig
		}
		if err := h.d.room(int64(len(part))+extentCost, 0); err != nil {
			return done, err
		}
		b := newBatch(h.d.now().UnixNano())
		b.write(h.n.ino, at, part)
		if err := h.d.commit(b); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// Write writes at the handle's offset, or at the end with O_APPEND.
func (h *Handle) Write(p []byte) (int, error) {
	n, err := h.WriteAt(p, h.off)
	h.off += int64(n)
	return n, err
}

// Truncate sets the size of the open file.
func (h *Handle) Truncate(size int64) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.closed || h.flag&accessMode == os.O_RDONLY {
		return ErrBadFile
	}
	return h.d.truncate(h.n, size)
}

func (d *Disk) truncate(n *node, size int64) error {
	switch {
	case n.volatile:
		return nil
	case size < 0:
		return ErrInvalid
	case size > d.limits.Bytes:
		return ErrTooBig
	}
	b := newBatch(d.now().UnixNano())
	b.truncate(n.ino, size)
	return d.commit(b)
}

// Truncate sets the size of the file at path.
func (v View) Truncate(path string, size int64) error {
	h, err := v.Open(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer h.release()
	return h.Truncate(size)
}

// ReadFile returns a file's contents, or [ErrTooBig] when it is longer than most.
func (v View) ReadFile(path string, most int64) ([]byte, error) {
	h, err := v.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer h.release()
	text, err := io.ReadAll(io.LimitReader(h, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, ErrTooBig
	}
	return text, nil
}

// WriteFile puts the contents into the file at path in one step: after a crash
// the file has either its old contents or the new ones. A file it makes gets
// the mode whatever the umask; one that is there keeps its own. The contents
// may have 512 KiB at most, else [ErrTooBig].
func (v View) WriteFile(path string, contents []byte, mode uint16) error {
	if len(contents) > maxPayload/2 {
		return ErrTooBig
	}
	v.Umask = 0
	h, err := v.Open(path, os.O_WRONLY|os.O_CREATE, mode)
	if err != nil {
		return err
	}
	defer h.release()
	d := h.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if h.n.volatile {
		return nil
	}
	if err := d.room(int64(len(contents))+extentCost, 0); err != nil {
		return err
	}
	b := newBatch(d.now().UnixNano())
	b.truncate(h.n.ino, 0)
	if len(contents) > 0 {
		b.write(h.n.ino, 0, contents)
	}
	return d.commit(b)
}
