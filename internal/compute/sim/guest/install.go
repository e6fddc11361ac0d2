package guest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

type distro struct{ id, name, home string }

var distros = map[string]distro{
	"debian": {"debian", "Debian GNU/Linux", "https://www.debian.org/"},
	"ubuntu": {"ubuntu", "Ubuntu", "https://www.ubuntu.com/"},
	"centos": {"centos", "CentOS Stream", "https://centos.org/"},
	"rocky":  {"rocky", "Rocky Linux", "https://rockylinux.org/"},
	"fedora": {"fedora", "Fedora Linux", "https://fedoraproject.org/"},
	"alpine": {"alpine", "Alpine Linux", "https://alpinelinux.org/"},
}

func distroOf(id string) distro {
	if d, ok := distros[strings.ToLower(id)]; ok {
		return d
	}
	return distro{cmp.Or(strings.ToLower(id), "linux"), cmp.Or(id, "Linux"), ""}
}

// entry is one thing that a fresh disk has. A mode of 0 is a folder's 0755 or a
// file's 0644.
type entry struct {
	path string
	mode uint16
	text string
	link string
	dir  bool
}

// Install lays the files of a fresh system on an empty disk and makes the
// default user. It may be repeated on a disk that has some of them already.
func (g *Guest) Install(userData []byte) error {
	d := distroOf(g.Distro)
	v := g.Root()
	for _, e := range []entry{
		{path: "/bin", link: "usr/bin"},
		{path: "/sbin", link: "usr/bin"},
		{path: "/boot", dir: true}, {path: "/etc", dir: true}, {path: "/etc/ssh", dir: true},
		{path: "/home", dir: true}, {path: "/lib", dir: true}, {path: "/media", dir: true}, {path: "/mnt", dir: true},
		{path: "/opt", dir: true}, {path: "/root", dir: true, mode: 0o700}, {path: "/run", dir: true},
		{path: "/srv", dir: true}, {path: "/tmp", dir: true, mode: 0o1777}, {path: "/var", dir: true},
		{path: "/var/lib", dir: true}, {path: "/var/lib/cloud", dir: true}, {path: "/var/lib/cloud/instance", dir: true},
		{path: "/var/log", dir: true}, {path: "/var/tmp", dir: true, mode: 0o1777},
		{path: "/etc/passwd", text: "root:x:0:0:root:/root:/bin/bash\n" +
			"daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n" +
			"sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n" +
			"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
		{path: "/etc/group", text: "root:x:0:\ndaemon:x:1:\nadm:x:4:\nsudo:x:27:\nusers:x:100:\nnogroup:x:65534:\n"},
		{path: "/etc/shadow", mode: 0o640, text: "root:*:19000:0:99999:7:::\n"},
		{path: "/etc/hosts", text: "127.0.0.1 localhost\n127.0.1.1 " + g.Hostname + "\n::1 localhost ip6-localhost ip6-loopback\n"},
		{path: "/etc/resolv.conf", text: "# Simulated guest: there is no network to resolve names in.\n"},
		{path: "/etc/os-release", text: fmt.Sprintf("PRETTY_NAME=%q\nNAME=%q\nVERSION_ID=%q\nID=%s\nVARIANT=\"Keyreeve simulated guest\"\nVARIANT_ID=keyreeve-sim\nHOME_URL=%q\n",
			g.Pretty(), d.name, g.Version, d.id, d.home)},
		{path: "/etc/issue", text: g.Pretty() + " \\n \\l\n\n"},
		{path: "/etc/shells", text: "/bin/sh\n/bin/bash\n"},
		{path: "/etc/fstab", text: "/dev/vda1 / simfs rw,relatime 0 1\n"},
		{path: "/etc/profile", text: "# Nothing here is read by the simulated guest's shell.\n"},
		{path: "/etc/ssh/sshd_config", text: "# What the simulated guest's SSH server does; it does not read this file.\n" +
			"PermitRootLogin prohibit-password\nStrictModes yes\nMaxAuthTries 6\nMaxSessions 10\n" +
			"AuthorizedKeysFile .ssh/authorized_keys\nAllowTcpForwarding no\nAllowAgentForwarding no\nX11Forwarding no\n" +
			"AcceptEnv LANG LC_*\nSubsystem sftp internal-sftp\n"},
	} {
		if err := lay(v, e); err != nil {
			return fmt.Errorf("install %s: %w", e.path, err)
		}
	}
	if err := g.SetHostname(); err != nil {
		return err
	}
	if err := g.keepUserData(userData); err != nil {
		return err
	}
	return g.AddUser(g.User)
}

func lay(v disk.View, e entry) error {
	v.Umask = 0
	var err error
	switch {
	case e.link != "":
		err = v.Symlink(e.link, e.path)
	case e.dir:
		err = v.Mkdir(e.path, cmp.Or(e.mode, 0o755))
	default:
		err = v.WriteFile(e.path, []byte(e.text), cmp.Or(e.mode, 0o644))
	}
	if errors.Is(err, disk.ErrExist) {
		return nil
	}
	return err
}

// Installed tells whether the disk has a whole system: the login user is the
// last thing that [Guest.Install] makes.
func (g *Guest) Installed() bool {
	return slices.ContainsFunc(g.Accounts(), func(a Account) bool { return a.UID >= firstUID && a.UID < 60000 })
}

// SetHostname writes the files that say what the machine and its instance are called.
func (g *Guest) SetHostname() error {
	for _, e := range []entry{
		{path: "/etc/hostname", text: g.Hostname + "\n"},
		{path: "/etc/motd", text: g.Motd()},
	} {
		if err := lay(g.Root(), e); err != nil {
			return fmt.Errorf("write %s: %w", e.path, err)
		}
	}
	return nil
}

// firstUID is what the default user of a cloud image gets.
const firstUID = 1000

// AddUser makes a login user who may use sudo, with a home folder, unless the
// account is there. root is always there.
func (g *Guest) AddUser(name string) error {
	if name == "root" {
		return nil
	}
	if _, ok := g.Account(name); ok {
		return nil
	}
	uid := uint32(firstUID)
	for _, a := range g.Accounts() {
		if a.UID >= uid && a.UID < 60000 {
			uid = a.UID + 1
		}
	}
	v := g.Root()
	home := "/home/" + name
	if err := appendLine(v, "/etc/passwd", fmt.Sprintf("%s:x:%d:%d:%s:%s:/bin/bash", name, uid, uid, name, home)); err != nil {
		return err
	}
	if err := appendLine(v, "/etc/group", fmt.Sprintf("%s:x:%d:", name, uid)); err != nil {
		return err
	}
	groups, err := v.ReadFile("/etc/group", maxDatabase)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(groups), "\n")
	for i, line := range lines {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(f) == 4 && (f[0] == "sudo" || f[0] == "adm") {
			lines[i] = strings.TrimSuffix(line, "\n") + "," + name + "\n"
			if f[3] == "" {
				lines[i] = strings.TrimSuffix(line, "\n") + name + "\n"
			}
		}
	}
	if err := v.WriteFile("/etc/group", []byte(strings.Join(lines, "")), 0o644); err != nil {
		return err
	}
	for _, dir := range []entry{
		{path: "/home", dir: true},
		{path: home, dir: true},
		{path: home + "/.ssh", dir: true, mode: 0o700},
	} {
		if err := lay(v, dir); err != nil {
			return err
		}
	}
	for _, path := range []string{home, home + "/.ssh"} {
		if err := v.Chown(path, int(uid), int(uid), false); err != nil {
			return err
		}
	}
	return nil
}

func appendLine(v disk.View, path, line string) error {
	text, err := v.ReadFile(path, maxDatabase)
	if err != nil && !errors.Is(err, disk.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if n := len(text); n > 0 && text[n-1] != '\n' {
		text = append(text, '\n')
	}
	return v.WriteFile(path, append(text, line+"\n"...), 0o644)
}
