// Package guest is what programs inside a simulated machine can learn about
// it: its disk, its accounts, and the facts that Linux programs show.
package guest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// What uname shows. It looks like Linux where scripts need that and says
// plainly that there is no kernel.
const (
	KernelName    = "Linux"
	KernelRelease = "0-keyreeve-sim"
	KernelVersion = "#1 Keyreeve simulated guest, no real kernel"
	Architecture  = "x86_64"
)

// Facts are what a guest knows of its machine.
type Facts struct {
	ID       string // UUID of the instance
	Name     string
	Hostname string
	Distro   string // "debian", "ubuntu", …; may be empty
	Version  string // of the distro; may be empty
	User     string // the default login user
	VCPUs    int
	RAMMiB   int
	SwapMiB  int
	DiskGiB  int
	NICs     []compute.NIC
	BootedAt time.Time
}

// Guest is one simulated machine as the programs on it see it.
type Guest struct {
	Facts
	Disk *disk.Disk
	Now  func() time.Time

	volumes   atomic.Pointer[[]Volume]
	processes atomic.Int64
}

// Fork counts one process more, unless there are as many as there may be. The
// process calls [Guest.Exit] when it ends.
func (g *Guest) Fork(most int64) bool {
	if g.processes.Add(1) > most {
		g.processes.Add(-1)
		return false
	}
	return true
}

// Exit counts one process less.
func (g *Guest) Exit() { g.processes.Add(-1) }

// Root is the disk as root sees it.
func (g *Guest) Root() disk.View {
	return disk.View{Disk: g.Disk, Umask: 0o022, Cwd: "/"}
}

// As is the disk as an account sees it that has just logged in.
func (g *Guest) As(a Account) disk.View {
	cwd := a.Home
	v := disk.View{Disk: g.Disk, Cred: a.Cred(), Umask: 0o022, Cwd: "/"}
	if i, err := v.Stat(cwd); err == nil && i.IsDir() && v.Access(cwd, disk.Exec) == nil {
		v.Cwd = cwd
	}
	return v
}

// Uptime is how long ago the guest booted.
func (g *Guest) Uptime() time.Duration { return max(0, g.Now().Sub(g.BootedAt)) }

// Pretty is the operating system's name as /etc/os-release has it.
func (f Facts) Pretty() string {
	return distroOf(f.Distro).name + " " + f.Version + " (simulated by Keyreeve)"
}

// Motd is what a login shows.
func (f Facts) Motd() string {
	return fmt.Sprintf(`
This is %s, a simulated guest of Keyreeve (%s).
There is no real operating system behind it: a small shell of its own, a
virtual disk that keeps your files, and sftp. `+"`help`"+` lists the commands.

`, f.Hostname, distroOf(f.Distro).name+" "+f.Version)
}
