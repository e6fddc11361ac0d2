package shell

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

func systemCommands() map[string]command {
	return map[string]command{
		"hostname":   {func(c *call) int { c.print(c.g.Hostname + "\n"); return 0 }, inBin, "print the machine's name"},
		"uname":      {runUname, inBin, "print what the system is"},
		"arch":       {func(c *call) int { c.print(guest.Architecture + "\n"); return 0 }, inBin, "print the architecture"},
		"date":       {runDate, inBin, "print the time"},
		"uptime":     {runUptime, inBin, "tell how long the machine runs"},
		"free":       {runFree, inBin, "tell about memory"},
		"nproc":      {func(c *call) int { c.printf("%d\n", c.g.VCPUs); return 0 }, inBin, "print the number of CPUs"},
		"lsblk":      {runLsblk, inBin, "list disks"},
		"mount":      {runMount, inBin, "list mounts"},
		"ip":         {runIP, inBin, "show addresses and routes"},
		"ps":         {runPs, inBin, "list processes"},
		"sleep":      {runSleep, inBin, "wait"},
		"sh":         {runShell, inBin, "run a shell"},
		"bash":       {runShell, inBin, "run a shell"},
		"tty":        {runTty, inBin, "tell whether there is a terminal"},
		"clear":      {func(c *call) int { c.print("\x1b[H\x1b[2J"); return 0 }, inBin, "clear the screen"},
		"ssh-keygen": {runKeygen, inBin, "-l -f FILE: print the fingerprints of public keys"},
		"cloud-init": {runCloudInit, inBin, "tell that the machine is set up"},
	}
}

func runUname(c *call) int {
	o, ok := c.getopt("asnrvmpio", map[string]byte{"all": 'a'})
	if !ok {
		return 1
	}
	var parts []string
	for _, f := range []struct {
		letter byte
		text   string
	}{
		{'s', guest.KernelName}, {'n', c.g.Hostname}, {'r', guest.KernelRelease},
		{'v', guest.KernelVersion}, {'m', guest.Architecture}, {'o', "GNU/Linux"},
	} {
		if o.has('a') || o.has(f.letter) || len(o.set) == 0 && f.letter == 's' {
			parts = append(parts, f.text)
		}
	}
	if len(parts) == 0 {
		parts = []string{"unknown"}
	}
	c.print(strings.Join(parts, " ") + "\n")
	return 0
}

// dateFormats are the directives of date that package time has.
var dateFormats = map[byte]string{
	'Y': "2006", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'y': "06",
	'p': "PM", 'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'j': "002", 'Z': "MST",
	'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'N': "000000000",
	'c': "Mon Jan _2 15:04:05 2006",
}

func runDate(c *call) int {
	now := c.g.Now().UTC()
	format := ""
	for _, a := range c.args[1:] {
		switch {
		case strings.HasPrefix(a, "+"):
			format = a[1:]
		case a == "-u" || a == "--utc":
		case a == "-R":
			format = "%a, %d %b %Y %H:%M:%S %z"
		case strings.HasPrefix(a, "-I"), strings.HasPrefix(a, "--iso-8601"):
			format = "%Y-%m-%dT%H:%M:%S+00:00"
			if a == "-I" || a == "--iso-8601" {
				format = "%F"
			}
		default:
			return c.fail("'%s' is not supported; the clock is the server's", a)
		}
	}
	if format == "" {
		c.print(now.Format("Mon Jan _2 15:04:05 MST 2006") + "\n")
		return 0
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := dateFormats[format[i]]; {
		case format[i] == 's':
			b.WriteString(strconv.FormatInt(now.Unix(), 10))
		case format[i] == 'N':
			fmt.Fprintf(&b, "%09d", now.Nanosecond())
		case format[i] == 'n':
			b.WriteByte('\n')
		case ok:
			b.WriteString(now.Format(layout))
		default:
			b.WriteByte(format[i])
		}
	}
	c.print(b.String() + "\n")
	return 0
}

func runUptime(c *call) int {
	up := c.g.Uptime().Round(time.Minute)
	text := fmt.Sprintf("%d:%02d", int(up.Hours())%24, int(up.Minutes())%60)
	if days := int(up.Hours()) / 24; days > 0 {
		text = fmt.Sprintf("%d days, %s", days, text)
	}
	switch {
	case len(c.args) > 1 && c.args[1] == "-s":
		c.print(c.g.BootedAt.UTC().Format("2006-01-02 15:04:05") + "\n")
	case len(c.args) > 1 && c.args[1] == "-p":
		c.print("up " + text + "\n")
	default:
		c.printf(" %s up %s,  1 user,  load average: 0.00, 0.00, 0.00\n", c.g.Now().UTC().Format("15:04:05"), text)
	}
	return 0
}

func runFree(c *call) int {
	o, ok := c.getopt("bkmgh", nil)
	if !ok {
		return 1
	}
	show := func(kib int64) string {
		switch {
		case o.has('h'):
			return human(kib<<10) + "i"
		case o.has('b'):
			return strconv.FormatInt(kib<<10, 10)
		case o.has('m'):
			return strconv.FormatInt(kib>>10, 10)
		case o.has('g'):
			return strconv.FormatInt(kib>>20, 10)
		}
		return strconv.FormatInt(kib, 10)
	}
	total, used, free := c.g.Memory()
	c.printf("%-7s%13s%12s%12s%12s%12s%12s\n", "", "total", "used", "free", "shared", "buff/cache", "available")
	c.printf("%-7s%13s%12s%12s%12s%12s%12s\n", "Mem:", show(total), show(used), show(free), show(0), show(0), show(free))
	c.printf("%-7s%13s%12s%12s\n", "Swap:", show(c.g.Swap()), show(0), show(c.g.Swap()))
	return 0
}

