package guest

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// Adopt makes the disk of another instance this guest's own: what the
// instance was called, its user data, its default user. All else stays.
func (g *Guest) Adopt(userData []byte) error {
	if err := g.SetHostname(); err != nil {
		return err
	}
	if err := g.keepUserData(userData); err != nil {
		return err
	}
	return g.AddUser(g.User)
}

// keepUserData keeps the user data for reading only: nothing of it is carried out.
func (g *Guest) keepUserData(userData []byte) error {
	const file = "/var/lib/cloud/instance/user-data.txt"
	if len(userData) == 0 {
		if err := g.Root().Remove(file); err != nil && !errors.Is(err, disk.ErrNotExist) && !errors.Is(err, disk.ErrNotDir) {
			return fmt.Errorf("remove user data: %w", err)
		}
		return nil
	}
	if err := lay(g.Root(), entry{path: file, mode: 0o600, text: string(userData)}); err != nil {
		return fmt.Errorf("install user data: %w", err)
	}
	return nil
}

// Inject puts a file on the disk as root's, in place of what is there, and
// makes the folders that it lies in.
func (g *Guest) Inject(f compute.File) error {
	name := path.Clean("/" + f.Path)
	v := g.Root()
	for i := 1; i < len(name); i++ {
		if name[i] != '/' {
			continue
		}
		if err := v.Mkdir(name[:i], 0o755); err != nil && !errors.Is(err, disk.ErrExist) {
			return fmt.Errorf("%s: %w", name[:i], err)
		}
	}
	if err := v.WriteFile(name, f.Contents, 0o644); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// SetPassword writes the hash of an account's password, "" for none that fits,
// as the line of /etc/shadow.
func (g *Guest) SetPassword(account, hash string) error {
	const file = "/etc/shadow"
	if hash == "" {
		hash = "!"
	}
	v := g.Root()
	text, err := v.ReadFile(file, maxDatabase)
	if err != nil && !errors.Is(err, disk.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, err)
	}
	days := g.Now().Unix() / 86400
	line := fmt.Sprintf("%s:%s:%d:0:99999:7:::\n", account, hash, days)
	var out strings.Builder
	for old := range strings.Lines(string(text)) {
		if f := strings.SplitN(old, ":", 3); len(f) == 3 && f[0] == account {
			if f[1] == hash {
				return nil
			}
			continue
		}
		out.WriteString(old)
	}
	if s := out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		out.WriteByte('\n')
	}
	out.WriteString(line)
	if err := v.WriteFile(file, []byte(out.String()), 0o640); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
