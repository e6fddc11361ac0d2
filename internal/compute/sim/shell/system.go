package shell

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

func systemCommands() map[string]command {
	return map[string]command{
		"id":         {runID, inBin, "tell who one is"},
		"whoami":     {func(c *call) int { c.print(c.account.Name + "\n"); return 0 }, inBin, "print one's name"},
		"groups":     {runGroups, inBin, "print one's groups"},
		"who":        {runWho, inBin, "tell who is logged in"},
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
		"env":        {runEnv, inBin, "print the environment, or run with another one"},
		"printenv":   {runPrintenv, inBin, "print variables"},
		"which":      {runWhich, inBin, "tell where a program is"},
		"getent":     {runGetent, inBin, "look up accounts"},
		"sleep":      {runSleep, inBin, "wait"},
		"sudo":       {runSudo, inBin, "run a command as root"},
		"su":         {runSu, inBin, "become somebody else"},
		"sh":         {runShell, inBin, "run a shell"},
		"bash":       {runShell, inBin, "run a shell"},
		"tty":        {runTty, inBin, "tell whether there is a terminal"},
		"clear":      {func(c *call) int { c.print("\x1b[H\x1b[2J"); return 0 }, inBin, "clear the screen"},
		"ssh-keygen": {runKeygen, inBin, "-l -f FILE: print the fingerprints of public keys"},
		"cloud-init": {runCloudInit, inBin, "tell that the machine is set up"},
	}
}

func runID(c *call) int {
	o, ok := c.getopt("ungGr", nil)
	if !ok {
		return 1
	}
	a := c.account
	if len(o.rest) > 0 {
		if a, ok = c.g.Account(o.rest[0]); !ok {
			return c.fail("'%s': no such user", o.rest[0])
		}
	}
	group := c.g.GroupName(a.GID)
	switch {
	case o.has('u') && o.has('n'):
		c.print(a.Name + "\n")
	case o.has('u'):
		c.printf("%d\n", a.UID)
	case o.has('g') && o.has('n'):
		c.print(group + "\n")
	case o.has('g'):
		c.printf("%d\n", a.GID)
	case o.has('G'):
		var ids []string
		for _, g := range a.Groups {
			if o.has('n') {
				ids = append(ids, g.Name)
			} else {
				ids = append(ids, strconv.Itoa(int(g.GID)))
			}
		}
		c.print(strings.Join(ids, " ") + "\n")
	default:
		groups := []string{fmt.Sprintf("%d(%s)", a.GID, group)}
		for _, g := range a.Groups {
			if g.GID != a.GID {
				groups = append(groups, fmt.Sprintf("%d(%s)", g.GID, g.Name))
			}
		}
		c.printf("uid=%d(%s) gid=%d(%s) groups=%s\n", a.UID, a.Name, a.GID, group, strings.Join(groups, ","))
	}
	return 0
}

func runGroups(c *call) int {
	var all []string
	for _, g := range c.account.Groups {
		all = append(all, g.Name)
	}
	c.print(strings.Join(all, " ") + "\n")
	return 0
}

func runWho(c *call) int {
	if c.term != nil {
		from, _, _ := strings.Cut(c.lookup("SSH_CLIENT"), " ")
		c.printf("%-8s pts/0        %s (%s)\n", c.account.Name, c.g.Now().UTC().Format("2006-01-02 15:04"), from)
	}
	return 0
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
	c.printf("%-7s%13s%12s%12s\n", "Swap:", show(0), show(0), show(0))
	return 0
}

func runLsblk(c *call) int {
	size := fmt.Sprintf("%dG", c.g.DiskGiB)
	c.printf("NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nvda    254:0    0 %4s  0 disk \n└─vda1 254:1    0 %4s  0 part /\n", size, size)
	return 0
}