func runLsblk(c *call) int {
	size := fmt.Sprintf("%dG", c.g.DiskGiB)
	c.printf("NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nvda    254:0    0 %4s  0 disk \n└─vda1 254:1    0 %4s  0 part /\n", size, size)
	for _, v := range c.g.Volumes() {
		c.printf("%s    254:%-3d  0 %4s  0 disk %s\n", v.Device, 16*int(v.Device[len(v.Device)-1]-'a'), fmt.Sprintf("%dG", v.SizeGiB), v.Folder)
	}
	return 0
}

func runMount(c *call) int {
	if len(c.args) > 1 {
		return c.fail("only listing is possible in a simulated guest")
	}
	c.print("/dev/vda1 on / type simfs (rw,relatime)\nproc on /proc type proc (ro)\nsysfs on /sys type sysfs (ro)\nudev on /dev type devtmpfs (ro)\nusr on /usr type simfs (ro)\n")
	for _, v := range c.g.Volumes() {
		if v.Folder != "" {
			c.printf("/dev/%s on %s type simfs (rw,relatime)\n", v.Device, v.Folder)
		}
	}
	return 0
}

func runIP(c *call) int {
	args := c.args[1:]
	brief := false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		brief = brief || strings.HasPrefix(args[0], "-br")
		args = args[1:]
	}
	what := "addr"
	if len(args) > 0 {
		what = args[0]
	}
	switch {
	case strings.HasPrefix("address", what):
		c.addresses(brief)
	case strings.HasPrefix("link", what):
		for i, nic := range c.g.NICs {
			c.printf("%d: eth%d: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n    link/ether %s brd ff:ff:ff:ff:ff:ff\n", i+2, i, nic.MAC)
		}
	case strings.HasPrefix("route", what):
		for i, nic := range c.g.NICs {
			c.printf("%s dev eth%d proto kernel scope link src %s\n", nic.Prefix.Masked(), i, nic.Addr)
		}
	default:
		return c.fail("Object \"%s\" is unknown, try address, link or route", what)
	}
	return 0
}

func (c *call) addresses(brief bool) {
	show := func(n int, name, link string, prefix netip.Prefix, flags string) {
		if brief {
			c.printf("%-16s %-14s %s\n", name, "UP", prefix)
			return
		}
		family := "inet"
		if prefix.Addr().Is6() {
			family = "inet6"
		}
		c.printf("%d: %s: <%s> mtu 1500 state UP\n    link/%s\n    %s %s scope global %s\n", n, name, flags, link, family, prefix, name)
	}
	show(1, "lo", "loopback 00:00:00:00:00:00", netip.MustParsePrefix("127.0.0.1/8"), "LOOPBACK,UP,LOWER_UP")
	for i, nic := range c.g.NICs {
		show(i+2, fmt.Sprintf("eth%d", i), "ether "+nic.MAC, netip.PrefixFrom(nic.Addr, nic.Prefix.Bits()), "BROADCAST,MULTICAST,UP,LOWER_UP")
	}
}

func runPs(c *call) int {
	if len(c.args) == 1 {
		c.printf("    PID TTY          TIME CMD\n%7d pts/0    00:00:00 bash\n%7d pts/0    00:00:00 ps\n", c.pid, c.pid+1)
		return 0
	}
	c.printf("USER         PID COMMAND\nroot           1 init (simulated: there are no other processes)\nroot         100 sshd\n%-8s %7d bash\n%-8s %7d %s\n",
		c.account.Name, c.pid, c.account.Name, c.pid+1, strings.Join(c.args, " "))
	return 0
}

func runSleep(c *call) int {
	var total time.Duration
	for _, a := range c.args[1:] {
		unit := time.Second
		if n := len(a); n > 1 {
			if u, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[a[n-1]]; ok {
				unit, a = u, a[:n-1]
			}
		}
		n, err := strconv.ParseFloat(a, 64)
		if err != nil || n < 0 || n > 1e6 {
			return c.fail("invalid time interval '%s'", a)
		}
		total += time.Duration(n * float64(unit))
	}
	timer := time.NewTimer(total)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
		c.tick(1)
	}
	return 0
}

func runTty(c *call) int {
	if c.term == nil || c.fd[0].r != c.term {
		c.print("not a tty\n")
		return 1
	}
	c.print("/dev/pts/0\n")
	return 0
}

func runCloudInit(c *call) int {
	if len(c.args) > 1 && c.args[1] == "status" {
		c.print("status: done\n")
		return 0
	}
	if len(c.args) > 1 && c.args[1] == "--version" {
		c.print("cloud-init 0-keyreeve-sim\n")
		return 0
	}
	return c.fail("only `status` and `--version` are there in a simulated guest; user data is kept in /var/lib/cloud/instance/user-data.txt and not run")
}
