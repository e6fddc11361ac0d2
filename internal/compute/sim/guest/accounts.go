package guest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
)

// Account is one line of the guest's /etc/passwd, with its groups.
type Account struct {
	Name   string
	UID    uint32
	GID    uint32
	Home   string
	Shell  string
	Groups []Group
}

// Group is one line of the guest's /etc/group.
type Group struct {
	Name    string
	GID     uint32
	Members []string
}

// Root is the account that is always there, whatever /etc/passwd says.
var Root = Account{Name: "root", Home: "/root", Shell: "/bin/bash", Groups: []Group{{Name: "root"}}}

// Cred returns as whom the account's programs act.
func (a Account) Cred() disk.Cred {
	c := disk.Cred{UID: a.UID, GID: a.GID}
	for _, g := range a.Groups {
		c.Groups = append(c.Groups, g.GID)
	}
	return c
}

// MaySudo tells whether sudo lets the account act as root, as it does the
// members of the groups that cloud images put their default user in.
func (a Account) MaySudo() bool {
	return a.UID == 0 || slices.ContainsFunc(a.Groups, func(g Group) bool {
		return g.Name == "sudo" || g.Name == "wheel"
	})
}

// MayLogin tells whether the account's shell is one.
func (a Account) MayLogin() bool {
	return !strings.HasSuffix(a.Shell, "/nologin") && !strings.HasSuffix(a.Shell, "/false")
}

// maxDatabase bounds /etc/passwd and /etc/group: a longer one reads as empty.
const maxDatabase = 64 << 10

// Accounts reads the guest's /etc/passwd and /etc/group. Malformed lines are skipped.
func (g *Guest) Accounts() []Account {
	groups := g.Groups()
	var all []Account
	for _, f := range g.database("/etc/passwd", 7) {
		uid, err1 := strconv.ParseUint(f[2], 10, 32)
		gid, err2 := strconv.ParseUint(f[3], 10, 32)
		if err1 != nil || err2 != nil || !strings.HasPrefix(f[5], "/") {
			continue
		}
		a := Account{Name: f[0], UID: uint32(uid), GID: uint32(gid), Home: f[5], Shell: f[6]}
		for _, group := range groups {
			if group.GID == a.GID || slices.Contains(group.Members, a.Name) {
				a.Groups = append(a.Groups, group)
			}
		}
		all = append(all, a)
	}
	return all
}

// Groups reads the guest's /etc/group.
func (g *Guest) Groups() []Group {
	var all []Group
	for _, f := range g.database("/etc/group", 4) {
		gid, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			continue
		}
		all = append(all, Group{f[0], uint32(gid), strings.FieldsFunc(f[3], func(r rune) bool { return r == ',' })})
	}
	return all
}

func (g *Guest) database(path string, fields int) [][]string {
	text, err := g.Root().ReadFile(path, maxDatabase)
	if err != nil {
		return nil
	}
	var all [][]string
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(f) == fields && f[0] != "" {
			all = append(all, f)
		}
	}
	return all
}

// Account finds an account by name.
func (g *Guest) Account(name string) (Account, bool) {
	return g.find(func(a Account) bool { return a.Name == name })
}

// UserName returns the name of a user, or the number when there is none.
func (g *Guest) UserName(uid uint32) string {
	if a, ok := g.find(func(a Account) bool { return a.UID == uid }); ok {
		return a.Name
	}
	return strconv.FormatUint(uint64(uid), 10)
}

// GroupName returns the name of a group, or the number when there is none.
func (g *Guest) GroupName(gid uint32) string {
	for _, group := range g.Groups() {
		if group.GID == gid {
			return group.Name
		}
	}
	return strconv.FormatUint(uint64(gid), 10)
}

func (g *Guest) find(match func(Account) bool) (Account, bool) {
	all := g.Accounts()
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i], true
	}
	return Account{}, false
}
