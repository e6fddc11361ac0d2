// Package disk is a simulated guest's disk: a tree of files, folders and
// symbolic links with POSIX owners and permissions, kept in one log file.
//
// Nothing in it can reach the host: guest names are data inside the log and
// never become host file names, and there are no special files. The host file's
// own permissions have nothing to do with the guest's.
//
// Every change is one checksummed record appended with one write, so what a
// finished call wrote survives the process being killed; a record torn by a
// crash is dropped when the disk is opened again. File contents stay in the
// log and are read from there: memory grows with the number of files only.
package disk

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"sync"
	"time"
)

// Limits bound a disk.
type Limits struct {
	// Bytes is how much it holds, the cost of files themselves included.
	Bytes int64
	// Files is how many files, folders and links it holds.
	Files int
	// Open is how many handles there may be at one time.
	Open int
}

// What an entry and a run of bytes cost beside the bytes, so that neither
// empty files nor scattered writes are free.
const (
	nodeCost   = 256
	extentCost = 64
	// slack is how much of the log may be outdated before it is rewritten.
	slack = 1 << 20
	// looseEnough is how many runs make it worth while to join them when the disk is full.
	looseEnough = 256
)

// Disk is one guest's disk. Its methods may be called from many goroutines.
type Disk struct {
	mu     *sync.RWMutex // shared with the disk that it is mounted in
	dir    *os.Root
	name   string
	limits Limits
	now    func() time.Time

	log     *os.File
	logSize int64
	retryAt int64 // do not rewrite the log before it is longer than this

	nodes   map[uint64]*node
	root    *node
	nextIno uint64
	used    int64
	open    int
	files   int // entries that are not volatile
	loose   int // runs of bytes written since the log was last rewritten

	mounts map[*node]*Disk // by the folder that each hides
	host   *Disk           // that this one is mounted in, and
	at     *node           // at which folder
}

const rootIno = 1

// Open opens the disk kept in the file name of dir, and makes an empty one
// with nothing but a root folder when there is none. now gives the times that
// files get.
func Open(dir *os.Root, name string, limits Limits, now func() time.Time) (*Disk, error) {
	d := &Disk{mu: newLock(), dir: dir, name: name, limits: limits, now: now}
	d.reset()
	log, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open disk: %w", err)
	}
	d.log = log
	if err := d.replay(); err != nil {
		_ = log.Close() // what went wrong is said already
		return nil, fmt.Errorf("open disk %s: %w", name, err)
	}
	return d, nil
}

func (d *Disk) reset() {
	d.root = &node{ino: rootIno, kind: Dir, mode: 0o755, nlink: 1, entries: map[string]*node{}, mtime: d.now().UnixNano()}
	d.root.parent = d.root
	d.nodes = map[uint64]*node{rootIno: d.root}
	d.nextIno = rootIno + 1
	d.used, d.files = nodeCost, 1
}

