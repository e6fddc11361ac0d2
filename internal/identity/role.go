package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Role is what somebody is in a scope: one of the built-in roles, of which a
// higher one implies the lower ones, or one that administrators made, which is
// its id. Only the built-in ones give rights here; the others are told to
// whoever asks what a token stands for.
type Role string

// The built-in roles, as Keystone's bootstrap makes them.
const (
	RoleAdmin  Role = "admin"
	RoleMember Role = "member"
	RoleReader Role = "reader"
)

// Roles returns every built-in role, highest first.
func Roles() []Role { return []Role{RoleAdmin, RoleMember, RoleReader} }

// BuiltIn reports whether the role is one that gives rights.
func (r Role) BuiltIn() bool { return slices.Contains(Roles(), r) }

// ID returns the role's id: 32 hex digits, for a built-in role the same in every
// deployment.
func (r Role) ID() string {
	if !r.BuiltIn() {
		return string(r)
	}
	sum := sha256.Sum256([]byte("keyreeve role " + r))
	return hex.EncodeToString(sum[:16])
}

// ParseRole finds a built-in role by its name or id.
func ParseRole(s string) (Role, bool) {
	for _, r := range Roles() {
		if s == string(r) || s == r.ID() {
			return r, true
		}
	}
	return "", false
}

// Implied returns r and the roles that it implies: admin → member → reader. A
// role that administrators made implies no other.
func (r Role) Implied() []Role {
	i := slices.Index(Roles(), r)
	if i < 0 {
		return []Role{r}
	}
	return Roles()[i:]
}

// expand returns all roles in given and those they imply, each once, lowest
// first: those that give no rights come before those that do.
func expand(given []Role) []Role {
	var out []Role
	for _, g := range given {
		if !g.BuiltIn() && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
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
