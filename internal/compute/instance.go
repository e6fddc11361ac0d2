// Package compute keeps the instances that key pairs give access to: their
// desired state, their addresses, the key pairs bound to them, and the jobs
// that make a [Driver] follow.
package compute

import (
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/keypair"
)

// Instance is a machine that key pairs give access to.
type Instance struct {
	ID          string // UUID
	Region      string
	ProjectID   string
	UserID      string // who made it
	Name        string // 1 to 255 characters
	Description *string
	Image       Image  // as it was when the instance was made
	Flavor      Flavor // as it was when the instance was made
	Zone        string
	Node        string // the node whose driver runs it, empty before it is placed
	State       State
	Fault       *InstanceFault // what went wrong, in [Error]
	NICs        []NIC
	Metadata    map[string]string
	UserData    []byte
	Tags        []string
	Bindings    []Binding
	Volumes     []AttachedVolume // by device
	// ReservationID is common to instances of one request.
	ReservationID string
	LaunchIndex   int
	// Hostname is what the guest calls itself, a label of RFC 1123.
	Hostname string
	// AccessIPv4 and AccessIPv6 are where the owner says it is reached; shown, never used.
	AccessIPv4, AccessIPv6 string
	// AutoDisk is whether the owner wanted the guest to grow its disk by itself; shown, never used.
	AutoDisk bool
	Password GuestPassword
	// Files are put on its disk before it first boots, and forgotten then.
	Files  []File
	Lock   *Lock   // nil when nobody has locked it
	Resize *Resize // from the wish for another flavor until that is confirmed or reverted
	// SavingImageID is the image that is being made of it, or "".
	SavingImageID string
	GroupID       string // of its [ServerGroup], or ""
	CreatedAt     time.Time
	UpdatedAt     time.Time
	LaunchedAt    time.Time // zero before it first ran
}

// InstanceFault says why an instance is in [Error].
type InstanceFault struct {
	Code    int    // 500 for ours, as in Nova
	Message string // for the owner
	Details string // for administrators
	At      time.Time
}

// BindingState tells whether the guest has the key.
type BindingState string

// The states of a binding.
const (
	// BindingPending waits for the next boot.
	BindingPending BindingState = "pending"
	// BindingApplied is in the guest's authorized keys.
	BindingApplied BindingState = "applied"
)

// Binding is the snapshot of a key pair on an instance. It outlives the key pair.
type Binding struct {
	KeyPairID   string
	Name        string
	Type        string // "ssh" or "x509"
	PublicKey   string // verbatim
	Fingerprint string // as the key pair showed it when it was bound
	State       BindingState
	Since       time.Time
}

// AuthorizedKey is the line for authorized_keys, without newline, or "" for a
// pair that no line lets in: X.509, and some certificates. A guest gets this and
// not the text, which may have any form that some dialect takes, or be a
// certificate: see [sshkey.PublicKey.LoginLine].
func (b Binding) AuthorizedKey() string {
	if b.Type != string(keypair.SSH) {
		return ""
	}
	p, err := keypair.ReadText(b.PublicKey)
	if err != nil {
		return ""
	}
	return p.LoginLine()
}

// KeyName is the name of the key pair on the instance, or "".
func (i Instance) KeyName() string {
	if len(i.Bindings) == 0 {
		return ""
	}
	return i.Bindings[len(i.Bindings)-1].Name
}

// Power is Nova's power_state for the state: what the machine is taken to do.
func (i Instance) Power() Power {
	switch i.settled() {
	case Active:
		return PowerRunning
	case Paused:
		return PowerPaused
	case Stopped:
		return PowerStopped
	}
	return PowerAbsent
}

// access is what the guest must let in: the SSH keys bound to the instance. A
// certificate for Windows is no SSH key and stays out.
func (i Instance) access() GuestAccess {
	a := GuestAccess{User: i.Image.AdminUser, PasswordLogin: i.Password.Login, PasswordHash: i.Password.Hash}
	for _, b := range i.Bindings {
		if line := b.AuthorizedKey(); line != "" {
			a.AuthorizedKeys = append(a.AuthorizedKeys, line)
		}
	}
	return a
}

// spec is what the driver needs to know.
func (i Instance) spec() Spec {
	return Spec{
		ID: i.ID, Name: i.Name, Hostname: i.HostLabel(), Zone: i.Zone, Image: i.Image,
		VCPUs: i.Flavor.VCPUs, RAMMiB: i.Flavor.RAMMiB, SwapMiB: i.Flavor.SwapMiB, DiskGiB: i.RootGiB(), Volumes: i.plugged(),
		NICs: i.NICs, Metadata: i.Metadata, UserData: i.UserData, Access: i.access(),
		Files: i.Files,
	}
}

// HostLabel is the guest's host name: the one it was given, else one made of its name.
func (i Instance) HostLabel() string {
	if i.Hostname != "" {
		return i.Hostname
	}
	return Hostname(i.Name, i.ID)
}

// Hostname makes a host name (RFC 1123) of an instance's name as Nova does:
// letters and digits kept in lower case, other characters turned to hyphens or
// dropped; "server-<id>" when nothing is left.
func Hostname(name, id string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			b.WriteRune(r)
		case r == ' ', r == '_', r == '.':
			b.WriteByte('-')
		}
		if b.Len() == 63 {
			break
		}
	}
	if h := strings.Trim(b.String(), "-"); h != "" {
		return h
	}
	return "server-" + id
}
