package disk

import (
	"slices"
	"sort"
)

// Kind tells what an entry of the tree is. There are no others: a disk has no
// devices, sockets or pipes that could reach anything outside it.
type Kind uint8

// The kinds of entry.
const (
	File Kind = iota + 1
	Dir
	Symlink
)

// node is one file, folder or symbolic link.
type node struct {
	ino      uint64
	kind     Kind
	mode     uint16 // permission bits, 07777
	uid, gid uint32
	mtime    int64 // Unix nanoseconds
	nlink    int
	open     int // handles on it

	size    int64    // files
	extents []extent // files; sorted, never overlapping

	entries map[string]*node // folders
	parent  *node            // folders; the root is its own

	target string // symbolic links

	// volatile entries are made anew at every load and never written: /proc and /dev.
	volatile bool
	generate func() []byte // contents of a volatile file; nil reads as empty
	sink     bool          // a volatile file that swallows what is written: /dev/null
}

// length is what stat shows as size.
func (n *node) length() int64 {
	switch n.kind {
	case Dir:
		return 4096
	case Symlink:
		return int64(len(n.target))
	}
	return n.size
}

// extent says where in the log a run of a file's bytes lies. Bytes in no
// extent are zero.
type extent struct {
	off int64 // in the file
	n   int64
	pos int64 // in the log
}

func (e extent) end() int64 { return e.off + e.n }

// insert puts e over what list has there and returns how many bytes it covered.
func insert(list []extent, e extent) ([]extent, int64) {
	if len(list) == 0 || list[len(list)-1].end() <= e.off {
		return append(list, e), 0
	}
	i := firstAfter(list, e.off)
	var put []extent
	var covered int64
	j := i
	for ; j < len(list) && list[j].off < e.end(); j++ {
		old := list[j]
		if old.off < e.off {
			put = append(put, extent{old.off, e.off - old.off, old.pos})
		}
		covered += min(old.end(), e.end()) - max(old.off, e.off)
	}
	put = append(put, e)
	if j > i {
		if old := list[j-1]; old.end() > e.end() {
			put = append(put, extent{e.end(), old.end() - e.end(), old.pos + e.end() - old.off})
		}
	}
	return slices.Replace(list, i, j, put...), covered
}

// cut drops everything from size on and returns how many bytes that were.
func cut(list []extent, size int64) ([]extent, int64) {
	var dropped int64
	for len(list) > 0 {
		last := &list[len(list)-1]
		if last.end() <= size {
			break
		}
		if last.off < size {
			dropped += last.end() - size
			last.n = size - last.off
			break
		}
		dropped += last.n
		list = list[:len(list)-1]
	}
	return list, dropped
}

// firstAfter returns the index of the first extent that ends after off.
func firstAfter(list []extent, off int64) int {
	return sort.Search(len(list), func(i int) bool { return list[i].end() > off })
}
