package openstack

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// DefaultGroup is the name of the security group that every project has and
// every server is in. It is the only one.
const DefaultGroup = "default"

// GroupRule is one rule of the default security group.
type GroupRule struct {
	ID        string // UUID
	Direction string // "ingress" or "egress"
	EtherType string // "IPv4" or "IPv6"
}

// DefaultGroupID returns the UUID of a project's default security group.
func DefaultGroupID(projectID string) string { return derived(projectID, DefaultGroup) }

// DefaultGroupRules tell what the default security group lets through: all,
// in both directions, because nothing stands between a guest and its network.
func DefaultGroupRules(projectID string) []GroupRule {
	var rules []GroupRule
	for _, direction := range []string{"egress", "ingress"} {
		for _, family := range []string{"IPv4", "IPv6"} {
			rules = append(rules, GroupRule{derived(projectID, direction+" "+family), direction, family})
		}
	}
	return rules
}

// groups is the name space of the ids of what is not stored but follows from a
// project (RFC 9562, section 5.5).
var groups = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/keyreeve/keyreeve/security-groups"))

func derived(projectID, what string) string {
	return uuid.NewSHA1(groups, []byte(projectID+" "+what)).String()
}

// AttributeID makes the small number that Neutron gives a thing besides its UUID.
func AttributeID(id string) int {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0
	}
	return int(binary.BigEndian.Uint32(u[12:]) & 0x7fffffff)
}
