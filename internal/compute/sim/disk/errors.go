package disk

import "io/fs"

// Errno is a failure that a guest's program may meet on its disk. Its text is
// the one that Linux programs print for it, so that a shell can show it as it is.
type Errno struct {
	text string
	kind error
}

// Error returns the text that strerror(3) has for it.
func (e *Errno) Error() string { return e.text }

// Unwrap returns the matching error of io/fs, or nil.
func (e *Errno) Unwrap() error { return e.kind }

// The failures, named after their POSIX errno.
var (
	ErrNotExist    = &Errno{"No such file or directory", fs.ErrNotExist}
	ErrExist       = &Errno{"File exists", fs.ErrExist}
	ErrAccess      = &Errno{"Permission denied", fs.ErrPermission}
	ErrPerm        = &Errno{"Operation not permitted", fs.ErrPermission}
	ErrNotDir      = &Errno{"Not a directory", nil}
	ErrIsDir       = &Errno{"Is a directory", nil}
	ErrNotEmpty    = &Errno{"Directory not empty", nil}
	ErrLoop        = &Errno{"Too many levels of symbolic links", nil}
	ErrNameTooLong = &Errno{"File name too long", nil}
	ErrInvalid     = &Errno{"Invalid argument", fs.ErrInvalid}
	ErrNoSpace     = &Errno{"No space left on device", nil}
	ErrTooBig      = &Errno{"File too large", nil}
	ErrTooManyOpen = &Errno{"Too many open files", nil}
	ErrCrossDevice = &Errno{"Invalid cross-device link", nil}
	ErrBusy        = &Errno{"Device or resource busy", nil}
	ErrBadFile     = &Errno{"Bad file descriptor", fs.ErrClosed}
	ErrIO          = &Errno{"Input/output error", nil}
)
