package disk

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// The log is a sequence of records: length and CRC-32C of the payload (4 bytes
// each, little endian), then the payload: the time in Unix nanoseconds, and
// operations that take effect together or, when the record was torn by a
// crash, not at all.
const (
	headerSize = 8
	maxPayload = 1 << 20
	// chunk is how many bytes of a file one operation carries at most.
	chunk = 128 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type opCode byte

const (
	opNode     opCode = iota + 1 // makes an entry, or sets the attributes of one that is there
	opLink                       // gives it a name in a folder
	opUnlink                     // takes a name out of a folder
	opWrite                      // puts bytes into a file
	opTruncate                   // sets a file's size
)

// batch is a record in the making.
type batch struct{ buf []byte }

func newBatch(now int64) *batch {
	return &batch{binary.AppendVarint(make([]byte, headerSize, 128), now)}
}

func (b *batch) uint(v uint64)   { b.buf = binary.AppendUvarint(b.buf, v) }
func (b *batch) bytes(s string)  { b.uint(uint64(len(s))); b.buf = append(b.buf, s...) }
func (b *batch) code(c opCode)   { b.buf = append(b.buf, byte(c)) }
func (b *batch) varint(v int64)  { b.buf = binary.AppendVarint(b.buf, v) }
func (b *batch) payload() []byte { return b.buf[headerSize:] }

func (b *batch) node(n *node) {
	b.code(opNode)
	b.uint(n.ino)
	b.uint(uint64(n.kind))
	b.uint(uint64(n.mode))
	b.uint(uint64(n.uid))
	b.uint(uint64(n.gid))
	b.varint(n.mtime)
	b.bytes(n.target)
}

func (b *batch) link(dir uint64, name string, ino uint64) {
	b.code(opLink)
	b.uint(dir)
	b.bytes(name)
	b.uint(ino)
}

func (b *batch) unlink(dir uint64, name string) {
	b.code(opUnlink)
	b.uint(dir)
	b.bytes(name)
}

func (b *batch) write(ino uint64, off int64, data []byte) {
	b.code(opWrite)
	b.uint(ino)
	b.uint(uint64(off))
	b.uint(uint64(len(data)))
	b.buf = append(b.buf, data...)
}

func (b *batch) truncate(ino uint64, size int64) {
	b.code(opTruncate)
	b.uint(ino)
	b.uint(uint64(size))
}

// seal fills in the header and returns the whole record.
func (b *batch) seal() []byte {
	p := b.payload()
	binary.LittleEndian.PutUint32(b.buf, uint32(len(p)))
	binary.LittleEndian.PutUint32(b.buf[4:], crc32.Checksum(p, castagnoli))
	return b.buf
}

var errRecord = errors.New("disk: malformed record")

// reader takes a payload apart; the first failure sticks.
type reader struct {
	p   []byte
	at  int
	bad bool
}

func (r *reader) more() bool { return !r.bad && r.at < len(r.p) }

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.p[r.at:])
	if n <= 0 {
		r.bad, r.at = true, len(r.p)
		return 0
	}
	r.at += n
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.p[r.at:])
	if n <= 0 {
		r.bad, r.at = true, len(r.p)
		return 0
	}
	r.at += n
	return v
}

func (r *reader) code() opCode {
	c := opCode(r.p[r.at])
	r.at++
	return c
}

// skip passes over a counted run of bytes and returns where it lies.
func (r *reader) skip() (from, n int) {
	u := r.uint()
	if r.bad || u > uint64(len(r.p)-r.at) {
		r.bad, r.at = true, len(r.p)
		return 0, 0
	}
	from, n = r.at, int(u)
	r.at += n
	return from, n
}

func (r *reader) bytes() string {
	from, n := r.skip()
	return string(r.p[from : from+n])
}
