package disk

import (
	"bufio"
	"io"
)

// Export writes the disk as it is at one moment, in the form that [Open]
// reads, and returns how many bytes that is. Changes wait until it is done.
func (d *Disk) Export(w io.Writer) (int64, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	c := &copier{d: d, out: bufio.NewWriterSize(w, 64<<10), extents: map[*node][]extent{}}
	if err := c.run(); err != nil {
		return 0, err
	}
	return c.size, c.out.Flush()
}
