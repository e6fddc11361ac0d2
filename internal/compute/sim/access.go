package sim

import (
	"errors"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/authkeys"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// place replaces the lines old in the user's authorized_keys by the lines
// wanted and leaves all others as they are. It returns the lines that are the
// driver's from now on. After a crash the file is the old one or the new one.
func place(g *guest.Guest, user string, old, wanted []string) ([]string, error) {
	acc, ok := g.Account(user)
	if !ok {
		if len(wanted) == 0 {
			return nil, nil
		}
		return nil, errors.New("there is no account " + user)
	}
	v := g.Root()
	folder := acc.Home + "/.ssh"
	file := folder + "/authorized_keys"
	text, err := v.ReadFile(file, authkeys.MaxFile)
	switch {
	case errors.Is(err, disk.ErrNotExist) && len(wanted) == 0:
		return nil, nil
	case errors.Is(err, disk.ErrNotExist):
		if err := own(v, acc, folder, file); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	next := merge(string(text), old, wanted)
	if next != string(text) {
		if err := v.WriteFile(file, []byte(next), 0o600); err != nil {
			return nil, err
		}
	}
	if len(wanted) > 0 {
		// sshd ignores the file when others may write it, as cloud-init knows.
		for _, p := range []string{folder, file} {
			if i, err := v.Stat(p); err == nil && i.Mode&0o022 != 0 {
				if err := v.Chmod(p, i.Mode&^0o022); err != nil {
					return nil, err
				}
			}
		}
	}
	return slices.Clone(wanted), nil
}

// own makes the folder and the file, as the account's.
func own(v disk.View, acc guest.Account, folder, file string) error {
	uid, gid := int(acc.UID), int(acc.GID)
	if err := v.Mkdir(acc.Home, 0o755); err == nil {
		if err := v.Chown(acc.Home, uid, gid, true); err != nil {
			return err
		}
	}
	if err := v.Mkdir(folder, 0o700); err == nil {
		if err := v.Chown(folder, uid, gid, true); err != nil {
			return err
		}
	}
	if err := v.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	return v.Chown(file, uid, gid, true)
}

// merge edits the text of an authorized_keys file.
func merge(text string, old, wanted []string) string {
	var b strings.Builder
	there := map[string]bool{}
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		if slices.Contains(wanted, bare) {
			if there[bare] && slices.Contains(old, bare) {
				continue
			}
			there[bare] = true
		} else if slices.Contains(old, bare) {
			continue
		}
		b.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	for _, line := range wanted {
		if !there[line] {
			there[line] = true
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
