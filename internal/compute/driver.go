package compute

import (
	"context"
	"net/netip"
	"time"
)

// Driver makes instances be as [Service] wants them.
//
// Every call is idempotent and may be repeated after a crash: creating what is
// there, starting what runs and deleting what is gone all succeed. The service
// never has two calls under way for one instance; calls for different
// instances run in parallel. A driver holds no desired state of its own: what
// it needs arrives with the [Spec].
//
// Failures are *fault.Error: NotFound (no such machine), Conflict (it is in
// the wrong state), Unavailable (busy: try again), Unsupported, NoCapacity,
// Invalid, Internal.
type Driver interface {
	// Info tells what this driver is and can do. It is fixed for the life of the process.
	Info() DriverInfo

	// Create makes the machine and its disk from an image, without starting it.
	Create(ctx context.Context, spec Spec) error
	// Start boots the machine. It returns when the machine has been told to boot,
	// for drivers that cannot wait, or accepts logins, for those that can.
	Start(ctx context.Context, spec Spec) error
	// Stop shuts the machine down: it asks, waits for grace, then pulls the plug.
	Stop(ctx context.Context, id string, grace time.Duration) error
	// Reboot restarts the machine, without asking it when hard is set.
	Reboot(ctx context.Context, spec Spec, hard bool) error
	// Delete stops the machine and removes all that belongs to it.
	Delete(ctx context.Context, id string) error

	// Get reports what the machine is doing; a machine that does not exist is [PowerAbsent], no error.
	Get(ctx context.Context, id string) (Observed, error)
	// List reports all machines that this driver has, also such as no record
	// knows: those of drivers that run outside this process outlive it.
	List(ctx context.Context) ([]Observed, error)
	// Console returns the last lines of the console log, all of it for lines <= 0.
	Console(ctx context.Context, id string, lines int) (string, error)

	// SetAccess makes the machine let in whom access says. When live is false the
	// machine may wait until it boots next. It returns whether access is in force now.
	SetAccess(ctx context.Context, id string, access GuestAccess, live bool) (applied bool, err error)

	// Close ends the driver's own work. Machines of drivers that run inside the process end with it.
	Close() error
}

// AddressProber is a [Driver] that can tell whether an address of its network
// is free on this machine, because others may use the same range.
type AddressProber interface {
	AddressFree(addr netip.Addr) bool
}

// DriverInfo says what a driver is.
type DriverInfo struct {
	Name    string
	Version string
	// Network is the range from which instances get their fixed addresses.
	Network netip.Prefix
	// SSHPort is where guests listen for SSH.
	SSHPort int
	// BootTime is how long guests are seen booting whose driver boots them at
	// once: until then the driver is not asked. 0 for all that take their own time.
	BootTime time.Duration
	// Zones are the availability zones that it can place instances in, never empty.
	Zones []string
}

// Spec is everything a driver needs to know of an instance.
type Spec struct {
	ID       string // UUID
	Name     string
	Hostname string // a valid host name made from Name
	Zone     string

	Image    Image
	VCPUs    int
	RAMMiB   int
	SwapMiB  int
	DiskGiB  int
	NICs     []NIC
	Volumes  []PluggedVolume // of a [VolumeDriver]; what is not here is taken away at the next boot
	Metadata map[string]string
	UserData []byte
	Access   GuestAccess
	Files    []File // to be on its disk before it first boots
}

// GuestAccess is what a guest must let in.
type GuestAccess struct {
	// User is the login user, the image's default.
	User string
	// AuthorizedKeys are authorized_keys lines without their newline, in order.
	// A driver replaces the lines it put there before and leaves all others alone.
	AuthorizedKeys []string
	// PasswordLogin is whether sshd takes passwords.
	PasswordLogin bool
	// PasswordHash is the user's password in crypt(3) or PHC form, or empty for none.
	PasswordHash string
}

// NIC is one network interface of an instance; address and MAC are fixed before boot.
type NIC struct {
	PortID    string // UUID
	NetworkID string
	Network   string // its name
	MAC       string // lower-case, colons
	Addr      netip.Addr
	Prefix    netip.Prefix

	// Filtered is whether security groups decide what comes in: those in Groups,
	// and nothing does without any.
	Filtered bool
	Groups   []GroupRef // by name, then id
	// Down is whether nothing goes through it.
	Down bool
	// Floating is the address of the pool that leads here, if one does.
	Floating netip.Addr
	// Cut is whether the router between the two lets nothing through.
	Cut bool
	// Kept is whether the port outlives the instance, as one made before it does.
	Kept bool
}

// Power is what a driver sees a machine do.
type Power uint8

// The powers.
const (
	PowerAbsent Power = iota
	PowerStopped
	PowerRunning
	PowerPaused
	PowerCrashed
)

// Observed is a machine as its driver sees it.
type Observed struct {
	ID       string
	Power    Power
	BootedAt time.Time
	// SSH is where the guest answers SSH, if it does.
	SSH netip.AddrPort
	// HostKeys are the guest's SSH host keys as authorized_keys lines.
	HostKeys []string
	// Fault says what is wrong with a crashed machine.
	Fault string
}
