package sim

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// What lies in the driver's folder and in an instance's.
const (
	makingPrefix   = ".making-"
	deletingPrefix = ".deleting-"
	stateFile      = "state.json"
	diskFile       = "disk"
	consoleFile    = "console.log"
)

// state is what the driver remembers of an instance, as it lies in state.json.
type state struct {
	Name     string     `json:"name"`
	Hostname string     `json:"hostname"`
	OSType   string     `json:"os_type"`
	Distro   string     `json:"distro,omitempty"`
	Version  string     `json:"version,omitempty"`
	User     string     `json:"user"`
	VCPUs    int        `json:"vcpus"`
	RAMMiB   int        `json:"ram_mib"`
	SwapMiB  int        `json:"swap_mib,omitempty"`
	DiskGiB  int        `json:"disk_gib"`
	NICs     []nicState `json:"nics,omitempty"`
	HostKeys []string   `json:"host_keys,omitempty"`
	// Volumes are plugged in, in the order of their devices.
	Volumes []pluggedState `json:"volumes,omitempty"`

	// Access is in force, Pending waits for the next boot, and LastSpec is what
	// the latest Spec said.
	Access   accessState  `json:"access"`
	Pending  *accessState `json:"pending,omitempty"`
	LastSpec accessState  `json:"last_spec"`
	// Placed are the lines of authorized_keys that the driver put there.
	Placed []string `json:"placed,omitempty"`
}

type nicState struct {
	MAC    string       `json:"mac"`
	Addr   netip.Addr   `json:"addr"`
	Prefix netip.Prefix `json:"prefix"`

	PortID   string   `json:"port_id,omitempty"`
	Filtered bool     `json:"filtered,omitempty"`
	Groups   []string `json:"groups,omitempty"` // ids
	Down     bool     `json:"down,omitempty"`
}

func nicStates(nics []compute.NIC) []nicState {
	var out []nicState
	for _, n := range nics {
		s := nicState{MAC: n.MAC, Addr: n.Addr, Prefix: n.Prefix, PortID: n.PortID, Filtered: n.Filtered, Down: n.Down}
		for _, g := range n.Groups {
			s.Groups = append(s.Groups, g.ID)
		}
		out = append(out, s)
	}
	return out
}

type accessState struct {
	User          string   `json:"user"`
	Keys          []string `json:"keys,omitempty"`
	PasswordLogin bool     `json:"password_login,omitempty"`
	PasswordHash  string   `json:"password_hash,omitempty"`
}

func accessOf(a compute.GuestAccess) accessState {
	return accessState{a.User, slices.Clone(a.AuthorizedKeys), a.PasswordLogin, a.PasswordHash}
}

func (a accessState) equal(b accessState) bool {
	return a.User == b.User && a.PasswordLogin == b.PasswordLogin && a.PasswordHash == b.PasswordHash && slices.Equal(a.Keys, b.Keys)
}

func newState(spec compute.Spec) *state {
	s := &state{
		Name: spec.Name, Hostname: spec.Hostname, OSType: string(spec.Image.OSType),
		Distro: spec.Image.OSDistro, Version: spec.Image.OSVersion, User: spec.Access.User,
		VCPUs: spec.VCPUs, RAMMiB: spec.RAMMiB, SwapMiB: spec.SwapMiB, DiskGiB: spec.DiskGiB, LastSpec: accessOf(spec.Access),
	}
	if s.User == "" {
		s.User = "root" // a Windows guest's disk has no user of its own
	}
	s.NICs = nicStates(spec.NICs)
	for _, v := range spec.Volumes {
		s.Volumes = append(s.Volumes, plugOf(v))
	}
	return s
}

// hasLogins tells whether the guest has users and host keys: Windows has none here.
func (s *state) hasLogins() bool { return s.OSType != string(compute.Windows) }

// listens tells whether the guest's SSH server has an address to listen on.
func (s *state) listens() bool { return s.hasLogins() && len(s.NICs) > 0 }

func (s *state) addr() netip.Addr {
	if len(s.NICs) == 0 {
		return netip.Addr{}
	}
	return s.NICs[0].Addr
}

func (s *state) facts() guest.Facts {
	f := guest.Facts{
		Name: s.Name, Hostname: s.Hostname, Distro: s.Distro, Version: s.Version, User: s.User,
		VCPUs: s.VCPUs, RAMMiB: s.RAMMiB, SwapMiB: s.SwapMiB, DiskGiB: s.DiskGiB,
	}
	for _, n := range s.NICs {
		f.NICs = append(f.NICs, compute.NIC{MAC: n.MAC, Addr: n.Addr, Prefix: n.Prefix})
	}
	return f
}

func loadState(dir *os.Root) (*state, error) {
	text, err := dir.ReadFile(stateFile)
	if err != nil {
		return nil, err
	}
	s := new(state)
	return s, json.Unmarshal(text, s)
}

// save writes the state down; a crash leaves the old one or the new one.
func (s *state) save(dir *os.Root) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(dir, stateFile, append(text, '\n')); err != nil {
		return err
	}
	return syncDir(dir)
}

// writeFile puts a whole file in place of an old one. That it has is durable
// once the folder is synced, too.
func writeFile(dir *os.Root, name string, text []byte) error {
	f, err := dir.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return dir.Rename(name+".new", name)
}

func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

var (
	idPattern   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	userPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)
	hostPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
)

func validID(id string) bool { return idPattern.MatchString(id) }

// check refuses a Spec that cannot become a guest.
func (d *Driver) check(spec compute.Spec) error {
	switch {
	case !validID(spec.ID):
		return fault.Invalidf("id", "%q is not a UUID in lower case", spec.ID)
	case !hostPattern.MatchString(spec.Hostname):
		return fault.Invalidf("hostname", "%q is not a host name", spec.Hostname)
	case spec.Image.OSType == compute.Windows:
		return nil
	}
	if err := d.checkNICs(spec.NICs); err != nil {
		return err
	}
	return checkAccess(spec.Access)
}

// maxKeyLine bounds one line of authorized_keys, in bytes, and maxKeys their number.
const (
	maxKeyLine = 16 << 10
	maxKeys    = 20
)

func checkAccess(a compute.GuestAccess) error {
	if !userPattern.MatchString(a.User) {
		return fault.Invalidf("user", "%q is not a user name", a.User)
	}
	if len(a.AuthorizedKeys) > maxKeys {
		return fault.Invalidf("authorized_keys", "%d keys are more than the %d that a simulated guest takes", len(a.AuthorizedKeys), maxKeys)
	}
	for _, line := range a.AuthorizedKeys {
		if strings.ContainsAny(line, "\n\r\x00") || len(line) > maxKeyLine {
			return fault.Invalidf("authorized_keys", "a line has a line break or more than %d bytes", maxKeyLine)
		}
	}
	return nil
}
