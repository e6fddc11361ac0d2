package openstack

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// AttributeID makes the small number that Neutron gives a thing besides its UUID.
func AttributeID(id string) int {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0
	}
	return int(binary.BigEndian.Uint32(u[12:]) & 0x7fffffff)
}
