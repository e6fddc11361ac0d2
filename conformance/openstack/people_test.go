package openstack

import (
	"testing"
)

// otherPeople looks at one person's server and key pairs as everybody else.
func otherPeople(t *testing.T, cloud *cloud) {
	owner := cloud.client(t, cloud.Demo)
	key := owner.newKey("id", "-t", "ecdsa")
	owner.must("keypair", "create", "--public-key", key+".pub", "owners")
	owner.must("server", "create", "--image", "rocky-9", "--flavor", "m1.tiny", "--key-name", "owners", "--wait", "owners-1")
	id := cloud.servers(t)["owners-1"].ID

	reader := cloud.client(t, cloud.reader)
	var s shown
	reader.read(&s, "server", "show", "owners-1")
	if s.ID != id {
		t.Errorf("the reader sees %+v", s)
	}
	reader.refused("HTTP 403", "server", "stop", "owners-1")
	reader.refused("HTTP 403", "server", "delete", "owners-1")
	readersKey := reader.newKey("id", "-t", "ed25519")
	reader.must("keypair", "create", "--public-key", readersKey+".pub", "readers")
	reader.refused("HTTP 403", "server", "create", "--image", "rocky-9", "--flavor", "m1.tiny", "--key-name", "readers", "readers-1")
	var rows []keyRow
	reader.read(&rows, "keypair", "list")
	if len(rows) != 1 || rows[0].Name != "readers" {
		t.Errorf("the reader's key pairs: %+v", rows)
	}
	reader.must("keypair", "delete", "readers")

	outsider := cloud.client(t, cloud.outsider)
	outsider.refused("No server with a name or ID of 'owners-1' exists", "server", "show", "owners-1")
	outsider.refused("No server with a name or ID of '"+id+"' exists", "server", "show", id)
	outsider.refused("No server with a name or ID of '"+id+"' exists", "server", "delete", id)
	outsider.refused("No Keypair found for owners", "keypair", "show", "owners")
	var servers []shown
	outsider.read(&servers, "server", "list", "--name", "owners")
	if len(servers) != 0 {
		t.Errorf("the other project's member sees %+v", servers)
	}

	root := cloud.client(t, cloud.Root)
	root.read(&rows, "keypair", "list", "--user", cloud.Demo.Username)
	if !hasName(rows, "owners") {
		t.Errorf("the administrator sees of %s's key pairs %+v", cloud.Demo.Username, rows)
	}

	letsIn(t, owner.door("owners-1", key))
	owner.must("server", "delete", "--wait", "owners-1")
	owner.must("keypair", "delete", "owners")
}

func hasName(rows []keyRow, name string) bool {
	for _, r := range rows {
		if r.Name == name {
			return true
		}
	}
	return false
}
