package harness

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Environ is the whole environment of a program under test: nothing of the
// user who runs the tests gets in, no configuration, no credentials, no proxy.
func Environ(home string, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"XDG_DATA_HOME=" + filepath.Join(home, ".local", "share"),
		"LANG=C.UTF-8",
		"no_proxy=127.0.0.1",
	}, more...)
}

// Need fails the test when a program is missing, and says how to get it.
func Need(t testing.TB, program, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is missing: install it with 'apt-get install %s'", program, debianPackage)
	}
}

// networkLeases are kept so that no network is given out twice.
var networkLeases struct {
	sync.Mutex
	next int
}

// leaseNetwork returns a loopback network, such as 127.31.7.0/24, that no other
// server of any test process uses while this test runs. Whoever holds the
// network's own address on one port holds the network; the kernel gives it back
// when the process ends, however it ends.
func leaseNetwork(t testing.TB) string {
	t.Helper()
	const first, count, port = 30, 64 * 256, 59999
	networkLeases.Lock()
	defer networkLeases.Unlock()
	if networkLeases.next == 0 {
		networkLeases.next = os.Getpid()
	}
	for range count {
		n := networkLeases.next % count
		networkLeases.next++
		base := fmt.Sprintf("127.%d.%d.0", first+n/256, n%256)
		lease, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", base, port))
		if err == nil {
			t.Cleanup(func() { _ = lease.Close() })
			return base + "/24"
		}
	}
	t.Fatal("no loopback network is free: other test processes hold all of them")
	return ""
}
