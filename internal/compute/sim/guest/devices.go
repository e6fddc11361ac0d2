package guest

import (
	"fmt"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// Mount shows /proc, /sys, /dev and /usr, whose contents are made up when they
// are read. programs are the names that /usr/bin has.
func (g *Guest) Mount(programs []string) {
	text := func(f func() string) func() []byte { return func() []byte { return []byte(f()) } }
	ro := func(path string, f func() string) disk.Generated {
		return disk.Generated{Path: path, Mode: 0o444, Text: text(f)}
	}
	g.Disk.Mount("proc", []disk.Generated{
		ro("cpuinfo", g.cpuinfo),
		ro("meminfo", g.meminfo),
		ro("uptime", func() string {
			s := g.Uptime().Seconds()
			return fmt.Sprintf("%.2f %.2f\n", s, s*float64(g.VCPUs))
		}),
		ro("loadavg", func() string { return "0.00 0.00 0.00 1/1 1\n" }),
		ro("version", func() string {
			return fmt.Sprintf("%s version %s (%s)\n", KernelName, KernelRelease, KernelVersion)
		}),
		ro("mounts", func() string { return "/dev/vda1 / simfs rw,relatime 0 0\nproc /proc proc ro 0 0\n" + g.mounts() }),
		ro("cmdline", func() string { return "root=/dev/vda1 ro console=ttyS0\n" }),
		ro("sys/kernel/hostname", func() string { return g.Hostname + "\n" }),
		ro("sys/kernel/osrelease", func() string { return KernelRelease + "\n" }),
		ro("sys/kernel/ostype", func() string { return KernelName + "\n" }),
	})
	g.Disk.Mount("sys", []disk.Generated{
		ro("class/dmi/id/product_name", func() string { return "Keyreeve simulated guest\n" }),
		ro("class/dmi/id/product_uuid", func() string { return g.ID + "\n" }),
		ro("class/dmi/id/sys_vendor", func() string { return "Keyreeve\n" }),
	})
	g.mountDevices()
	bin := make([]disk.Generated, 0, len(programs))
	for _, name := range programs {
		bin = append(bin, disk.Generated{Path: "bin/" + name, Mode: 0o555, Text: text(func() string {
			return "A program of Keyreeve's simulated guest: " + name + "\n"
		})})
	}
	g.Disk.Mount("usr", append(bin, ro("share/doc/README", func() string { return strings.TrimPrefix(g.Motd(), "\n") })))
}

func (g *Guest) cpuinfo() string {
	var b strings.Builder
	for i := range max(1, g.VCPUs) {
		fmt.Fprintf(&b, "processor\t: %d\nvendor_id\t: Keyreeve\nmodel name\t: Simulated CPU\ncpu cores\t: %d\n\n", i, max(1, g.VCPUs))
	}
	return b.String()
}

// Memory returns the guest's total, used and free memory in KiB. What is used
// is made up: a small system's share.
func (g *Guest) Memory() (total, used, free int64) {
	total = int64(g.RAMMiB) << 10
	used = min(total/4, 96<<10)
	return total, used, total - used
}

// Swap returns how much the guest can put out of its memory, in KiB. None of it
// is ever used.
func (g *Guest) Swap() int64 { return int64(g.SwapMiB) << 10 }

func (g *Guest) meminfo() string {
	total, _, free := g.Memory()
	swap := g.Swap()
	return fmt.Sprintf("MemTotal:       %8d kB\nMemFree:        %8d kB\nMemAvailable:   %8d kB\nBuffers:               0 kB\nCached:                0 kB\nSwapTotal:      %8d kB\nSwapFree:       %8d kB\n", total, free, free, swap, swap)
}
