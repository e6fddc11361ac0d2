package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// maxKeyFile is the most that is read of a file, in bytes. The largest key that
// there is (RSA with 16384 bits, private, in PEM) has 13 KiB; the rest is for
// authorized_keys files.
const maxKeyFile = 1 << 20

// stdinName names standard input as a FILE.
const stdinName = "-"

var (
	noFile       = sshkey.Wording{English: "there is no file %s", Korean: "%s 파일이 없습니다"}
	noAccess     = sshkey.Wording{English: "%s cannot be read: this user has no permission to", Korean: "%s: 이 사용자에게 읽을 권한이 없습니다"}
	isFolder     = sshkey.Wording{English: "%s is a folder; name a file in it", Korean: "%s: 폴더입니다. 그 안의 파일을 지정하십시오"}
	notReadable  = sshkey.Wording{English: "%s cannot be read: %v", Korean: "%s: 읽을 수 없습니다: %v"}
	tooLong      = sshkey.Wording{English: "%s is longer than %d KiB, which is more than any key; name a file with keys", Korean: "%s: %d KiB보다 깁니다. 이렇게 긴 키는 없습니다. 키가 들어 있는 파일을 지정하십시오"}
	interrupted  = sshkey.Wording{English: "interrupted", Korean: "중단되었습니다"}
	noPassphrase = sshkey.Wording{English: "the first line of %s is empty; it must hold the passphrase", Korean: "%s: 첫 줄이 비어 있습니다. 첫 줄에 암호 문구가 있어야 합니다"}
)

// fileName is how messages name a FILE.
func fileName(name string) string {
	if name == stdinName {
		return "standard input"
	}
	if name == "" {
		return `""`
	}
	return printable(name)
}

// readKeyFile reads a FILE, which may be standard input, a pipe or a device, up
// to [maxKeyFile]. It ends with ctx, whatever the file does: an interrupt must
// end a command that waits for input.
func (a *app) readKeyFile(ctx context.Context, name string) ([]byte, error) {
	var text []byte
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		text, err = a.readBounded(name)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return nil, refuse(interrupted)
	}
	if len(text) > maxKeyFile {
		return nil, refuse(tooLong, fileName(name), maxKeyFile>>10)
	}
	return text, readRefusal(name, err)
}

// readBounded reads one byte more than there may be at most.
func (a *app) readBounded(name string) ([]byte, error) {
	from := a.stdin
	if name != stdinName {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	return io.ReadAll(io.LimitReader(from, maxKeyFile+1))
}

// readRefusal words the error of a file that was to be read.
func readRefusal(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return refuse(noFile, fileName(name))
	case errors.Is(err, fs.ErrPermission):
		return refuse(noAccess, fileName(name))
	case errors.Is(err, syscall.EISDIR):
		return refuse(isFolder, fileName(name))
	}
	return refuse(notReadable, fileName(name), systemCause(err))
}

// systemCause leaves out of a system's error what its sentence names already:
// the call and the path.
func systemCause(err error) error {
	var n syscall.Errno
	if errors.As(err, &n) {
		return n
	}
	return err
}

// readPassphrase reads the first line of a FILE, without its end; an empty name
// is no passphrase.
func (a *app) readPassphrase(ctx context.Context, name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := a.readKeyFile(ctx, name)
	if err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		return nil, refuse(noPassphrase, fileName(name))
	}
	return line, nil
}

// oneStdin refuses to read two things from standard input.
func oneStdin(names ...string) error {
	taken := false
	for _, name := range names {
		if name == stdinName && taken {
			return errors.New("standard input can be read for one thing only; name files for the others")
		}
		taken = taken || name == stdinName
	}
	return nil
}