func runMount(c *call) int {
	if len(c.args) > 1 {
		return c.fail("only listing is possible in a simulated guest")
	}
	c.print("/dev/vda1 on / type simfs (rw,relatime)\nproc on /proc type proc (ro)\nsysfs on /sys type sysfs (ro)\nudev on /dev type devtmpfs (ro)\nusr on /usr type simfs (ro)\n")
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

func runEnv(c *call) int {
	args := c.args[1:]
	clean := false
	if len(args) > 0 && (args[0] == "-i" || args[0] == "-") {
		clean, args = true, args[1:]
	}
	var set [][2]string
	for len(args) > 0 {
		name, value, ok := strings.Cut(args[0], "=")
		if !ok {
			break
		}
		set = append(set, [2]string{name, value})
		args = args[1:]
	}
	err := c.nested(func() error {
		return c.fresh(func(child *proc) error {
			if clean {
				path := child.lookup("PATH")
				for name := range child.vars {
					child.drop(name)
				}
				if len(args) > 0 { // env itself still finds the program
					if err := child.set("PATH", path); err != nil {
						return asFailure(err)
					}
				}
			}
			for _, kv := range set {
				if err := child.set(kv[0], kv[1]); err != nil {
					return asFailure(err)
				}
				child.export(kv[0])
			}
			if len(args) > 0 {
				return child.program(args)
			}
			for _, kv := range child.environ() {
				(&call{proc: child, args: c.args}).print(kv + "\n")
			}
			child.status = 0
			return nil
		})
	})
	c.check(err)
	return c.status
}

func runPrintenv(c *call) int {
	if len(c.args) == 1 {
		for _, kv := range c.environ() {
			c.print(kv + "\n")
		}
		return 0
	}
	status := 0
	for _, name := range c.args[1:] {
		if v, ok := c.vars[name]; ok && v.exported {
			c.print(v.value + "\n")
		} else {
			status = 1
		}
	}
	return status
}

func runWhich(c *call) int {
	status := 0
	for _, name := range c.args[1:] {
		if file, err := c.which(name); err == nil {
			c.print(file + "\n")
		} else {
			status = 1
		}
	}
	return status
}

func runGetent(c *call) int {
	files := map[string]string{"passwd": "/etc/passwd", "group": "/etc/group", "hosts": "/etc/hosts"}
	if len(c.args) < 2 || files[c.args[1]] == "" {
		return c.fail("Unknown database")
	}
	keys := c.args[2:]
	found := 0
	c.inputs([]string{files[c.args[1]]}, func(_ string, r io.Reader) {
		c.lines(r, func(line string) bool {
			f := strings.FieldsFunc(line, func(r rune) bool { return r == ':' || c.args[1] == "hosts" && (r == ' ' || r == '\t') })
			for _, key := range keys {
				for i, word := range f {
					if word == key && (i == 0 || i == 2 || c.args[1] == "hosts") {
						c.print(line + "\n")
						found++
						return true
					}
				}
			}
			if len(keys) == 0 {
				c.print(line + "\n")
			}
			return true
		})
	})
	return 2 * flagInt(found < len(keys))
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

func (c *call) find(name string) (guest.Account, bool) {
	if a, ok := c.g.Account(name); ok {
		return a, true
	}
	return guest.Root, name == "root"
}

// runKeygen prints fingerprints; keys are made where they are used, not here.
func runKeygen(c *call) int {
	o, ok := c.getopt("lf:E:v", nil)
	if !ok || !o.has('l') {
		return c.fail("only -l -f FILE is there in a simulated guest; make keys on your own machine")
	}
	file := o.set['f']
	if file == "" {
		return c.fail("-f FILE is needed")
	}
	r := c.input(file)
	if r == nil {
		return 1
	}
	defer r.Close()
	shown := 0
	c.lines(r, func(line string) bool {
		c.tick(10)
		key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return true
		}
		shown++
		print := ssh.FingerprintSHA256(key)
		if strings.EqualFold(o.set['E'], "md5") {
			print = "MD5:" + ssh.FingerprintLegacyMD5(key)
		}
		if comment == "" {
			comment = "no comment"
		}
		bits, kind := keySize(key)
		c.printf("%d %s %s (%s)\n", bits, print, comment, kind)
		return true
	})
	if shown == 0 {
		return c.fail("%s is not a public key file.", file)
	}
	return 0
}

// keySize is a key's length in bits and its kind, as ssh-keygen shows them.
func keySize(key ssh.PublicKey) (bits int, kind string) {
	kind = strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(key.Type(), "ssh-"), "@openssh.com"))
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		switch k := k.CryptoPublicKey().(type) {
		case *rsa.PublicKey:
			return k.N.BitLen(), kind
		case *ecdsa.PublicKey:
			return k.Curve.Params().BitSize, "ECDSA"
		}
	}
	return 256, kind
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
