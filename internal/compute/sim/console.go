package sim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// maxConsole is how long the console log grows before its older half goes, in bytes.
const maxConsole = 64 << 10

// logConsole adds text to the console log.
func (m *machine) logConsole(text string) error {
	return m.folder(func(dir *os.Root) error {
		old, err := dir.ReadFile(consoleFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(old)+len(text) > maxConsole {
			old = old[len(old)/2:]
			if _, rest, ok := strings.Cut(string(old), "\n"); ok {
				old = []byte(rest)
			}
			return writeFile(dir, consoleFile, append(old, text...))
		}
		f, err := dir.OpenFile(consoleFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		return errors.Join(err, f.Close())
	})
}

func (m *machine) bootLog() string {
	f, s := m.facts(), m.current()
	var b strings.Builder
	fmt.Fprintf(&b, "[    0.000000] %s %s %s\n", guest.KernelName, guest.KernelRelease, guest.KernelVersion)
	fmt.Fprintf(&b, "[    0.000000] DMI: Keyreeve simulated guest, instance %s\n", m.id)
	fmt.Fprintf(&b, "[    0.000000] Memory: %dK, %d CPUs, disk %d GiB\n", f.RAMMiB<<10, f.VCPUs, f.DiskGiB)
	for i, nic := range f.NICs {
		fmt.Fprintf(&b, "[    0.001000] eth%d: %s %s\n", i, nic.MAC, nic.Addr)
	}
	if !s.hasLogins() {
		b.WriteString("[    0.002000] A simulated Windows instance: nothing runs in it and it accepts no logins.\n")
		return b.String()
	}
	fmt.Fprintf(&b, "\nWelcome to %s!\n\n", f.Pretty())
	stamp := f.BootedAt.UTC().Format("Jan _2 15:04:05")
	log := func(format string, args ...any) {
		fmt.Fprintf(&b, "<14>%s cloud-init: %s\n", stamp, fmt.Sprintf(format, args...))
	}
	authorized(&b, s)
	log("#############################################################")
	log("-----BEGIN SSH HOST KEY FINGERPRINTS-----")
	var keys []string
	for _, line := range s.HostKeys {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			continue
		}
		kind := strings.ToUpper(strings.TrimPrefix(strings.SplitN(key.Type(), "-sha2", 2)[0], "ssh-"))
		log("256 %s root@%s (%s)", ssh.FingerprintSHA256(key), f.Hostname, kind)
		keys = append(keys, line+" root@"+f.Hostname)
	}
	log("-----END SSH HOST KEY FINGERPRINTS-----")
	log("#############################################################")
	b.WriteString("-----BEGIN SSH HOST KEY KEYS-----\n" + strings.Join(keys, "\n") + "\n-----END SSH HOST KEY KEYS-----\n")
	if s.listens() {
		fmt.Fprintf(&b, "[    0.003000] sshd: listening on %s port %d\n", s.addr(), m.d.port)
	} else {
		b.WriteString("[    0.003000] sshd: there is no network to listen on\n")
	}
	fmt.Fprintf(&b, "\n%s\n%s login: \n", f.Pretty(), f.Hostname)
	return b.String()
}

// authorized lists the keys that were put into the guest, as cloud-init does.
func authorized(b *strings.Builder, s *state) {
	if len(s.Placed) == 0 {
		fmt.Fprintf(b, "ci-info: no authorized SSH keys fingerprints found for user %s.\n", s.Access.User)
		return
	}
	fmt.Fprintf(b, "ci-info: Authorized keys for user %s\nci-info: | Keytype | Fingerprint (sha256) | Options | Comment |\n", s.Access.User)
	for _, line := range s.Placed {
		key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			continue
		}
		dash := func(s string) string {
			if s == "" {
				return "-"
			}
			return s
		}
		fmt.Fprintf(b, "ci-info: | %s | %s | %s | %s |\n", key.Type(), ssh.FingerprintSHA256(key), dash(strings.Join(options, ",")), dash(comment))
	}
}

// console returns the last lines of the console log, all for lines <= 0.
func (m *machine) console(lines int) (string, error) {
	var text []byte
	err := m.folder(func(dir *os.Root) error {
		var err error
		text, err = dir.ReadFile(consoleFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil || lines <= 0 {
		return string(text), err
	}
	all := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	all = all[max(0, len(all)-lines):]
	if len(text) == 0 {
		return "", nil
	}
	return strings.Join(all, "") + "\n", nil
}
