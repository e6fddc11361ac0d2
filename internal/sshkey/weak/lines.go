package weak

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// longestLine bounds a line of a list, in bytes: a prime of maxPrimeBits in
// hexadecimal and a public key of 16384 bits in base64 are below it.
const longestLine = 16 << 10

// readLines gives each line of a list to take, without the white space around
// it and without what follows a # there. Empty ones are left out, and comments
// go to note if that is not nil. An error is one of the reader, of a line that
// is too long, or of take and note, with the name and the line before it.
func readLines(name string, r io.Reader, note, take func(string) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 4096), longestLine)
	number := 1
	for ; scanner.Scan(); number++ {
		text, comment, _ := strings.Cut(scanner.Text(), "#")
		text = strings.TrimSpace(text)
		var err error
		if comment != "" && note != nil {
			err = note(comment)
		}
		if err == nil && text != "" {
			err = take(text)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%s:%d: the line is longer than %d bytes; is this a text file?", name, number, longestLine)
	} else if err != nil {
		return fmt.Errorf("%s:%d: %w", name, number, err)
	}
	return nil
}

// readFiles opens one file after the other for add.
func readFiles(paths []string, add func(name string, r io.Reader) error) error {
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err // names the path already
		}
		err = add(path, file)
		file.Close() //nolint:errcheck // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// shown is a text of a list as an error repeats it: quoted and cut.
func shown(text string) string {
	const most = 40
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Sprintf("%q", text)
}
