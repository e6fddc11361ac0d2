package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Role is what somebody is in a scope. A higher role implies the lower ones.
type Role string

// The roles, as Keystone's bootstrap makes them.
const (
	RoleAdmin  Role = "admin"
	RoleMember Role = "member"
	RoleReader Role = "reader"
)

// Roles returns every role, highest first.
func Roles() []Role { return []Role{RoleAdmin, RoleMember, RoleReader} }

// ID returns the role's id: 32 hex digits, the same in every deployment.
func (r Role) ID() string {
	sum := sha256.Sum256([]byte("keyreeve role " + r))
	return hex.EncodeToString(sum[:16])
}

// ParseRole finds a role by its name or id.
func ParseRole(s string) (Role, bool) {
	for _, r := range Roles() {
		if s == string(r) || s == r.ID() {
			return r, true
		}
	}
	return "", false
}

// Implied returns r and the roles that it implies: admin → member → reader.
func (r Role) Implied() []Role {
	i := slices.Index(Roles(), r)
	if i < 0 {
		return nil
	}
	return Roles()[i:]
}

// expand returns all roles in given and those they imply, lowest first, each once.
func expand(given []Role) []Role {
	var out []Role
	for _, r := range slices.Backward(Roles()) {
		for _, g := range given {
			if slices.Contains(g.Implied(), r) {
				out = append(out, r)
				break
			}
		}
	}
	return out
}
