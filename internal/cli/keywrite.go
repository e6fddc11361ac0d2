package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// The modes of new files, from which the umask takes away as from any other's.
const (
	privateMode fs.FileMode = 0o600
	publicMode  fs.FileMode = 0o644
)

var (
	fileExists  = sshkey.Wording{English: "%s exists and is not overwritten; name another file", Korean: "%s: 이미 있는 파일이므로 덮어쓰지 않습니다. 다른 이름을 지정하십시오"}
	noFolder    = sshkey.Wording{English: "%s cannot be written: there is no such folder", Korean: "%s: 쓸 수 없습니다. 그런 폴더가 없습니다"}
	notWritable = sshkey.Wording{English: "%s cannot be written: %v", Korean: "%s: 쓸 수 없습니다: %v"}
)

// newFile is a file to be made.
type newFile struct {
	name    string
	mode    fs.FileMode
	content []byte
}

// writeNew makes files of which none may exist, all of them or none. A file has
// its mode from the moment it is there, and a symbolic link in its place counts
// as existing (open(2), O_EXCL), so nobody gets to see or to redirect a key.
func writeNew(files ...newFile) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, name := range made {
				_ = os.Remove(name)
			}
		}
	}()
	for _, f := range files {
		h, err := os.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if err != nil {
			return writeRefusal(f.name, err)
		}
		made = append(made, f.name)
		_, err = h.Write(f.content)
		if err = errors.Join(err, h.Sync(), h.Close()); err != nil {
			return writeRefusal(f.name, err)
		}
	}
	return nil
}

// allNew tells early, before any work, what [writeNew] would refuse.
func allNew(names ...string) error {
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil {
			return refuse(fileExists, fileName(name))
		}
	}
	return nil
}

// writeRefusal words the error of a file that was to be made.
func writeRefusal(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		return refuse(fileExists, fileName(name))
	case errors.Is(err, fs.ErrNotExist):
		return refuse(noFolder, fileName(name))
	}
	return refuse(notWritable, fileName(name), systemCause(err))
}

// deliver writes what a command has made: to standard output, which the person
// asked for by the name -, or to a new file.
func (a *app) deliver(f newFile) error {
	if f.name == stdinName {
		_, err := a.stdout.Write(f.content)
		return err
	}
	return writeNew(f)
}
