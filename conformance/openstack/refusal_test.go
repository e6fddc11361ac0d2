package openstack

import (
	"os"
	"strings"
	"testing"
)

// refusals walks what people get wrong; each is told in OpenStack's words.
func refusals(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.colleague)
	key := c.newKey("id", "-t", "ed25519")

	c.must("keypair", "create", "--public-key", key+".pub", "taken")
	c.refused("ConflictException: 409", "keypair", "create", "taken")
	c.refused("Key pair 'taken' already exists.", "keypair", "create", "--public-key", key+".pub", "taken")
	c.refused("An invalid 'name' value was provided. The name must be: Only expected characters", "keypair", "create", "dots.are.new")
	c.refused("An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.", "keypair", "create", " spaced")
	c.refused("'"+strings.Repeat("n", 256)+"' is too long", "keypair", "create", strings.Repeat("n", 256))
	c.must("--os-compute-api-version", "2.92", "keypair", "create", "--public-key", key+".pub", "dots.are@new")

	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	c.refused("Keypair data is invalid: this is a private key; send the public key (.pub) only", "keypair", "create", "--public-key", key, "private")
	if line := strings.Split(string(private), "\n")[1]; strings.Contains(cloud.Log(), line) {
		t.Error("the private key that was pasted by mistake is in the server's log")
	}
	c.refused("Keypair data is invalid: this is not an OpenSSH public key", "keypair", "create", "--public-key", c.file("note.txt", "hello world\n"), "note")
	weak := c.newKey("weak", "-t", "rsa", "-b", "1024")
	c.refused("Keypair data is invalid: ", "keypair", "create", "--public-key", weak+".pub", "weak")

	c.refused("1 of 2 keys failed to delete.", "keypair", "delete", "taken", "never-made")
	c.refused("Invalid key_name provided.", "server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "taken", "keyless")
	c.refused("No Image found for no-such-image", "server", "create", "--image", "no-such-image", "--flavor", "m1.tiny", "keyless")
	c.refused("flavor", "server", "create", "--image", "debian-13", "--flavor", "m9.none", "keyless")
	if _, made := cloud.servers(t)["keyless"]; made {
		t.Error("a refused server was made")
	}
	var rows []keyRow
	c.read(&rows, "keypair", "list")
	if len(rows) != 1 || rows[0].Name != "dots.are@new" {
		t.Errorf("after the refusals the key pairs are %+v", rows)
	}
	c.must("keypair", "delete", "dots.are@new")

	wrong := cloud.colleague
	wrong.Password = "not-" + wrong.Password
	cloud.client(t, wrong).refused("The request you have made requires authentication. (HTTP 401)", "keypair", "list")
}