// replay reads the log up to its end or to the record that a crash tore.
func (d *Disk) replay() error {
	in := bufio.NewReaderSize(d.log, 64<<10)
	var header [headerSize]byte
	var buf []byte
	for {
		if _, err := io.ReadFull(in, header[:]); err != nil {
			break
		}
		n := binary.LittleEndian.Uint32(header[:])
		if n == 0 || n > maxPayload {
			break
		}
		if cap(buf) < int(n) {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(in, buf); err != nil || crc32.Checksum(buf, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
			break
		}
		if err := d.apply(buf, d.logSize+headerSize); err != nil {
			return fmt.Errorf("record at byte %d: %w", d.logSize, err)
		}
		d.logSize += headerSize + int64(n)
	}
	for _, n := range d.nodes {
		if n.nlink == 0 {
			d.forget(n)
		}
	}
	return d.log.Truncate(d.logSize)
}

// commit appends the batch to the log and then lets it take effect.
func (d *Disk) commit(b *batch) error {
	rec := b.seal()
	if len(b.payload()) > maxPayload {
		return ErrTooBig
	}
	if _, err := d.log.WriteAt(rec, d.logSize); err != nil {
		// Half a record may not stay: a later, shorter one would leave its tail behind.
		if terr := d.log.Truncate(d.logSize); terr != nil {
			return ErrIO
		}
		return ErrNoSpace
	}
	at := d.logSize + headerSize
	d.logSize += int64(len(rec))
	if err := d.apply(b.payload(), at); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	if d.logSize > 2*d.used+slack && d.logSize > d.retryAt {
		// The change itself is safe by now: that the host has no room for a
		// second log just now is no failure of it. Try again later.
		if d.compact() != nil {
			d.retryAt = d.logSize + slack
		}
	}
	return nil
}

// apply lets the operations of one record take effect; at is where its payload
// lies in the log. Opening a disk and changing it go through here alike.
func (d *Disk) apply(p []byte, at int64) error {
	r := &reader{p: p}
	now := r.varint()
	for r.more() {
		switch r.code() {
		case opNode:
			d.applyNode(r)
		case opLink:
			dir, name, ino := d.nodes[r.uint()], r.bytes(), r.uint()
			n := d.nodes[ino]
			if r.bad || dir == nil || dir.kind != Dir || n == nil || dir.entries[name] != nil {
				return errRecord
			}
			dir.entries[name] = n
			dir.mtime = now
			n.nlink++
			if n.kind == Dir {
				n.parent = dir
			}
		case opUnlink:
			dir, name := d.nodes[r.uint()], r.bytes()
			if r.bad || dir == nil || dir.kind != Dir || dir.entries[name] == nil {
				return errRecord
			}
			n := dir.entries[name]
			delete(dir.entries, name)
			dir.mtime = now
			n.nlink--
			// A rename takes the old name away after it gave the new one, so
			// no links here means gone.
			if n.nlink == 0 && n.open == 0 {
				d.forget(n)
			}
		case opWrite:
			n, off := d.nodes[r.uint()], r.uint()
			from, count := r.skip()
			if r.bad || off > math.MaxInt64/2 {
				return errRecord
			}
			if n == nil || n.kind != File {
				continue // its file was deleted while it was open
			}
			d.applyWrite(n, extent{int64(off), int64(count), at + int64(from)})
			n.mtime = now
		case opTruncate:
			n, size := d.nodes[r.uint()], r.uint()
			if r.bad || size > math.MaxInt64/2 {
				return errRecord
			}
			if n == nil || n.kind != File {
				continue
			}
			before := len(n.extents)
			var dropped int64
			n.extents, dropped = cut(n.extents, int64(size))
			d.used -= dropped + int64(before-len(n.extents))*extentCost
			n.size = int64(size)
			n.mtime = now
		default:
			return errRecord
		}
	}
	if r.bad {
		return errRecord
	}
	return nil
}

func (d *Disk) applyNode(r *reader) {
	ino, kind, mode := r.uint(), Kind(r.uint()), uint16(r.uint())&0o7777
	uid, gid, mtime, target := uint32(r.uint()), uint32(r.uint()), r.varint(), r.bytes()
	if r.bad || kind < File || kind > Symlink {
		r.bad = true
		return
	}
	n := d.nodes[ino]
	if n == nil {
		n = &node{ino: ino, kind: kind, target: target}
		if kind == Dir {
			n.entries = map[string]*node{}
			n.parent = d.root
		}
		d.nodes[ino] = n
		d.nextIno = max(d.nextIno, ino+1)
		d.used += nodeCost + int64(len(target))
		d.files++
	}
	n.mode, n.uid, n.gid, n.mtime = mode, uid, gid, mtime
}

func (d *Disk) applyWrite(n *node, e extent) {
	if e.n == 0 {
		return
	}
	d.loose++
	before := len(n.extents)
	var covered int64
	n.extents, covered = insert(n.extents, e)
	n.size = max(n.size, e.end())
	d.used += e.n - covered + int64(len(n.extents)-before)*extentCost
}

// forget drops an entry that has no name and no handle any more.
func (d *Disk) forget(n *node) {
	if d.nodes[n.ino] != n {
		return
	}
	for _, e := range n.extents {
		d.used -= e.n
	}
	d.used -= nodeCost + int64(len(n.target)) + int64(len(n.extents))*extentCost
	d.files--
	delete(d.nodes, n.ino)
}

// room makes sure that bytes and files more fit.
func (d *Disk) room(bytes int64, files int) error {
	if d.files+files > d.limits.Files {
		return ErrNoSpace
	}
	need := bytes + int64(files)*nodeCost
	if d.used+need <= d.limits.Bytes {
		return nil
	}
	// Many small appends cost more than their bytes until they are joined. A
	// full disk is not rewritten at each attempt, though.
	if d.loose >= looseEnough {
		if err := d.compact(); err != nil {
			return err
		}
	}
	if d.used+need > d.limits.Bytes {
		return ErrNoSpace
	}
	return nil
}

// Usage returns the bytes and files in use and their limits.
func (d *Disk) Usage() (bytes, maxBytes int64, files, maxFiles int) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return min(d.used, d.limits.Bytes), d.limits.Bytes, d.files, d.limits.Files
}

// Sync waits until everything is on the host's storage, for the case that the
// host loses power; being killed needs no Sync.
func (d *Disk) Sync() error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.log.Sync()
}

// Close syncs and closes the log. No handle may be used afterwards.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.log.Sync(), d.log.Close())
}
