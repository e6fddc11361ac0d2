package sim

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// reserved is how many of the process's file descriptors listening guests leave
// alone, or half of them when there are few. The database, the clients of the
// whole server and the sessions in guests need some, too: without any left,
// the server would not even answer a request to stop an instance.
const reserved = 1024

// listenersFor returns how many addresses guests may listen on when the process may have
// limit files open.
func listenersFor(limit uint64) int64 {
	limit = min(limit, 1<<30) // no limit at all is a number that fits nowhere
	return int64(limit - min(limit/2, reserved))
}

// maxListeners asks the system for the limit, which Go's runtime has raised as
// far as it may be (package os does so at start).
func maxListeners() (int64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fault.Wrap(err, "ask how many files may be open")
	}
	return listenersFor(uint64(l.Cur)), nil //nolint:unconvert // it is signed on some systems
}

// take counts one more address that is listened on, until give.
func (d *Driver) take(id string) error {
	if d.listening.Add(1) <= d.maxListening {
		return nil
	}
	d.give()
	return fullFault(id, fmt.Errorf("simulated instances listen on %d addresses", d.maxListening))
}

func (d *Driver) give() { d.listening.Add(-1) }

func fullFault(id string, err error) error {
	return &fault.Error{Kind: fault.NoCapacity, Resource: "instance", Name: id, Err: err,
		Msg: "no more simulated instances can run: each takes an open file, and the process may have no more; raise its limit (ulimit -n, LimitNOFILE=)"}
}

// outOfFiles tells whether the host gives no more file descriptors.
func outOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
