package sshkey

import (
	"crypto/sha256"
	"strconv"
	"strings"
)

// The field of a randomart picture.
const (
	artWidth  = 17
	artHeight = 9
)

// artCells are the marks of a cell by how often the path came by; the last two
// are the start and the end of the path.
const artCells = " .o+=*BOX@%&#/^SE"

// Randomart returns the picture of the key's SHA-256 fingerprint that
// ssh-keygen -lv prints: eleven lines of 19 characters, without a line feed at
// the end. As there, a certificate shows the fingerprint of the certified key.
func (k PublicKey) Randomart() string {
	var art strings.Builder
	art.WriteString(artBorder(artTitle(k)) + "\n")
	for _, row := range artPath(sha256.Sum256([]byte(k.plain))) {
		art.WriteByte('|')
		for _, cell := range row {
			art.WriteByte(artCells[cell])
		}
		art.WriteString("|\n")
	}
	art.WriteString(artBorder("[SHA256]"))
	return art.String()
}

// artPath walks the path of the "drunken bishop": from the middle of the
// field, two bits of the sum at a time say which way to go diagonally, the
// lowest bits of each byte first, along the wall where there is one
// (Loss, Limmer, von Gernler: The drunken bishop, 2009).
func artPath(sum [sha256.Size]byte) (field [artHeight][artWidth]int) {
	const start, end = len(artCells) - 2, len(artCells) - 1
	x, y := artWidth/2, artHeight/2
	for _, b := range sum {
		for range 4 {
			x = min(max(x+2*int(b&1)-1, 0), artWidth-1)
			y = min(max(y+int(b&2)-1, 0), artHeight-1)
			field[y][x] = min(field[y][x]+1, start-1)
			b >>= 2
		}
	}
	field[artHeight/2][artWidth/2] = start
	field[y][x] = end
	return field
}

// artTitle returns the type and the size, or only the type where that is too
// long, and of that no more than 16 characters, as ssh-keygen does.
func artTitle(k PublicKey) string {
	title := "[" + k.shortType() + " " + strconv.Itoa(k.bits) + "]"
	if len(title) > artWidth {
		title = "[" + k.shortType() + "]"
	}
	return title[:min(len(title), artWidth-1)]
}

// artBorder returns a border with a title in its middle.
func artBorder(title string) string {
	left := (artWidth - len(title)) / 2
	return "+" + strings.Repeat("-", left) + title + strings.Repeat("-", artWidth-left-len(title)) + "+"
}
