package sim

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute/sim/sshd"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Defaults of [Options].
const (
	defaultDiskBytes = 64 << 20
	diskFiles        = 10_000
	diskHandles      = 256
	// maxConns is how many connections one instance has at one time, and
	// maxGateway how many the gateway has for all instances together.
	maxConns   = 100
	maxGateway = 1000

	maxBootTime = 10 * time.Minute
)

// defaultNetwork is where instances get their addresses: loopback, so that
// nothing outside this machine reaches them.
var defaultNetwork = netip.MustParsePrefix("127.8.0.0/16")

// defaultFloating is where floating addresses come from.
var defaultFloating = netip.MustParsePrefix("127.9.0.0/16")

// Options say how the driver runs guests. Only Dir must be given.
type Options struct {
	// Dir is the driver's own folder; it is made when it is missing.
	Dir string
	// Network is the range of the instances' addresses.
	Network netip.Prefix
	// Floating is the range of floating addresses.
	Floating netip.Prefix
	// Port is where guests listen; 0 takes 22 where that can be bound, else 2200.
	Port int
	// Gateway is one more address, HOST:PORT, where `ssh USER%INSTANCE@HOST`
	// reaches every instance by id or name; empty for none.
	Gateway string
	// DiskBytes is how much one guest's disk really holds.
	DiskBytes int64
	// Zones are the availability zones that the driver claims to have.
	Zones []string
	// BootTime is how long guests seem to take to boot; 0 to 10 minutes.
	BootTime time.Duration
	// Now is the clock of guests and their files.
	Now func() time.Time
	Log *slog.Logger
	// SSH bounds what logins may take; the zero value means [sshd.DefaultLimits].
	SSH sshd.Limits
}

// complete fills in what is not given. Faults: Invalid.
func (o *Options) complete() error {
	if o.Dir == "" {
		return fault.Invalidf("dir", "the sim driver needs a folder for its instances")
	}
	if !o.Network.IsValid() {
		o.Network = defaultNetwork
	}
	if !o.Floating.IsValid() {
		o.Floating = defaultFloating
	}
	for field, p := range map[string]*netip.Prefix{"network": &o.Network, "floating": &o.Floating} {
		if *p = p.Masked(); p.Bits() > 30 || !p.Addr().IsLoopback() {
			return fault.Invalidf(field, "%s is not a range of loopback addresses: simulated instances would be open to the network", *p)
		}
	}
	if o.Network.Overlaps(o.Floating) {
		return fault.Invalidf("floating", "the range of floating addresses, %s, overlaps the instances' own, %s", o.Floating, o.Network)
	}
	if o.Port < 0 || o.Port > 65535 {
		return fault.Invalidf("port", "%d is not a port", o.Port)
	}
	if o.DiskBytes == 0 {
		o.DiskBytes = defaultDiskBytes
	}
	if o.DiskBytes < 1<<20 {
		return fault.Invalidf("disk_bytes", "a simulated disk needs at least 1 MiB")
	}
	if o.BootTime < 0 || o.BootTime > maxBootTime {
		return fault.Invalidf("boot_time", "%s is not between 0s and %s", o.BootTime, maxBootTime)
	}
	if len(o.Zones) == 0 {
		o.Zones = []string{"nova"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SSH == (sshd.Limits{}) {
		o.SSH = sshd.DefaultLimits
	}
	return nil
}
